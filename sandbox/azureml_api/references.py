"""Does what an object names exist? Datastores, assets, code and computes, in every form that Azure ML writes."""

from __future__ import annotations

import re

from sandbox.store import ArmObject, Store
from sandbox.web import Refusal

_DATASTORE = re.compile(
    r"azureml://(?:subscriptions/[^/]+/resourcegroups/[^/]+/(?:providers/[^/]+/)?workspaces/[^/]+/)?"
    r"datastores/([^/]+)(?:/paths(?:/.*)?)?",
    re.IGNORECASE,
)
_ASSET_URI = re.compile(
    r"azureml://locations/[^/]+/workspaces/[^/]+/(\w+)/([^/]+)/versions/([^/]+)",
    re.IGNORECASE,
)
_SHORT = re.compile(r"azureml:([^:/@]+)[:@]([^:/@]+)")
#: Where Azure ML finds assets outside of the workspace; the sandbox believes that they exist.
_REGISTRY = re.compile(r"azureml://registries/.+", re.IGNORECASE)
#: Environments that Azure ML has in every workspace; the sandbox has none of them, and believes in them too.
_CURATED = re.compile(r"(azureml:)?AzureML-[\w.-]+[:@].+", re.IGNORECASE)


def require_datastore(store: Store, workspace: ArmObject, uri: str | None) -> None:
    """Raise :class:`Refusal` for a URI that names a datastore which does not exist; other URIs pass."""
    match = _DATASTORE.fullmatch(uri or "")
    if match is not None and store.get(f"{workspace['id']}/datastores/{match[1]}") is None:
        raise Refusal(400, "UserError", f"Could not find datastore '{match[1]}' in workspace '{workspace['name']}'.")


def short_uri(uri: str) -> str:
    """An address in a datastore without the workspace, which Azure ML writes or leaves out."""
    match = _DATASTORE.fullmatch(uri)
    return f"azureml://datastores/{match[1]}{uri[match.end(1) :]}" if match else uri


def require_asset(store: Store, workspace: ArmObject, collection: str, reference: str | None) -> None:
    """Raise :class:`Refusal` for a reference to a version of an asset that does not exist. None passes."""
    if not reference or _REGISTRY.fullmatch(reference):
        return
    if collection == "environments" and _CURATED.fullmatch(reference):
        return
    identifier = identifier_of(workspace, collection, reference)
    if store.get(identifier) is None:
        title = collection.removesuffix("s")
        raise Refusal(404, "UserError", f"The {title} '{reference}' was not found in workspace '{workspace['name']}'.")


def require_compute(store: Store, workspace: ArmObject, reference: str | None) -> None:
    """Raise :class:`Refusal` for a compute that does not exist. None and serverless pass."""
    if not reference or reference.rsplit("/", 1)[-1].lower() in ("serverless", "local", "amlcompute"):
        return
    name = reference.removeprefix("azureml:").rsplit("/", 1)[-1]
    if store.get(f"{workspace['id']}/computes/{name}") is None:
        text = f"Unknown compute target '{name}' in workspace '{workspace['name']}'."
        raise Refusal(404, "UserError", text)


def identifier_of(workspace: ArmObject, collection: str, reference: str) -> str:
    """The id of the version that a reference means, in whatever form it is written."""
    if reference.removeprefix("azureml:").startswith("/subscriptions/"):
        return reference.removeprefix("azureml:")
    uri, short = _ASSET_URI.fullmatch(reference), _SHORT.fullmatch(reference)
    if uri is not None:
        return f"{workspace['id']}/{uri[1]}/{uri[2]}/versions/{uri[3]}"
    if short is not None:
        return f"{workspace['id']}/{collection}/{short[1]}/versions/{short[2]}"
    return f"{workspace['id']}/{collection}/{reference}"
