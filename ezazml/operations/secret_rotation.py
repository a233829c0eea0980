"""How does the project's application get a new client secret? In Entra, then in the vault."""

from __future__ import annotations

from collections.abc import Callable

from ezazml.config.models import EnvironmentModel
from ezazml.errors import EzazmlError, InputError
from ezazml.operations.ways_out import ways_out
from ezazml.operations.workbench import Workbench
from ezazml.report.plan_summary import PlanSummary, summarise

PASSWORD = "azuread_application_password.application"  # noqa: S105 - an address
VAULT_SECRET = "azurerm_key_vault_secret.secret_client_secret"  # noqa: S105 - an address
#: Shown the plan, answers whether to go on.
Confirm = Callable[[PlanSummary], bool]


def require_rotatable(name: str, settings: EnvironmentModel) -> None:
    """Raise :class:`InputError` when the environment's application has no secret."""
    application = settings.identities.application
    if not application.enabled or not application.secret_enabled:
        raise InputError(
            f"environments/{name}.yaml: identities.application: there is no client secret to rotate.",
            hint="With federated credentials none is needed; else set enabled and secret_enabled to true and deploy.",
        )


def rotate_secret(bench: Workbench, *, confirm: Confirm) -> PlanSummary:
    """Replace the application's client secret and the vault's copy of it, and nothing else.

    The new secret is in the vault before the old one ends. Raises :class:`InputError` when the environment has other
    changes that are not deployed or the secret is not there yet, :class:`EzazmlError` when it was not confirmed.
    """
    name = bench.environment.name
    with bench.plan_file() as file:
        bench.terraform.plan(file, options=[f"-replace={PASSWORD}"])
        summary = summarise(bench.terraform.show_plan(file))
        changed = {change.address: change.action for change in summary.changes}
        if changed.pop(PASSWORD, None) != "replace" or changed.pop(VAULT_SECRET, None) != "update" or changed:
            others = f": {', '.join(sorted(changed))}" if changed else ", or nothing is deployed yet"
            raise InputError(
                f"{name} has changes that are not deployed{others}. Nothing was changed.",
                hint=f"Deploy them first: ezazml deploy {name}",
            )
        if not confirm(summary):
            raise EzazmlError("Not confirmed; nothing was changed.")
        with ways_out(name):
            bench.terraform.apply(file)
    return summary
