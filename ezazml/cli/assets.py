"""Commands about what the workspace holds: ``ezazml assets plan | apply``."""

from __future__ import annotations

import contextlib
import importlib
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from ezazml.cli.common import asking, command_options, environment_argument, output_option, print_json, print_table
from ezazml.cli.context import enter
from ezazml.errors import EzazmlError
from ezazml.operations.workspace import open_deployment
from ezazml.progress import progress

if TYPE_CHECKING:
    from ezazml.operations.assets import Assets
    from ezazml.operations.workbench import Workbench
    from jobs.assets.applying import Result
    from jobs.assets.planning import Plan

WORKERS = 16
_COLOURS = {
    "create": "green",
    "update": "yellow",
    "new version": "yellow",
    "unchanged": None,
    "orphan": "magenta",
    "archive": "red",
}

_scope = command_options(
    click.option("--prune", is_flag=True, help="Archive what this project registered and declares no more."),
    click.option("--only", metavar="KIND|NAME", help="One kind (data, model, ...) or one name."),
    click.option(
        "--workers", type=click.IntRange(1, 32), default=WORKERS, show_default=True, help="Calls at the same time."
    ),
)


@click.group()
def assets() -> None:
    """What the workspace holds: the files in assets/ compared with it, and put into it."""


@assets.command()
@environment_argument
@_scope
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when there are changes.")
@output_option
def plan(
    environment: str, *, prune: bool, only: str | None, workers: int, detailed_exitcode: bool, output: str
) -> None:
    """Show what an apply would change in the workspace of ENV. Changes nothing."""
    with progress(f"Planning the assets of {environment}", quiet=output == "json") as show:
        prepared = _prepare(environment, prune=prune, only=only, workers=workers, show=show)
    if output == "json":
        print_json(prepared.plan.as_json())
    else:
        print_plan(prepared.plan, f"Assets of {environment}")
    if detailed_exitcode and not prepared.plan.is_empty:
        raise click.exceptions.Exit(2)


@assets.command()
@environment_argument
@_scope
@click.option("--yes", "-y", is_flag=True, help="Do not ask; for scripts.")
@output_option
def apply(environment: str, *, prune: bool, only: str | None, workers: int, yes: bool, output: str) -> None:
    """Put the declared assets into the workspace of ENV: plan, ask, apply."""
    if output == "table":
        apply_assets(environment, prune=prune, only=only, workers=workers, yes=yes)
        return
    if not yes:
        raise click.UsageError("--output json needs --yes: a program cannot be asked.")
    result = applied(environment, prune=prune, only=only, workers=workers)
    print_json(result_as_json(result))
    leave(result)


def apply_assets(
    environment: str,
    *,
    prune: bool = False,
    only: str | None = None,
    workers: int = WORKERS,
    yes: bool = False,
    bench: Workbench | None = None,
) -> None:
    """Plan, ask and apply, for people. Leaves with the exit code of :func:`leave`."""
    with progress(f"Planning the assets of {environment}") as show:
        prepared = _prepare(environment, prune=prune, only=only, workers=workers, show=show, orphans=False, bench=bench)
    print_plan(prepared.plan, f"Assets of {environment}")
    if prepared.plan.is_empty:
        click.echo(f"Assets of {environment}: nothing to do.")
        return
    with asking("--yes"):
        if not yes and not click.confirm("Apply this plan?", default=False):
            raise EzazmlError("Not confirmed; nothing was changed.")
    with progress(f"Applying the assets of {environment}") as show:
        result = prepared.apply(workers=workers, show=show)
    print_result(result, environment)
    leave(result)


def applied(
    environment: str,
    *,
    prune: bool = False,
    only: str | None = None,
    workers: int = WORKERS,
    bench: Workbench | None = None,
) -> Result:
    """Plan and apply without a word, for programs."""
    prepared = _prepare(
        environment, prune=prune, only=only, workers=workers, show=lambda _line: None, orphans=False, bench=bench
    )
    return prepared.apply(workers=workers, show=lambda _line: None)


