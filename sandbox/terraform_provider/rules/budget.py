"""How do budgets behave?"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, ClassVar

from sandbox.store import ArmObject
from sandbox.terraform_provider.rules.arm import ArmRules, between, known, one_of
from sandbox.terraform_provider.rules.base import Azure, AzureError, Invalid, Unknown, Values

BUDGETS = "Microsoft.Consumption/budgets"
_TIME_GRAINS = ("BillingAnnual", "BillingMonth", "BillingQuarter", "Annually", "Monthly", "Quarterly")
_CONTACTS = ("contact_emails", "contact_groups", "contact_roles")
#: Azure ends a budget ten years after its start unless told otherwise.
_YEARS = 10


class ResourceGroupBudgetRules(ArmRules):
    """azurerm_consumption_budget_resource_group."""

    type_name = "azurerm_consumption_budget_resource_group"
    arm_type = BUDGETS
    force_new = frozenset({"name", "resource_group_id", "time_grain", "time_period.start_date"})
    references: ClassVar = {"resource_group_id": "Resource group"}
    defaults: ClassVar = {
        "time_grain": "Monthly",
        "notification.enabled": True,
        "notification.threshold_type": "Actual",
        "filter.dimension.operator": "In",
        "filter.tag.operator": "In",
    }
    fields: ClassVar = {"amount": "properties.amount", "time_grain": "properties.timeGrain"}
    name_pattern = r"[-_a-zA-Z0-9]{1,63}"
    name_rule = "have 1 to 63 letters, digits, underscores and hyphens"

    def validate(self, config: Values) -> Iterable[Invalid]:
        """Value rules of the provider."""
        yield from super().validate(config)
        yield from one_of(config, "time_grain", _TIME_GRAINS)
        amount = config.get("amount")
        if known(amount) and amount < 1:
            yield Invalid("amount", f"expected amount to be at least (1.000000), got {amount}")
        for index, one in enumerate(_blocks(config, "notification")):
            path = f"notification.{index}"
            for finding in (
                *between(one, "threshold", 0, 1000),
                *one_of(one, "operator", ("EqualTo", "GreaterThan", "GreaterThanOrEqualTo")),
                *one_of(one, "threshold_type", ("Actual", "Forecasted")),
            ):
                yield Invalid(f"{path}.{finding.attribute}", finding.message)
        for one in _blocks(config, "time_period"):
            start = one.get("start_date")
            if known(start) and (problem := _start_problem(start)):
                yield Invalid("time_period.0.start_date", problem)

    def resource_id(self, azure: Azure, values: Values) -> str:  # noqa: ARG002
        """A budget extends its scope."""
        return f"{values['resource_group_id']}/providers/{BUDGETS}/{values['name']}"

    def before_create(self, azure: Azure, values: Values, identifier: str) -> None:  # noqa: ARG002
        """A monthly budget starts in this month at the earliest (REST API, Budgets)."""
        start = _parsed(values["time_period"][0]["start_date"])
        now = datetime.now(UTC)
        if (start.year, start.month) < (now.year, now.month):
            text = f"Start date {start:%Y-%m-%d} must be within the current time grain period, or later."
            raise AzureError("400", text, attribute="time_period")

    def extra_arm(self, azure: Azure, values: Values, body: ArmObject) -> None:  # noqa: ARG002
        """Period and notifications, which need somebody to notify."""
        period = values["time_period"][0]
        start = _parsed(period["start_date"])
        before = body.get("properties", {}).get("timePeriod", {}).get("endDate")
        end = period.get("end_date") or before or f"{start.year + _YEARS}-{start:%m-%d}T00:00:00Z"
        body["properties"]["timePeriod"] = {"startDate": period["start_date"], "endDate": end}
        body["properties"]["category"] = "Cost"
        for one in values["notification"]:
            if not any(one.get(contacts) for contacts in _CONTACTS):
                text = "Notification must have at least one contact email, group or role."
                raise AzureError("400", text, attribute="notification")
        body["properties"]["notifications"] = {
            f"{one['threshold_type']}_{one['operator']}_{one['threshold']:f}_Percent": one
            for one in values["notification"]
        }
        body["eTag"] = uuid.uuid4().hex
        body.pop("tags", None)

    def extra_values(self, azure: Azure, body: ArmObject) -> Values:  # noqa: ARG002
        """Scope, period and notifications."""
        properties = body["properties"]
        return {
            "resource_group_id": body["id"].rsplit(f"/providers/{BUDGETS}/", 1)[0],
            "etag": body["eTag"],
            "time_period": [
                {
                    "start_date": properties["timePeriod"]["startDate"],
                    "end_date": properties["timePeriod"]["endDate"],
                }
            ],
            "notification": list(properties["notifications"].values()),
        }


def _blocks(config: Values, name: str) -> list[Any]:
    blocks = config.get(name)
    return [one for one in blocks if not isinstance(one, Unknown)] if isinstance(blocks, list) else []


def _start_problem(text: str) -> str | None:
    try:
        start = _parsed(text)
    except ValueError:
        return f"expected an RFC3339 date such as 2026-01-01T00:00:00Z, got {text}"
    if start.day != 1:
        return f"must be first of the month, got day {start.day}"
    if start < datetime(2017, 6, 1, tzinfo=UTC):
        return f"must be on or after June 1, 2017, got {text!r}"
    return None


def _parsed(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
