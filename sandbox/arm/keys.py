"""Which keys do storage accounts and registries give out?"""

from __future__ import annotations

from sandbox.arm.resources import not_found
from sandbox.cloud import Cloud
from sandbox.store import ArmObject, Store
from sandbox.web import Answer, Call, Refusal, Routes

_IN_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}/providers"
_ACCOUNT = _IN_GROUP + "/Microsoft.Storage/storageAccounts/{name}"
_REGISTRY = _IN_GROUP + "/Microsoft.ContainerRegistry/registries/{name}"


def register(routes: Routes) -> None:
    """Add the operations of this module."""
    routes.add("POST", f"{_ACCOUNT}/listKeys", "Keys of a storage account", _account_keys)
    routes.add("POST", f"{_REGISTRY}/listCredentials", "The admin's password of a registry", _registry_credentials)


def _account_keys(cloud: Cloud, call: Call) -> Answer:
    with cloud.stores.reading() as store:
        body = _require(store, call)
        keys = [
            {"keyName": name, "value": store.secret(body["id"], secret), "permissions": "FULL"}
            for name, secret in (("key1", "primary"), ("key2", "secondary"))
        ]
    return Answer(body={"keys": keys})


def _registry_credentials(cloud: Cloud, call: Call) -> Answer:
    with cloud.stores.reading() as store:
        body = _require(store, call)
        if not body["properties"].get("adminUserEnabled"):
            raise Refusal(400, "UnAuthorizedForCredentialOperations", "The admin user of the registry is switched off.")
        password = store.secret(body["id"], "admin")
    return Answer(body={"username": body["name"], "passwords": [{"name": "password", "value": password}]})


def _require(store: Store, call: Call) -> ArmObject:
    identifier = call.path.rstrip("/").rpartition("/")[0]
    body = store.get(identifier)
    if body is None:
        raise not_found(identifier)
    return body
