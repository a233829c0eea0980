"""What can this machine not do that a job or a deployment asks for? GPUs, several nodes, images: refused, not faked."""

from __future__ import annotations

from typing import Any

from sandbox.azureml_api.references import identifier_of
from sandbox.store import ArmObject, Store
from sandbox.vm_sizes import has_accelerator
from sandbox.web import Refusal


def cannot(what: str) -> Refusal:
    """The refusal of what the sandbox does not run."""
    return Refusal(400, "NotSupportedInSandbox", f"The sandbox does not run {what}.")


def require_cpu_compute(store: Store, workspace: ArmObject, reference: str | None) -> None:
    """Raise :class:`Refusal` for a compute whose machines have GPUs."""
    name = str(reference or "").removeprefix("azureml:").rsplit("/", 1)[-1]
    body = store.get(f"{workspace['id']}/computes/{name}") if name else None
    size = str(((body or {}).get("properties") or {}).get("properties", {}).get("vmSize") or "")
    if has_accelerator(size):
        raise cannot(f"jobs on GPUs: the compute '{name}' has {size}; name a compute without to rehearse the job")


def require_cpu_size(size: Any, what: str) -> None:
    """Raise :class:`Refusal` for a size that has GPUs; ``what`` says in the plural what asks for it."""
    if has_accelerator(str(size or "")):
        raise cannot(f"{what} on GPUs ({size}); name a size without to rehearse them")


def require_one_node(resources: dict[str, Any], distribution: dict[str, Any], what: str) -> None:
    """Raise :class:`Refusal` for more than one node, or processes that find each other."""
    kind = distribution.get("distributionType") or distribution.get("type")
    if kind:
        raise cannot(f"distributed {what} ({kind}) on one machine; remove 'distribution' to rehearse them")
    count = int(resources.get("instanceCount") or resources.get("instance_count") or 1)
    if count > 1:
        raise cannot(f"{what} on {count} nodes; set instance_count to 1 to rehearse them")
    require_cpu_size(resources.get("instanceType") or resources.get("instance_type"), what)


def require_no_build(store: Store, workspace: ArmObject, reference: Any) -> None:
    """Raise :class:`Refusal` for an environment that is built by a Dockerfile: what would be in it is not known."""
    if not isinstance(reference, str) or not reference:
        return
    body = store.get(identifier_of(workspace, "environments", reference))
    if body is not None and body["properties"].get("build"):
        name = str(body["id"]).rsplit("/", 3)[-3]
        # One without a name, written into a job, gets this one from azure-ai-ml: nobody knows it.
        shown = "" if name.startswith("CliV2Anonymous") else f" ('{name}')"
        raise cannot(
            f"environments that a Dockerfile builds{shown}: it builds no images. Declare 'image' and 'conda_file' to "
            "rehearse it"
        )


def require_server(store: Store, workspace: ArmObject, properties: dict[str, Any], name: str) -> None:
    """Raise :class:`Refusal` for a deployment whose image, not Azure ML's inference server, would answer."""
    if (properties.get("codeConfiguration") or {}).get("codeId"):
        return
    reference = properties.get("model")
    body = store.get(identifier_of(workspace, "models", reference)) if isinstance(reference, str) else None
    kind = str(((body or {}).get("properties") or {}).get("modelType") or "")
    if body is not None and kind.lower() == "mlflow_model":
        return
    has = f"its model is a {kind}" if kind else "it names no model of this workspace"
    raise cannot(
        f"images: the deployment '{name}' has no scoring script and {has}, so its image would have to answer. Declare "
        "'code_configuration', or deploy an mlflow_model"
    )
