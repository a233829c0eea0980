"""Where do logs and metrics go? A Log Analytics workspace and Application Insights on top of it."""

from __future__ import annotations

from constructs_lib import bindings as tf
from constructs_lib.resource_group import ResourceGroup


class Monitoring(tf.Construct):
    """Log Analytics and workspace-based Application Insights (the classic kind is retired).

    ``retention_days`` are days, ``daily_quota_gb`` is GiB a day (``None``: no limit). The workspace of
    Application Insights cannot be removed later, so it is set from the start. Outputs:
    ``log_analytics_workspace_id``, ``application_insights_id``, ``application_insights_name``,
    ``connection_string`` (a secret).
    """

    def __init__(
        self,
        scope: tf.Construct,
        id: str,
        *,
        log_analytics_name: str,
        application_insights_name: str,
        resource_group: ResourceGroup,
        retention_days: int,
        daily_quota_gb: float | None = None,
    ) -> None:
        super().__init__(scope, id)
        logs = tf.LogAnalyticsWorkspace(
            self,
            "logs",
            name=log_analytics_name,
            location=resource_group.location,
            resource_group_name=resource_group.name,
            sku="PerGB2018",
            retention_in_days=retention_days,
            daily_quota_gb=daily_quota_gb,
        )
        logs.override_logical_id("logs")
        insights = tf.ApplicationInsights(
            self,
            "insights",
            name=application_insights_name,
            location=resource_group.location,
            resource_group_name=resource_group.name,
            application_type="web",
            workspace_id=logs.id,
            retention_in_days=_insights_retention(retention_days),
        )
        insights.override_logical_id("insights")
        self.log_analytics_workspace_id: str = logs.id
        self.application_insights_id: str = insights.id
        self.application_insights_name: str = insights.name
        self.connection_string: str = insights.connection_string


def _insights_retention(days: int) -> int:
    """Application Insights takes fewer values than Log Analytics: the next one up (azurerm_application_insights)."""
    return next(value for value in (30, 60, 90, 120, 180, 270, 365, 550, 730) if value >= days)
