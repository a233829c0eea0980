"""How do Log Analytics and Application Insights behave?"""

from __future__ import annotations

import base64
import secrets
import uuid
from collections.abc import Iterable
from typing import ClassVar

from sandbox.store import ArmObject
from sandbox.terraform_provider.rules.arm import ArmRules, between, known, one_of
from sandbox.terraform_provider.rules.base import Azure, AzureError, Invalid, Values

_INSIGHTS_RETENTION = (30, 60, 90, 120, 180, 270, 365, 550, 730)
_LOG_RETENTION_DAYS = 14
#: Log Analytics moves between these two without a new workspace.
_MOVABLE_SKUS = frozenset({"PerGB2018", "CapacityReservation"})


class LogAnalyticsWorkspaceRules(ArmRules):
    """azurerm_log_analytics_workspace."""

    type_name = "azurerm_log_analytics_workspace"
    arm_type = "Microsoft.OperationalInsights/workspaces"
    force_new = frozenset({"name", "location", "resource_group_name"})
    sensitive = frozenset({"primary_shared_key", "secondary_shared_key"})
    defaults: ClassVar = {
        "sku": "PerGB2018",
        "daily_quota_gb": -1,
        "allow_resource_only_permissions": True,
        "local_authentication_enabled": True,
        "internet_ingestion_enabled": True,
        "internet_query_enabled": True,
    }
    fields: ClassVar = {
        "sku": "properties.sku.name",
        "retention_in_days": "properties.retentionInDays",
        "daily_quota_gb": "properties.workspaceCapping.dailyQuotaGb",
        "allow_resource_only_permissions": "properties.features.enableLogAccessUsingOnlyResourcePermissions",
        "cmk_for_query_forced": "properties.forceCmkForQuery",
        "data_collection_rule_id": "properties.defaultDataCollectionRuleResourceId",
    }
    name_pattern = r"[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]"
    name_rule = "have 4 to 63 letters, digits and hyphens, no hyphen at either end"

    def validate(self, config: Values) -> Iterable[Invalid]:
        """Retention is 30 to 730 days."""
        yield from super().validate(config)
        yield from between(config, "retention_in_days", 30, 730)

    def customize_plan(self, azure: Azure, prior: Values | None, planned: Values) -> None:  # noqa: ARG002
        """Two SKUs are closed: only workspaces that have them keep them."""
        sku = planned.get("sku")
        if sku in ("Standard", "Premium") and (prior is None or prior.get("sku") != sku):
            text = "creation of log analytics workspaces with `Standard` or `Premium` SKUs is no longer supported"
            raise AzureError("BadRequest", text, attribute="sku")

    def forces_new(self, prior: Values, planned: Values) -> set[str]:
        """Another SKU, unless a cluster's SKU goes or capacity reservation comes or goes (azurerm's
        log_analytics_workspace_resource.go, CustomizeDiff)."""
        skus = {prior.get("sku"), planned.get("sku")}
        return set() if prior.get("sku") in (None, "LACluster") or skus == _MOVABLE_SKUS else {"sku"}

    def before_create(self, azure: Azure, values: Values, identifier: str) -> None:  # noqa: ARG002
        """A workspace of the name that was deleted lately comes back: Azure recovers it."""
        azure.store.purge(identifier)

    def extra_arm(self, azure: Azure, values: Values, body: ArmObject) -> None:
        """Public access is enabled or disabled; keys are made once."""
        properties = body.setdefault("properties", {})
        properties.setdefault("customerId", str(uuid.uuid4()))
        properties.setdefault("retentionInDays", 30)
        for attribute, place in (("ingestion", "Ingestion"), ("query", "Query")):
            enabled = values.get(f"internet_{attribute}_enabled") is not False
            properties[f"publicNetworkAccessFor{place}"] = "Enabled" if enabled else "Disabled"
        disabled = values.get("local_authentication_enabled") is False
        properties.setdefault("features", {})["disableLocalAuth"] = disabled
        for key in ("primary", "secondary"):
            if azure.store.secret(body["id"], key) is None:
                azure.store.set_secret(body["id"], key, base64.b64encode(secrets.token_bytes(64)).decode())

    def extra_values(self, azure: Azure, body: ArmObject) -> Values:
        """Keys and switches."""
        properties = body["properties"]
        return {
            "workspace_id": properties["customerId"],
            "primary_shared_key": azure.store.secret(body["id"], "primary"),
            "secondary_shared_key": azure.store.secret(body["id"], "secondary"),
            "internet_ingestion_enabled": properties.get("publicNetworkAccessForIngestion") != "Disabled",
            "internet_query_enabled": properties.get("publicNetworkAccessForQuery") != "Disabled",
            "local_authentication_enabled": not properties["features"]["disableLocalAuth"],
            "local_authentication_disabled": properties["features"]["disableLocalAuth"],
        }

    def remove(self, azure: Azure, body: ArmObject) -> None:
        """Deleted for good, or kept for 14 days (Microsoft Learn, "Delete and recover Log Analytics workspace")."""
        if azure.feature("log_analytics_workspace", "permanently_delete_on_destroy", default=False):
            super().remove(azure, body)
        else:
            azure.store.soft_delete(body["id"], retention_days=_LOG_RETENTION_DAYS)


