"""What do the hosts ``<region>.api.azureml.ms`` answer? Where the services are, and those that the sandbox has."""

from __future__ import annotations

from sandbox.azureml_api import mlflow_api, run_history
from sandbox.azureml_api.base import WORKSPACE, require_workspace
from sandbox.azureml_api.batch_scoring import jobs_of, shown
from sandbox.cloud import Cloud
from sandbox.web import Answer, Call, Routes

routes = Routes()
run_history.register(routes)
mlflow_api.register(routes)


@routes.on("GET", "/discovery", "Where a workspace's services are", public=True)
@routes.on("GET", "/discovery/workspaces/{id}", "Where a workspace's services are", public=True)
def discover(_cloud: Cloud, call: Call) -> Answer:
    """All services of a region have one address."""
    base = f"https://{call.host}"
    services = ("api", "experimentation", "history", "hyperdrive", "labeling", "modelmanagement", "pipelines", "studio")
    return Answer(body=dict.fromkeys(services, base))


@routes.on(
    "GET", "/mferp/managementfrontend" + WORKSPACE + "/batchEndpoints/{endpoint}/jobs", "Jobs of a batch endpoint"
)
def batch_jobs(cloud: Cloud, call: Call) -> Answer:
    """Those that it started."""
    with cloud.stores.reading() as store:
        workspace = require_workspace(store, call)
        found = jobs_of(store, f"{workspace['id']}/batchEndpoints/{call.parameters['endpoint']}")
    return Answer(body={"value": [shown(job) for job in found]})
