"""What does an online endpoint answer? One request to it, with its key, and its refusal as one clear message."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ezazml.errors import EzazmlError, InputError
from jobs.azure_errors import readable_errors
from jobs.connection import Connection

#: Picks a deployment, whatever the traffic says (Microsoft Learn, "Deploy a model to an online endpoint").
_DEPLOYMENT_HEADER = "azureml-model-deployment"
#: What the model's own server answered, where Azure says 424 (Microsoft Learn, "Troubleshoot online endpoints").
_MODEL_STATUS = "ms-azureml-model-error-statuscode"
_TIMEOUT = 90.0
_LONGEST = 500


@dataclass(frozen=True)
class Answer:
    """What came back, and which deployment it is from (if the endpoint says so)."""

    body: Any
    deployment: str | None


class Scorer:
    """Asks one endpoint. Its key is fetched once, kept in memory and never shown."""

    def __init__(self, connection: Connection, endpoint: str) -> None:
        self._connection, self._endpoint = connection, endpoint

    @cached_property
    def _address(self) -> tuple[str, str]:
        from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415

        operations = self._connection.ml.online_endpoints
        with readable_errors(f"Looking for endpoint {self._endpoint}"):
            try:
                endpoint: Any = operations.get(self._endpoint)
            except ResourceNotFoundError as error:
                raise InputError(
                    f"There is no online endpoint {self._endpoint!r}.",
                    hint=f"Deploy it: ezazml endpoint deploy {self._connection.deployment.name} {self._endpoint}",
                ) from error
            keys: Any = operations.get_keys(self._endpoint)
        if not endpoint.scoring_uri:
            raise EzazmlError(f"Endpoint {self._endpoint} has no scoring address yet.", hint="Try again in a minute.")
        return str(endpoint.scoring_uri), str(getattr(keys, "primary_key", None) or getattr(keys, "access_token", ""))

    @cached_property
    def _session(self) -> Any:
        from requests import Session  # noqa: PLC0415 - comes with azure-ai-ml

        return Session()

    def ask(self, request: Any, *, deployment: str | None = None) -> Answer:
        """The answer to a request (any JSON value).

        Raises :class:`InputError` for a request that the model refuses, :class:`EzazmlError` for an endpoint that
        cannot be reached or fails.
        """
        from requests import RequestException  # noqa: PLC0415

        address, key = self._address
        headers = {"Authorization": f"Bearer {key}"}
        if deployment:
            headers[_DEPLOYMENT_HEADER] = deployment
        try:
            answer = self._session.post(address, json=request, headers=headers, timeout=_TIMEOUT)
        except RequestException as error:
            raise EzazmlError(
                f"Endpoint {self._endpoint} at {address} cannot be reached: {type(error).__name__}.",
                hint=f"See: ezazml endpoint status {self._connection.deployment.name} {self._endpoint}",
            ) from error
        if not answer.ok:
            raise self._refusal(answer, deployment)
        return Answer(_content(answer), answer.headers.get(_DEPLOYMENT_HEADER))

    def _refusal(self, answer: Any, deployment: str | None) -> EzazmlError:
        who = f"Endpoint {self._endpoint}" + (f", deployment {deployment}," if deployment else "")
        said = _text(_content(answer)) or answer.reason
        status = f"{answer.status_code}"
        by_model = str(answer.headers.get(_MODEL_STATUS) or "")
        if by_model:
            status += f", the model said {by_model}"
        environment = self._connection.deployment.name
        if answer.status_code in {401, 403}:
            return EzazmlError(
                f"{who} refused the login ({answer.status_code}): {said}", hint="Is the key still valid?"
            )
        if answer.status_code == 404:
            return InputError(
                f"{who} does not answer (404): {said}",
                hint=f"Who gets its traffic: ezazml endpoint status {environment} {self._endpoint}",
            )
        if answer.status_code in {400, 405, 413, 415, 422} or by_model.startswith("4"):
            return InputError(
                f"{who} refused the request ({status}): {said}",
                hint="Compare it with the sample request, or look into the log: "
                f"ezazml endpoint logs {environment} {self._endpoint}",
            )
        return EzazmlError(
            f"{who} failed ({status}): {said}",
            hint=f"See its log: ezazml endpoint logs {environment} {self._endpoint}",
        )


def read_request(path: Path) -> Any:
    """The JSON of a request file. Raises :class:`InputError`."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: the request cannot be read: {error.strerror}.", hint="Check the path.") from error
    except ValueError as error:
        raise InputError(f"{path}: the request is not JSON: {error}.", hint="Correct the file.") from error


def _content(answer: Any) -> Any:
    try:
        value = answer.json()
        # score.py may return text that is JSON itself.
        return json.loads(value) if isinstance(value, str) and value[:1] in "[{" else value
    except ValueError:
        return answer.text


def _text(value: Any) -> str:
    # As Azure and its inference server write errors.
    for name in ("error", "message"):
        value = value[name] if isinstance(value, dict) and value.get(name) else value
    text = value if isinstance(value, str) else json.dumps(value)
    text = " ".join(text.split())
    if len(text) > _LONGEST:
        return f"{text[:_LONGEST]}..."
    return text if text.endswith((".", "!", "?")) or not text else f"{text}."
