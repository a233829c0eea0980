"""What tells a team how its environment is doing? Settings of diagnostics, alerts and the budget."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ezazml.config.section import Section

#: Azure takes thresholds of 0 to 1000 percent (azurerm_consumption_budget_resource_group); 0 would always warn.
Percent = Annotated[int, Field(ge=1, le=1000)]


class Diagnostics(Section):
    """Logs and metrics of every resource in Log Analytics. They are billed by volume."""

    enabled: bool = False


class Alerts(Section):
    """Mails when something goes wrong. Each rule costs a little every month."""

    enabled: bool = False
    emails: tuple[str, ...] = Field((), description="Who gets the mails.")
    action_group_id: str | None = Field(None, description="Action group that exists and is told instead.")
    endpoint_latency_ms: int = Field(1000, ge=1, description="95th percentile of an endpoint's answers in 15 minutes.")
    endpoint_errors: int = Field(5, ge=1, description="Failed answers (5xx, or 424 of the model) in 15 minutes.")
    failed_jobs: int = Field(1, ge=1, description="Failed jobs in an hour.")
    quota_percent: int = Field(90, ge=1, le=100, description="Share of the compute quota in use.")
    vault_denials: int = Field(5, ge=1, description="Refused calls to the key vault in 15 minutes.")


class Budget(Section):
    """A monthly budget for the resource group: it tells, it does not stop anything. It costs nothing."""

    monthly_amount: float | None = Field(
        None, ge=1, allow_inf_nan=False, description="In the subscription's currency. Default: no budget."
    )
    thresholds_percent: tuple[Percent, ...] = Field((50, 80, 100), description="Mails at these shares of the amount.")
    forecast_percent: Percent | None = Field(
        100, description="A mail when the month is forecast to reach this share; null: none."
    )
    emails: tuple[str, ...] = Field((), description="Who gets the mails. Default: alerts.emails, and the owners.")
