"""How do keys of a vault behave, and who may encrypt with them?"""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Iterable

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.store import ArmObject
from sandbox.terraform_provider.rules.arm import already_exists, known, one_of
from sandbox.terraform_provider.rules.authorization import has_role
from sandbox.terraform_provider.rules.base import Azure, AzureError, Invalid, ResourceRules, Values
from sandbox.terraform_provider.rules.key_vault import delete_item, recover_item, require_vault

KEYS = "Microsoft.KeyVault/vaults/keys"
_MAKERS = frozenset({"Key Vault Administrator", "Key Vault Crypto Officer"})
_USERS = frozenset({"Key Vault Crypto Service Encryption User", "Key Vault Administrator"})
_ID = re.compile(r"(https://[^/]+/)keys/([^/]+)(?:/([^/]+))?")
_OPERATIONS = ("decrypt", "encrypt", "sign", "unwrapKey", "verify", "wrapKey")


class KeyVaultKeyRules(ResourceRules):
    """azurerm_key_vault_key. RSA keys are made on this machine, and only their public half is kept."""

    type_name = "azurerm_key_vault_key"
    force_new = frozenset({"name", "key_vault_id", "key_type", "key_size", "curve"})

    def validate(self, config: Values) -> Iterable[Invalid]:
        """Value rules of the provider."""
        name = config.get("name")
        if known(name) and not re.fullmatch(r"[0-9A-Za-z-]{1,127}", name):
            yield Invalid("name", f"{name!r} may only contain letters, digits and hyphens, up to 127")
        yield from one_of(config, "key_type", ("EC", "EC-HSM", "RSA", "RSA-HSM"))
        operations = config.get("key_opts")
        wrong = [one for one in (operations if known(operations) else []) if known(one) and one not in _OPERATIONS]
        if wrong:
            yield Invalid("key_opts", f"expected key_opts to be one of {list(_OPERATIONS)}, got {wrong}")

    def create(self, azure: Azure, values: Values) -> Values:
        """Needs access to the vault's keys; a soft-deleted key of the name is recovered."""
        vault = require_vault(azure, values["key_vault_id"])
        _require_access(azure, vault, "Create")
        if values["key_type"] != "RSA":
            text = f"The sandbox makes keys of the type RSA only, not {values['key_type']}."
            raise AzureError("UnknownToTheSandbox", text, attribute="key_type")
        identifier = f"{vault['id']}/keys/{values['name']}"
        existing = azure.store.get(identifier)
        if existing is not None:
            raise already_exists(self.type_name, _values(existing)["id"])
        if recover_item(azure, KEYS, identifier, plural="keys"):
            return self._write(azure, azure.store.get(identifier) or {}, values)
        public = rsa.generate_private_key(public_exponent=65537, key_size=int(values["key_size"])).public_key()
        body: ArmObject = {
            "id": identifier,
            "type": KEYS,
            "name": values["name"],
            "properties": {
                "version": uuid.uuid4().hex,
                "vaultUri": vault["properties"]["vaultUri"],
                "kty": values["key_type"],
                "keySize": values["key_size"],
                **_public_half(public),
            },
        }
        return self._write(azure, body, values)

    def read(self, azure: Azure, state: Values) -> Values | None:
        """The current version. Azure refuses a login without access, so that a refresh fails too."""
        body = find_key(azure, state["id"])
        if body is None:
            return None
        _require_access(azure, require_vault(azure, body["id"].split("/keys/")[0]), "Get")
        return _values(body)

    def update(self, azure: Azure, prior: Values, values: Values) -> Values:
        """Operations, dates and tags change in place."""
        body = find_key(azure, prior["id"])
        if body is None:
            raise AzureError("KeyNotFound", f"The key '{prior['id']}' was not found.")
        _require_access(azure, require_vault(azure, body["id"].split("/keys/")[0]), "Update")
        return self._write(azure, body, values)

    def delete(self, azure: Azure, state: Values) -> None:
        """A soft delete, then purged if the provider's features say so and the vault allows it."""
        body = find_key(azure, state["id"])
        if body is None:
            return
        vault = require_vault(azure, body["id"].split("/keys/")[0])
        _require_access(azure, vault, "Delete")
        delete_item(azure, vault, body["id"], plural="keys")

    def import_state(self, azure: Azure, identifier: str) -> Values:
        """The id is the key's address in the vault."""
        body = find_key(azure, identifier)
        if body is None:
            text = f"There is no key {identifier!r}; expected https://<vault>.vault.azure.net/keys/<name>/<version>."
            raise AzureError("KeyNotFound", text)
        return {"id": _values(body)["id"]}

    def _write(self, azure: Azure, body: ArmObject, values: Values) -> Values:
        properties = body["properties"]
        properties["keyOps"] = values["key_opts"]
        properties["attributes"] = {"exp": values.get("expiration_date"), "nbf": values.get("not_before_date")}
        body["tags"] = values.get("tags") or {}
        azure.store.put(body)
        return _values(body)


