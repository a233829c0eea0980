"""How do Azure ML workspaces and computes behave?"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from typing import Any, ClassVar

from sandbox import limits
from sandbox.retention import RETENTION_DAYS, delete_workspace
from sandbox.store import ArmObject
from sandbox.system_datastores import add_system_datastores
from sandbox.terraform_provider.rules.arm import ArmRules, between, known, one_of
from sandbox.terraform_provider.rules.base import Azure, AzureError, Invalid, Values
from sandbox.terraform_provider.rules.managed_network import ISOLATION_MODES, OUTBOUND_RULES
from sandbox.terraform_provider.rules.workspace_isolation import fill_isolation, is_isolated, isolation_values

WORKSPACES = "Microsoft.MachineLearningServices/workspaces"
COMPUTES = "Microsoft.MachineLearningServices/workspaces/computes"
_DURATION = re.compile(r"^P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?$")


class WorkspaceRules(ArmRules):
    """azurerm_machine_learning_workspace."""

    type_name = "azurerm_machine_learning_workspace"
    arm_type = WORKSPACES
    force_new = frozenset(
        {
            "name",
            "location",
            "resource_group_name",
            "application_insights_id",
            "key_vault_id",
            "storage_account_id",
            "container_registry_id",
            "encryption",
            "high_business_impact",
            "service_side_encryption_enabled",
            "managed_network.provision_on_creation_enabled",
        }
    )
    computed_blocks = frozenset({"managed_network"})
    references: ClassVar = {
        "application_insights_id": "Application Insights",
        "key_vault_id": "Key vault",
        "storage_account_id": "Storage account",
        "container_registry_id": "Container registry",
    }
    defaults: ClassVar = {
        "kind": "Default",
        "sku_name": "Basic",
        "public_network_access_enabled": True,
        "v1_legacy_mode_enabled": False,
        "service_side_encryption_enabled": False,
        "serverless_compute.public_ip_enabled": False,
        "managed_network.provision_on_creation_enabled": False,
    }
    fields: ClassVar = {
        "kind": "kind",
        "sku_name": "sku.name",
        "application_insights_id": "properties.applicationInsights",
        "key_vault_id": "properties.keyVault",
        "storage_account_id": "properties.storageAccount",
        "container_registry_id": "properties.containerRegistry",
        "friendly_name": "properties.friendlyName",
        "description": "properties.description",
        "high_business_impact": "properties.hbiWorkspace",
        "image_build_compute_name": "properties.imageBuildCompute",
        "primary_user_assigned_identity": "properties.primaryUserAssignedIdentity",
        "v1_legacy_mode_enabled": "properties.v1LegacyMode",
    }
    name_pattern = r"[A-Za-z0-9][\w-]{2,32}"
    name_rule = "have 3 to 33 letters, digits, hyphens and underscores, starting with a letter or digit"

    def validate(self, config: Values) -> Iterable[Invalid]:
        """Value rules of the provider."""
        yield from super().validate(config)
        yield from one_of(config, "kind", ("Default", "FeatureStore"))
        yield from one_of(config, "sku_name", ("Basic",))
        for block in config.get("managed_network") or []:
            for finding in one_of(block, "isolation_mode", ISOLATION_MODES):
                yield Invalid("managed_network.0.isolation_mode", finding.message)
        if config.get("service_side_encryption_enabled") and not config.get("encryption"):
            yield Invalid("service_side_encryption_enabled", "`service_side_encryption_enabled` needs `encryption`")

    def before_create(self, azure: Azure, values: Values, identifier: str) -> None:
        """The name must not be held by a soft-deleted workspace, and the storage must be of the right kind."""
        if any(body["id"].lower() == identifier.lower() for body in azure.store.deleted(WORKSPACES)):
            raise AzureError(
                "Conflict",
                f"Soft-deleted workspace exists. Please purge or recover it. The name {values['name']!r} is held for "
                f"{RETENTION_DAYS} days after a workspace was deleted (see the provider feature "
                "machine_learning.purge_soft_deleted_workspace_on_destroy).",
                attribute="name",
            )
        storage = azure.store.get(values["storage_account_id"]) or {}
        if storage.get("properties", {}).get("isHnsEnabled"):
            text = "Storage account with hierarchical namespace enabled cannot be used as a workspace's storage."
            raise AzureError("BadArgument", text, attribute="storage_account_id")
        if storage.get("sku", {}).get("name", "").startswith("Premium"):
            text = "Premium storage accounts cannot be used as a workspace's storage."
            raise AzureError("BadArgument", text, attribute="storage_account_id")

    def extra_arm(self, azure: Azure, values: Values, body: ArmObject) -> None:
        """What Azure adds, the workspace's own datastores too."""
        body["sku"]["tier"] = body["sku"]["name"]
        properties = body["properties"]
        properties.setdefault("workspaceId", str(uuid.uuid4()))
        properties["discoveryUrl"] = f"https://{body['location']}.api.azureml.ms/discovery"
        properties["mlFlowTrackingUri"] = f"azureml://{body['location']}.api.azureml.ms/mlflow/v1.0{body['id']}"
        public = values.get("public_network_access_enabled") is not False
        properties["publicNetworkAccess"] = "Enabled" if public else "Disabled"
        fill_isolation(azure, values, body)
        add_system_datastores(azure.store, body)

    def extra_values(self, azure: Azure, body: ArmObject) -> Values:  # noqa: ARG002
        """Computed ids."""
        properties = body["properties"]
        values: Values = {
            "workspace_id": properties["workspaceId"],
            "discovery_url": properties["discoveryUrl"],
            "public_network_access_enabled": properties.get("publicNetworkAccess") != "Disabled",
        }
        return {**values, **isolation_values(properties)}

    def remove(self, azure: Azure, body: ArmObject) -> None:
        """A soft delete that holds the name; for good with the provider's feature. Computes go either way."""
        for kind in (COMPUTES, OUTBOUND_RULES):
            for child in azure.store.below(body["id"], kind):
                azure.store.delete(child["id"])
        if azure.feature("machine_learning", "purge_soft_deleted_workspace_on_destroy", default=False):
            super().remove(azure, body)
        else:
            delete_workspace(azure.store, body)


