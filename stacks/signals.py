"""What tells the team about its environment? Alerts and the budget, as the settings ask for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.alerts import Alerts
from constructs_lib.budget import MonthlyBudget
from ezazml.config.resource_ids import KEY_VAULT, parse_id

if TYPE_CHECKING:
    from stacks.environment import EnvironmentStack

#: Azure shows it as the sender; at most 12 characters (azurerm_monitor_action_group).
SHORT_NAME_LENGTH = 12


def add_alerts(stack: EnvironmentStack) -> Alerts | None:
    """The alert rules and who gets their mails, if they are switched on."""
    settings = stack.settings.alerts
    if not settings.enabled:
        return None
    alerts = Alerts(
        stack,
        "alerts",
        action_group_name=stack.names.action_group,
        short_name=f"{stack.settings.prefix}-{stack.environment.name}"[:SHORT_NAME_LENGTH],
        resource_group=stack.resource_group,
        emails=settings.emails,
        existing_action_group_id=settings.action_group_id,
    )
    vault_id = stack.key_vault.id if _is_in_the_subscription(stack, stack.settings.existing.key_vault_id) else None
    alerts.on_workspace(
        workspace_id=stack.workspace.id, failed_jobs=settings.failed_jobs, quota_percent=settings.quota_percent
    )
    if vault_id is not None:
        alerts.on_vault(vault_id=vault_id, denials=settings.vault_denials)
    alerts.on_endpoints(
        log_analytics_workspace_id=stack.monitoring.log_analytics_workspace_id,
        latency_ms=settings.endpoint_latency_ms,
        errors=settings.endpoint_errors,
    )
    alerts.on_changes(vault_id=vault_id, workspace_id=stack.workspace.id)
    return alerts


def _is_in_the_subscription(stack: EnvironmentStack, existing_vault_id: str | None) -> bool:
    """Alert rules watch only what is in their own subscription: others' vaults are left to others' rules."""
    if existing_vault_id is None or stack.settings.subscription_id is None:
        return True
    return parse_id(KEY_VAULT, existing_vault_id).subscription_id == stack.settings.subscription_id.lower()


def add_budget(stack: EnvironmentStack) -> MonthlyBudget | None:
    """The month's budget, if an amount is set."""
    settings = stack.settings.budget
    if settings.monthly_amount is None:
        return None
    return MonthlyBudget(
        stack,
        "budget",
        name=stack.names.budget,
        resource_group_id=stack.resource_group.id,
        amount=settings.monthly_amount,
        thresholds_percent=settings.thresholds_percent,
        forecast_percent=settings.forecast_percent,
        emails=settings.emails or stack.settings.alerts.emails,
    )
