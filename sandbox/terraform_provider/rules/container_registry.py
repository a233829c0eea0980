"""How do container registries behave?"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any, ClassVar

from sandbox.store import ArmObject
from sandbox.terraform_provider.rules.arm import ArmRules, known, one_of
from sandbox.terraform_provider.rules.base import Azure, AzureError, Invalid, Values
from sandbox.terraform_provider.rules.key_vault_keys import require_customer_key


class ContainerRegistryRules(ArmRules):
    """azurerm_container_registry."""

    type_name = "azurerm_container_registry"
    arm_type = "Microsoft.ContainerRegistry/registries"
    unique_in = "azure"
    taken_code = "AlreadyInUse"
    force_new = frozenset({"name", "location", "resource_group_name", "zone_redundancy_enabled"})
    sensitive = frozenset({"admin_password"})
    defaults: ClassVar = {
        "admin_enabled": False,
        "public_network_access_enabled": True,
        "quarantine_policy_enabled": False,
        "trust_policy_enabled": False,
        "export_policy_enabled": True,
        "anonymous_pull_enabled": False,
        "data_endpoint_enabled": False,
        "zone_redundancy_enabled": False,
        "network_rule_bypass_option": "AzureServices",
    }
    fields: ClassVar = {
        "sku": "sku.name",
        "admin_enabled": "properties.adminUserEnabled",
        "anonymous_pull_enabled": "properties.anonymousPullEnabled",
        "data_endpoint_enabled": "properties.dataEndpointEnabled",
        "network_rule_bypass_option": "properties.networkRuleBypassOptions",
        "retention_policy_in_days": "properties.policies.retentionPolicy.days",
    }
    name_pattern = r"[A-Za-z0-9]{5,50}"
    name_rule = "have 5 to 50 letters and digits"

    def validate(self, config: Values) -> Iterable[Invalid]:
        """Three SKUs."""
        yield from super().validate(config)
        yield from one_of(config, "sku", ("Basic", "Standard", "Premium"))

    def customize_plan(self, azure: Azure, prior: Values | None, planned: Values) -> None:  # noqa: ARG002
        """What needs the Premium SKU (azurerm's CustomizeDiff)."""
        if planned.get("sku") == "Premium":
            return
        for attribute, off in (
            ("quarantine_policy_enabled", False),
            ("trust_policy_enabled", False),
            ("retention_policy_in_days", None),
            ("zone_redundancy_enabled", False),
            ("data_endpoint_enabled", False),
            ("encryption", []),
            ("network_rule_set", []),
            ("export_policy_enabled", True),
        ):
            if known(planned.get(attribute)) and planned[attribute] != off:
                text = f"ACR {attribute} can only be applied when using the Premium Sku."
                raise AzureError("InvalidConfiguration", text, attribute=attribute)

    def extra_arm(self, azure: Azure, values: Values, body: ArmObject) -> None:
        """The address; a password only with the admin user."""
        properties = body.setdefault("properties", {})
        public = values.get("public_network_access_enabled") is not False
        properties["publicNetworkAccess"] = "Enabled" if public else "Disabled"
        properties["networkRuleSet"] = _network_rules(values.get("network_rule_set") or [])
        properties["encryption"] = _encryption(azure, values)
        properties["loginServer"] = f"{body['name'].lower()}.azurecr.io"
        if values.get("admin_enabled") and azure.store.secret(body["id"], "admin") is None:
            azure.store.set_secret(body["id"], "admin", secrets.token_urlsafe(32))

    def extra_values(self, azure: Azure, body: ArmObject) -> Values:
        """Address and admin login."""
        properties = body["properties"]
        admin = bool(properties.get("adminUserEnabled"))
        return {
            "login_server": properties["loginServer"],
            "public_network_access_enabled": properties.get("publicNetworkAccess") != "Disabled",
            "admin_username": body["name"] if admin else "",
            "admin_password": azure.store.secret(body["id"], "admin") if admin else "",
            "data_endpoint_host_names": [],
            **_network_values(properties.get("networkRuleSet")),
            **_encryption_values(properties.get("encryption")),
        }


def _network_rules(blocks: list[Values]) -> dict[str, Any] | None:
    if not blocks:
        return None
    rules = blocks[0].get("ip_rule") or []
    return {
        "defaultAction": blocks[0].get("default_action") or "Allow",
        "ipRules": [{"action": rule["action"], "value": rule["ip_range"]} for rule in rules],
    }


def _network_values(rules: dict[str, Any] | None) -> Values:
    if rules is None:
        return {}
    addresses = [{"action": rule["action"], "ip_range": rule["value"]} for rule in rules["ipRules"]]
    return {"network_rule_set": [{"default_action": rules["defaultAction"], "ip_rule": addresses}]}


def _encryption(azure: Azure, values: Values) -> dict[str, Any] | None:
    """The registry's own key, read with one of its identities."""
    for block in values.get("encryption") or []:
        for identity_id in [one for own in values.get("identity") or [] for one in own.get("identity_ids") or []]:
            identity = azure.store.get(identity_id) or {}
            if identity.get("properties", {}).get("clientId") == block["identity_client_id"]:
                require_customer_key(
                    azure, key_id=block["key_vault_key_id"], identity_id=identity_id, attribute="encryption"
                )
                return {"keyIdentifier": block["key_vault_key_id"], "identity": block["identity_client_id"]}
        text = f"The registry has no identity with the client id {block['identity_client_id']}."
        raise AzureError("InvalidConfiguration", text, attribute="encryption")
    return None


def _encryption_values(encryption: dict[str, Any] | None) -> Values:
    if encryption is None:
        return {}
    return {
        "encryption": [{"key_vault_key_id": encryption["keyIdentifier"], "identity_client_id": encryption["identity"]}]
    }