def find_key(azure: Azure, identifier: str) -> ArmObject | None:
    """The key with that address, with or without a version."""
    match = _ID.fullmatch(identifier)
    for body in azure.store.find(KEYS) if match else []:
        properties = body["properties"]
        if match and (properties["vaultUri"], body["name"]) == match.group(1, 2):
            return body if match.group(3) in (None, properties["version"]) else None
    return None


def require_customer_key(azure: Azure, *, key_id: str, identity_id: str, attribute: str) -> None:
    """What Azure checks of a customer-managed key: it exists, its vault cannot be purged, the identity may use it."""
    identity = azure.store.get(identity_id)
    if identity is None:
        text = f"The identity '{identity_id}' does not exist."
        raise AzureError("FailedIdentityOperation", text, attribute=attribute)
    key = find_key(azure, key_id)
    if key is None:
        raise AzureError("KeyVaultEncryptionKeyNotFound", f"The key '{key_id}' was not found.", attribute=attribute)
    vault = require_vault(azure, key["id"].split("/keys/")[0])
    if not vault["properties"].get("enablePurgeProtection"):
        text = f"Key vault '{vault['name']}' must have soft delete and purge protection for customer-managed keys."
        raise AzureError("KeyVaultPurgeProtectionNotEnabled", text, attribute=attribute)
    principal = identity["properties"]["principalId"]
    if not all(_may(azure, vault, principal, one, _USERS) for one in ("Get", "WrapKey", "UnwrapKey")):
        text = f"The identity '{identity_id}' may not get, wrap and unwrap keys of key vault '{vault['name']}'."
        raise AzureError("KeyVaultAuthenticationFailure", text, attribute=attribute)


def _may(azure: Azure, vault: ArmObject, principal: str, permission: str, roles: frozenset[str]) -> bool:
    if vault["properties"]["enableRbacAuthorization"]:
        return has_role(azure, principal, roles, vault["id"])
    return any(
        policy["objectId"] == principal
        and permission.lower() in (name.lower() for name in policy["permissions"]["keys"])
        for policy in vault["properties"]["accessPolicies"]
    )


def _require_access(azure: Azure, vault: ArmObject, permission: str) -> None:
    if not _may(azure, vault, azure.object_id, permission, _MAKERS):
        raise AzureError(
            "Forbidden",
            f"The user, group or application 'oid={azure.object_id}' does not have keys {permission.lower()} "
            f"permission on key vault '{vault['name']}'.",
        )


def _public_half(key: rsa.RSAPublicKey) -> dict[str, str]:
    numbers = key.public_numbers()
    encoding, form = serialization.Encoding, serialization.PublicFormat
    return {
        "n": _base64(numbers.n),
        "e": _base64(numbers.e),
        "pem": key.public_bytes(encoding.PEM, form.SubjectPublicKeyInfo).decode(),
        "openssh": key.public_bytes(encoding.OpenSSH, form.OpenSSH).decode() + "\n",
    }


def _base64(number: int) -> str:
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _values(body: ArmObject) -> Values:
    properties = body["properties"]
    address = f"{properties['vaultUri']}keys/{body['name']}"
    return {
        "id": f"{address}/{properties['version']}",
        "versionless_id": address,
        "version": properties["version"],
        "resource_id": f"{body['id']}/versions/{properties['version']}",
        "resource_versionless_id": body["id"],
        "name": body["name"],
        "key_vault_id": body["id"].split("/keys/")[0],
        "key_type": properties["kty"],
        "key_size": properties["keySize"],
        "key_opts": properties["keyOps"],
        "expiration_date": properties["attributes"]["exp"],
        "not_before_date": properties["attributes"]["nbf"],
        "n": properties["n"],
        "e": properties["e"],
        "x": "",
        "y": "",
        "curve": "",
        "public_key_pem": properties["pem"],
        "public_key_openssh": properties["openssh"],
        "tags": body.get("tags") or None,
    }