def planned_assets(environment: str) -> Plan:
    """The plan without a word, for programs."""
    prepared = _prepare(environment, prune=False, only=None, workers=WORKERS, show=lambda _line: None, orphans=False)
    return prepared.plan


def load_sdk_early() -> Callable[[], None]:
    """Begin to import azure-ai-ml, which takes a second, in a thread; call what it returns before it is used.

    For commands that wait for Terraform meanwhile, and import nothing else.
    """
    thread = threading.Thread(target=_load_sdk, name="azure-ai-ml")
    thread.start()
    return thread.join


def _load_sdk() -> None:
    with contextlib.suppress(Exception):  # whoever needs it imports it again, and gets the error
        importlib.import_module("ezazml.operations.assets")
        importlib.import_module("azure.ai.ml")


def leave(result: Result | None) -> None:
    """End with the exit code that says what became of it: 0 done, 1 something failed, 130 interrupted."""
    if result is not None and result.interrupted:
        raise click.exceptions.Exit(130)
    if result is not None and result.failed:
        raise click.exceptions.Exit(1)


def print_plan(plan: Plan, title: str) -> None:
    """Print a plan for people: every asset that changes, with what differs."""
    click.secho(f"{title}: {plan.headline()}", bold=True)
    for change in plan.changes:
        action = change.action.value
        if action == "unchanged":
            continue
        version = f" version {change.version}" if change.version and change.writes else ""
        note = f"  ({change.note})" if change.note else ""
        click.secho(f"  {action:11} {change.key}{version}{note}", fg=_COLOURS[action])
        for difference in change.differences:
            click.echo(f"              {difference}")


def print_result(result: Result, environment: str) -> None:
    """Print what became of every change."""
    rows = [
        (str(outcome.change.key), outcome.change.action.value, outcome.change.version or "", outcome.status.value)
        for outcome in result.outcomes
        if outcome.status.value != "unchanged"
    ]
    print_table(f"Assets of {environment}", ("asset", "action", "version", "result"), rows)
    for outcome in result.outcomes:
        if outcome.status.value == "failed":
            click.secho(f"Failed: {outcome.message}", fg="red", err=True)
        elif outcome.status.value == "skipped":
            click.secho(f"Skipped: {outcome.change.key}, {outcome.message}", fg="yellow", err=True)
        elif outcome.status.value == "done" and outcome.message:
            click.secho(f"Warning: {outcome.message}", fg="yellow", err=True)
    counted = ", ".join(f"{count} {status}" for status, count in _counts(result).items() if count)
    click.secho(f"Assets of {environment}: {counted}.", fg="red" if result.failed else "green")
    if result.failed:
        click.echo(f"What is done stays; run again for the rest: ezazml assets apply {environment}", err=True)


def result_as_json(result: Result) -> dict[str, Any]:
    """What became of every change, for programs."""
    from jobs.assets.planning import change_as_json  # noqa: PLC0415 - imports azure-ai-ml

    return {
        "interrupted": result.interrupted,
        "counts": _counts(result),
        "assets": [
            {
                **change_as_json(outcome.change),
                "status": outcome.status.value,
                "message": outcome.message or None,
            }
            for outcome in result.outcomes
        ],
    }


def _counts(result: Result) -> dict[str, int]:
    from jobs.assets.applying import Status  # noqa: PLC0415

    return {status.value: result.count(status) for status in Status}


def _prepare(
    environment: str,
    *,
    prune: bool,
    only: str | None,
    workers: int,
    show: Callable[[str], None],
    orphans: bool = True,
    bench: Workbench | None = None,
) -> Assets:
    """``bench`` is the environment where Terraform has just worked; without it, it is prepared anew."""
    from ezazml.operations.assets import plan_assets  # noqa: PLC0415 - imports tenacity, yaml and more
    from jobs.deployment import deployment_of  # noqa: PLC0415

    context = enter(environment, sdk=True)
    context.activate()
    if bench is not None:
        deployment = deployment_of(bench.environment, bench.terraform.outputs())
    else:
        deployment = open_deployment(environment, root=context.root, environ=context.environ, show=show)
    return plan_assets(
        deployment, environ=context.environ, orphans=orphans, prune=prune, only=only, workers=workers, show=show
    )
