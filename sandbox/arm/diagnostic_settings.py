"""How does a program send a resource's logs to Log Analytics? Diagnostic settings, made and deleted.

Terraform makes the others; both are the same objects. They are read as any resource is.
"""

from __future__ import annotations

from typing import Any

from sandbox.arm.resources import not_found
from sandbox.cloud import Cloud
from sandbox.monitor.tables import PLATFORM
from sandbox.store import ArmObject, Store
from sandbox.terraform_provider.rules.diagnostics import DIAGNOSTIC_SETTINGS
from sandbox.web import Answer, Call, Refusal, Routes

_PATH = f"/{{target*}}/providers/{DIAGNOSTIC_SETTINGS}/{{name}}"
_ENDPOINT = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints"


def register(routes: Routes) -> None:
    """Add the operations of this module."""
    routes.add("PUT", _PATH, "Send a resource's logs to a Log Analytics workspace", _put)
    routes.add("DELETE", _PATH, "Send them no more", _delete)


def _put(cloud: Cloud, call: Call) -> Answer:
    properties: dict[str, Any] = call.json().get("properties") or {}
    target = "/" + call.parameters["target"].strip("/")
    identifier = f"{target}/providers/{DIAGNOSTIC_SETTINGS}/{call.parameters['name']}"
    with cloud.stores.writing() as store:
        resource = store.get(target)
        if resource is None:
            raise not_found(target)
        _check(store, resource, properties, identifier)
        body = {
            "id": identifier,
            "name": call.parameters["name"],
            "type": DIAGNOSTIC_SETTINGS,
            "properties": {"metrics": [], "logAnalyticsDestinationType": None, **properties},
        }
        store.put(body)
    cloud.platform_logs.forget()
    return Answer(body=body)


def _check(store: Store, resource: ArmObject, properties: dict[str, Any], identifier: str) -> None:
    workspace = properties.get("workspaceId")
    if not workspace:
        text = "The sandbox sends logs to Log Analytics workspaces only; the setting names none ('workspaceId')."
        raise Refusal(400, "BadRequest", text)
    if store.get(workspace) is None:
        raise not_found(workspace)
    for one in properties.get("logs") or []:
        category = one.get("category")
        if category and resource["type"].lower() == _ENDPOINT.lower() and category not in PLATFORM:
            text = f"Category '{category}' is not supported; the categories are {', '.join(PLATFORM)}."
            raise Refusal(400, "BadRequest", text)
    for other in store.below(resource["id"], DIAGNOSTIC_SETTINGS):
        own = other["id"].rsplit("/providers/", 1)[0].lower() == resource["id"].lower()
        same = str(other["properties"].get("workspaceId")).lower() == workspace.lower()
        if own and same and other["id"].lower() != identifier.lower():
            text = f"Data sink '{workspace}' is already used in diagnostic setting '{other['name']}'."
            raise Refusal(409, "Conflict", text)


def _delete(cloud: Cloud, call: Call) -> Answer:
    identifier = call.path.rstrip("/")
    with cloud.stores.writing() as store:
        if store.get(identifier) is None:
            return Answer(204)
        store.delete(identifier)
    cloud.platform_logs.forget()
    return Answer(200)
