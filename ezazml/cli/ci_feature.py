"""Steps about a pull request's environment: ``ezazml ci feature | cleanup | expired``."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta

import click

from ezazml.cli.common import command_options
from ezazml.cli.feature import LONGEST_LIFE, source_option
from ezazml.config.periods import parse_period
from ezazml.errors import EzazmlError
from ezazml.operations import feature_environments as features
from ezazml.progress import progress
from ezazml.project import find_project

_branch_options = command_options(
    click.option("--branch", required=True, help="The pull request's branch."), source_option
)


@click.command()
@_branch_options
@click.option("--ttl", default="3d", show_default=True, help="How long it lives: 12h, 3d, 2w; at most 90d.")
def feature(branch: str, source: str, ttl: str) -> None:
    """Write the file of the branch's environment, and say its name: the output `name`."""
    from ezazml.ci.actions import set_output  # noqa: PLC0415

    set_output(os.environ, "name", _made(branch, source, parse_period(ttl, option="--ttl", longest=LONGEST_LIFE)))


@click.command()
@_branch_options
@click.option("--report-check", is_flag=True, help="Tell GitHub that the check passes on the branch's last commit.")
def cleanup(branch: str, source: str, report_check: bool) -> None:
    """Fail while the state of the branch's environment holds resources: the check Ensure Workspace Cleanup."""
    from ezazml.ci.github import github_of  # noqa: PLC0415
    from ezazml.ci.setup import CLEANUP_CHECK, DEPLOY_LABEL  # noqa: PLC0415
    from ezazml.cli.bench import open_bench  # noqa: PLC0415
    from ezazml.operations.inspection import inspect  # noqa: PLC0415
    from ezazml.operations.workbench import Purpose  # noqa: PLC0415

    name = _made(branch, source, timedelta(days=1))
    bench = open_bench(name, Purpose.LOOK)
    with progress(f"Reading the state of {name}"):
        left = inspect(bench).resources
    if left:
        shown = ", ".join(one.address for one in left[:5]) + (" and more" if len(left) > 5 else "")
        raise EzazmlError(
            f"The environment {name} of this branch still holds {len(left)} resources: {shown}.",
            hint=f"Remove the label {DEPLOY_LABEL} from the pull request; that destroys it.",
        )
    click.echo(f"The environment {name} holds nothing.")
    if report_check:
        github = github_of(os.environ)
        commit = github.head_of(branch)
        if commit is not None:
            github.pass_check(CLEANUP_CHECK, commit, text=f"The environment {name} holds nothing.")


@click.command()
@source_option
def expired(source: str) -> None:
    """Say which feature environments have reached their end: the output `environments`, JSON of name and branch."""
    from ezazml.ci.actions import set_output  # noqa: PLC0415
    from ezazml.cli.feature import found_environments  # noqa: PLC0415

    caller = dict(os.environ)
    now = datetime.now(UTC)
    ended = [one for one in found_environments(source, local=False) if one.expired(now)]
    set_output(caller, "environments", json.dumps([{"name": one.name, "branch": one.branch} for one in ended]))
    click.echo(f"Expired: {', '.join(one.name for one in ended) or 'none'}.", err=True)


def _made(branch: str, source: str, life: timedelta) -> str:
    """The name of the branch's environment, whose file is there afterwards; one that is there keeps its end."""
    from ezazml.config.feature_names import branch_of, feature_environment_name  # noqa: PLC0415
    from ezazml.config.lasting_state import require_lasting_state  # noqa: PLC0415
    from ezazml.config.loading import environ_to_look, load_environment  # noqa: PLC0415

    root = find_project()
    loaded = load_environment(source, root=root, environ=environ_to_look(source, os.environ))
    # On an empty state of a new machine the check would pass, and a deployment would be forgotten.
    require_lasting_state(loaded, os.environ)
    name = feature_environment_name(branch, prefix=loaded.settings.prefix)
    if (root / "environments" / f"{name}.yaml").is_file() and life <= timedelta(days=1):
        return name
    path, _ = features.create(
        branch_of(branch), source=source, expire_on=datetime.now(UTC) + life, root=root, environ=os.environ
    )
    return path.stem
