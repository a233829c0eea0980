"""How is an environment planned and deployed? What is applied is exactly the plan that was shown."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ezazml.azure.arm import AzureApis
from ezazml.errors import EzazmlError, InputError
from ezazml.operations.adoption import apply_and_adopt, plan_and_adopt
from ezazml.operations.held_names import require_free_names, warning_of_held_names
from ezazml.operations.saved_plan import (
    PlanRecord,
    read_record,
    require_current,
    require_made_for,
    require_writable,
    write_record,
)
from ezazml.operations.ways_out import ways_out
from ezazml.operations.workbench import Workbench
from ezazml.report.cost import Estimate, estimate, load_prices
from ezazml.report.plan_summary import PlanSummary, summarise


@dataclass(frozen=True)
class Planned:
    """What a plan would do and cost; ``cost`` is ``None`` where nothing changes. ``saved`` is its record, if kept.

    ``warnings`` say why a deployment will refuse the plan as it is.
    """

    summary: PlanSummary
    cost: Estimate | None
    saved: PlanRecord | None = None
    warnings: tuple[str, ...] = ()


#: Shown the plan, answers whether to go on.
Confirm = Callable[[Planned], bool]
#: What follows a deployment, such as the workspace's assets; it runs also when Terraform had nothing to change.
Step = Callable[[Workbench], None]


def plan(bench: Workbench, *, destroy: bool = False, save_to: Path | None = None) -> Planned:
    """What a deployment (or a destruction) would change. Changes nothing.

    ``save_to`` keeps the plan for :func:`deploy`, with its record beside it, both readable by their owner alone.
    """
    if save_to is None:
        with bench.plan_file() as file:
            return _planned(bench, _read_plan(bench, file, destroy=destroy))
    if destroy:
        raise InputError(
            "A plan of a removal is not saved: what is removed is planned when it is removed.",
            hint=f"Run: ezazml destroy {bench.environment.name}",
        )
    file = require_writable(save_to)
    file.unlink(missing_ok=True)  # also one that others may read
    state = bench.terraform.state_version()
    planned = _planned(bench, _read_plan(bench, file))
    return replace(planned, saved=write_record(bench, file, state))


def saved_for(name: str, file: Path) -> PlanRecord:
    """The record of a saved plan of this environment. Raises :class:`InputError` before anything is prepared."""
    record = read_record(file)
    require_made_for(name, record, file)
    return record


def deploy(
    bench: Workbench,
    *,
    confirm: Confirm,
    saved: Path | None = None,
    allow_replace: Collection[str] = (),
    after: Sequence[Step] = (),
    azure: Callable[[], AzureApis] | None = None,
) -> Planned:
    """Plan, let ``confirm`` see it, apply exactly that plan, and run the steps that follow.

    With ``saved`` nothing is planned: the plan that :func:`plan` saved is applied, and nothing else. Returns what was
    done (an empty summary: there was nothing to do). ``azure`` finds what a killed deployment has made without writing
    it down.

    Raises :class:`EzazmlError` when the operation was not confirmed or Terraform failed; re-running is safe and does
    the rest. Raises :class:`InputError` before anything is changed when a name would not be free again, when something
    stateful would be lost that ``allow_replace`` does not name, and for a saved plan that would not do what it showed.
    """
    with bench.plan_file() as own:
        if saved is None:
            file = own
            document = _read_plan(bench, file)
            if azure is not None:
                document = plan_and_adopt(bench, file, document, azure)
        else:
            file = saved.absolute()
            require_current(bench, saved_for(bench.environment.name, file), saved)
            document = bench.terraform.show_plan(file)
        planned = _planned(bench, document)
        if not planned.summary.is_empty:
            _require_acceptable(bench, document, planned, allow_replace)
            if not confirm(planned):
                raise EzazmlError("Not confirmed; nothing was changed.")

            def may_adopt(adopting: dict[str, Any]) -> bool:
                again = _planned(bench, adopting)
                _require_acceptable(bench, adopting, again, allow_replace)
                return confirm(again)

            with ways_out(bench.environment.name):
                apply_and_adopt(bench, file, confirm=may_adopt, azure=azure)
    for step in after:
        step(bench)
    return planned


def require_allowed(summary: PlanSummary, allow_replace: Collection[str]) -> None:
    """Raise :class:`InputError` when something stateful would be deleted or replaced that is not named."""
    refused = [change for change in summary.losses if change.address not in allow_replace]
    if not refused:
        return
    lines = "".join(
        f"\n  {change.action} {change.address}"
        + (f" (because of {', '.join(change.replaced_by)})" if change.replaced_by else "")
        for change in refused
    )
    options = " ".join(f"--allow-replace {change.address}" for change in refused)
    raise InputError(
        f"The plan loses data, and nothing was changed:{lines}\n",
        hint=f"Undo the change in the configuration; or, if the data may go, pass {options}",
    )


def _require_acceptable(
    bench: Workbench, document: dict[str, Any], planned: Planned, allow_replace: Collection[str]
) -> None:
    require_free_names(bench.environment.name, bench.environment.settings, document)
    require_allowed(planned.summary, allow_replace)


def _planned(bench: Workbench, document: dict[str, Any]) -> Planned:
    summary = summarise(document)
    if summary.is_empty:
        return Planned(summary, None)
    environment = bench.environment
    cost = estimate(document, load_prices(environment.root), location=environment.settings.location)
    warning = warning_of_held_names(environment.name, environment.settings, document)
    return Planned(summary, cost, warnings=() if warning is None else (warning,))


def _read_plan(bench: Workbench, file: Path, *, destroy: bool = False) -> dict[str, Any]:
    """Plan into ``file`` and read it. Reading takes Terraform a third of planning: not done when nothing changes."""
    if not bench.terraform.plan(file, destroy=destroy):
        return {}
    return bench.terraform.show_plan(file)
