"""How do datastores behave? Four that every workspace has, and whatever is registered; their secrets apart."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.azureml_api.base import WORKSPACE, Change, NamedKind
from sandbox.azureml_api.signatures import signature
from sandbox.cloud import Cloud
from sandbox.store import ArmObject, Store
from sandbox.web import Answer, Call, Refusal, Routes

_SECRETS = "credentials"
_REQUIRED = {
    "AzureBlob": ("accountName", "containerName"),
    "AzureDataLakeGen2": ("accountName", "filesystem"),
    "AzureDataLakeGen1": ("storeName",),
    "AzureFile": ("accountName", "fileShareName"),
    "OneLake": ("artifact", "oneLakeWorkspaceName"),
}
_CREDENTIALS = ("None", "AccountKey", "Sas", "ServicePrincipal", "Certificate")


class Datastores(NamedKind):
    """Where data is, and how to get in."""

    path = "datastores"
    title = "Datastores"
    name_rule = (r"[a-zA-Z0-9_]{1,255}", "letters, digits and underscores")

    def register(self, routes: Routes) -> None:
        """Also the secrets."""
        path = f"{WORKSPACE}/datastores/{{name}}/listSecrets"
        routes.add("POST", path, "Datastores: the secret, or a signature made from it", self._secrets)
        super().register(routes)

    def check(self, change: Change) -> None:
        """Known types of datastore and of credentials, with what they need."""
        kind = change.properties.get("datastoreType")
        if kind not in _REQUIRED:
            raise Refusal(400, "ValidationError", f"The datastoreType '{kind}' is none of {', '.join(_REQUIRED)}.")
        missing = [name for name in _REQUIRED[kind] if not change.properties.get(name)]
        if missing:
            raise Refusal(400, "ValidationError", f"A datastore of type {kind} needs the field '{missing[0]}'.")
        given = (change.properties.get("credentials") or {}).get("credentialsType")
        if given not in _CREDENTIALS:
            raise Refusal(
                400, "ValidationError", f"The credentialsType '{given}' is none of {', '.join(_CREDENTIALS)}."
            )

    def complete(self, change: Change) -> None:
        """Secrets go where no reader sees them."""
        credentials = dict(change.properties["credentials"])
        given: dict[str, Any] | None = credentials.pop("secrets", None)
        if given:
            change.store.set_secret(change.id, _SECRETS, json.dumps(given))
        elif credentials["credentialsType"] == "None":
            change.store.set_secret(change.id, _SECRETS, "")
        change.properties["credentials"] = credentials
        change.properties.setdefault("isDefault", False)
        for name, value in (("endpoint", "core.windows.net"), ("protocol", "https"), ("tags", {}), ("properties", {})):
            if change.properties.get(name) is None:
                change.properties[name] = value

    def check_delete(self, store: Store, workspace: ArmObject, body: ArmObject) -> None:  # noqa: ARG002
        """The default one stays."""
        if body["properties"].get("isDefault"):
            raise Refusal(400, "UserError", f"Cannot delete the default datastore '{body['name']}'.")

    def selected(self, body: ArmObject, call: Call) -> bool:
        """Lists may ask for the default one, or for names."""
        properties = body["properties"]
        if call.query.get("isDefault", "").lower() == "true" and not properties.get("isDefault"):
            return False
        names = [name for name in call.query.get("names", "").split(",") if name]
        return not names or body["name"] in names

    def _secrets(self, cloud: Cloud, call: Call) -> Answer:
        """The secret as it was given; for an account key a signature, as azure-ai-ml asks for."""
        with cloud.stores.reading() as store:
            body = self.require(store, call)
            text = store.secret(body["id"], _SECRETS)
        properties = body["properties"]
        kind, account = properties["credentials"]["credentialsType"], properties.get("accountName", "")
        if kind == "None":
            raise Refusal(400, "UserError", f"The datastore '{body['name']}' has no secrets: it uses identities.")
        if text is not None:
            secrets: dict[str, Any] = json.loads(text)
        elif not cloud.blobs.has_account(account):
            raise Refusal(404, "UserError", f"The storage account '{account}' of the datastore does not exist.")
        else:
            secrets = {"secretsType": "AccountKey", "key": cloud.blobs.account_key(account)}
        place = properties.get("containerName") or properties.get("filesystem")
        if kind == "AccountKey" and place and call.content and call.json().get("expirableSecret"):
            end = datetime.now(UTC) + timedelta(hours=int(call.json().get("expireAfterHours") or 1))
            token = signature(account, place, secrets["key"], end=end)
            return Answer(body={"secretsType": "Sas", "sasToken": token})
        return Answer(body=secrets)
