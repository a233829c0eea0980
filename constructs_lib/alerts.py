"""Who hears of it when something goes wrong? Alert rules on the environment, and the group that gets the mails."""

from __future__ import annotations

from collections.abc import Sequence

from constructs_lib import bindings as tf
from constructs_lib.addresses import address_of
from constructs_lib.resource_group import ResourceGroup

#: Severities of Azure Monitor: 1 error, 2 warning.
_ERROR, _WARNING = 1, 2
_WORKSPACES = "Microsoft.MachineLearningServices/workspaces"
_VAULTS = "Microsoft.KeyVault/vaults"
#: Traffic of every online endpoint, which its diagnostic setting sends here (jobs/endpoint_signals.py). 424 is what an
#: endpoint answers when the model itself failed (Microsoft Learn, "HTTP status codes for online endpoints").
_FAILED_ANSWERS = (
    "AmlOnlineEndpointTrafficLog | where toint(ResponseCode) >= 500 or toint(ResponseCode) == 424 "
    "| project TimeGenerated, EndpointName"
)
_LATENCY = (
    "AmlOnlineEndpointTrafficLog | summarize Latency = percentile(todouble(TotalDurationMs), 95) "
    "by EndpointName, bin(TimeGenerated, 15m)"
)


class Alerts(tf.Construct):
    """An action group with mails, or an existing one; each method adds a rule that tells it.

    Output: ``action_group_id``.
    """

    def __init__(
        self,
        scope: tf.Construct,
        id: str,
        *,
        action_group_name: str,
        short_name: str,
        resource_group: ResourceGroup,
        emails: Sequence[str],
        existing_action_group_id: str | None = None,
    ) -> None:
        super().__init__(scope, id)
        self._group = resource_group
        # They have no region of their own: when the group moves to another one, Azure deletes them with it, and
        # Terraform would try to change what is gone.
        self._with_group = tf.TerraformResourceLifecycle(
            replace_triggered_by=[f"{address_of(resource_group.resource)}.id"]
        )
        self.action_group_id: str = existing_action_group_id or self._mails(action_group_name, short_name, emails)

    def on_workspace(self, *, workspace_id: str, failed_jobs: int, quota_percent: int) -> None:
        """Failed jobs in an hour, and the share of the compute quota in use (Microsoft Learn, "Supported metrics for
        Microsoft.MachineLearningServices/workspaces")."""
        self._metric(
            "failed_jobs",
            description=f"{failed_jobs} or more jobs failed within an hour.",
            resource_id=workspace_id,
            namespace=_WORKSPACES,
            metric="Failed Runs",
            aggregation="Total",
            threshold=failed_jobs,
            window="PT1H",
            frequency="PT15M",
        )
        self._metric(
            "quota",
            description=f"{quota_percent} percent of the compute quota are in use.",
            resource_id=workspace_id,
            namespace=_WORKSPACES,
            metric="Quota Utilization Percentage",
            aggregation="Average",
            threshold=quota_percent,
            window="PT15M",
            frequency="PT15M",
        )

    def on_vault(self, *, vault_id: str, denials: int) -> None:
        """Calls that the vault refused in 15 minutes: 403, nobody without access calls by mistake that often (Microsoft
        Learn, "Monitoring data reference for Azure Key Vault")."""
        self._metric(
            "vault_denied",
            description=f"The key vault refused {denials} or more calls within 15 minutes.",
            resource_id=vault_id,
            namespace=_VAULTS,
            metric="ServiceApiResult",
            aggregation="Count",
            threshold=denials,
            window="PT15M",
            frequency="PT5M",
            dimension=("StatusCode", "403"),
        )

    def on_endpoints(self, *, log_analytics_workspace_id: str, latency_ms: int, errors: int) -> None:
        """Slow and failed answers of online endpoints, from their traffic logs."""
        self._query(
            "endpoint_errors",
            description=f"An endpoint failed {errors} or more times within 15 minutes.",
            workspace_id=log_analytics_workspace_id,
            query=_FAILED_ANSWERS,
            aggregation="Count",
            column=None,
            threshold=errors,
            severity=_ERROR,
        )
        self._query(
            "endpoint_latency",
            description=f"5 percent of an endpoint's answers took {latency_ms} ms or more.",
            workspace_id=log_analytics_workspace_id,
            query=_LATENCY,
            aggregation="Maximum",
            column="Latency",
            threshold=latency_ms,
            severity=_WARNING,
        )

    def on_changes(self, *, vault_id: str | None, workspace_id: str) -> None:
        """Somebody changed the vault (its access policies, its network), or deleted the workspace. They are free."""
        if vault_id is not None:
            self._activity("vault_changed", "The key vault was changed.", vault_id, f"{_VAULTS}/write")
        self._activity("workspace_deleted", "The workspace was deleted.", workspace_id, f"{_WORKSPACES}/delete")

    # --- helpers ---------------------------------------------------------------------------------------

    def _mails(self, name: str, short_name: str, emails: Sequence[str]) -> str:
        group = tf.MonitorActionGroup(
            self,
            "Default",
            name=name,
            resource_group_name=self._group.name,
            short_name=short_name,
            lifecycle=self._with_group,
            email_receiver=[
                tf.MonitorActionGroupEmailReceiver(
                    name=f"mail-{number}", email_address=address, use_common_alert_schema=True
                )
                for number, address in enumerate(emails, start=1)
            ],
        )
        group_id: str = group.id
        return group_id

    def _metric(
        self,
        id: str,
        *,
        description: str,
        resource_id: str,
        namespace: str,
        metric: str,
        aggregation: str,
        threshold: float,
        window: str,
        frequency: str,
        dimension: tuple[str, str] | None = None,
    ) -> None:
        dimensions = None
        if dimension is not None:
            name, value = dimension
            dimensions = [tf.MonitorMetricAlertCriteriaDimension(name=name, operator="Include", values=[value])]
        rule = tf.MonitorMetricAlert(
            self,
            id,
            name=id.replace("_", "-"),
            resource_group_name=self._group.name,
            scopes=[resource_id],
            description=description,
            severity=_WARNING,
            window_size=window,
            frequency=frequency,
            criteria=[
                tf.MonitorMetricAlertCriteria(
                    metric_namespace=namespace,
                    metric_name=metric,
                    aggregation=aggregation,
                    operator="GreaterThanOrEqual",
                    threshold=threshold,
                    dimension=dimensions,
                )
            ],
            action=[tf.MonitorMetricAlertAction(action_group_id=self.action_group_id)],
            lifecycle=self._with_group,
        )
        rule.override_logical_id(f"alert_{id}")

    def _query(
        self,
        id: str,
        *,
        description: str,
        workspace_id: str,
        query: str,
        aggregation: str,
        column: str | None,
        threshold: float,
        severity: int,
    ) -> None:
        rule = tf.MonitorScheduledQueryRulesAlertV2(
            self,
            id,
            name=id.replace("_", "-"),
            resource_group_name=self._group.name,
            location=self._group.location,
            scopes=[workspace_id],
            description=description,
            severity=severity,
            evaluation_frequency="PT15M",
            window_duration="PT15M",
            auto_mitigation_enabled=True,
            # The table comes with the first endpoint: until then Azure would refuse the query.
            skip_query_validation=True,
            criteria=[
                tf.MonitorScheduledQueryRulesAlertV2Criteria(
                    query=query,
                    time_aggregation_method=aggregation,
                    metric_measure_column=column,
                    operator="GreaterThanOrEqual",
                    threshold=threshold,
                    # Each endpoint is counted for itself, and the mail names it.
                    dimension=[
                        tf.MonitorScheduledQueryRulesAlertV2CriteriaDimension(
                            name="EndpointName", operator="Include", values=["*"]
                        )
                    ],
                    failing_periods=tf.MonitorScheduledQueryRulesAlertV2CriteriaFailingPeriods(
                        minimum_failing_periods_to_trigger_alert=1, number_of_evaluation_periods=1
                    ),
                )
            ],
            action=tf.MonitorScheduledQueryRulesAlertV2Action(action_groups=[self.action_group_id]),
        )
        rule.override_logical_id(f"alert_{id}")

    def _activity(self, id: str, description: str, resource_id: str, operation: str) -> None:
        rule = tf.MonitorActivityLogAlert(
            self,
            id,
            name=id.replace("_", "-"),
            resource_group_name=self._group.name,
            # Azure takes this kind of rule in a few regions only (Terraform azurerm); the activity log is global.
            location="global",
            # The resource's own, which may be in another group.
            scopes=[resource_id],
            description=description,
            criteria=tf.MonitorActivityLogAlertCriteria(
                category="Administrative", operation_name=operation, resource_id=resource_id, status="Succeeded"
            ),
            action=[tf.MonitorActivityLogAlertAction(action_group_id=self.action_group_id)],
            lifecycle=self._with_group,
        )
        rule.override_logical_id(f"alert_{id}")
