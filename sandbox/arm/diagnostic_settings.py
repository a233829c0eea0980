"""How is a diagnostic setting made past Terraform? Azure Monitor's operations on what Terraform does not make."""

from __future__ import annotations

from typing import Any

from sandbox.cloud import Cloud
from sandbox.locks import lock_message
from sandbox.store import ArmObject, Store
from sandbox.web import Answer, Call, Refusal, Routes

SETTINGS = "Microsoft.Insights/diagnosticSettings"
_SETTING = "/{target*}/providers/" + SETTINGS + "/{name}"
_ENDPOINTS = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints"
#: Microsoft Learn, "Supported logs for Microsoft.MachineLearningServices/workspaces/onlineEndpoints"; its metrics
#: RequestLatency can be exported.
_LOGS = ("AmlOnlineEndpointConsoleLog", "AmlOnlineEndpointEventLog", "AmlOnlineEndpointTrafficLog")
_METRICS = ("AllMetrics",)
_GROUPS = ("allLogs", "audit")


def register(routes: Routes) -> None:
    """Add the operations of this module."""
    routes.add("GET", f"/{{target*}}/providers/{SETTINGS}", "Diagnostic settings of a resource", _list)
    routes.add("PUT", _SETTING, "Diagnostic settings of an online endpoint: create or update", _put)
    routes.add("DELETE", _SETTING, "Diagnostic settings: delete", _delete)


def _list(cloud: Cloud, call: Call) -> Answer:
    with cloud.stores.reading() as store:
        return Answer(body={"value": _of(store, _target(store, call)["id"])})


def _put(cloud: Cloud, call: Call) -> Answer:
    name, properties = call.parameters["name"], dict(call.json().get("properties") or {})
    with cloud.stores.writing() as store:
        target = _target(store, call)
        if target["type"] != _ENDPOINTS:
            text = "The sandbox makes this setting through Terraform; here it makes those of online endpoints."
            raise Refusal(501, "NotImplemented", text)
        _require_supported(properties)
        _require_destination(store, properties, [one for one in _of(store, target["id"]) if one["name"] != name])
        body = {"id": f"{target['id']}/providers/{SETTINGS}/{name}", "type": SETTINGS, "name": name}
        defaults: dict[str, Any] = {"metrics": [], "logAnalyticsDestinationType": None}
        store.put({**body, "properties": {**defaults, **properties}})
        answer = Answer(200, store.get(body["id"]))
    cloud.platform_logs.forget()
    return answer


def _delete(cloud: Cloud, call: Call) -> Answer:
    with cloud.stores.writing() as store:
        identifier = f"/{call.parameters['target']}/providers/{SETTINGS}/{call.parameters['name']}"
        if store.get(identifier) is None:
            return Answer(204)
        locked = lock_message(store, identifier)
        if locked is not None:
            raise Refusal(409, "ScopeLocked", locked)
        store.delete(identifier)
    cloud.platform_logs.forget()
    return Answer(200)


def _target(store: Store, call: Call) -> ArmObject:
    identifier = f"/{call.parameters['target']}"
    target = store.get(identifier)
    if target is None:
        raise Refusal(404, "ResourceNotFound", f"The Resource '{identifier}' was not found.")
    return target


def _of(store: Store, target: str) -> list[ArmObject]:
    """The settings of the resource itself, not those of what is below it."""
    found = store.below(target, SETTINGS)
    return [one for one in found if one["id"].lower().rsplit("/providers/", 1)[0] == target.lower()]


def _require_supported(properties: dict[str, Any]) -> None:
    logs, metrics = properties.get("logs") or [], properties.get("metrics") or []
    for one in logs:
        category, group = one.get("category"), one.get("categoryGroup")
        if group not in _GROUPS and category not in _LOGS:
            raise Refusal(400, "BadRequest", f"Category '{category or group}' is not supported.")
    for one in metrics:
        if one.get("category") not in _METRICS:
            raise Refusal(400, "BadRequest", f"Metric category '{one.get('category')}' is not supported.")
    if not any(one.get("enabled") for one in [*logs, *metrics]):
        raise Refusal(400, "BadRequest", "At least one data type should be enabled to be sent.")


def _require_destination(store: Store, properties: dict[str, Any], others: list[ArmObject]) -> None:
    """A Log Analytics workspace that exists, to which no other setting of the resource sends."""
    workspace = properties.get("workspaceId")
    if not workspace:
        raise Refusal(400, "BadRequest", "At least one data sink needs to be specified.")
    if store.get(workspace) is None:
        raise Refusal(404, "ResourceNotFound", f"The Resource '{workspace}' was not found.")
    for other in others:
        if str(other["properties"].get("workspaceId")).lower() == workspace.lower():
            text = f"Data sink '{workspace}' is already used in diagnostic setting '{other['name']}'."
            raise Refusal(409, "Conflict", text)
