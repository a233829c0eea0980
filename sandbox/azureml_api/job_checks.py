"""Is a job right, and can the sandbox run it? What Azure refuses is refused, and what this machine cannot do."""

from __future__ import annotations

import re
from typing import Any

from sandbox.azureml_api.abilities import cannot, require_cpu_compute, require_no_build, require_one_node
from sandbox.azureml_api.references import identifier_of, require_asset, require_compute, require_datastore
from sandbox.compute.expressions import names_in
from sandbox.store import ArmObject, Store
from sandbox.web import Refusal

_ASSET = re.compile(r"/(data|models)/[^/]+/versions/[^/]+$|^azureml:[^/]+[:@]", re.IGNORECASE)
JOB_NAME = (r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,254}", "1 to 255 letters, digits, '-' and '_'")
_SAMPLING = ("Random", "Grid")
_KINDS = ("Command", "Pipeline", "Sweep")


def check_job(store: Store, workspace: ArmObject, name: str, properties: dict[str, Any]) -> None:
    """Raise :class:`Refusal` for a job that Azure refuses or the sandbox cannot run."""
    kind = properties.get("jobType")
    if not kind:
        raise Refusal(400, "ValidationError", "The field 'jobType' is required.")
    if kind not in _KINDS:
        raise cannot(f"jobs of type {kind}: it runs {', '.join(_KINDS)}")
    require_compute(store, workspace, properties.get("computeId"))
    require_cpu_compute(store, workspace, properties.get("computeId"))
    for given in (properties.get("inputs") or {}).values():
        require_input(store, workspace, given or {})
    for given in (properties.get("outputs") or {}).values():
        require_datastore(store, workspace, (given or {}).get("uri"))
    if kind == "Command":
        check_command(store, workspace, name, properties)
    elif kind == "Sweep":
        algorithm = (properties.get("samplingAlgorithm") or {}).get("samplingAlgorithmType")
        if algorithm not in _SAMPLING:
            raise cannot(f"sweeps with {algorithm} sampling: it knows {' and '.join(_SAMPLING)}")
        check_command(store, workspace, name, {**properties, **(properties.get("trial") or {})})
    else:
        _check_pipeline(store, workspace, name, properties)


def check_command(store: Store, workspace: ArmObject, name: str, properties: dict[str, Any]) -> None:
    """Raise :class:`Refusal` for a command that names what is not there, or needs more than one machine."""
    if not properties.get("command"):
        raise Refusal(400, "ValidationError", "The field 'command' is required.")
    require_asset(store, workspace, "environments", properties.get("environmentId"))
    require_asset(store, workspace, "codes", properties.get("codeId"))
    text = re.sub(r"\$\[\[.*?\]\]", "", str(properties["command"]), flags=re.DOTALL)
    for expression in names_in(text):
        group, _, member = expression.partition(".")
        if group in ("inputs", "outputs") and member not in (properties.get(group) or {}):
            known = ", ".join(properties.get(group) or {}) or "none"
            what = f"The command of the job '{name}' names {expression}; its {group} are: {known}."
            raise Refusal(400, "UserError", what)
    require_no_build(store, workspace, properties.get("environmentId"))
    require_one_node(properties.get("resources") or {}, properties.get("distribution") or {}, "jobs")


def _check_pipeline(store: Store, workspace: ArmObject, name: str, properties: dict[str, Any]) -> None:
    steps: dict[str, Any] = properties.get("jobs") or {}
    if not steps:
        raise Refusal(400, "UserError", f"The pipeline '{name}' has no steps.")
    settings = properties.get("settings") or {}
    for title, step in steps.items():
        kind = str(step.get("type") or "command")
        if kind != "command":
            raise cannot(f"steps of type {kind} ('{title}'); make the step a command to rehearse the pipeline")
        require_asset(store, workspace, "components", step.get("componentId"))
        compute = step.get("computeId") or properties.get("computeId") or settings.get("default_compute")
        require_compute(store, workspace, compute)
        require_cpu_compute(store, workspace, compute)
        spec = _spec_of(store, workspace, step)
        require_no_build(store, workspace, step.get("environment") or spec.get("environment"))
        resources = {**(spec.get("resources") or {}), **(step.get("resources") or {})}
        require_one_node(resources, step.get("distribution") or spec.get("distribution") or {}, f"steps ('{title}')")


def require_input(store: Store, workspace: ArmObject, given: dict[str, Any]) -> None:
    """Raise :class:`Refusal` for an input whose asset or datastore does not exist."""
    uri = given.get("uri")
    if not uri:
        return
    require_datastore(store, workspace, uri)
    if _ASSET.search(uri) and not uri.endswith("@latest"):
        collection = "models" if "model" in str(given.get("jobInputType")).lower() else "data"
        require_asset(store, workspace, collection, uri)


def _spec_of(store: Store, workspace: ArmObject, step: dict[str, Any]) -> dict[str, Any]:
    body = store.get(identifier_of(workspace, "components", str(step.get("componentId") or "")))
    spec: dict[str, Any] = (body or {"properties": {}})["properties"].get("componentSpec") or {}
    return spec