class ApplicationInsightsRules(ArmRules):
    """azurerm_application_insights."""

    type_name = "azurerm_application_insights"
    arm_type = "Microsoft.Insights/components"
    force_new = frozenset({"name", "location", "resource_group_name", "application_type"})
    sensitive = frozenset({"connection_string", "instrumentation_key"})
    references: ClassVar = {"workspace_id": "Log Analytics workspace"}
    defaults: ClassVar = {
        "retention_in_days": 90,
        "sampling_percentage": 100,
        "disable_ip_masking": False,
        "daily_data_cap_in_gb": 100,
        "daily_data_cap_notifications_disabled": False,
        "local_authentication_disabled": False,
        "internet_ingestion_enabled": True,
        "internet_query_enabled": True,
        "force_customer_storage_for_profiler": False,
    }
    fields: ClassVar = {
        "application_type": "properties.Application_Type",
        "workspace_id": "properties.WorkspaceResourceId",
        "retention_in_days": "properties.RetentionInDays",
        "sampling_percentage": "properties.SamplingPercentage",
        "disable_ip_masking": "properties.DisableIpMasking",
        "local_authentication_disabled": "properties.DisableLocalAuth",
        "force_customer_storage_for_profiler": "properties.ForceCustomerStorageForProfiler",
    }

    def validate(self, config: Values) -> Iterable[Invalid]:
        """Retention takes certain values only."""
        yield from super().validate(config)
        retention = config.get("retention_in_days")
        if known(retention) and retention not in _INSIGHTS_RETENTION:
            yield Invalid("retention_in_days", f"expected one of {list(_INSIGHTS_RETENTION)}, got {retention}")
        types = ("web", "other", "java", "MobileCenter", "phone", "store", "ios", "Node.JS")
        yield from one_of(config, "application_type", types)

    def extra_arm(self, azure: Azure, values: Values, body: ArmObject) -> None:  # noqa: ARG002
        """Keys are made once."""
        body["kind"] = values["application_type"]
        properties = body.setdefault("properties", {})
        properties.setdefault("InstrumentationKey", str(uuid.uuid4()))
        properties.setdefault("AppId", str(uuid.uuid4()))

    def extra_values(self, azure: Azure, body: ArmObject) -> Values:  # noqa: ARG002
        """The connection string points at the region's ingestion endpoint."""
        properties, location = body["properties"], body["location"]
        return {
            "app_id": properties["AppId"],
            "instrumentation_key": properties["InstrumentationKey"],
            "connection_string": (
                f"InstrumentationKey={properties['InstrumentationKey']};"
                f"IngestionEndpoint=https://{location}-0.in.applicationinsights.azure.com/;"
                f"LiveEndpoint=https://{location}.livediagnostics.monitor.azure.com/;"
                f"ApplicationId={properties['AppId']}"
            ),
        }
