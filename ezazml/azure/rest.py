"""How is an API of Azure asked? One JSON client with the login, retries, pages and long-running operations."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jobs.azure_errors import AzureError, readable_errors

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.core.rest import HttpResponse

Json = dict[str, Any]
_POLL_SECONDS = 2.0
#: The longest operation of ours, deleting a workspace, takes Azure some minutes.
_OPERATION_SECONDS = 1800.0
_GONE = frozenset({204, 404})


class RestClient:
    """JSON over HTTPS with a token for ``endpoint``. Errors are :class:`AzureError` with what Azure answered."""

    def __init__(
        self, credential: TokenCredential, endpoint: str, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        from azure.core import PipelineClient  # noqa: PLC0415 - half a second that other commands do not need
        from azure.core.pipeline import policies  # noqa: PLC0415

        self._credential = credential
        self._endpoint = endpoint
        self._sleep = sleep
        self._client: PipelineClient[Any, HttpResponse] = PipelineClient(
            endpoint,
            policies=[
                policies.RequestIdPolicy(),
                policies.RetryPolicy(retry_total=4, retry_backoff_factor=0.5),
                policies.BearerTokenCredentialPolicy(credential, f"{endpoint}/.default"),
            ],
        )

    def claims(self) -> Json:
        """What the login's token for this API says of it, unchecked: ``oid``, ``roles``, ``scp``, ``tid``."""
        import base64  # noqa: PLC0415
        import json  # noqa: PLC0415

        with readable_errors("Logging in"):
            token = self._credential.get_token(f"{self._endpoint}/.default").token
        try:
            part = token.split(".")[1]
            claims: Json = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        except (IndexError, ValueError):  # an opaque token says nothing
            return {}
        return claims

    def get(self, path: str, **query: str) -> Json | None:
        """What is at ``path``; ``None`` when there is nothing."""
        answer = self.send("GET", path, query=query, accept=_GONE)
        return None if answer.status_code in _GONE else _body(answer)

    def list(self, path: str, **query: str) -> list[Json]:
        """All entries of a collection, over its pages; none when what holds it does not exist."""
        found: list[Json] = []
        page = self.get(path, **query)
        while page:
            found += page.get("value") or []
            following = page.get("nextLink") or page.get("@odata.nextLink")
            page = self.get(str(following)) if following else None
        return found

    def post(self, path: str, body: Json | None = None, **query: str) -> Json:
        """The answer to a POST, once the operation it starts has ended."""
        return self._finished("POST", path, body, query)

    def put(self, path: str, body: Json, **query: str) -> Json:
        """What a PUT makes, once it is made."""
        return self._finished("PUT", path, body, query)

    def delete(self, path: str, **query: str) -> bool:
        """Delete, wait for the end, and return whether there was something to delete."""
        answer = self.send("DELETE", path, query=query, accept=_GONE)
        if answer.status_code in _GONE:
            return False
        self._wait(answer, f"DELETE {path}")
        return True

    def send(
        self, method: str, path: str, body: Json | None = None, *, query: Mapping[str, str], accept: frozenset[int]
    ) -> HttpResponse:
        """One request. Statuses in ``accept`` are answers too; every other one from 400 on is an error."""
        from azure.core.exceptions import HttpResponseError, ODataV4Format  # noqa: PLC0415
        from azure.core.rest import HttpRequest  # noqa: PLC0415

        url = path if path.startswith("https://") else f"{self._endpoint}{path}"
        # HttpRequest joins parameters as they are.
        parameters = {name: quote(value, safe="") for name, value in query.items()}
        request = HttpRequest(method, url, params=parameters or None, json=body)
        with readable_errors(f"{method} {path.partition('?')[0]}"):
            answer: HttpResponse = self._client.send_request(request)
            if answer.status_code >= 400 and answer.status_code not in accept:
                answer.read()
                raise HttpResponseError(response=answer, error_format=ODataV4Format)
            answer.read()
        return answer

    def _finished(self, method: str, path: str, body: Json | None, query: Mapping[str, str]) -> Json:
        answer = self.send(method, path, body, query=query, accept=frozenset())
        self._wait(answer, f"{method} {path}")
        if method == "PUT" and answer.status_code != 200:
            return self.get(path, **query) or {}
        return _body(answer)

    def _wait(self, answer: HttpResponse, action: str) -> None:
        """Follow a long-running operation (Azure Resource Manager, "Track asynchronous Azure operations")."""
        status_url = answer.headers.get("Azure-AsyncOperation")
        location = answer.headers.get("Location")
        if answer.status_code not in (201, 202) or not (status_url or location):
            return
        waited = 0.0
        while waited < _OPERATION_SECONDS:
            polled = self.send("GET", status_url or str(location), query={}, accept=_GONE)
            if status_url is None and polled.status_code != 202:
                return
            state = str(_body(polled).get("status", "")).lower()
            if state == "succeeded" or (status_url is not None and not state):
                return
            if state in ("failed", "canceled"):
                error = _body(polled).get("error") or {}
                raise AzureError(f"{action}: {error.get('code', state)}: {error.get('message', 'no reason given')}")
            pause = float(polled.headers.get("Retry-After") or _POLL_SECONDS) or _POLL_SECONDS
            self._sleep(pause)
            waited += pause
        raise AzureError(f"{action}: Azure has not finished after {_OPERATION_SECONDS / 60:.0f} minutes.")


def _body(answer: HttpResponse) -> Json:
    if not answer.content:
        return {}
    body = answer.json()
    return body if isinstance(body, dict) else {}
