"""How do action groups and alert rules behave?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, ClassVar

from sandbox.store import ArmObject
from sandbox.terraform_provider.rules.arm import ArmRules, between, known, normalised_location, one_of
from sandbox.terraform_provider.rules.base import Azure, AzureError, Invalid, Unknown, Values

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")
_METRIC_WINDOWS = ("PT1M", "PT5M", "PT15M", "PT30M", "PT1H", "PT6H", "PT12H", "P1D")
_QUERY_WINDOWS = (
    "PT1M", "PT5M", "PT10M", "PT15M", "PT30M", "PT45M", "PT1H", "PT2H", "PT3H", "PT4H", "PT5H", "PT6H", "P1D", "P2D",
)  # fmt: skip
_AGGREGATIONS = ("Average", "Count", "Minimum", "Maximum", "Total")
#: Metrics that Azure knows of two kinds of resources (Microsoft Learn, "Supported metrics with Azure Monitor").
_METRICS = {
    "microsoft.machinelearningservices/workspaces": frozenset(
        {
            "Active Cores", "Active Nodes", "Cancelled Runs", "Completed Runs", "CpuUtilization", "Errors",
            "Failed Runs", "Finalizing Runs", "GpuUtilization", "Idle Nodes", "Model Deploy Failed",
            "Model Deploy Succeeded", "Not Responding Runs", "Queued Runs", "Quota Utilization Percentage",
            "Started Runs", "Total Cores", "Total Nodes", "Unusable Nodes", "Warnings",
        }
    ),
    "microsoft.keyvault/vaults": frozenset(
        {"Availability", "SaturationShoebox", "ServiceApiHit", "ServiceApiLatency", "ServiceApiResult"}
    ),
}  # fmt: skip


class ActionGroupRules(ArmRules):
    """azurerm_monitor_action_group."""

    type_name = "azurerm_monitor_action_group"
    arm_type = "Microsoft.Insights/actionGroups"
    force_new = frozenset({"name", "resource_group_name", "location"})
    sensitive = frozenset()
    defaults: ClassVar = {"location": "global", "enabled": True}
    fields: ClassVar = {"short_name": "properties.groupShortName", "enabled": "properties.enabled"}

    def validate(self, config: Values) -> Iterable[Invalid]:
        """The short name fits into a text message."""
        yield from super().validate(config)
        name = config.get("short_name")
        if known(name) and not 1 <= len(name) <= 12:
            yield Invalid("short_name", f"expected length of short_name to be in the range (1 - 12), got {name}")

    def extra_arm(self, azure: Azure, values: Values, body: ArmObject) -> None:  # noqa: ARG002
        """Mails; other receivers are kept by Terraform as they are configured."""
        receivers = values.get("email_receiver") or []
        names = [one["name"] for one in receivers]
        if len(set(names)) != len(names):
            text = "Receiver names must be unique within an action group."
            raise AzureError("ReceiverNamesNotUnique", text, attribute="email_receiver")
        body["properties"]["emailReceivers"] = [
            {
                "name": one["name"],
                "emailAddress": one["email_address"],
                "useCommonAlertSchema": bool(one.get("use_common_alert_schema")),
            }
            for one in receivers
        ]

    def extra_values(self, azure: Azure, body: ArmObject) -> Values:  # noqa: ARG002
        """Mails."""
        return {
            "email_receiver": [
                {
                    "name": one["name"],
                    "email_address": one["emailAddress"],
                    "use_common_alert_schema": one["useCommonAlertSchema"],
                }
                for one in body["properties"]["emailReceivers"]
            ]
        }


class MetricAlertRules(ArmRules):
    """azurerm_monitor_metric_alert, with fixed thresholds."""

    type_name = "azurerm_monitor_metric_alert"
    arm_type = "Microsoft.Insights/metricAlerts"
    force_new = frozenset({"name", "resource_group_name"})
    defaults: ClassVar = {
        "auto_mitigate": True,
        "enabled": True,
        "frequency": "PT1M",
        "severity": 3,
        "window_size": "PT5M",
        "criteria.skip_metric_validation": False,
    }
    fields: ClassVar = {
        "description": "properties.description",
        "severity": "properties.severity",
        "enabled": "properties.enabled",
        "auto_mitigate": "properties.autoMitigate",
        "frequency": "properties.evaluationFrequency",
        "window_size": "properties.windowSize",
    }

    def validate(self, config: Values) -> Iterable[Invalid]:
        """Value rules of the provider."""
        yield from super().validate(config)
        yield from one_of(config, "frequency", ("PT1M", "PT5M", "PT15M", "PT30M", "PT1H"))
        yield from one_of(config, "window_size", _METRIC_WINDOWS)
        yield from between(config, "severity", 0, 4)
        operators = ("Equals", "GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual")
        yield from _criteria(config, {"aggregation": _AGGREGATIONS, "operator": operators})

    def extra_arm(self, azure: Azure, values: Values, body: ArmObject) -> None:
        """What is measured: the resource and the metric must exist, and a window spans at least one evaluation."""
        _require_scopes(azure, values["scopes"])
        groups = [one["action_group_id"] for one in values.get("action") or []]
        _require_action_groups(azure, groups)
        _require_window(values["frequency"], values["window_size"], "windowSize", "window_size")
        for one in values["criteria"]:
            metrics = _METRICS.get(one["metric_namespace"].lower())
            if metrics is not None and one["metric_name"] not in metrics:
                text = (
                    f"Couldn't find a metric named {one['metric_name']}. Make sure the name is correct for "
                    f"{one['metric_namespace']}."
                )
                raise AzureError("BadRequest", text, attribute="criteria")
        body["location"] = "global"
        body["properties"]["scopes"] = list(values["scopes"])
        body["properties"]["criteria"] = {
            "odata.type": "Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria",
            "allOf": [{"name": f"Metric{number}", **one} for number, one in enumerate(values["criteria"], start=1)],
        }
        body["properties"]["actions"] = [{"actionGroupId": group} for group in groups]

    def extra_values(self, azure: Azure, body: ArmObject) -> Values:  # noqa: ARG002
        """What is measured."""
        properties = body["properties"]
        return {
            "scopes": properties["scopes"],
            "criteria": [
                {name: value for name, value in one.items() if name != "name"}
                for one in properties["criteria"]["allOf"]
            ],
            "action": [{"action_group_id": one["actionGroupId"]} for one in properties["actions"]],
            "target_resource_type": properties.get("targetResourceType", ""),
            "target_resource_location": properties.get("targetResourceRegion", ""),
        }


class ScheduledQueryRules(ArmRules):
    """azurerm_monitor_scheduled_query_rules_alert_v2."""

    type_name = "azurerm_monitor_scheduled_query_rules_alert_v2"
    arm_type = "Microsoft.Insights/scheduledQueryRules"
    force_new = frozenset({"name", "resource_group_name", "location", "scopes"})
    defaults: ClassVar = {
        "auto_mitigation_enabled": False,
        "workspace_alerts_storage_enabled": False,
        "enabled": True,
    }
    fields: ClassVar = {
        "description": "properties.description",
        "display_name": "properties.displayName",
        "severity": "properties.severity",
        "enabled": "properties.enabled",
        "auto_mitigation_enabled": "properties.autoMitigate",
        "workspace_alerts_storage_enabled": "properties.checkWorkspaceAlertsStorageConfigured",
        "evaluation_frequency": "properties.evaluationFrequency",
        "window_duration": "properties.windowSize",
        "skip_query_validation": "properties.skipQueryValidation",
        "scopes": "properties.scopes",
    }

    def validate(self, config: Values) -> Iterable[Invalid]:
        """Value rules of the provider."""
        yield from super().validate(config)
        yield from one_of(config, "evaluation_frequency", _QUERY_WINDOWS[:-1])
        yield from one_of(config, "window_duration", _QUERY_WINDOWS)
        yield from between(config, "severity", 0, 4)
        operators = ("Equal", "GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual")
        yield from _criteria(config, {"time_aggregation_method": _AGGREGATIONS, "operator": operators})

    def extra_arm(self, azure: Azure, values: Values, body: ArmObject) -> None:
        """Scope, action groups and the measured column must be there."""
        _require_scopes(azure, values["scopes"])
        groups = [group for one in values.get("action") or [] for group in one.get("action_groups") or []]
        _require_action_groups(azure, groups)
        _require_window(values["evaluation_frequency"], values["window_duration"], "WindowSize", "window_duration")
        for one in values["criteria"]:
            if one["time_aggregation_method"] != "Count" and not one.get("metric_measure_column"):
                text = "metricMeasureColumn must be set when timeAggregation is not Count."
                raise AzureError("BadRequest", text, attribute="criteria")
        body["kind"] = "LogAlert"
        body["properties"]["criteria"] = {"allOf": values["criteria"]}
        body["properties"]["actions"] = {"actionGroups": groups}

    def extra_values(self, azure: Azure, body: ArmObject) -> Values:  # noqa: ARG002
        """Criteria, and what Azure says of the rule."""
        properties = body["properties"]
        groups = properties["actions"]["actionGroups"]
        return {
            "criteria": properties["criteria"]["allOf"],
            "action": [{"action_groups": groups}] if groups else [],
            "created_with_api_version": "2023-03-15-preview",
            "is_a_legacy_log_analytics_rule": False,
            "is_workspace_alerts_storage_configured": False,
        }


class ActivityLogAlertRules(ArmRules):
    """azurerm_monitor_activity_log_alert."""

    type_name = "azurerm_monitor_activity_log_alert"
    arm_type = "Microsoft.Insights/activityLogAlerts"
    force_new = frozenset({"name", "resource_group_name", "location"})
    computed_blocks = frozenset({"criteria.resource_health", "criteria.service_health"})
    defaults: ClassVar = {"enabled": True}
    fields: ClassVar = {"description": "properties.description", "enabled": "properties.enabled"}

    def validate(self, config: Values) -> Iterable[Invalid]:
        """Value rules of the provider."""
        yield from super().validate(config)
        categories = (
            "Administrative", "Autoscale", "Policy", "Recommendation", "ResourceHealth", "Security", "ServiceHealth",
        )  # fmt: skip
        yield from _criteria(config, {"category": categories})
        for one in config.get("criteria") or []:
            for name in ("level", "resource_id", "resource_group", "resource_provider", "resource_type", "status"):
                many = "statuses" if name == "status" else f"{name}s"
                if not isinstance(one, Unknown) and one.get(name) is not None and one.get(many) is not None:
                    yield Invalid(f"criteria.0.{name}", f"conflicts with criteria.0.{many}")

    def customize_plan(self, azure: Azure, prior: Values | None, planned: Values) -> None:  # noqa: ARG002
        """Azure has these rules in few places (azurerm's CustomizeDiff)."""
        location = planned.get("location")
        regions = ("global", "westeurope", "northeurope", "eastus2euap")
        if known(location) and normalised_location(location) not in regions:
            text = (
                "`azurerm_monitor_activity_log_alert` resources are only supported in the following regions: "
                f"[{', '.join(regions)}], got `{location}`"
            )
            raise AzureError("BadRequest", text, attribute="location")

    def extra_arm(self, azure: Azure, values: Values, body: ArmObject) -> None:
        """Scopes, conditions and who is told."""
        _require_scopes(azure, values["scopes"])
        groups = [one["action_group_id"] for one in values.get("action") or []]
        _require_action_groups(azure, groups)
        body["properties"]["scopes"] = list(values["scopes"])
        body["properties"]["condition"] = {"allOf": values["criteria"]}
        body["properties"]["actions"] = {"actionGroups": [{"actionGroupId": group} for group in groups]}

    def extra_values(self, azure: Azure, body: ArmObject) -> Values:  # noqa: ARG002
        """Scopes, conditions and who is told."""
        properties = body["properties"]
        return {
            "scopes": properties["scopes"],
            "criteria": properties["condition"]["allOf"],
            "action": [{"action_group_id": one["actionGroupId"]} for one in properties["actions"]["actionGroups"]],
        }


def _criteria(config: Values, allowed: dict[str, tuple[str, ...]]) -> Iterable[Invalid]:
    criteria: Any = config.get("criteria")
    for index, one in enumerate(criteria if isinstance(criteria, list) else []):
        if isinstance(one, Unknown):
            continue
        for attribute, values in allowed.items():
            for finding in one_of(one, attribute, values):
                yield Invalid(f"criteria.{index}.{attribute}", finding.message)


def _require_scopes(azure: Azure, scopes: list[str]) -> None:
    for scope in scopes:
        if scope.lower() != f"/subscriptions/{azure.subscription_id}" and azure.store.get(scope) is None:
            raise AzureError("ResourceNotFound", f"The Resource '{scope}' was not found.", attribute="scopes")


def _require_action_groups(azure: Azure, groups: list[str]) -> None:
    for group in groups:
        if azure.store.get(group) is None:
            text = f"The action group '{group}' was not found."
            raise AzureError("ResourceNotFound", text, attribute="action")


def _require_window(frequency: str, window: str, name: str, attribute: str) -> None:
    """Azure refuses to look more rarely than it looks back: what lies between would be missed."""
    if _minutes(window) < _minutes(frequency):
        text = f"{name} {window} must be at least the evaluation frequency {frequency}."
        raise AzureError("BadRequest", text, attribute=attribute)


def _minutes(duration: str) -> int:
    match = _DURATION.fullmatch(duration)
    days, hours, minutes = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    return days * 1440 + hours * 60 + minutes
