"""How do key vaults and their access policies behave?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, ClassVar

from sandbox.store import ArmObject
from sandbox.terraform_provider.rules.arm import ArmRules, already_exists, between, known, normalised_location, one_of
from sandbox.terraform_provider.rules.base import Azure, AzureError, Invalid, ResourceRules, Values

VAULTS = "Microsoft.KeyVault/vaults"
_GUID = re.compile(r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
_PERMISSIONS = ("certificate", "key", "secret", "storage")


class KeyVaultRules(ArmRules):
    """azurerm_key_vault."""

    type_name = "azurerm_key_vault"
    arm_type = VAULTS
    unique_in = "azure"
    taken_code = "VaultAlreadyExists"
    force_new = frozenset({"name", "location", "resource_group_name"})
    computed_blocks = frozenset({"network_acls", "contact"})
    defaults: ClassVar = {"public_network_access_enabled": True, "soft_delete_retention_days": 90}
    fields: ClassVar = {
        "tenant_id": "properties.tenantId",
        "sku_name": "properties.sku.name",
        "enabled_for_deployment": "properties.enabledForDeployment",
        "enabled_for_disk_encryption": "properties.enabledForDiskEncryption",
        "enabled_for_template_deployment": "properties.enabledForTemplateDeployment",
        "rbac_authorization_enabled": "properties.enableRbacAuthorization",
        "purge_protection_enabled": "properties.enablePurgeProtection",
        "soft_delete_retention_days": "properties.softDeleteRetentionInDays",
    }
    name_pattern = r"[A-Za-z](?:[A-Za-z0-9]|-(?=[A-Za-z0-9])){2,23}"
    name_rule = "have 3 to 24 letters, digits and single hyphens, start with a letter and not end with a hyphen"

    def validate(self, config: Values) -> Iterable[Invalid]:
        """Value rules of the provider."""
        yield from super().validate(config)
        yield from one_of(config, "sku_name", ("standard", "premium"))
        yield from between(config, "soft_delete_retention_days", 7, 90)
        for acls in config.get("network_acls") or []:
            for finding in (
                *one_of(acls, "default_action", ("Allow", "Deny")),
                *one_of(acls, "bypass", ("AzureServices", "None")),
            ):
                yield Invalid(f"network_acls.0.{finding.attribute}", finding.message)
        if known(config.get("tenant_id")) and not _GUID.match(config["tenant_id"]):
            yield Invalid("tenant_id", f"expected tenant_id to be a valid UUID, got {config['tenant_id']}")

    def customize_plan(self, azure: Azure, prior: Values | None, planned: Values) -> None:  # noqa: ARG002
        """Purge protection cannot be taken back."""
        if prior and prior.get("purge_protection_enabled") and planned.get("purge_protection_enabled") is False:
            text = "once Purge Protection has been Enabled it's not possible to disable it"
            raise AzureError("BadRequest", text, attribute="purge_protection_enabled")

    def create(self, azure: Azure, values: Values) -> Values:
        """A soft-deleted vault holds the name. azurerm looks for it in the location, and recovers it if the provider's
        features say so; in another location or resource group, the name is just taken."""
        deleted = [body for body in azure.store.deleted(VAULTS) if body["name"].lower() == values["name"].lower()]
        if not deleted:
            return super().create(azure, values)
        body = deleted[0]
        if body["location"] != normalised_location(values["location"]):
            raise _name_in_use(values["name"])
        if not azure.feature("key_vault", "recover_soft_deleted_key_vaults", default=True):
            raise AzureError(
                "SoftDeletedVaultExists",
                f"An existing soft-deleted Key Vault exists with the Name {values['name']!r} in the location "
                f"{body['location']!r}, however automatically recovering this KeyVault has been disabled "
                "via the `features` block (recover_soft_deleted_key_vaults). Purge or recover it, or choose "
                "another name.",
                attribute="name",
            )
        if body["id"].lower() != self.resource_id(azure, values).lower():
            raise _name_in_use(values["name"])
        azure.store.recover(body["id"])
        return self.update(azure, {"id": body["id"]}, values)

    def update(self, azure: Azure, prior: Values, values: Values) -> Values:
        """The days of soft delete are set once; azurerm finds out while applying."""
        before, after = (one.get("soft_delete_retention_days") for one in (prior, values))
        if before is not None and before != after:
            text = "once `soft_delete_retention_days` has been configured it cannot be modified"
            raise AzureError("BadRequest", text, attribute="soft_delete_retention_days")
        return super().update(azure, prior, values)

    def extra_arm(self, azure: Azure, values: Values, body: ArmObject) -> None:  # noqa: ARG002
        """Policies that stand in the vault itself replace the separate ones."""
        properties = body.setdefault("properties", {})
        public = values.get("public_network_access_enabled") is not False
        properties["publicNetworkAccess"] = "Enabled" if public else "Disabled"
        properties["vaultUri"] = f"https://{body['name'].lower()}.vault.azure.net/"
        properties["networkAcls"] = _network_acls(values.get("network_acls") or [])
        properties["enableRbacAuthorization"] = bool(properties.get("enableRbacAuthorization"))
        properties.setdefault("accessPolicies", [])
        if values.get("access_policy"):
            properties["accessPolicies"] = [_arm_policy(policy) for policy in values["access_policy"]]

    def extra_values(self, azure: Azure, body: ArmObject) -> Values:  # noqa: ARG002
        """The vault's address and its policies."""
        properties = body["properties"]
        return {
            "vault_uri": properties["vaultUri"],
            "public_network_access_enabled": properties.get("publicNetworkAccess") != "Disabled",
            "enable_rbac_authorization": properties["enableRbacAuthorization"],
            "access_policy": [_policy_values(policy) for policy in properties["accessPolicies"]],
            **_network_values(properties.get("networkAcls")),
        }

    def remove(self, azure: Azure, body: ArmObject) -> None:
        """Always a soft delete first; then purged, if the provider's features and the vault allow it."""
        azure.store.soft_delete(body["id"], retention_days=body["properties"]["softDeleteRetentionInDays"])
        protected = body["properties"].get("enablePurgeProtection")
        if azure.feature("key_vault", "purge_soft_delete_on_destroy", default=True) and not protected:
            azure.store.purge(body["id"])


