"""What did a run measure? Its MLflow metrics, read from the workspace's tracking server over MLflow's REST API."""

from __future__ import annotations

from typing import Any

from jobs.azure_errors import AzureError, readable_errors
from jobs.connection import Connection

_SCOPE = "https://management.azure.com/.default"
#: The property of a sweep that names its best trial.
BEST_TRIAL = "best_child_run_id"
_GET_RUN = "/api/2.0/mlflow/runs/get"


def metrics_of(connection: Connection, job: str) -> dict[str, float]:
    """The last value of each metric of a job; of a pipeline those of its steps, of a sweep those of its best trial.

    Empty if nothing was logged.
    """
    found = _metrics_of_run(connection, job)
    if not found:
        with readable_errors(f"Listing the steps of job {job}"):
            best = (connection.ml.jobs.get(job).properties or {}).get(BEST_TRIAL)
            steps = [best] if best else [one.name for one in connection.ml.jobs.list(parent_job_name=job)]
        for step in steps:
            found |= _metrics_of_run(connection, str(step))
    return dict(sorted(found.items()))


def tracking_url(connection: Connection) -> str:
    """The address of the workspace's MLflow tracking server, for HTTP."""
    with readable_errors("Reading the workspace"):
        workspace: Any = connection.ml.workspaces.get(connection.deployment.workspace)
    uri = str(workspace.mlflow_tracking_uri or "")
    if not uri:
        raise AzureError(f"Workspace {connection.deployment.workspace!r} names no MLflow tracking server.")
    # azureml:// is what MLflow's plugin looks for; the server speaks HTTPS.
    return uri.replace("azureml://", "https://", 1).split("?")[0].rstrip("/")


def _metrics_of_run(connection: Connection, run: str) -> dict[str, float]:
    from azure.core import PipelineClient  # noqa: PLC0415 - only what talks to Azure needs it
    from azure.core.pipeline import policies  # noqa: PLC0415
    from azure.core.rest import HttpRequest  # noqa: PLC0415

    url = tracking_url(connection)
    login = policies.BearerTokenCredentialPolicy(connection.credential, _SCOPE)
    client: PipelineClient[Any, Any] = PipelineClient(url, policies=[policies.RetryPolicy(), login])
    with readable_errors(f"Reading the metrics of job {run}"), client:
        answer = client.send_request(HttpRequest("GET", f"{url}{_GET_RUN}", params={"run_id": run}))
        if answer.status_code == 404:
            return {}  # a job that never used MLflow has no run
        if answer.status_code != 200:
            raise AzureError(f"Reading the metrics of job {run}: {answer.status_code} {answer.reason}.")
        data = answer.json().get("run", {}).get("data", {})
    return {str(metric["key"]): float(metric["value"]) for metric in data.get("metrics", ())}
