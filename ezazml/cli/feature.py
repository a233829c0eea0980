"""Commands about feature environments: ``ezazml env create | list | expired | destroy``."""

from __future__ import annotations

import dataclasses
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from ezazml.cli.common import asking, output_option, print_json, print_table
from ezazml.cli.context import Context, enter
from ezazml.config.feature_file import feature_file, require_valid
from ezazml.config.loading import environ_to_look, load_environment
from ezazml.config.periods import format_time, parse_period
from ezazml.errors import InputError
from ezazml.operations import feature_environments as features
from ezazml.progress import progress
from ezazml.project import find_project

if TYPE_CHECKING:
    from ezazml.operations.feature_environments import FeatureEnvironment

LONGEST_LIFE = timedelta(days=90)

source_option = click.option(
    "--from", "source", default="dev", show_default=True, metavar="ENV", help="Environment that they are made from."
)
local_option = click.option("--local", is_flag=True, help="Look at files only, do not ask Azure.")


@click.group()
def env() -> None:
    """An isolated environment for a branch, cheaper and with an end."""


@env.command()
@click.option("--branch", required=True, help="Branch, such as feature/ABC-123-some-feature, or GITHUB_REF.")
@source_option
@click.option("--ttl", default="3d", show_default=True, help="How long it lives: 12h, 3d, 2w; at most 90d.")
@click.option("--print", "only_print", is_flag=True, help="Print the file instead of writing it.")
@output_option
def create(branch: str, source: str, ttl: str, only_print: bool, output: str) -> None:
    """Make the environment of a branch, or give it a new end.

    The name comes from the branch: the same branch always has the same environment, everywhere.
    """
    root = find_project()
    load_environment(source, root=root, environ=environ_to_look(source, os.environ))
    expire_on = _now() + parse_period(ttl, option="--ttl", longest=LONGEST_LIFE)
    if only_print:
        name, text = feature_file(branch, source=source, expire_on=expire_on, root=root)
        require_valid(name, text, source=source, environ=os.environ)
        click.echo(text, nl=False)
        return
    path, is_new = features.create(branch, source=source, expire_on=expire_on, root=root, environ=os.environ)
    if output == "json":
        print_json({"name": path.stem, "file": str(path), "expire_on": format_time(expire_on), "created": is_new})
        return
    click.echo(f"{'Wrote' if is_new else 'Gave a new end to'} {path}: it expires on {format_time(expire_on)}.")
    if (root / "environments" / f"{source}.env").is_file():
        click.echo(f"environments/{source}.env does not count for it: set the login and secrets as variables.")
    click.echo(f"Deploy it: ezazml deploy {path.stem}")


@env.command(name="list")
@source_option
@local_option
@output_option
def list_(source: str, local: bool, output: str) -> None:
    """List feature environments: those with a file here, and those in the subscription of --from."""
    _print(_found(source, local=local), output)


@env.command()
@source_option
@local_option
@click.option("--within", metavar="PERIOD", help="Also those that expire within 12h, 3d, ...")
@output_option
def expired(source: str, local: bool, within: str | None, output: str) -> None:
    """List feature environments that have reached their end, for example for a schedule that removes them."""
    until = _now() + (parse_period(within, option="--within") if within else timedelta())
    _print([one for one in _found(source, local=local) if one.expired(until)], output)


@env.command()
@click.argument("name")
@source_option
@click.option("--confirm", "confirmation", metavar="NAME", help="The environment's name, for scripts.")
@output_option
@click.pass_context
def destroy(context: click.Context, /, *, name: str, source: str, confirmation: str | None, output: str) -> None:
    """Remove the feature environment NAME and its file. Never removes another environment.

    The guard of `ezazml destroy` applies as its file says, which asks for the name alone.
    """
    from ezazml.cli.main import cli  # noqa: PLC0415 - it knows where the command is

    if output == "json" and confirmation is None:
        raise click.UsageError(f"--output json needs --confirm {name}: a program cannot be asked.")
    root = find_project()
    files = features.in_files(root)
    if name in {one.name for one in files}:
        features.require_feature(name, files, root)
    else:
        found = features.require_feature(name, _found(source, local=False), root)
        features.restore_file(found, root=root, environ=os.environ)
    if confirmation is None:
        click.secho(f"This removes everything in {name}.", fg="red", err=True)
        with asking(f"--confirm {name}"):
            confirmation = click.prompt("Type the environment's name to go on", default="", show_default=False)
    if confirmation != name:
        raise InputError(
            f"Removing {name!r} needs its name as confirmation, got {confirmation!r}; nothing was changed.",
            hint=f"Type the name, or pass --confirm {name}.",
        )
    command = cli.get_command(context, "destroy")
    assert command is not None
    context.invoke(command, environment=name, confirmation=name, output=output)
    azure = enter(name, sdk=True)
    azure.activate()
    features.require_gone(load_environment(name, root=root, environ=azure.environ), environ=azure.environ)
    features.forget(name, root=root)
    if output == "table":
        click.echo(f"environments/{name}.yaml is removed too.")


def _found(source: str, *, local: bool) -> list[FeatureEnvironment]:
    if local:
        return features.in_files(find_project())
    context: Context = enter(source, sdk=True)
    context.activate()
    environment = load_environment(source, root=context.root, environ=context.environ)
    with progress("Asking Azure"):
        return features.everywhere(environment, environ=context.environ)


def _print(found: list[FeatureEnvironment], output: str) -> None:
    now = _now()
    if output == "json":
        print_json([{**dataclasses.asdict(one), "expired": one.expired(now)} for one in found])
        return
    if not found:
        click.echo("There are none.")
        return
    states = {True: "yes", False: "no", None: "not asked"}
    rows = [
        (
            one.name,
            one.branch,
            one.source,
            one.expire_on + (" (expired)" if one.expired(now) else ""),
            states[one.deployed],
        )
        for one in found
    ]
    print_table("Feature environments", ("name", "branch", "from", "expires on (UTC)", "deployed"), rows)


def _now() -> datetime:
    return datetime.now(UTC)