class KeyVaultAccessPolicyRules(ResourceRules):
    """azurerm_key_vault_access_policy: an entry in its vault's list."""

    type_name = "azurerm_key_vault_access_policy"
    force_new = frozenset({"key_vault_id", "tenant_id", "object_id", "application_id"})

    def validate(self, config: Values) -> Iterable[Invalid]:
        """Object ids are UUIDs."""
        for attribute in ("object_id", "tenant_id", "application_id"):
            value = config.get(attribute)
            if known(value) and not _GUID.match(value):
                yield Invalid(attribute, f"expected {attribute} to be a valid UUID, got {value}")

    def create(self, azure: Azure, values: Values) -> Values:
        """Add the entry."""
        vault = require_vault(azure, values["key_vault_id"])
        identifier = _policy_id(values)
        if self.read(azure, {"id": identifier}) is not None:
            raise already_exists(self.type_name, identifier)
        vault["properties"]["accessPolicies"].append(_arm_policy(values))
        azure.store.put(vault)
        return {**_policy_values(_arm_policy(values)), "id": identifier, "key_vault_id": vault["id"]}

    def read(self, azure: Azure, state: Values) -> Values | None:
        """The entry as it stands in the vault."""
        vault_id, object_id, application_id = _parse_policy_id(state["id"])
        vault = azure.store.get(vault_id)
        for policy in vault["properties"]["accessPolicies"] if vault else []:
            if policy["objectId"] == object_id and policy.get("applicationId") == application_id:
                return {**_policy_values(policy), "id": state["id"], "key_vault_id": vault_id}
        return None

    def update(self, azure: Azure, prior: Values, values: Values) -> Values:
        """Replace the entry."""
        self.delete(azure, prior)
        return self.create(azure, values)

    def delete(self, azure: Azure, state: Values) -> None:
        """Take the entry out."""
        vault_id, object_id, application_id = _parse_policy_id(state["id"])
        vault = azure.store.get(vault_id)
        if vault is None:
            return
        policies = vault["properties"]["accessPolicies"]
        vault["properties"]["accessPolicies"] = [
            policy
            for policy in policies
            if (policy["objectId"], policy.get("applicationId")) != (object_id, application_id)
        ]
        azure.store.put(vault)

    def import_state(self, azure: Azure, identifier: str) -> Values:
        """The id is the vault's, then /objectId/ and the principal's."""
        _parse_policy_id(identifier)
        if self.read(azure, {"id": identifier}) is None:
            raise AzureError("ResourceNotFound", f"There is no access policy {identifier!r}.")
        return {"id": identifier}


