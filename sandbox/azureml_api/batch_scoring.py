"""How does a batch endpoint start a job? It checks the request, writes the job down, and lets it run."""

from __future__ import annotations

import uuid
from typing import Any

from sandbox.azureml_api.base import check_name
from sandbox.azureml_api.job_checks import JOB_NAME, require_input
from sandbox.azureml_api.references import require_datastore
from sandbox.cloud import Cloud
from sandbox.compute.batch import OUTPUT
from sandbox.compute.parents import new_job
from sandbox.compute.records import RUN
from sandbox.store import ArmObject, Store
from sandbox.web import Answer, Call, Refusal

_OVERRIDES = ("miniBatchSize", "outputFileName", "errorThreshold", "outputAction", "retrySettings", "compute")
_TYPE = "Microsoft.MachineLearningServices/workspaces/batchEndpoints/jobs"


def start_batch(cloud: Cloud, call: Call, endpoint: ArmObject) -> Answer:
    """Start a job of the deployment that the header names, or of the default one."""
    sent = _lower_first(call.json().get("properties") or {})
    with cloud.stores.writing() as store:
        workspace = store.get(endpoint["id"].rpartition("/batchEndpoints/")[0])
        assert workspace is not None
        deployment = _deployment(store, endpoint, call)
        inputs = _inputs(store, workspace, sent)
        settings = dict(deployment["properties"])
        settings |= {name: sent[name] for name in _OVERRIDES if sent.get(name) is not None}
        _require_possible(settings, deployment["name"])
        name = str(sent.get("name") or f"batchjob-{uuid.uuid4()}")
        check_name(name, JOB_NAME, "Jobs")
        if store.get(f"{workspace['id']}/jobs/{name}") is not None:
            raise Refusal(409, "UserError", f"There is a job '{name}' already.")
        given = _lower_first((sent.get("outputData") or {}).get(OUTPUT) or {})
        require_datastore(store, workspace, given.get("uri"))
        output = {"jobOutputType": "uri_folder", "mode": "ReadWriteMount", "uri": given.get("uri")}
        properties = {
            "jobType": "Pipeline",
            "displayName": name,
            "experimentName": (sent.get("properties") or {}).get("experimentName") or endpoint["name"],
            "computeId": settings.get("compute"),
            "inputs": inputs,
            "outputs": {},
            "jobs": {},
            "tags": {"azureml.batchrun": "true", "azureml.deploymentname": deployment["name"]},
        }
        batch = {"endpoint": endpoint["id"], "deployment": deployment["id"], "settings": settings, "output": output}
        job = new_job(workspace, name, properties, status="Preparing", work="Batch", batch=batch)
        store.put(job)
    cloud.runner.submit(job)
    return Answer(201, shown(job))


def jobs_of(store: Store, endpoint: str) -> list[ArmObject]:
    """The jobs that an endpoint started, the newest first."""
    workspace = endpoint.rpartition("/batchEndpoints/")[0]
    found = [
        body
        for body in store.below(f"{workspace}/jobs")
        if ((body.get(RUN) or {}).get("batch") or {}).get("endpoint", "").lower() == endpoint.lower()
        and (body.get(RUN) or {}).get("work") == "Batch"
    ]
    return sorted(found, key=lambda body: str(body["systemData"]["createdAt"]), reverse=True)


def shown(job: ArmObject) -> dict[str, Any]:
    """A job as the endpoint shows it."""
    properties = job["properties"]
    named = {name: properties.get(name) for name in ("displayName", "experimentName", "status", "tags", "services")}
    return {
        "id": f"{job[RUN]['batch']['endpoint']}/jobs/{job['name']}",
        "name": job["name"],
        "type": _TYPE,
        "properties": {**named, "name": job["name"], "interactionEndpoints": {}},
        "systemData": job["systemData"],
    }


def _deployment(store: Store, endpoint: ArmObject, call: Call) -> ArmObject:
    default = (endpoint["properties"].get("defaults") or {}).get("deploymentName")
    name = call.headers.get("azureml-model-deployment") or default
    if not name:
        text = f"The endpoint '{endpoint['name']}' has no default deployment; set one, or name a deployment."
        raise Refusal(400, "UserError", text)
    body = store.get(f"{endpoint['id']}/deployments/{name}")
    if body is None:
        raise Refusal(404, "DeploymentNotFound", f"The endpoint '{endpoint['name']}' has no deployment '{name}'.")
    return body


def _inputs(store: Store, workspace: ArmObject, sent: dict[str, Any]) -> dict[str, Any]:
    given = sent.get("inputData") or {}
    if not isinstance(given, dict) or not given:
        raise Refusal(400, "ValidationError", "The request needs 'properties.inputData' with a file or a folder.")
    inputs: dict[str, Any] = {}
    for name, value in given.items():
        one = _lower_first(value or {})
        kind = str(one.get("jobInputType") or "").lower().replace("_", "")
        types = {"urifile": "uri_file", "urifolder": "uri_folder", "mltable": "mltable", "literal": "literal"}
        if kind not in types or (kind != "literal" and not one.get("uri")):
            raise Refusal(400, "ValidationError", f"The input '{name}' needs a jobInputType and a uri.")
        inputs[name] = {**one, "jobInputType": types[kind]}
        require_input(store, workspace, inputs[name])
    return inputs


def _require_possible(settings: dict[str, Any], name: str) -> None:
    if settings.get("deploymentConfiguration"):
        text = f"The sandbox does not run deployments of pipelines ('{name}'); deploy a model."
        raise Refusal(400, "NotSupportedInSandbox", text)
    if not (settings.get("codeConfiguration") or {}).get("codeId") and not settings.get("model"):
        raise Refusal(400, "UserError", f"The deployment '{name}' has neither a model nor a scoring script.")


def _lower_first(value: dict[str, Any]) -> dict[str, Any]:
    """Names as azure-ai-ml writes them: the documentation's examples begin them with capitals."""
    return {name[:1].lower() + name[1:]: item for name, item in value.items()}
