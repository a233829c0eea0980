"""How do diagnostic settings behave?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar

from sandbox.store import ArmObject
from sandbox.terraform_provider.rules.arm import ArmRules, known
from sandbox.terraform_provider.rules.base import Azure, AzureError, Invalid, Values

DIAGNOSTIC_SETTINGS = "Microsoft.Insights/diagnosticSettings"
_DESTINATIONS = (
    "eventhub_authorization_rule_id",
    "log_analytics_workspace_id",
    "storage_account_id",
    "partner_solution_id",
)
_STORAGE_SERVICE = re.compile(r"(.+/storageAccounts/[^/]+)/(?:blob|file|queue|table)Services/default", re.IGNORECASE)


class DiagnosticSettingRules(ArmRules):
    """azurerm_monitor_diagnostic_setting."""

    type_name = "azurerm_monitor_diagnostic_setting"
    arm_type = DIAGNOSTIC_SETTINGS
    force_new = frozenset({"name", "target_resource_id"})
    computed_blocks = frozenset({"enabled_metric", "metric"})
    defaults: ClassVar = {"metric.enabled": True}
    references: ClassVar = {
        "log_analytics_workspace_id": "Log Analytics workspace",
        "storage_account_id": "Storage account",
    }
    fields: ClassVar = {
        "log_analytics_workspace_id": "properties.workspaceId",
        "storage_account_id": "properties.storageAccountId",
        "eventhub_authorization_rule_id": "properties.eventHubAuthorizationRuleId",
        "eventhub_name": "properties.eventHubName",
        "partner_solution_id": "properties.marketplacePartnerId",
    }
    name_pattern = r"[^<>*%&:\\?+/]{1,260}"
    name_rule = "have at most 260 characters, none of <>*%&:\\?+/"

    def validate(self, config: Values) -> Iterable[Invalid]:
        """Something to send, and a place to send it to."""
        yield from super().validate(config)
        if all(config.get(name) is None for name in _DESTINATIONS):
            yield Invalid("log_analytics_workspace_id", f"one of `{','.join(sorted(_DESTINATIONS))}` must be specified")
        if not any(config.get(name) for name in ("enabled_log", "enabled_metric", "metric")):
            text = "one of `enabled_log,enabled_metric,metric` must be specified"
            yield Invalid("enabled_log", text)
        if config.get("metric") and config.get("enabled_metric"):
            yield Invalid("metric", "`metric` conflicts with `enabled_metric`")
        if config.get("log_analytics_destination_type") not in (None, "Dedicated", "AzureDiagnostics") and known(
            config.get("log_analytics_destination_type")
        ):
            text = 'expected log_analytics_destination_type to be one of ["Dedicated" "AzureDiagnostics"]'
            yield Invalid("log_analytics_destination_type", text)

    def resource_id(self, azure: Azure, values: Values) -> str:  # noqa: ARG002
        """A setting extends its resource."""
        return f"{values['target_resource_id']}/providers/{DIAGNOSTIC_SETTINGS}/{values['name']}"

    def store_id(self, identifier: str) -> str:
        """Terraform's id is ``<resource id>|<name>``."""
        target, _, name = identifier.partition("|")
        return f"{target}/providers/{DIAGNOSTIC_SETTINGS}/{name}"

    def before_create(self, azure: Azure, values: Values, identifier: str) -> None:
        """The resource exists, tells what is asked for, and sends it to that place only once."""
        target = values["target_resource_id"]
        service = _STORAGE_SERVICE.fullmatch(target)
        if azure.store.get(service.group(1) if service else target) is None:
            text = f"The Resource '{target}' was not found."
            raise AzureError("ResourceNotFound", text, attribute="target_resource_id")
        self._require_supported(values, is_service=service is not None)
        workspace = values.get("log_analytics_workspace_id")
        for other in azure.store.below(target):
            if other["type"] != DIAGNOSTIC_SETTINGS or other["id"].rsplit("/providers/", 1)[0] != target:
                continue
            if workspace and other["properties"].get("workspaceId") == workspace and other["id"] != identifier:
                text = f"Data sink '{workspace}' is already used in diagnostic setting '{other['name']}'."
                raise AzureError("Conflict", text, attribute="log_analytics_workspace_id")

    def extra_arm(self, azure: Azure, values: Values, body: ArmObject) -> None:  # noqa: ARG002
        """Categories."""
        body.pop("tags", None)
        body["properties"]["logs"] = [
            {
                "enabled": True,
                "category": one.get("category"),
                "categoryGroup": one.get("category_group"),
            }
            for one in values.get("enabled_log") or []
        ]
        body["properties"]["metrics"] = [
            {"enabled": True, "category": one["category"]} for one in values.get("enabled_metric") or []
        ]
        kind = values.get("log_analytics_destination_type")
        body["properties"]["logAnalyticsDestinationType"] = kind

    def extra_values(self, azure: Azure, body: ArmObject) -> Values:  # noqa: ARG002
        """Categories that are enabled."""
        properties = body["properties"]
        target = body["id"].rsplit(f"/providers/{DIAGNOSTIC_SETTINGS}/", 1)[0]
        return {
            "id": f"{target}|{body['name']}",
            "target_resource_id": target,
            "enabled_log": [
                {"category": one["category"], "category_group": one["categoryGroup"]} for one in properties["logs"]
            ],
            "enabled_metric": [{"category": one["category"]} for one in properties["metrics"]],
            "log_analytics_destination_type": properties.get("logAnalyticsDestinationType") or "",
        }

    def _require_supported(self, values: Values, *, is_service: bool) -> None:
        """Storage has metrics of its own, and logs of its services only (Microsoft Learn, "Monitor Azure Blob
        Storage")."""
        account = "/storageaccounts/" in values["target_resource_id"].lower()
        metrics = {one["category"] for one in values.get("enabled_metric") or []}
        refused = metrics - {"Transaction", "Capacity"} if account else metrics - {"AllMetrics"}
        if refused:
            text = f"Metric category '{min(refused)}' is not supported."
            raise AzureError("BadRequest", text, attribute="enabled_metric")
        if account and not is_service and values.get("enabled_log"):
            text = "A storage account has no logs of its own; its services have."
            raise AzureError("BadRequest", text, attribute="enabled_log")
