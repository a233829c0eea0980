"""Steps about plans: ``ezazml ci report | approval | save-plan | fetch-plan | drop-plan``."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ezazml.cli.common import command_options, environment_argument
from ezazml.cli.context import enter
from ezazml.config.loading import environ_to_look, load_environment
from ezazml.config.targets import Target
from ezazml.errors import EzazmlError
from ezazml.project import find_project

if TYPE_CHECKING:
    from ezazml.ci.plan_report import AssetChange, PlanReport
    from ezazml.ci.plan_store import PlanStore
    from ezazml.config.environment import Environment

_kept: Callable[[Any], Any] = command_options(
    environment_argument,
    click.option("--plan", "file", type=click.Path(path_type=Path), default=Path("tf.tfplan"), show_default=True),
    click.option("--key", required=True, help="Names the plan: letters, digits, dots and hyphens."),
)


@click.command()
@environment_argument
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Where to write the report (JSON).")
def report(environment: str, out: Path) -> None:
    """Plan ENV and its assets, and write a report without secrets for `ezazml ci comment`.

    A plan that fails is in the report too; the exit code is then 1.
    """
    from ezazml.ci.plan_report import PlanReport, write_report  # noqa: PLC0415

    caller = dict(os.environ)
    try:
        found = _report(environment)
    except EzazmlError as error:
        write_report(PlanReport(environment, error=str(error)), out, environ=caller)
        raise
    write_report(found, out, environ={**caller, **os.environ})
    click.echo(f"Wrote {out}", err=True)


def _report(name: str) -> PlanReport:
    from ezazml.ci.plan_report import PlanReport, report_of  # noqa: PLC0415
    from ezazml.cli.bench import open_bench  # noqa: PLC0415
    from ezazml.operations import deployment  # noqa: PLC0415
    from ezazml.operations.workbench import Purpose  # noqa: PLC0415
    from ezazml.progress import progress  # noqa: PLC0415

    context = enter(name)
    if _has_no_login(context.target, context.environ):
        return PlanReport(name, note="Its GitHub environment has no AZURE_CLIENT_ID: not planned; see docs/ci.md.")
    bench = open_bench(name, Purpose.DEPLOY)
    with progress("Planning"):
        planned = deployment.plan(bench)
    assets, note = _assets(name, bench.environment, deployed=bool(bench.terraform.outputs()))
    return report_of(name, bench.where, planned, assets=assets, note=note)


def _has_no_login(target: Target, environ: dict[str, str]) -> bool:
    """In a workflow, a variable that is not set is an empty string."""
    return target is Target.AZURE and environ.get("GITHUB_ACTIONS") == "true" and not environ.get("ARM_CLIENT_ID")


def _assets(name: str, environment: Environment, *, deployed: bool) -> tuple[tuple[AssetChange, ...] | None, str]:
    """What an apply would write, and why that is not known. Assets need a workspace to be compared with."""
    from ezazml.operations.declared import declares_assets  # noqa: PLC0415

    if not declares_assets(environment):
        return (), ""
    if not deployed:
        return None, "Its assets are planned once the workspace exists."
    from ezazml.ci.plan_report import assets_in  # noqa: PLC0415
    from ezazml.cli.assets import planned_assets  # noqa: PLC0415

    try:
        return assets_in(planned_assets(name).as_json()), ""
    except EzazmlError as error:
        return None, f"Its assets could not be planned: {error}"


@click.command()
@environment_argument
def approval(environment: str) -> None:
    """Fail where a protected ENV (or one that a tag deploys) would be deployed without a reviewer's approval."""
    from ezazml.ci.actions import add_summary  # noqa: PLC0415
    from ezazml.ci.approval import ACCEPTED, UNREVIEWED, require_reviewers  # noqa: PLC0415
    from ezazml.ci.github import github_of  # noqa: PLC0415
    from ezazml.ci.setup import Settings  # noqa: PLC0415
    from ezazml.config.promotion import read_promotion  # noqa: PLC0415

    root = find_project()
    loaded = load_environment(environment, root=root, environ=environ_to_look(environment, os.environ))
    settings = Settings(loaded, read_promotion(root).of_environment(environment), {})
    if settings.needs_approval and os.environ.get(UNREVIEWED) == ACCEPTED:
        text = f"{environment} is deployed without approval: {UNREVIEWED} is {ACCEPTED}."
    else:
        text = require_reviewers(settings, github_of(os.environ))
    add_summary(os.environ, f"- approval: {text}\n")


@click.command("save-plan")
@_kept
def save_plan(environment: str, file: Path, key: str) -> None:
    """Keep a plan of `ezazml plan ENV --out FILE` where the state is, for the job that applies it."""
    from ezazml.ci.plan_store import save  # noqa: PLC0415

    loaded, store = _store(environment)
    save(loaded, store, file, key)
    click.echo(f"Kept the plan of {environment} as {key}.", err=True)


@click.command("fetch-plan")
@_kept
def fetch_plan(environment: str, file: Path, key: str) -> None:
    """Bring a kept plan back, for `ezazml deploy ENV --plan FILE`."""
    from ezazml.ci.plan_store import fetch  # noqa: PLC0415

    loaded, store = _store(environment)
    fetch(loaded, store, file, key)
    click.echo(f"Wrote {file}", err=True)


@click.command("drop-plan")
@environment_argument
@click.option("--key", required=True, help="Names the plan.")
def drop_plan(environment: str, key: str) -> None:
    """Remove a kept plan; one that is not there is no error."""
    from ezazml.ci.plan_store import drop  # noqa: PLC0415

    loaded, store = _store(environment)
    drop(loaded, store, key)


def _store(name: str) -> tuple[Environment, PlanStore]:
    from ezazml.ci.plan_store import store_of  # noqa: PLC0415

    context = enter(name)
    environment = load_environment(name, root=context.root, environ=context.environ)
    return environment, store_of(environment, context.environ)
