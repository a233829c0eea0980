"""How are Azure ML workspaces read, changed and deleted? They are made by Terraform."""

from __future__ import annotations

import secrets
from typing import Any

from sandbox.azureml_api.base import COLLECTION, WORKSPACE, WORKSPACES, require_workspace
from sandbox.cloud import Cloud
from sandbox.locks import lock_message
from sandbox.retention import delete_workspace
from sandbox.store import ArmObject, Store
from sandbox.system_datastores import follow_workspace
from sandbox.web import Answer, Call, Refusal, Routes

_CHANGEABLE = (
    "description",
    "friendlyName",
    "imageBuildCompute",
    "publicNetworkAccess",
    "primaryUserAssignedIdentity",
    "systemDatastoresAuthMode",
)


def register(routes: Routes) -> None:
    """Add the operations of this module."""
    routes.add("GET", WORKSPACE, "A workspace", _get)
    routes.add("GET", COLLECTION, "Workspaces of a group", _list)
    routes.add(
        "GET",
        "/subscriptions/{subscription}/providers/Microsoft.MachineLearningServices/workspaces",
        "Workspaces of the subscription",
        _list,
    )
    routes.add("PATCH", WORKSPACE, "Change a workspace", _change)
    routes.add("DELETE", WORKSPACE, "Delete a workspace: softly, or for good with forceToPurge", _delete)
    routes.add("POST", f"{WORKSPACE}/listKeys", "Keys around a workspace", _keys)
    routes.add("POST", f"{WORKSPACE}/listStorageAccountKeys", "The keys of a workspace's storage", _storage_keys)


def _get(cloud: Cloud, call: Call) -> Answer:
    with cloud.stores.reading() as store:
        return Answer(body=_shown(require_workspace(store, call)))


def _list(cloud: Cloud, call: Call) -> Answer:
    group = call.parameters.get("group")
    scope = f"/subscriptions/{call.parameters['subscription']}"
    with cloud.stores.reading() as store:
        if group is not None and store.get(f"{scope}/resourceGroups/{group}") is None:
            raise Refusal(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")
        found = store.below(f"{scope}/resourceGroups/{group}" if group else scope, WORKSPACES)
        return Answer(body={"value": [_shown(body) for body in found]})


def _change(cloud: Cloud, call: Call) -> Answer:
    sent = call.json()
    with cloud.stores.writing() as store:
        body = require_workspace(store, call)
        for name in ("tags", "identity", "sku"):
            if sent.get(name) is not None:
                body[name] = sent[name]
        changes: dict[str, Any] = sent.get("properties") or {}
        body["properties"] |= {name: changes[name] for name in _CHANGEABLE if changes.get(name) is not None}
        store.put(body)
        follow_workspace(store, body)
        return Answer(body=_shown(body))


def _delete(cloud: Cloud, call: Call) -> Answer:
    purge = call.query.get("forceToPurge", "").lower() == "true"
    with cloud.stores.writing() as store:
        identifier = call.path.rstrip("/")
        body = store.get(identifier)
        locked = lock_message(store, identifier)
        if locked is not None:
            raise Refusal(409, "ScopeLocked", locked)
        if body is not None:
            for compute in store.below(body["id"], f"{WORKSPACES}/computes"):
                store.delete(compute["id"])  # computes do not come back
            delete_workspace(store, body)
        # Azure answers nothing about a group that does not exist, also not for what was deleted in it.
        group = store.get("/".join(identifier.split("/")[:5]))
        kept = [one for one in store.deleted(WORKSPACES) if group and one["id"].lower() == identifier.lower()]
        if purge and kept:
            store.purge(identifier)
            store.delete(f"/servicePrincipals/{kept[0].get('identity', {}).get('principalId')}")
        elif body is None:
            return Answer(204)
    return Answer(200)


def _keys(cloud: Cloud, call: Call) -> Answer:
    with cloud.stores.writing() as store:
        body = require_workspace(store, call)
        storage = body["properties"]["storageAccount"]
        insights = store.get(body["properties"]["applicationInsights"]) or {"properties": {}}
        keys = {
            "userStorageKey": store.secret(storage, "primary"),
            "userStorageResourceId": storage,
            "appInsightsInstrumentationKey": insights["properties"].get("InstrumentationKey"),
            "notebookAccessKeys": {
                "primaryAccessKey": _made_once(store, body, "notebook-primary"),
                "secondaryAccessKey": _made_once(store, body, "notebook-secondary"),
            },
        }
        return Answer(body=keys)


def _storage_keys(cloud: Cloud, call: Call) -> Answer:
    with cloud.stores.reading() as store:
        body = require_workspace(store, call)
        return Answer(body={"userStorageKey": store.secret(body["properties"]["storageAccount"], "primary")})


def _made_once(store: Store, body: ArmObject, name: str) -> str:
    value = store.secret(body["id"], name)
    if value is None:
        value = secrets.token_urlsafe(32)
        store.set_secret(body["id"], name, value)
    return value


def _shown(body: ArmObject) -> ArmObject:
    """A workspace as Azure shows it: what Terraform leaves out has Azure's defaults."""
    properties = {
        "provisioningState": "Succeeded",
        "v1LegacyMode": False,
        "systemDatastoresAuthMode": "accessKey",
        **body["properties"],
    }
    return {"tags": {}, "kind": "Default", **body, "properties": properties}