def _network_acls(blocks: list[Values]) -> dict[str, Any] | None:
    """The vault's firewall; Azure answers with ranges, also for single addresses."""
    if not blocks:
        return None
    addresses = blocks[0].get("ip_rules") or []
    return {
        "defaultAction": blocks[0]["default_action"],
        "bypass": blocks[0]["bypass"],
        "ipRules": [{"value": one if "/" in one else f"{one}/32"} for one in addresses],
        "virtualNetworkRules": [{"id": one} for one in blocks[0].get("virtual_network_subnet_ids") or []],
    }


def _network_values(acls: dict[str, Any] | None) -> Values:
    if acls is None:
        return {}
    return {
        "network_acls": [
            {
                "default_action": acls["defaultAction"],
                "bypass": acls["bypass"],
                "ip_rules": [rule["value"] for rule in acls["ipRules"]],
                "virtual_network_subnet_ids": [rule["id"] for rule in acls["virtualNetworkRules"]],
            }
        ]
    }


def _name_in_use(name: str) -> AzureError:
    return AzureError(
        "VaultAlreadyExists",
        f"The vault name {name!r} is already in use. Vault names are globally unique: a vault of the name was deleted "
        "lately and not purged, in another location or resource group. Purge it, or choose another name.",
        attribute="name",
    )


def require_vault(azure: Azure, identifier: str) -> ArmObject:
    """The vault with that id. Raises :class:`AzureError` when it does not exist."""
    vault = azure.store.get(identifier)
    if vault is None or vault["type"] != VAULTS:
        text = f"Key vault '{identifier}' does not exist."
        raise AzureError("ParentResourceNotFound", text, attribute="key_vault_id")
    return vault


def recover_item(azure: Azure, item_type: str, identifier: str, *, plural: str) -> bool:
    """Whether a soft-deleted key or secret had that id and is back. Raises :class:`AzureError` when the provider's
    features do not let it come back."""
    if not any(body["id"].lower() == identifier.lower() for body in azure.store.deleted(item_type)):
        return False
    if not azure.feature("key_vault", f"recover_soft_deleted_{plural}", default=True):
        kind, name = plural.removesuffix("s").capitalize(), identifier.rpartition("/")[2]
        text = f"{kind} {name} is currently in a deleted but recoverable state."
        raise AzureError("ObjectIsDeletedButRecoverable", text)
    azure.store.recover(identifier)
    return True


def delete_item(azure: Azure, vault: ArmObject, identifier: str, *, plural: str) -> None:
    """Soft-delete a key or secret; purge it if the provider's features say so and the vault allows it."""
    azure.store.soft_delete(identifier, retention_days=vault["properties"]["softDeleteRetentionInDays"])
    protected = vault["properties"].get("enablePurgeProtection")
    if azure.feature("key_vault", f"purge_soft_deleted_{plural}_on_destroy", default=True) and not protected:
        azure.store.purge(identifier)


def _arm_policy(values: Values) -> dict[str, Any]:
    policy: dict[str, Any] = {
        "tenantId": values["tenant_id"],
        "objectId": values["object_id"],
        "permissions": {f"{kind}s": values.get(f"{kind}_permissions") or [] for kind in _PERMISSIONS},
    }
    if values.get("application_id"):
        policy["applicationId"] = values["application_id"]
    return policy


def _policy_values(policy: dict[str, Any]) -> Values:
    values: Values = {
        "tenant_id": policy["tenantId"],
        "object_id": policy["objectId"],
        "application_id": policy.get("applicationId"),
    }
    for kind in _PERMISSIONS:
        values[f"{kind}_permissions"] = policy["permissions"].get(f"{kind}s") or []
    return values


def _policy_id(values: Values) -> str:
    application = f"/applicationId/{values['application_id']}" if values.get("application_id") else ""
    return f"{values['key_vault_id']}/objectId/{values['object_id']}{application}"


def _parse_policy_id(identifier: str) -> tuple[str, str, str | None]:
    match = re.fullmatch(r"(.+/vaults/[^/]+)/objectId/([^/]+)(?:/applicationId/([^/]+))?", identifier)
    if match is None:
        text = f"{identifier!r} is not the id of an access policy: <vault id>/objectId/<object id>."
        raise AzureError("InvalidResourceId", text)
    return match.group(1), match.group(2), match.group(3)