class _ComputeRules(ArmRules):
    """What instances and clusters share."""

    arm_type = COMPUTES
    compute_type: ClassVar[str]
    references: ClassVar = {"machine_learning_workspace_id": "Azure ML workspace", "subnet_resource_id": "Subnet"}

    def resource_id(self, azure: Azure, values: Values) -> str:  # noqa: ARG002
        """A compute is below its workspace."""
        return f"{values['machine_learning_workspace_id']}/computes/{values['name']}"

    def read(self, azure: Azure, state: Values) -> Values | None:
        """Instances and clusters share a type in ARM: tell them apart."""
        body = azure.store.get(state["id"])
        if body is None or body.get("properties", {}).get("computeType") != self.compute_type:
            return None
        return super().read(azure, state)

    def extra_arm(self, azure: Azure, values: Values, body: ArmObject) -> None:
        """The kind, and where the workspace is."""
        workspace = azure.store.get(values["machine_learning_workspace_id"]) or {}
        body["location"] = (values.get("location") or workspace["location"]).replace(" ", "").lower()
        body["properties"]["computeType"] = self.compute_type
        inner: dict[str, Any] = body["properties"].setdefault("properties", {})
        inner["enableNodePublicIp"] = values.get("node_public_ip_enabled") is not False
        body["properties"]["disableLocalAuth"] = values.get("local_auth_enabled") is False

    def extra_values(self, azure: Azure, body: ArmObject) -> Values:  # noqa: ARG002
        """Switches and the parent."""
        return {
            "machine_learning_workspace_id": body["id"].rsplit("/computes/", 1)[0],
            "node_public_ip_enabled": body["properties"]["properties"].get("enableNodePublicIp", True),
            "local_auth_enabled": not body["properties"].get("disableLocalAuth", False),
        }


class ComputeInstanceRules(_ComputeRules):
    """azurerm_machine_learning_compute_instance."""

    type_name = "azurerm_machine_learning_compute_instance"
    compute_type = "ComputeInstance"
    force_new = frozenset(
        {
            "name",
            "machine_learning_workspace_id",
            "virtual_machine_size",
            "authorization_type",
            "assign_to_user",
            "assign_to_user.object_id",
            "assign_to_user.tenant_id",
            "description",
            "identity",
            "identity.type",
            "identity.identity_ids",
            "local_auth_enabled",
            "node_public_ip_enabled",
            "ssh",
            "ssh.public_key",
            "subnet_resource_id",
            "tags",
        }
    )
    defaults: ClassVar = {"local_auth_enabled": True, "node_public_ip_enabled": True}
    fields: ClassVar = {
        "description": "properties.description",
        "virtual_machine_size": "properties.properties.vmSize",
        "authorization_type": "properties.properties.computeInstanceAuthorizationType",
        "subnet_resource_id": "properties.properties.subnet.id",
    }
    name_pattern = r"[A-Za-z][A-Za-z0-9-]{3,24}"
    name_rule = "have 4 to 25 letters, digits and hyphens, starting with a letter"

    def validate(self, config: Values) -> Iterable[Invalid]:
        """Value rules of the provider."""
        yield from super().validate(config)
        yield from one_of(config, "authorization_type", ("personal",))

    def before_create(self, azure: Azure, values: Values, identifier: str) -> None:  # noqa: ARG002
        """Names of instances are unique in a region (Microsoft Learn, "Create a compute instance"). Without a public
        address an instance needs a network."""
        workspace = azure.store.get(values["machine_learning_workspace_id"]) or {}
        private = values.get("node_public_ip_enabled") is False
        if private and not values.get("subnet_resource_id") and not is_isolated(workspace):
            text = (
                "`subnet_resource_id` must be set if `node_public_ip_enabled` is set to `false` and the workspace is "
            )
            text += 'NOT using a managed network (isolation_mode = "Disabled")'
            raise AzureError("InvalidConfiguration", text, attribute="node_public_ip_enabled")
        for body in azure.store.find(COMPUTES):
            same = body["name"].lower() == values["name"].lower() and body["location"] == workspace["location"]
            if same and body["properties"]["computeType"] == self.compute_type:
                text = f"Compute instance name {values['name']!r} is taken in the region {workspace['location']}."
                raise AzureError("ComputeNameTaken", text, attribute="name")

    def extra_arm(self, azure: Azure, values: Values, body: ArmObject) -> None:
        """Who owns the instance."""
        super().extra_arm(azure, values, body)
        _require_quota(azure, body)
        for owner in values.get("assign_to_user") or []:
            body["properties"]["properties"]["personalComputeInstanceSettings"] = {
                "assignedUser": {"objectId": owner["object_id"], "tenantId": owner["tenant_id"]}
            }
        body["properties"]["properties"]["state"] = "Running"


