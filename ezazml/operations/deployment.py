"""How is an environment planned, deployed and destroyed?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ezazml.errors import EzazmlError, InputError
from ezazml.operations.held_names import require_free_names
from ezazml.operations.ways_out import ways_out
from ezazml.operations.workbench import Workbench
from ezazml.report.plan_summary import PlanSummary, summarise

#: Shown the summary, answers whether to go on.
Confirm = Callable[[PlanSummary], bool]


def plan(bench: Workbench, *, destroy: bool = False) -> PlanSummary:
    """What a deployment (or a destruction) would change. Changes nothing."""
    with bench.plan_file() as file:
        return summarise(_planned(bench, file, destroy=destroy))


def deploy(bench: Workbench, *, confirm: Confirm) -> PlanSummary:
    """Plan, let ``confirm`` see the summary, and apply exactly that plan.

    Returns the summary of what was done (empty: there was nothing to do). Raises :class:`EzazmlError` when the
    operation was not confirmed or Terraform failed; re-running is safe and does the rest. Raises :class:`InputError`
    before anything is destroyed when a name would not be free again.
    """
    with bench.plan_file() as file:
        planned = _planned(bench, file)
        summary = summarise(planned)
        if summary.is_empty:
            return summary
        require_free_names(bench.environment.name, bench.environment.settings, planned)
        if not confirm(summary):
            raise EzazmlError("Not confirmed; nothing was changed.")
        with ways_out(bench.environment.name):
            bench.terraform.apply(file)
    return summary


def require_destroyable(bench: Workbench, *, confirmation: str) -> None:
    """Raise :class:`InputError` for a protected environment, or when the name was not given as confirmation."""
    name = bench.environment.name
    if bench.environment.settings.protected:
        raise InputError(
            f"environments/{name}.yaml: protected: true: a protected environment is not destroyed.",
            hint="Set protected: false in a reviewed change and deploy it first; that also removes the locks.",
        )
    if confirmation != name:
        raise InputError(
            f"Destroying {name!r} needs its name as confirmation, got {confirmation!r}; nothing was changed.",
            hint=f"Type the name, or pass --confirm {name}.",
        )


def destroy(bench: Workbench, *, confirmation: str) -> PlanSummary:
    """Remove everything that the environment's state holds. ``confirmation`` must be the environment's name."""
    require_destroyable(bench, confirmation=confirmation)
    with bench.plan_file() as file:
        summary = summarise(_planned(bench, file, destroy=True))
        if not summary.is_empty:
            bench.terraform.apply(file)
    return summary


def _planned(bench: Workbench, file: Path, *, destroy: bool = False) -> dict[str, Any]:
    """Plan into ``file`` and read it. Reading takes Terraform a third of planning: not done when nothing changes."""
    if not bench.terraform.plan(file, destroy=destroy):
        return {}
    return bench.terraform.show_plan(file)
