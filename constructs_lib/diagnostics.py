"""Where do the logs and metrics of resources go? Diagnostic settings that no resource can miss."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from constructs_lib import bindings as tf
from constructs_lib.addresses import address_of, type_of

NAME = "to-log-analytics"


@dataclass(frozen=True)
class Signals:
    """What one resource, or a service ``below`` it, tells: groups of log categories, and metrics."""

    logs: tuple[str, ...] = ("allLogs",)
    metrics: tuple[str, ...] = ("AllMetrics",)
    below: str = ""


#: Storage reports its own metric categories, not AllMetrics, which would show as a change in every plan.
_STORAGE_SERVICES = tuple(
    Signals(metrics=("Transaction",), below=f"/{service}/default")
    for service in ("blobServices", "fileServices", "queueServices", "tableServices")
)
#: Type -> what it tells (Microsoft Learn, "Supported resource log categories for Azure Monitor").
SIGNALS: Mapping[str, tuple[Signals, ...]] = {
    "azurerm_machine_learning_workspace": (Signals(),),
    "azurerm_key_vault": (Signals(),),
    "azurerm_container_registry": (Signals(),),
    "azurerm_storage_account": (Signals(logs=(), metrics=("Transaction",)), *_STORAGE_SERVICES),
    "azurerm_log_analytics_workspace": (Signals(logs=("audit",)),),
    "azurerm_virtual_network": (Signals(),),
    "azurerm_network_security_group": (Signals(metrics=()),),
    "azurerm_public_ip": (Signals(),),
    "azurerm_databricks_workspace": (Signals(metrics=()),),
    "azurerm_eventgrid_system_topic": (Signals(),),
}
#: Types of resources that need none, and why.
WITHOUT: Mapping[str, str] = {
    "azurerm_application_insights": "writes into the Log Analytics workspace by itself",
    "azurerm_resource_group": "has only the activity log, which Azure keeps",
    "azurerm_user_assigned_identity": "logs in Entra",
    "azurerm_machine_learning_compute_cluster": "logs with its workspace",
    "azurerm_machine_learning_compute_instance": "logs with its workspace",
    "azurerm_nat_gateway": "has no logs, and metrics that cannot be sent",
    "azurerm_private_dns_zone": "has no logs, and metrics that cannot be sent",
    "azurerm_private_dns_zone_virtual_network_link": "is part of its zone",
    "azurerm_private_endpoint": "has no logs: what lies behind it does",
}


def add_diagnostics(
    scope: tf.Construct, resources: Iterable[tf.IConstruct], *, log_analytics_workspace_id: str
) -> dict[str, list[tf.MonitorDiagnosticSetting]]:
    """Diagnostic settings for all of ``resources`` that have something to tell, by the resources' addresses."""
    made: dict[str, list[tf.MonitorDiagnosticSetting]] = {}
    for resource in resources:
        if not isinstance(resource, tf.TerraformResource):
            continue
        for signals in SIGNALS.get(type_of(resource), ()):
            setting = _setting(scope, resource, signals, log_analytics_workspace_id)
            made.setdefault(address_of(resource), []).append(setting)
    return made


def _setting(
    scope: tf.Construct, resource: tf.TerraformResource, signals: Signals, log_analytics_workspace_id: str
) -> tf.MonitorDiagnosticSetting:
    service = signals.below.split("/")[1].removesuffix("Services") if signals.below else ""
    kind = type_of(resource).removeprefix("azurerm_")
    name = resource.friendly_unique_id
    id = "_".join(part for part in ("diagnostics", "" if name == kind else kind, name, service) if part)
    setting = tf.MonitorDiagnosticSetting(
        scope,
        id,
        name=NAME,
        target_resource_id=f"${{{address_of(resource)}.id}}{signals.below}",
        log_analytics_workspace_id=log_analytics_workspace_id,
        enabled_log=[tf.MonitorDiagnosticSettingEnabledLog(category_group=group) for group in signals.logs] or None,
        enabled_metric=[tf.MonitorDiagnosticSettingEnabledMetric(category=metric) for metric in signals.metrics]
        or None,
    )
    setting.override_logical_id(id)
    return setting
