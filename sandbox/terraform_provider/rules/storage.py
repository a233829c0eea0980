"""How do storage accounts and containers behave?"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Iterable
from typing import Any, ClassVar

from sandbox.store import ArmObject
from sandbox.terraform_provider.rules.arm import ArmRules, between, known, one_of
from sandbox.terraform_provider.rules.base import Azure, AzureError, Invalid, Values
from sandbox.terraform_provider.rules.key_vault_keys import require_customer_key

_SERVICES = ("blob", "dfs", "file", "queue", "table", "web")
_REPLICATIONS = ("LRS", "ZRS", "GRS", "RAGRS", "GZRS", "RAGZRS")
_KEYS = ("primary", "secondary")
_IP_RULE = re.compile(r"([0-9]{1,3}\.){3}[0-9]{1,3}(/([0-9]|[1-2][0-9]|30))?")
_ZONAL = frozenset({"ZRS", "GZRS", "RAGZRS"})


class StorageAccountRules(ArmRules):
    """azurerm_storage_account."""

    type_name = "azurerm_storage_account"
    arm_type = "Microsoft.Storage/storageAccounts"
    unique_in = "azure"
    taken_code = "StorageAccountAlreadyTaken"
    force_new = frozenset(
        {
            "name",
            "location",
            "resource_group_name",
            "account_tier",
            "is_hns_enabled",
            "nfsv3_enabled",
            "dns_endpoint_type",
            "edge_zone",
            "infrastructure_encryption_enabled",
            "queue_encryption_key_type",
            "table_encryption_key_type",
            "provisioned_billing_model_version",
            "immutability_policy",
        }
    )
    computed_blocks = frozenset(
        {"blob_properties", "queue_properties", "share_properties", "network_rules", "routing", "static_website"}
    )
    sensitive = frozenset(
        {
            "primary_access_key",
            "secondary_access_key",
            "primary_connection_string",
            "secondary_connection_string",
            "primary_blob_connection_string",
            "secondary_blob_connection_string",
        }
    )
    defaults: ClassVar = {
        "account_kind": "StorageV2",
        "https_traffic_only_enabled": True,
        "min_tls_version": "TLS1_2",
        "cross_tenant_replication_enabled": False,
        "is_hns_enabled": False,
        "nfsv3_enabled": False,
        "allow_nested_items_to_be_public": True,
        "shared_access_key_enabled": True,
        "public_network_access_enabled": True,
        "dns_endpoint_type": "Standard",
        "default_to_oauth_authentication": False,
        "queue_encryption_key_type": "Service",
        "table_encryption_key_type": "Service",
        "infrastructure_encryption_enabled": False,
        "sftp_enabled": False,
        "local_user_enabled": True,
        "blob_properties.change_feed_enabled": False,
        "blob_properties.last_access_time_enabled": False,
        "blob_properties.versioning_enabled": False,
        "blob_properties.container_delete_retention_policy.days": 7,
        "blob_properties.delete_retention_policy.days": 7,
        "blob_properties.delete_retention_policy.permanent_delete_enabled": False,
    }
    fields: ClassVar = {
        "account_kind": "kind",
        "access_tier": "properties.accessTier",
        "https_traffic_only_enabled": "properties.supportsHttpsTrafficOnly",
        "min_tls_version": "properties.minimumTlsVersion",
        "cross_tenant_replication_enabled": "properties.allowCrossTenantReplication",
        "is_hns_enabled": "properties.isHnsEnabled",
        "nfsv3_enabled": "properties.isNfsV3Enabled",
        "allow_nested_items_to_be_public": "properties.allowBlobPublicAccess",
        "shared_access_key_enabled": "properties.allowSharedKeyAccess",
        "dns_endpoint_type": "properties.dnsEndpointType",
        "default_to_oauth_authentication": "properties.defaultToOAuthAuthentication",
        "infrastructure_encryption_enabled": "properties.encryption.requireInfrastructureEncryption",
        "sftp_enabled": "properties.isSftpEnabled",
        "local_user_enabled": "properties.isLocalUserEnabled",
        "allowed_copy_scope": "properties.allowedCopyScope",
        "large_file_share_enabled": "properties.largeFileSharesState",
    }
    name_pattern = r"[a-z0-9]{3,24}"
    name_rule = "have 3 to 24 lower-case letters and digits"

    def validate(self, config: Values) -> Iterable[Invalid]:
        """Value rules of the provider."""
        yield from super().validate(config)
        yield from one_of(config, "account_tier", ("Standard", "Premium"))
        yield from one_of(config, "account_replication_type", _REPLICATIONS)
        kinds = ("BlobStorage", "BlockBlobStorage", "FileStorage", "Storage", "StorageV2")
        yield from one_of(config, "account_kind", kinds)
        yield from one_of(config, "min_tls_version", ("TLS1_0", "TLS1_1", "TLS1_2", "TLS1_3"))
        for blob in config.get("blob_properties") or []:
            for policy in ("delete_retention_policy", "container_delete_retention_policy"):
                for block in blob.get(policy) or []:
                    for finding in between(block, "days", 1, 365):
                        yield Invalid(f"blob_properties.0.{policy}.0.days", finding.message)
        for rules in config.get("network_rules") or []:
            for finding in one_of(rules, "default_action", ("Allow", "Deny")):
                yield Invalid("network_rules.0.default_action", finding.message)
            for rule in rules.get("ip_rules") or [] if known(rules.get("ip_rules")) else []:
                if known(rule) and not _IP_RULE.fullmatch(rule):
                    text = f"must start with IPV4 address and/or slash, number of bits (0-30) as prefix, got {rule!r}"
                    yield Invalid("network_rules.0.ip_rules", text)

    def customize_plan(self, azure: Azure, prior: Values | None, planned: Values) -> None:  # noqa: ARG002
        """The default access tier is Hot where the kind has tiers."""
        if planned.get("account_kind") in ("StorageV2", "BlobStorage") and not known(planned.get("access_tier")):
            planned["access_tier"] = "Hot"

    def forces_new(self, prior: Values, planned: Values) -> set[str]:
        """Moving data into or out of availability zones, most changes of kind, and large file shares switched off
        (azurerm's storage_account_resource.go, CustomizeDiff)."""
        forced = set()
        replications = prior.get("account_replication_type"), planned.get("account_replication_type")
        if all(map(known, replications)) and (replications[0] in _ZONAL) != (replications[1] in _ZONAL):
            forced.add("account_replication_type")
        if prior.get("account_kind") != "Storage" and planned.get("account_kind") != "StorageV2":
            forced.add("account_kind")
        if prior.get("large_file_share_enabled") and not planned.get("large_file_share_enabled"):
            forced.add("large_file_share_enabled")
        return forced

    def extra_arm(self, azure: Azure, values: Values, body: ArmObject) -> None:
        """The SKU joins tier and replication; blob settings are a service of their own below the account."""
        body["sku"] = {"name": f"{values['account_tier']}_{values['account_replication_type']}"}
        properties = body.setdefault("properties", {})
        public = values.get("public_network_access_enabled") is not False
        properties["publicNetworkAccess"] = "Enabled" if public else "Disabled"
        properties["networkAcls"] = _network_acls(values.get("network_rules") or [])
        _fill_customer_key(azure, values, properties)
        if values.get("is_hns_enabled") and any(one.get("versioning_enabled") for one in _blobs(values)):
            text = "`versioning_enabled` can't be true when `is_hns_enabled` is true"
            raise AzureError("InvalidConfiguration", text, attribute="blob_properties")
        properties["primaryEndpoints"] = {
            service: f"https://{body['name']}.{service}.core.windows.net/" for service in _SERVICES
        }
        for key in _KEYS:
            if azure.store.secret(body["id"], key) is None:
                azure.store.set_secret(body["id"], key, base64.b64encode(secrets.token_bytes(64)).decode())
        azure.store.put(_blob_service(body["id"], _blobs(values)))

    def extra_values(self, azure: Azure, body: ArmObject) -> Values:
        """Endpoints, keys and connection strings, as Azure computes them."""
        name = body["name"]
        tier, replication = body["sku"]["name"].split("_", 1)
        values: Values = {
            "account_tier": tier,
            "account_replication_type": replication,
            "primary_location": body["location"],
            "public_network_access_enabled": body["properties"].get("publicNetworkAccess") != "Disabled",
        }
        for service in _SERVICES:
            values[f"primary_{service}_host"] = f"{name}.{service}.core.windows.net"
            values[f"primary_{service}_endpoint"] = f"https://{name}.{service}.core.windows.net/"
        for key in _KEYS:
            secret = azure.store.secret(body["id"], key)
            account = f"DefaultEndpointsProtocol=https;AccountName={name};AccountKey={secret}"
            values[f"{key}_access_key"] = secret
            values[f"{key}_connection_string"] = f"{account};EndpointSuffix=core.windows.net"
            blob = f"https://{name}.blob.core.windows.net/"
            values[f"{key}_blob_connection_string"] = (
                f"DefaultEndpointsProtocol=https;BlobEndpoint={blob};{account[31:]}"
            )
        blob_service = azure.store.get(f"{body['id']}/blobServices/default")
        if blob_service is not None:
            values["blob_properties"] = _blob_properties(blob_service["properties"])
        key = body["properties"].get("encryption", {}).get("keyvaultproperties")
        if key is not None:
            values["customer_managed_key"] = [
                {
                    "key_vault_key_id": key["keyId"],
                    "managed_hsm_key_id": None,
                    "user_assigned_identity_id": body["properties"]["encryption"]["identity"]["userAssignedIdentity"],
                }
            ]
        acls = body["properties"].get("networkAcls")
        if acls is not None:
            values["network_rules"] = [
                {
                    "default_action": acls["defaultAction"],
                    "bypass": acls["bypass"].split(", "),
                    "ip_rules": [rule["value"] for rule in acls["ipRules"]],
                    "virtual_network_subnet_ids": [rule["id"] for rule in acls["virtualNetworkRules"]],
                }
            ]
        return values


class StorageContainerRules(ArmRules):
    """azurerm_storage_container, by the account's id."""

    type_name = "azurerm_storage_container"
    arm_type = "Microsoft.Storage/storageAccounts/blobServices/containers"
    force_new = frozenset(
        {
            "name",
            "storage_account_id",
            "storage_account_name",
            "default_encryption_scope",
            "encryption_scope_override_enabled",
        }
    )
    defaults: ClassVar = {"container_access_type": "private", "encryption_scope_override_enabled": True}
    references: ClassVar = {"storage_account_id": "Storage account"}
    name_pattern = r"\$root|\$web|[a-z0-9](?:[a-z0-9]|-(?=[a-z0-9])){2,62}"
    name_rule = "have 3 to 63 lower-case letters, digits and single hyphens, no hyphen at either end"

    def validate(self, config: Values) -> Iterable[Invalid]:
        """Exactly one way to name the account."""
        yield from super().validate(config)
        yield from one_of(config, "container_access_type", ("blob", "container", "private"))
        if config.get("storage_account_id") is None and config.get("storage_account_name") is None:
            yield Invalid("storage_account_id", "one of `storage_account_id,storage_account_name` must be specified")

    def resource_id(self, azure: Azure, values: Values) -> str:
        """A container is below its account's blob service."""
        account = values.get("storage_account_id")
        if account is None:
            found = [
                body["id"]
                for body in azure.store.find(StorageAccountRules.arm_type)
                if body["name"] == values["storage_account_name"]
            ]
            if not found:
                raise AzureError("ParentResourceNotFound", f"No storage account {values['storage_account_name']!r}.")
            account = found[0]
        return f"{account}/blobServices/default/containers/{values['name']}"

    def extra_arm(self, azure: Azure, values: Values, body: ArmObject) -> None:  # noqa: ARG002
        """Access levels have other names in ARM."""
        access = {"private": "None", "blob": "Blob", "container": "Container"}[values["container_access_type"]]
        body.pop("tags", None)
        body.setdefault("properties", {}).update(publicAccess=access, metadata=values.get("metadata") or {})

    def extra_values(self, azure: Azure, body: ArmObject) -> Values:  # noqa: ARG002
        """What Azure reports of a container."""
        access = {"None": "private", "Blob": "blob", "Container": "container"}[body["properties"]["publicAccess"]]
        return {
            "container_access_type": access,
            "metadata": body["properties"]["metadata"],
            "storage_account_id": body["id"].split("/blobServices/")[0],
            "resource_manager_id": body["id"],
            "default_encryption_scope": "$account-encryption-key",
            "has_immutability_policy": False,
            "has_legal_hold": False,
        }


def _blobs(values: Values) -> list[Values]:
    return values.get("blob_properties") or []


def _fill_customer_key(azure: Azure, values: Values, properties: dict[str, Any]) -> None:
    """The account's own key, or Microsoft's. The account itself must have the identity that reads it."""
    encryption = properties.setdefault("encryption", {})
    encryption["keySource"] = "Microsoft.Storage"
    for name in ("keyvaultproperties", "identity"):
        encryption.pop(name, None)
    for block in values.get("customer_managed_key") or []:
        identity_id, key_id = block["user_assigned_identity_id"], block["key_vault_key_id"]
        identities = [one for own in values.get("identity") or [] for one in own.get("identity_ids") or []]
        if identity_id not in identities:
            text = "customer managed key can only be configured when the storage account has the user-assigned identity"
            raise AzureError("InvalidConfiguration", text, attribute="customer_managed_key")
        require_customer_key(azure, key_id=key_id, identity_id=identity_id, attribute="customer_managed_key")
        encryption |= {
            "keySource": "Microsoft.Keyvault",
            "keyvaultproperties": {"keyId": key_id},
            "identity": {"userAssignedIdentity": identity_id},
        }


def _network_acls(rules: list[Values]) -> dict[str, Any] | None:
    if not rules:
        return None
    return {
        "defaultAction": rules[0]["default_action"],
        "bypass": ", ".join(rules[0].get("bypass") or ["AzureServices"]),
        "ipRules": [{"value": ip} for ip in rules[0].get("ip_rules") or []],
        "virtualNetworkRules": [{"id": subnet} for subnet in rules[0].get("virtual_network_subnet_ids") or []],
    }


def _blob_service(account_id: str, blocks: list[Values]) -> ArmObject:
    block = blocks[0] if blocks else {}
    properties: dict[str, Any] = {
        "isVersioningEnabled": bool(block.get("versioning_enabled")),
        "changeFeed": {
            "enabled": bool(block.get("change_feed_enabled")),
            "retentionInDays": block.get("change_feed_retention_in_days"),
        },
        "lastAccessTimeTrackingPolicy": {"enable": bool(block.get("last_access_time_enabled"))},
        "defaultServiceVersion": block.get("default_service_version"),
        "cors": {"corsRules": block.get("cors_rule") or []},
        "restorePolicy": _days(block.get("restore_policy")),
        "deleteRetentionPolicy": _days(block.get("delete_retention_policy")),
        "containerDeleteRetentionPolicy": _days(block.get("container_delete_retention_policy")),
        "configured": bool(blocks),
    }
    return {
        "id": f"{account_id}/blobServices/default",
        "type": "Microsoft.Storage/storageAccounts/blobServices",
        "name": "default",
        "properties": properties,
    }


def _days(blocks: list[Values] | None) -> dict[str, Any]:
    if not blocks:
        return {"enabled": False}
    return {
        "enabled": True,
        "days": blocks[0]["days"],
        "allowPermanentDelete": bool(blocks[0].get("permanent_delete_enabled")),
    }


def _blob_properties(properties: dict[str, Any]) -> list[Values]:
    if not properties["configured"]:
        return []
    retention, container = properties["deleteRetentionPolicy"], properties["containerDeleteRetentionPolicy"]
    restore = properties["restorePolicy"]
    return [
        {
            "versioning_enabled": properties["isVersioningEnabled"],
            "change_feed_enabled": properties["changeFeed"]["enabled"],
            "change_feed_retention_in_days": properties["changeFeed"]["retentionInDays"],
            "last_access_time_enabled": properties["lastAccessTimeTrackingPolicy"]["enable"],
            "default_service_version": properties["defaultServiceVersion"],
            "cors_rule": properties["cors"]["corsRules"],
            "restore_policy": [{"days": restore["days"]}] if restore["enabled"] else [],
            "delete_retention_policy": [
                {"days": retention["days"], "permanent_delete_enabled": retention["allowPermanentDelete"]}
            ]
            if retention["enabled"]
            else [],
            "container_delete_retention_policy": [{"days": container["days"]}] if container["enabled"] else [],
        }
    ]
