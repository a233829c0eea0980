"""What does run history say of a job? Details with its logs, data with its outputs, children, as the SDK reads them."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import quote

from sandbox.arm.resources import not_found
from sandbox.azureml_api.base import WORKSPACE, require_workspace
from sandbox.azureml_api.references import identifier_of
from sandbox.cloud import Cloud
from sandbox.compute.records import ENDED, RUN
from sandbox.store import ArmObject, Store
from sandbox.web import Answer, Call, Refusal, Routes

_HISTORY = "/history/v1.0" + WORKSPACE
_LOGS = ("user_logs/std_log.txt", "logs/azureml/executionlogs.txt", "azureml-logs/hyperdrive.txt")
_LOG_OF = {"Pipeline": _LOGS[1], "Sweep": _LOGS[2]}


def register(routes: Routes) -> None:
    """Add the operations of this module."""
    routes.add("GET", _HISTORY + "/runs/{run}/details", "Run history: details and logs", _details)
    routes.add("GET", _HISTORY + "/runs/{run}/children", "Run history: children", _children)
    routes.add("GET", _HISTORY + "/runs/{run}", "Run history: a run", _run)
    routes.add("POST", _HISTORY + "/rundata", "Run history: a run with its outputs", _data)
    routes.add("GET", "/artifact/v2.0" + WORKSPACE + "/{run}/content/{file*}", "A log, signed", _log, public=True)
    uris = "batchGetResolvedUris"
    routes.add("POST", f"/data/v1.0{WORKSPACE}/dataversion/{uris}", "Where data assets are", _data_uris)
    routes.add("POST", f"/modelregistry/v1.0{WORKSPACE}/models/{uris}", "Where models are", _model_uris)


def require_job(store: Store, call: Call, name: str) -> tuple[ArmObject, ArmObject]:
    """The workspace, and the job with that name. Raises :class:`Refusal`."""
    workspace = require_workspace(store, call)
    identifier = f"{workspace['id']}/jobs/{name}"
    body = store.get(identifier)
    if body is None:
        raise not_found(identifier)
    return workspace, body


def _details(cloud: Cloud, call: Call) -> Answer:
    with cloud.stores.writing() as store:
        workspace, job = require_job(store, call, call.parameters["run"])
        run = job.setdefault(RUN, {})
        status = job["properties"]["status"]
        if status in ENDED and not run.get("seen"):
            # Run history is a moment behind, as Azure's is: so `jobs.stream`, which prints the logs of runs that
            # have not ended, prints the log of a job that was quicker than the first look at it.
            run["seen"] = True
            store.put(job)
            status = "Finalizing"
    file = _LOG_OF.get(job["properties"]["jobType"], _LOGS[0])
    path = f"/artifact/v2.0{workspace['id']}/{quote(job['name'])}/content/{file}"
    return Answer(
        body={
            **_times(job),
            "runId": job["name"],
            "status": status,
            "target": str(job["properties"].get("computeId") or "").rsplit("/", 1)[-1] or None,
            "properties": job["properties"].get("properties") or {},
            "warnings": [],
            "error": _error(run),
            "logFiles": {file: f"https://{call.host}{path}?sig={run.get('logToken', '')}"},
        }
    )


def _run(cloud: Cloud, call: Call) -> Answer:
    with cloud.stores.reading() as store:
        return Answer(body=_shown(require_job(store, call, call.parameters["run"])[1]))


def _children(cloud: Cloud, call: Call) -> Answer:
    with cloud.stores.reading() as store:
        workspace, job = require_job(store, call, call.parameters["run"])
        below = store.below(f"{workspace['id']}/jobs")
        found = [body for body in below if (body.get(RUN) or {}).get("parent") == job["name"]]
    found.sort(key=lambda body: str(body["systemData"]["createdAt"]))
    return Answer(body={"value": [_shown(body) for body in found]})


def _data(cloud: Cloud, call: Call) -> Answer:
    with cloud.stores.reading() as store:
        job = require_job(store, call, str(call.json().get("runId")))[1]
    return Answer(body={"runMetadata": _shown(job), "runDefinition": None, "jobSpecification": None})


def _log(cloud: Cloud, call: Call) -> Answer:
    """A log while it grows. The signature stands in for the one that Azure puts into the blob's address."""
    with cloud.stores.reading() as store:
        job = require_job(store, call, call.parameters["run"])[1]
    wanted = str((job.get(RUN) or {}).get("logToken") or "")
    if not wanted or not secrets.compare_digest(call.query.get("sig", ""), wanted):
        raise Refusal(403, "AuthenticationFailed", "The signature of the log's address is wrong.")
    if call.parameters["file"] not in _LOGS:
        raise Refusal(404, "BlobNotFound", f"There is no log '{call.parameters['file']}'.")
    log = cloud.runner.context.log(job["id"])
    return Answer(200, log.file.read_bytes(), {"Content-Type": "text/plain; charset=utf-8"})


def _data_uris(cloud: Cloud, call: Call) -> Answer:
    return _uris(cloud, call, "data", lambda properties: {"uri": properties["dataUri"], "type": properties["dataType"]})


def _model_uris(cloud: Cloud, call: Call) -> Answer:
    return _uris(
        cloud, call, "models", lambda properties: {"uri": properties["modelUri"], "path": properties["modelUri"]}
    )


def _uris(cloud: Cloud, call: Call, collection: str, shown: Any) -> Answer:
    with cloud.stores.reading() as store:
        workspace = require_workspace(store, call)
        asked = {
            name: store.get(identifier_of(workspace, collection, name)) for name in call.json().get("values") or []
        }
    return Answer(body={"values": {name: shown(body["properties"]) for name, body in asked.items() if body}})


def _times(job: ArmObject) -> dict[str, Any]:
    run = job.get(RUN) or {}
    return {
        "createdUtc": job["systemData"]["createdAt"],
        "startTimeUtc": run.get("startTimeUtc"),
        "endTimeUtc": run.get("endTimeUtc"),
    }


def _error(run: dict[str, Any]) -> dict[str, Any] | None:
    return {"error": {"code": "UserError", "message": run["error"]}} if run.get("error") else None


def _shown(job: ArmObject) -> dict[str, Any]:
    run, properties = job.get(RUN) or {}, job["properties"]
    return {
        **_times(job),
        "runId": job["name"],
        "parentRunId": run.get("parent"),
        "displayName": properties.get("displayName"),
        "status": properties["status"],
        "runType": {"Pipeline": "azureml.PipelineRun", "Sweep": "azureml.sweep"}.get(
            properties["jobType"], "azureml.scriptrun"
        ),
        "tags": properties.get("tags") or {},
        "properties": properties.get("properties") or {},
        "error": _error(run),
        "outputs": run.get("outputs") or {},
    }
