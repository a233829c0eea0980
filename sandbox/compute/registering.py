"""Which assets does a job leave? One per output, by the name that the job gives it, or else by Azure ML's own."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import yaml

from sandbox.compute import addresses
from sandbox.compute.context import Context
from sandbox.compute.errors import ComputeError
from sandbox.compute.process import Log
from sandbox.compute.tracking import described
from sandbox.store import ArmObject
from sandbox.web import Refusal

#: Two jobs that end at once must not get the same number for what they register.
_numbering = threading.Lock()
_MODELS = {"custom_model": "CustomModel", "mlflow_model": "MLFlowModel", "triton_model": "TritonModel"}


def register(context: Context, body: ArmObject, name: str, output: dict[str, Any], local: Path) -> dict[str, str]:
    """Register one output that is uploaded; returns its asset as run history shows it.

    Raises :class:`ComputeError` when the workspace refuses it.
    """
    job, workspace = str(body["name"]), context.records.workspace(body["id"])
    kind = str(output.get("jobOutputType") or "uri_folder").lower()
    collection = "models" if kind in _MODELS else "data"
    given = output.get("assetName")
    asset = str(given or f"azureml_{job}_output_{'mlflow_model' if collection == 'models' else 'data'}_{name}")
    properties: dict[str, Any] = {"description": output.get("description"), "isAnonymous": not given}
    if collection == "models":
        properties |= {"modelType": kind, "modelUri": output["uri"], "jobName": job, "flavors": flavors(local)}
    else:
        properties |= {"dataType": kind, "dataUri": output["uri"]}
    version = _put(context, workspace, f"{collection}/{asset}", properties, output.get("assetVersion"))
    region, unique = workspace["location"], workspace["properties"]["workspaceId"]
    title = _MODELS.get(kind, kind)
    where = f"azureml://locations/{region}/workspaces/{unique}/{collection}/{asset}/versions/{version}"
    return {"assetId": where, "type": title}


def register_logged_models(context: Context, workspace: ArmObject, job: str, artifacts: Path, log: Log) -> None:
    """Register what the program registered with MLflow (``registered_model_name``) in the workspace, as on Azure."""
    tracking = context.tracking(workspace)
    for file in sorted((tracking.root / "models").glob("*/version-*/meta.yaml")):
        description = described(file) or {}  # none: a job that runs is writing it
        done = file.with_name("in-workspace")
        if description.get("run_id") != job or done.exists():
            continue
        path = _artifact_path(str(description.get("storage_location") or description["source"]), artifacts)
        name = str(description["name"])
        properties = {
            "modelType": "mlflow_model",
            "modelUri": f"{addresses.artifacts_uri(job)}/{path}",
            "jobName": job,
            "flavors": flavors(artifacts / path),
        }
        version = _put(context, workspace, f"models/{name}", properties)
        done.write_text(version, encoding="utf-8")
        log.say(f"Registered the model {name}, version {version}.")


def flavors(local: Path) -> dict[str, Any]:
    """The flavours in a model's MLmodel file; none where there is no such file."""
    try:
        model = yaml.safe_load((local / "MLmodel").read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError):
        return {}
    found = (model or {}).get("flavors") or {}
    return {
        str(name): {"data": {str(key): str(value) for key, value in (values or {}).items()}}
        for name, values in found.items()
    }


def _artifact_path(source: str, artifacts: Path) -> str:
    for base in (artifacts.as_uri(), str(artifacts)):
        if source.startswith(base):
            return source[len(base) :].strip("/")
    return source.rstrip("/").rsplit("/artifacts/", 1)[-1]


def _put(context: Context, workspace: ArmObject, asset: str, properties: dict[str, Any], version: object = None) -> str:
    """Register ``asset`` (``models/name``) with the given version or the next one; returns the version."""
    with _numbering:
        given = str(version or _next(context, f"{workspace['id']}/{asset}"))
        path = f"{asset}/versions/{given}"
        try:
            context.api("PUT", f"{workspace['id']}/{path}", {"properties": properties})
        except Refusal as refusal:
            where = f"{workspace['name']}/{path}"
            raise ComputeError(f"{where} cannot be registered: {refusal.message}") from refusal
    return given


def _next(context: Context, identifier: str) -> str:
    body = context.records.read(lambda store: store.get(identifier))
    return str(body["properties"].get("nextVersion") or "1") if body else "1"
