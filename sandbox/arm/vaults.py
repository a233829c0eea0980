"""How are key vaults and their soft-deleted remains looked at, recovered and purged?"""

from __future__ import annotations

from typing import Any

from sandbox.arm.resources import not_found
from sandbox.arm.subscriptions import require_subscription
from sandbox.cloud import Cloud
from sandbox.locks import lock_message
from sandbox.store import ArmObject, Store
from sandbox.web import Answer, Call, Refusal, Routes

VAULTS = "Microsoft.KeyVault/vaults"
_SUBSCRIPTION = "/subscriptions/{subscription}/providers/Microsoft.KeyVault"
_DELETED = _SUBSCRIPTION + "/locations/{location}/deletedVaults/{name}"
_VAULT = "/subscriptions/{subscription}/resourceGroups/{group}/providers/" + VAULTS + "/{name}"


def register(routes: Routes) -> None:
    """Add the operations of this module."""
    routes.add("GET", f"{_SUBSCRIPTION}/deletedVaults", "Soft-deleted vaults", _list_deleted)
    routes.add("GET", _DELETED, "A soft-deleted vault", _get_deleted)
    routes.add("POST", f"{_DELETED}/purge", "Purge a soft-deleted vault", _purge)
    routes.add("PUT", _VAULT, "Recover a soft-deleted vault (createMode recover)", _recover)
    routes.add("DELETE", _VAULT, "Delete a vault softly", _delete)
    routes.add("GET", f"{_VAULT}/secrets/{{secret}}", "A secret's address, without its value", _secret)
    routes.add("GET", f"{_VAULT}/keys/{{key}}", "A key's address and kind, without its halves", _key)


def _list_deleted(cloud: Cloud, call: Call) -> Answer:
    require_subscription(call)
    with cloud.stores.reading() as store:
        return Answer(body={"value": [_deleted(call, body) for body in store.deleted(VAULTS)]})


def _get_deleted(cloud: Cloud, call: Call) -> Answer:
    with cloud.stores.reading() as store:
        return Answer(body=_deleted(call, _require_deleted(store, call)))


def _purge(cloud: Cloud, call: Call) -> Answer:
    with cloud.stores.writing() as store:
        body = _require_deleted(store, call)
        if body["properties"].get("enablePurgeProtection"):
            text = "The user, group or application is not allowed to purge the vault: purge protection is enabled."
            raise Refusal(403, "MethodNotAllowed", text)
        store.purge(body["id"])
    return Answer(200)


def _recover(cloud: Cloud, call: Call) -> Answer:
    sent = call.json()
    if (sent.get("properties") or {}).get("createMode") != "recover":
        text = "The sandbox makes vaults through Terraform; here it only recovers them (properties.createMode)."
        raise Refusal(501, "NotImplemented", text)
    with cloud.stores.writing() as store:
        identifier = call.path.rstrip("/")
        group = "/".join(identifier.split("/")[:5])
        if store.get(group) is None:
            text = f"Resource group '{call.parameters['group']}' could not be found."
            raise Refusal(404, "ResourceGroupNotFound", text)
        found = [body for body in store.deleted(VAULTS) if body["id"].lower() == identifier.lower()]
        if not found:
            raise not_found(identifier)
        store.recover(found[0]["id"])
        return Answer(body=store.get(identifier))


def _delete(cloud: Cloud, call: Call) -> Answer:
    with cloud.stores.writing() as store:
        body = store.get(call.path.rstrip("/"))
        if body is None:
            return Answer(204)
        locked = lock_message(store, body["id"])
        if locked is not None:
            raise Refusal(409, "ScopeLocked", locked)
        store.soft_delete(body["id"], retention_days=body["properties"]["softDeleteRetentionInDays"])
    return Answer(200)


def _secret(cloud: Cloud, call: Call) -> Answer:
    with cloud.stores.reading() as store:
        body = store.get(call.path.rstrip("/"))
    if body is None:
        raise not_found(call.path.rstrip("/"))
    properties = body["properties"]
    address = f"{properties['vaultUri']}secrets/{body['name']}"
    shown = {
        "secretUri": address,
        "secretUriWithVersion": f"{address}/{properties['version']}",
        "contentType": properties.get("contentType"),
        "attributes": {"enabled": True},
    }
    return Answer(body={**body, "properties": shown})


def _key(cloud: Cloud, call: Call) -> Answer:
    """Key Vault's "Keys - Get" of Resource Manager."""
    with cloud.stores.reading() as store:
        body = store.get(call.path.rstrip("/"))
    if body is None:
        raise not_found(call.path.rstrip("/"))
    properties = body["properties"]
    address = f"{properties['vaultUri']}keys/{body['name']}"
    shown = {
        "keyUri": address,
        "keyUriWithVersion": f"{address}/{properties['version']}",
        "kty": properties["kty"],
        "keySize": properties["keySize"],
        "keyOps": properties["keyOps"],
        "attributes": {"enabled": True},
    }
    return Answer(body={**body, "properties": shown})


def _require_deleted(store: Store, call: Call) -> ArmObject:
    name, location = call.parameters["name"], call.parameters["location"]
    for body in store.deleted(VAULTS):
        if body["name"].lower() == name.lower() and body["location"] == location.lower():
            return body
    text = f"The specified deleted vault '{name}' does not exist."
    raise Refusal(404, "DeletedVaultNotFound", text)


def _deleted(call: Call, body: ArmObject) -> dict[str, Any]:
    subscription = call.parameters["subscription"]
    place = f"/subscriptions/{subscription}/providers/Microsoft.KeyVault/locations/{body['location']}"
    return {
        "id": f"{place}/deletedVaults/{body['name']}",
        "name": body["name"],
        "type": "Microsoft.KeyVault/deletedVaults",
        "properties": {
            "vaultId": body["id"],
            "location": body["location"],
            "tags": body.get("tags") or {},
            "deletionDate": body["deletionDate"],
            "scheduledPurgeDate": body["scheduledPurgeDate"],
            "purgeProtectionEnabled": bool(body["properties"].get("enablePurgeProtection")),
        },
    }
