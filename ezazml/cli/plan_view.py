"""How does a plan look on a terminal, and as JSON?"""

from __future__ import annotations

import dataclasses
from typing import Any

import click

from ezazml.operations.deployment import Planned
from ezazml.report.cost import Estimate
from ezazml.report.plan_summary import Change, PlanSummary

_COLOURS = {
    "create": "green",
    "update": "yellow",
    "replace": "red",
    "delete": "red",
    "import": "cyan",
    "forget": "cyan",
}


def print_plan(planned: Planned, title: str) -> None:
    """Print a plan's summary, what loses data first and in red, why it would be refused, and what it costs."""
    print_summary(planned.summary, title)
    for warning in planned.warnings:
        click.secho(f"  Warning: {warning}", fg="yellow")
    if planned.cost is not None:
        print_cost(planned.cost)


def print_summary(summary: PlanSummary, title: str, *, allowing: bool = True) -> None:
    """Print a plan's changes, what loses data first and in red; ``allowing``: with the options that let it go."""
    click.secho(f"{title}: {summary.headline()}", bold=True)
    for change in summary.changes:
        click.secho(f"  {_line(change)}", fg=_COLOURS[change.action], bold=change.loses_data)
        for value in change.values:
            click.echo(f"             {value}")
    if summary.outputs_changed and not summary.changes:
        click.echo(f"  outputs that change: {', '.join(summary.outputs_changed)}")
    if summary.losses and allowing:
        options = " ".join(f"--allow-replace {change.address}" for change in summary.losses)
        click.secho(f"  This loses data; `ezazml deploy` refuses it without {options}", fg="red")


def print_cost(cost: Estimate) -> None:
    """Print the monthly cost, and what it does not cover."""
    click.secho(f"Monthly cost, estimated in {cost.currency} from list prices of {cost.region}:", bold=True)
    width = max((len(line.address) for line in cost.lines), default=0)
    for line in cost.lines:
        if line.after is None:
            click.echo(f"  {line.address:{width}}  goes: {line.before.text() if line.before else ''}")
            continue
        was = f"  (now {line.before.text()})" if line.before and line.before != line.after else ""
        click.echo(f"  {line.address:{width}}  {line.after.text()}{was}  {line.note}")
    click.echo(f"  sum: {cost.after.text()}; the plan changes it by {cost.change.text(signed=True)}")
    if cost.by_use:
        click.echo(f"  depends on use, not counted: {', '.join(one.address for one in cost.by_use)}")
    for one in cost.unknown:
        click.secho(f"  price unknown, not counted: {one.address} ({one.why})", fg="yellow")
    if cost.remark:
        click.echo(f"  {cost.remark}")
    for source in cost.sources:
        click.echo(f"  {source}")


def as_json(planned: Planned, *, where: str) -> dict[str, Any]:
    """A plan for programs."""
    saved = None if planned.saved is None else dataclasses.asdict(planned.saved)
    cost = None if planned.cost is None else dataclasses.asdict(planned.cost)
    summary = planned.summary
    changes = [{**dataclasses.asdict(change), "loses_data": change.loses_data} for change in summary.changes]
    return {
        "changes": changes,
        "outputs_changed": list(summary.outputs_changed),
        "counts": summary.counts(),
        "target": where,
        "cost": cost,
        "saved": saved,
        "warnings": list(planned.warnings),
    }


def _line(change: Change) -> str:
    line = f"{change.action:8} {change.address}"
    if change.loses_data:
        line += "  LOSES DATA"
    if change.replaced_by:
        return f"{line}  (because of {', '.join(change.replaced_by)})"
    return f"{line}  ({', '.join(change.fields)})" if change.fields else line
