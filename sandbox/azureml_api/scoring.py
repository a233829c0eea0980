"""What do endpoints answer to requests? Who may ask, which deployment answers, and what it says.

Status codes are those of Microsoft Learn, "Troubleshoot online endpoints", "HTTP status codes".
"""

from __future__ import annotations

import random
import re
import secrets
import threading
import time
from typing import Any

import httpx

from sandbox import tokens
from sandbox.azureml_api.base import WORKSPACES
from sandbox.azureml_api.batch_scoring import start_batch
from sandbox.cloud import Cloud
from sandbox.compute.errors import ComputeError
from sandbox.compute.observed import TRAFFIC, traffic_row
from sandbox.compute.servers import Server
from sandbox.store import ArmObject, Store
from sandbox.web import Answer, Call, Refusal, Routes

_DEPLOYMENT = "azureml-model-deployment"
_PASSED = ("content-type", "accept", "x-request-id", "x-ms-request-id", "x-ms-client-request-id", "traceparent")
_DEFAULT_SECONDS = 5.0
_PERIOD = re.compile(r"PT(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?")

routes = Routes()


@routes.on("POST", "/jobs", "Start a batch job")
def batch(cloud: Cloud, call: Call) -> Answer:
    """A batch endpoint starts a job."""
    endpoint = _endpoint(cloud, call, "batchEndpoints")
    if _claims(call) is None:
        raise Refusal(401, "Unauthorized", "A token for https://ml.azure.com is needed.")
    return start_batch(cloud, call, endpoint)


@routes.on("GET", "/swagger.json", "The deployment's description")
def swagger(cloud: Cloud, call: Call) -> Answer:
    """What the server says of itself."""
    return score(cloud, call)


@routes.on("POST", "/score", "Score")
def score(cloud: Cloud, call: Call) -> Answer:
    """The answer of the deployment that the header names, or that traffic chooses."""
    endpoint = _endpoint(cloud, call, "onlineEndpoints")
    started, deployment = time.perf_counter(), ""

    def log(answer: Answer, refusal: Refusal | None = None) -> None:
        row = traffic_row(endpoint, deployment, call, answer, refusal)
        row["TotalDurationMs"] = round((time.perf_counter() - started) * 1000)
        cloud.platform_logs.send(endpoint["id"], TRAFFIC, [row])

    try:
        _require_login(cloud, endpoint, call)
        deployment = _choose(endpoint, call)
        with cloud.stores.reading() as store:
            body = store.get(f"{endpoint['id']}/deployments/{deployment}")
        if body is None:
            text = f"The endpoint '{endpoint['name']}' has no deployment '{deployment}'."
            raise Refusal(404, "DeploymentNotFound", text)
        _mirror(cloud, endpoint, deployment, call)
        answer = _ask(cloud, body, call)
    except Refusal as refusal:
        log(refusal.answer(), refusal)
        raise
    log(answer)
    return answer


def _endpoint(cloud: Cloud, call: Call, kind: str) -> ArmObject:
    name, _, rest = call.host.partition(".")
    region = rest.partition(".")[0]
    with cloud.stores.reading() as store:
        for body in store.find(f"{WORKSPACES}/{kind}"):
            if body["name"].lower() == name and body["location"].lower() == region:
                return body
        other = "batchEndpoints" if kind == "onlineEndpoints" else "onlineEndpoints"
        if any(body["name"].lower() == name for body in store.find(f"{WORKSPACES}/{other}")):
            raise Refusal(405, "MethodNotAllowed", f"The endpoint '{name}' does not answer {call.method} {call.path}.")
    raise Refusal(404, "NotFound", f"There is no endpoint '{name}' in the region '{region}'.")


def _require_login(cloud: Cloud, endpoint: ArmObject, call: Call) -> None:
    mode = endpoint["properties"]["authMode"]
    scheme, _, given = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not given:
        text = f"The header 'Authorization: Bearer ...' is missing; the endpoint logs in by {mode}."
        raise Refusal(401, "key_auth_bad_header_format" if mode == "Key" else "token_auth_bad_header_format", text)
    if mode != "Key":
        if _claims(call) is None:
            raise Refusal(401, "token_auth_access_denied", "The token is not of this tenant, or has ended.")
        return
    with cloud.stores.reading() as store:
        keys = _keys(store, endpoint)
    if not any(secrets.compare_digest(given.encode(), key.encode()) for key in keys):
        raise Refusal(401, "key_auth_access_denied", "The key is not one of the endpoint's keys.")


