"""How does a soft-deleted Azure ML workspace come back? By making it again with allowRecoverSoftDeletedWorkspace."""

from __future__ import annotations

from typing import Any

from sandbox.azureml_api.base import WORKSPACE, WORKSPACES
from sandbox.cloud import Cloud
from sandbox.store import ArmObject, Store
from sandbox.web import Answer, Call, Refusal, Routes

#: What a workspace stands on: it does not come back without them.
_PARTS = ("storageAccount", "keyVault", "applicationInsights", "containerRegistry")


def register(routes: Routes) -> None:
    """Add the operations of this module."""
    routes.add("PUT", WORKSPACE, "Recover a soft-deleted workspace", _put)


def _put(cloud: Cloud, call: Call) -> Answer:
    identifier, sent = call.path.rstrip("/"), call.json()
    properties: dict[str, Any] = sent.get("properties") or {}
    with cloud.stores.writing() as store:
        if store.get("/".join(identifier.split("/")[:5])) is None:
            text = f"Resource group '{call.parameters['group']}' could not be found."
            raise Refusal(404, "ResourceGroupNotFound", text)
        found = [body for body in store.deleted(WORKSPACES) if body["id"].lower() == identifier.lower()]
        if store.get(identifier) is not None or not found:
            text = "The sandbox makes workspaces through Terraform; here it only recovers soft-deleted ones."
            raise Refusal(501, "NotImplemented", text)
        if str(properties.get("allowRecoverSoftDeletedWorkspace")).lower() != "true":
            raise Refusal(409, "Conflict", "Soft-deleted workspace exists. Please purge or recover it.")
        _require_parts(store, found[0], properties)
        store.recover(identifier)
        return Answer(body=store.get(identifier))


def _require_parts(store: Store, deleted: ArmObject, sent: dict[str, Any]) -> None:
    """Storage, vault, insights and registry must be there, and be those of before."""
    for name in _PARTS:
        before = deleted["properties"].get(name)
        if str(sent.get(name) or "").lower() != str(before or "").lower():
            text = f"The property '{name}' of a workspace cannot change: it was '{before}', it is '{sent.get(name)}'."
            raise Refusal(400, "BadRequest", text)
        if before and store.get(before) is None:
            text = f"The resource '{before}' of the workspace does not exist. Restore it before the workspace."
            raise Refusal(400, "ValidationError", text)
