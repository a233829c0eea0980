"""How do secrets of key vaults behave? Who may use them, their versions, and their soft delete."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from typing import ClassVar

from sandbox.store import ArmObject
from sandbox.terraform_provider.rules.arm import already_exists, known
from sandbox.terraform_provider.rules.authorization import has_role
from sandbox.terraform_provider.rules.base import Azure, AzureError, Invalid, ResourceRules, Values
from sandbox.terraform_provider.rules.key_vault import VAULTS, delete_item, recover_item, require_vault

SECRETS = "Microsoft.KeyVault/vaults/secrets"
_SECRET_ROLES = frozenset({"Key Vault Administrator", "Key Vault Secrets Officer"})
#: Besides those: may read secrets and nothing else.
_READING_ROLES = _SECRET_ROLES | {"Key Vault Secrets User"}


class KeyVaultSecretRules(ResourceRules):
    """azurerm_key_vault_secret."""

    type_name = "azurerm_key_vault_secret"
    force_new = frozenset({"name", "key_vault_id"})
    sensitive = frozenset({"value"})
    write_only = frozenset({"value_wo"})
    recomputed: ClassVar = {
        attribute: frozenset({"value", "value_wo_version"}) for attribute in ("id", "version", "resource_id")
    }

    def validate(self, config: Values) -> Iterable[Invalid]:
        """Names have letters, digits and hyphens; there is one value, and a version with a write-only one."""
        name = config.get("name")
        if known(name) and not re.fullmatch(r"[0-9A-Za-z-]{1,127}", name):
            yield Invalid("name", f"{name!r} may only contain letters, digits and hyphens, up to 127")
        if config.get("value") is not None and config.get("value_wo") is not None:
            yield Invalid("value", "only one of `value,value_wo` can be specified")
        if (config.get("value_wo") is None) != (config.get("value_wo_version") is None):
            yield Invalid("value_wo", "all of `value_wo,value_wo_version` must be specified")

    def create(self, azure: Azure, values: Values) -> Values:
        """Needs access to the vault's secrets; a soft-deleted secret of the name is recovered first."""
        vault = require_vault(azure, values["key_vault_id"])
        require_access(azure, vault, "Set")
        identifier = f"{vault['id']}/secrets/{values['name']}"
        existing = azure.store.get(identifier)
        if existing is not None:
            raise already_exists(self.type_name, _secret_values(azure, existing)["id"])
        recover_item(azure, SECRETS, identifier, plural="secrets")
        return self._write(azure, vault, identifier, values, new_version=True)

    def read(self, azure: Azure, state: Values) -> Values | None:
        """The current version. Azure refuses a login without access, so that a refresh fails too."""
        address = state["id"].split("secrets/")[0]
        vault = next((body for body in azure.store.find(VAULTS) if body["properties"]["vaultUri"] == address), None)
        if vault is None:
            return None
        require_access(azure, vault, "Get")
        body = _find_secret(azure, state["id"])
        return None if body is None else _secret_values(azure, body)

    def update(self, azure: Azure, prior: Values, values: Values) -> Values:
        """A new value is a new version; the rest changes in place."""
        vault = require_vault(azure, values["key_vault_id"])
        require_access(azure, vault, "Set")
        changed = any(prior.get(name) != values.get(name) for name in ("value", "value_wo_version"))
        return self._write(azure, vault, f"{vault['id']}/secrets/{values['name']}", values, new_version=changed)

    def delete(self, azure: Azure, state: Values) -> None:
        """A soft delete, then purged if the provider's features say so."""
        body = _find_secret(azure, state["id"])
        if body is None:
            return
        vault = require_vault(azure, body["id"].split("/secrets/")[0])
        require_access(azure, vault, "Delete")
        delete_item(azure, vault, body["id"], plural="secrets")

    def import_state(self, azure: Azure, identifier: str) -> Values:
        """The id is the secret's address in the vault."""
        body = _find_secret(azure, identifier)
        if body is None:
            text = (
                f"There is no secret {identifier!r}; expected https://<vault>.vault.azure.net/secrets/<name>/<version>."
            )
            raise AzureError("SecretNotFound", text)
        return {"id": _secret_values(azure, body)["id"]}

    def _write(self, azure: Azure, vault: ArmObject, identifier: str, values: Values, *, new_version: bool) -> Values:
        body = azure.store.get(identifier) or {"id": identifier, "type": SECRETS, "name": values["name"]}
        properties = body.setdefault("properties", {})
        if new_version or "version" not in properties:
            properties["version"] = uuid.uuid4().hex
        properties["vaultUri"] = vault["properties"]["vaultUri"]
        properties["contentType"] = values.get("content_type")
        properties["attributes"] = {"exp": values.get("expiration_date"), "nbf": values.get("not_before_date")}
        properties["writeOnly"] = values.get("value_wo_version") is not None
        body["tags"] = values.get("tags") or {}
        azure.store.put(body)
        value = values.get("value_wo") if properties["writeOnly"] else values.get("value")
        if value is not None and new_version:
            azure.store.set_secret(identifier, "value", value)
        return _secret_values(azure, body)


def require_access(azure: Azure, vault: ArmObject, permission: str) -> None:
    """As the vault's data plane: an access policy of the caller, or a role in rbac mode."""
    if vault["properties"]["enableRbacAuthorization"]:
        roles = _READING_ROLES if permission == "Get" else _SECRET_ROLES
        allowed = has_role(azure, azure.object_id, roles, vault["id"])
    else:
        allowed = any(
            policy["objectId"] == azure.object_id
            and permission.lower() in (name.lower() for name in policy["permissions"]["secrets"])
            for policy in vault["properties"]["accessPolicies"]
        )
    if not allowed:
        raise AzureError(
            "Forbidden",
            f"The user, group or application 'oid={azure.object_id}' does not have secrets {permission.lower()} "
            f"permission on key vault '{vault['name']}'.",
        )


def _find_secret(azure: Azure, identifier: str) -> ArmObject | None:
    match = re.fullmatch(r"(https://[^/]+/)secrets/([^/]+)(?:/[^/]+)?", identifier)
    if match is None:
        return None
    for body in azure.store.find(SECRETS):
        if body["properties"]["vaultUri"] == match.group(1) and body["name"] == match.group(2):
            return body
    return None


def _secret_values(azure: Azure, body: ArmObject) -> Values:
    properties = body["properties"]
    address = f"{properties['vaultUri']}secrets/{body['name']}"
    return {
        "id": f"{address}/{properties['version']}",
        "version": properties["version"],
        "versionless_id": address,
        "resource_id": f"{body['id']}/versions/{properties['version']}",
        "resource_versionless_id": body["id"],
        "name": body["name"],
        "key_vault_id": body["id"].split("/secrets/")[0],
        "value": None if properties.get("writeOnly") else azure.store.secret(body["id"], "value"),
        "content_type": properties.get("contentType"),
        "expiration_date": properties["attributes"]["exp"],
        "not_before_date": properties["attributes"]["nbf"],
        "tags": body.get("tags") or None,
    }
