"""When does spending become a surprise? A monthly budget of a resource group that tells before it does."""

from __future__ import annotations

from collections.abc import Sequence

from constructs_lib import bindings as tf

#: First of the month of the first deployment. Azure takes no start before the current month (REST API, Budgets), and a
#: changed start makes a new budget: so Terraform tells the month, and later months are ignored.
_THIS_MONTH = "${formatdate(\"YYYY-MM-01'T'00:00:00'Z'\", plantimestamp())}"


class MonthlyBudget(tf.Construct):
    """Mails when the month's costs of a resource group reach shares of ``amount``.

    ``amount`` is in the subscription's currency, thresholds are percent of it: of the actual costs, and with
    ``forecast_percent`` of what Azure forecasts. The mails go to ``emails`` and to who has the role Owner.
    """

    def __init__(
        self,
        scope: tf.Construct,
        id: str,
        *,
        name: str,
        resource_group_id: str,
        amount: float,
        thresholds_percent: Sequence[int],
        forecast_percent: int | None,
        emails: Sequence[str],
    ) -> None:
        super().__init__(scope, id)
        thresholds = [(percent, "Actual") for percent in thresholds_percent]
        if forecast_percent is not None:
            thresholds.append((forecast_percent, "Forecasted"))
        tf.ConsumptionBudgetResourceGroup(
            self,
            "Default",
            name=name,
            resource_group_id=resource_group_id,
            amount=amount,
            time_grain="Monthly",
            time_period=tf.ConsumptionBudgetResourceGroupTimePeriod(start_date=_THIS_MONTH),
            notification=[
                tf.ConsumptionBudgetResourceGroupNotification(
                    threshold=percent,
                    threshold_type=kind,
                    operator="GreaterThanOrEqualTo",
                    contact_emails=list(emails) or None,
                    contact_roles=["Owner"],
                )
                for percent, kind in thresholds
            ],
            lifecycle=tf.TerraformResourceLifecycle(ignore_changes=["time_period"]),
        )