def _keys(store: Store, endpoint: ArmObject) -> list[str]:
    found = [store.secret(endpoint["id"], name) for name in ("primaryKey", "secondaryKey")]
    return [key for key in found if key]


def _claims(call: Call) -> dict[str, Any] | None:
    scheme, _, given = call.headers.get("authorization", "").partition(" ")
    return tokens.read(given) if scheme.lower() == "bearer" else None


def _choose(endpoint: ArmObject, call: Call) -> str:
    wanted = call.headers.get(_DEPLOYMENT)
    if wanted:
        return wanted
    shares: dict[str, int] = {name: share for name, share in _shares(endpoint, "traffic").items() if share > 0}
    if not shares:
        text = f"The endpoint '{endpoint['name']}' has no deployment with traffic; set its traffic, or name one."
        raise Refusal(404, "NoTraffic", text)
    return random.choices(list(shares), weights=list(shares.values()))[0]  # noqa: S311 - no secret


def _shares(endpoint: ArmObject, name: str) -> dict[str, int]:
    return endpoint["properties"].get(name) or {}


def _ask(cloud: Cloud, deployment: ArmObject, call: Call) -> Answer:
    headers = {name: call.headers[name] for name in _PASSED if name in call.headers}
    seconds = _seconds((deployment["properties"].get("requestSettings") or {}).get("requestTimeout"))
    query = f"?version={call.query['version']}" if call.query.get("version") else ""
    try:
        server = cloud.servers.answering(deployment["id"])
        answer = _send(cloud, server, call, headers=headers, path=call.path + query, seconds=seconds)
    except httpx.TimeoutException as error:
        text = f"The deployment '{deployment['name']}' did not answer within {seconds:g} seconds (request_timeout_ms)."
        raise Refusal(408, "RequestTimeout", text) from error
    except (httpx.HTTPError, ComputeError, LookupError) as error:
        text = f"The deployment '{deployment['name']}' does not answer: {error}"
        raise Refusal(502, "BadGateway", text) from error
    passed = {name: value for name, value in answer.headers.items() if name == "content-type" or name[:5] == "x-ms-"}
    passed[_DEPLOYMENT] = deployment["name"]
    if answer.status_code == 200 or call.method == "GET":
        return Answer(answer.status_code, answer.content, passed)
    # Whatever the model's server says beside 200 is the model's error: 424, with the server's own status apart.
    passed["ms-azureml-model-error-statuscode"] = str(answer.status_code)
    passed["ms-azureml-model-error-reason"] = "model_error"
    return Answer(424, answer.content, passed)


def _send(
    cloud: Cloud, server: Server, call: Call, *, headers: dict[str, str], path: str, seconds: float
) -> httpx.Response:
    return cloud.servers.send(server, call.method, path, content=call.content, headers=headers, seconds=seconds)


def _mirror(cloud: Cloud, endpoint: ArmObject, chosen: str, call: Call) -> None:
    """A share of the requests also goes to another deployment, whose answers nobody sees."""
    for name, share in _shares(endpoint, "mirrorTraffic").items():
        if call.method == "POST" and name != chosen and random.random() * 100 < share:  # noqa: S311 - no secret
            with cloud.stores.reading() as store:
                body = store.get(f"{endpoint['id']}/deployments/{name}")
            if body is not None:
                threading.Thread(target=_quietly, args=(cloud, body, call), daemon=True).start()


def _quietly(cloud: Cloud, deployment: ArmObject, call: Call) -> None:
    try:
        _ask(cloud, deployment, call)
    except Refusal:
        return


def _seconds(period: str | None) -> float:
    """A period of ISO 8601, such as PT5S."""
    found = _PERIOD.fullmatch(period or "")
    if found is None or not (found[1] or found[2]):
        return _DEFAULT_SECONDS
    return int(found[1] or 0) * 60 + float(found[2] or 0)
