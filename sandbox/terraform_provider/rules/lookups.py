"""How are resources looked up that another stack made? Data sources by name and resource group."""

from __future__ import annotations

from typing import Any, ClassVar

from sandbox.store import ArmObject
from sandbox.terraform_provider.rules.arm import group_id
from sandbox.terraform_provider.rules.base import Azure, AzureError, DataSourceRules, ResourceRules, Values
from sandbox.terraform_provider.rules.managed_identity import UserAssignedIdentityRules
from sandbox.terraform_provider.rules.monitoring import ApplicationInsightsRules


class _ByName(DataSourceRules):
    """A resource by its name and group, told as its resource type tells it."""

    rules: ClassVar[ResourceRules]
    arm_type: ClassVar[str]
    told: ClassVar[tuple[str, ...]]

    def read(self, azure: Azure, config: Values) -> Values:
        """What exists; Azure's error when nothing does."""
        group = group_id(azure, config["resource_group_name"])
        identifier = f"{group}/providers/{self.arm_type}/{config['name']}"
        body: ArmObject | None = azure.store.get(identifier)
        values: dict[str, Any] | None = self.rules.read(azure, {"id": identifier}) if body else None
        if values is None:
            raise AzureError("ResourceNotFound", f"{identifier} was not found", attribute="name")
        return {name: values[name] for name in ("id", "name", "location", *self.told)} | {
            "resource_group_name": config["resource_group_name"],
            "tags": values.get("tags") or {},
        }


class AzurermApplicationInsights(_ByName):
    """data azurerm_application_insights."""

    type_name = "azurerm_application_insights"
    sensitive = frozenset({"connection_string"})
    rules = ApplicationInsightsRules()
    arm_type = ApplicationInsightsRules.arm_type
    told = (
        "app_id",
        "application_type",
        "connection_string",
        "instrumentation_key",
        "retention_in_days",
        "workspace_id",
    )


class AzurermUserAssignedIdentity(_ByName):
    """data azurerm_user_assigned_identity."""

    type_name = "azurerm_user_assigned_identity"
    rules = UserAssignedIdentityRules()
    arm_type = UserAssignedIdentityRules.arm_type
    told = ("client_id", "principal_id", "tenant_id")