class ComputeClusterRules(_ComputeRules):
    """azurerm_machine_learning_compute_cluster."""

    type_name = "azurerm_machine_learning_compute_cluster"
    compute_type = "AmlCompute"
    force_new = frozenset(
        {
            "name",
            "machine_learning_workspace_id",
            "location",
            "vm_size",
            "vm_priority",
            "local_auth_enabled",
            "node_public_ip_enabled",
            "ssh",
            "ssh.admin_username",
            "ssh.admin_password",
            "ssh.key_value",
            "description",
            "ssh_public_access_enabled",
            "subnet_resource_id",
        }
    )
    defaults: ClassVar = {
        "local_auth_enabled": True,
        "node_public_ip_enabled": True,
        "ssh_public_access_enabled": False,
    }
    fields: ClassVar = {
        "description": "properties.description",
        "vm_size": "properties.properties.vmSize",
        "vm_priority": "properties.properties.vmPriority",
        "subnet_resource_id": "properties.properties.subnet.id",
    }
    name_pattern = r"[A-Za-z][A-Za-z0-9-]{1,30}[A-Za-z0-9]"
    name_rule = "have 3 to 32 letters, digits and hyphens, start with a letter and not end with a hyphen"

    def validate(self, config: Values) -> Iterable[Invalid]:
        """Value rules of the provider, and Azure's own of the scale settings."""
        yield from super().validate(config)
        yield from one_of(config, "vm_priority", ("Dedicated", "LowPriority"))
        for scale in config.get("scale_settings") or []:
            for attribute in ("min_node_count", "max_node_count"):
                for finding in between(scale, attribute, 0, 10_000):
                    yield Invalid(f"scale_settings.0.{attribute}", finding.message)
            duration = scale.get("scale_down_nodes_after_idle_duration")
            if known(duration) and not _DURATION.match(duration):
                text = f"expected an ISO 8601 duration such as PT30M, got {duration}"
                yield Invalid("scale_settings.0.scale_down_nodes_after_idle_duration", text)

    def extra_arm(self, azure: Azure, values: Values, body: ArmObject) -> None:
        """Scale settings."""
        super().extra_arm(azure, values, body)
        scale = values["scale_settings"][0]
        if scale["min_node_count"] > scale["max_node_count"]:
            text = "minNodeCount must not be above maxNodeCount."
            raise AzureError("InvalidScaleSettings", text, attribute="scale_settings")
        body["properties"]["properties"]["scaleSettings"] = {
            "minNodeCount": scale["min_node_count"],
            "maxNodeCount": scale["max_node_count"],
            "nodeIdleTimeBeforeScaleDown": scale["scale_down_nodes_after_idle_duration"],
        }
        remote = "Enabled" if values.get("ssh_public_access_enabled") else "Disabled"
        body["properties"]["properties"]["remoteLoginPortPublicAccess"] = remote
        _require_quota(azure, body)

    def extra_values(self, azure: Azure, body: ArmObject) -> Values:
        """Scale settings."""
        inner = body["properties"]["properties"]
        scale = inner["scaleSettings"]
        return {
            **super().extra_values(azure, body),
            "ssh_public_access_enabled": inner["remoteLoginPortPublicAccess"] == "Enabled",
            "scale_settings": [
                {
                    "min_node_count": scale["minNodeCount"],
                    "max_node_count": scale["maxNodeCount"],
                    "scale_down_nodes_after_idle_duration": scale["nodeIdleTimeBeforeScaleDown"],
                }
            ],
        }


def _require_quota(azure: Azure, compute: ArmObject) -> None:
    try:
        limits.require_quota(azure.store, compute)
    except limits.QuotaExceeded as error:
        raise AzureError(error.code, str(error)) from error
