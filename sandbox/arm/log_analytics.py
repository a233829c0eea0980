"""How are Log Analytics workspaces deleted, and the deleted ones listed and recovered?"""

from __future__ import annotations

from sandbox.cloud import Cloud
from sandbox.locks import lock_message
from sandbox.store import ArmObject
from sandbox.web import Answer, Call, Refusal, Routes

LOGS = "Microsoft.OperationalInsights/workspaces"
#: Microsoft Learn, "Delete and recover a Log Analytics workspace".
_RETENTION_DAYS = 14
_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}"
_WORKSPACE = f"{_GROUP}/providers/{LOGS}/{{name}}"
_DELETED = "providers/Microsoft.OperationalInsights/deletedWorkspaces"


def register(routes: Routes) -> None:
    """Add the operations of this module."""
    routes.add("GET", f"/subscriptions/{{subscription}}/{_DELETED}", "Deleted Log Analytics workspaces", _deleted)
    routes.add("GET", f"{_GROUP}/{_DELETED}", "Deleted Log Analytics workspaces of a group", _deleted)
    routes.add("PUT", _WORKSPACE, "Recover a deleted Log Analytics workspace", _recover)
    routes.add("DELETE", _WORKSPACE, "Delete a Log Analytics workspace, for good with force", _delete)


def _deleted(cloud: Cloud, call: Call) -> Answer:
    group = call.parameters.get("group")
    scope = f"/subscriptions/{call.parameters['subscription']}/" + (f"resourceGroups/{group}/" if group else "")
    with cloud.stores.reading() as store:
        found = [body for body in store.deleted(LOGS) if body["id"].lower().startswith(scope.lower())]
    return Answer(body={"value": [_shown(body) for body in found]})


def _recover(cloud: Cloud, call: Call) -> Answer:
    """Making one with the name of a deleted one recovers it."""
    identifier = call.path.rstrip("/")
    with cloud.stores.writing() as store:
        group = "/".join(identifier.split("/")[:5])
        if store.get(group) is None:
            text = f"Resource group '{call.parameters['group']}' could not be found."
            raise Refusal(404, "ResourceGroupNotFound", text)
        live = store.get(identifier)
        if live is None:
            found = [body for body in store.deleted(LOGS) if body["id"].lower() == identifier.lower()]
            if not found:
                text = "The sandbox makes Log Analytics workspaces through Terraform; here it only recovers them."
                raise Refusal(501, "NotImplemented", text)
            store.recover(identifier)
            live = store.get(identifier)
    return Answer(body=live)


def _delete(cloud: Cloud, call: Call) -> Answer:
    identifier = call.path.rstrip("/")
    with cloud.stores.writing() as store:
        body = store.get(identifier)
        if body is None:
            return Answer(204)
        locked = lock_message(store, identifier)
        if locked is not None:
            raise Refusal(409, "ScopeLocked", locked)
        if call.query.get("force", "").lower() == "true":
            store.delete(body["id"])
        else:
            store.soft_delete(body["id"], retention_days=_RETENTION_DAYS)
    return Answer(200)


def _shown(body: ArmObject) -> ArmObject:
    shown = {name: value for name, value in body.items() if name != "scheduledPurgeDate"}
    deleted = shown.pop("deletionDate")
    return {**shown, "properties": {**body["properties"], "modifiedDate": deleted}}
