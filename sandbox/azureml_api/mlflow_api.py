"""How do programs read metrics? MLflow's REST API below a workspace, as ``mlFlowTrackingUri`` of Azure ML names it.

``https://REGION.api.azureml.ms/mlflow/v1.0/subscriptions/.../workspaces/NAME/api/2.0/mlflow/...`` (MLflow's
documentation, "REST API"). Reading only: jobs write to the same files themselves.
"""

from __future__ import annotations

from typing import Any

from sandbox.azureml_api.base import WORKSPACE, require_workspace
from sandbox.cloud import Cloud
from sandbox.compute.tracking import Tracking
from sandbox.web import Answer, Call, Refusal, Routes

_MLFLOW = "/mlflow/v1.0" + WORKSPACE + "/api/2.0/mlflow"


def register(routes: Routes) -> None:
    """Add the operations of this module."""
    routes.add("GET", _MLFLOW + "/runs/get", "MLflow: a run with its last metrics", _run)
    routes.add("POST", _MLFLOW + "/runs/search", "MLflow: runs of experiments", _search)
    routes.add("GET", _MLFLOW + "/metrics/get-history", "MLflow: every value of a metric", _history)
    routes.add("GET", _MLFLOW + "/artifacts/list", "MLflow: artifacts of a run", _artifacts)
    routes.add("GET", _MLFLOW + "/experiments/get-by-name", "MLflow: an experiment", _experiment)
    routes.add("POST", _MLFLOW + "/experiments/search", "MLflow: experiments", _experiments)


def _tracking(cloud: Cloud, call: Call) -> Tracking:
    with cloud.stores.reading() as store:
        return cloud.runner.context.tracking(require_workspace(store, call))


def _missing(what: str) -> Refusal:
    return _Missing(404, "RESOURCE_DOES_NOT_EXIST", what)


class _Missing(Refusal):
    """MLflow's own form of an error."""

    def answer(self) -> Answer:
        """As MLflow's client reads it."""
        return Answer(self.status, {"error_code": self.code, "message": self.message})


def _require(cloud: Cloud, call: Call) -> tuple[Tracking, str, dict[str, Any]]:
    name = call.query.get("run_id") or call.query.get("run_uuid") or ""
    tracking = _tracking(cloud, call)
    run = tracking.read(name)
    if run is None:
        raise _missing(f"Run with id={name} not found")
    return tracking, name, run


def _run(cloud: Cloud, call: Call) -> Answer:
    return Answer(body={"run": _require(cloud, call)[2]})


def _history(cloud: Cloud, call: Call) -> Answer:
    tracking, name, _ = _require(cloud, call)
    return Answer(body={"metrics": tracking.history(name).get(call.query.get("metric_key", ""), [])})


def _artifacts(cloud: Cloud, call: Call) -> Answer:
    tracking, name, run = _require(cloud, call)
    base = tracking.artifacts(name)
    assert base is not None
    folder = (base / call.query.get("path", "")).resolve()
    if not folder.is_relative_to(base.resolve()):
        raise _missing(f"Run with id={name} has no such path")
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    files = [
        {"path": one.relative_to(base.resolve()).as_posix(), "is_dir": one.is_dir(), "file_size": one.stat().st_size}
        for one in found
    ]
    return Answer(body={"root_uri": run["info"]["artifact_uri"], "files": files})


def _search(cloud: Cloud, call: Call) -> Answer:
    sent = call.json()
    if sent.get("filter"):
        raise Refusal(501, "NotImplemented", "The sandbox does not search runs by a filter; name experiments only.")
    found = _tracking(cloud, call).runs([str(number) for number in sent.get("experiment_ids") or []])
    return Answer(body={"runs": found[: int(sent.get("max_results") or 1000)]})


def _experiment(cloud: Cloud, call: Call) -> Answer:
    name = call.query.get("experiment_name")
    for one in _tracking(cloud, call).experiments():
        if one["name"] == name:
            return Answer(body={"experiment": one})
    raise _missing(f"Could not find experiment with name '{name}'")


def _experiments(cloud: Cloud, call: Call) -> Answer:
    return Answer(body={"experiments": _tracking(cloud, call).experiments()})
