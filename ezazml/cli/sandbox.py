"""Commands about the sandbox: ``ezazml sandbox up | status | reset | down | env | run``."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import click

from ezazml.cli.common import asking, output_option, print_json, print_table
from ezazml.config.loading import FOLDER, available_environments
from ezazml.config.yaml_file import read_yaml
from ezazml.errors import ConfigurationError, InputError
from ezazml.project import find_project
from ezazml.terraform.engine import with_engine_named
from sandbox.home import SandboxHome


@click.group()
def sandbox() -> None:
    """Azure on this machine: the same stacks, deployed without an Azure account."""


@sandbox.command()
def up() -> None:
    """Bring the sandbox up. Keeps what is deployed in it."""
    home = _home()
    home.up()
    click.echo(f"The sandbox is up in {home.root}.")
    click.echo('Deploy into it: ezazml deploy sandbox. For plain cdktf: eval "$(ezazml sandbox env)"')


@sandbox.command()
@output_option
def status(output: str) -> None:
    """Say whether the sandbox is up, and what exists in it."""
    home = _home()
    exists = home.store_file.is_file()
    counts = home.count_by_type() if exists else {}
    deleted = [str(body["id"]) for body in home.soft_deleted()] if exists else []
    if output == "json":
        print_json({"up": home.is_up, "folder": str(home.root), "objects": counts, "soft_deleted": deleted})
        return
    click.echo(f"The sandbox is {'up' if home.is_up else 'down'} ({home.root}).")
    if counts:
        print_table("What exists", ("type", "count"), [(name, str(count)) for name, count in counts.items()])
    for identifier in deleted:
        click.echo(f"Soft-deleted, holds its name: {identifier}")


@sandbox.command()
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def reset(yes: bool) -> None:
    """Empty the sandbox: everything in it, and every state of its environments."""
    if not yes:
        with asking("--yes"):
            click.confirm("Remove everything in the sandbox?", abort=True)
    _home().reset()
    click.echo("The sandbox is empty.")


@sandbox.command()
def down() -> None:
    """Take the sandbox down. Keeps what is deployed in it."""
    _home().down()
    click.echo("The sandbox is down.")


@sandbox.command()
@click.argument("environments", nargs=-1, metavar="[ENV]...")
def env(environments: tuple[str, ...]) -> None:
    """Print what sets a shell for the sandbox: eval "$(ezazml sandbox env)".

    Without ENV, for the environments of the sandbox. Name an environment of Azure to rehearse it here.
    """
    home = _home()
    home.up()
    changes = home.changes(_allowed(environments), os.environ)
    engine = with_engine_named(os.environ).get("TERRAFORM_BINARY_NAME")
    if engine is not None and engine != os.environ.get("TERRAFORM_BINARY_NAME"):
        changes["TERRAFORM_BINARY_NAME"] = engine
    for name, value in changes.items():
        click.echo(f"unset {name}" if value is None else f"export {name}={shlex.quote(value)}")


@sandbox.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--environment", "-e", "environments", multiple=True, metavar="ENV", help="Environment to rehearse.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def run(environments: tuple[str, ...], command: tuple[str, ...]) -> None:
    """Run COMMAND with the sandbox's variables: ezazml sandbox run -e dev -- cdktf deploy dev."""
    home = _home()
    home.up()
    try:
        environ = with_engine_named(home.environ(_allowed(environments), os.environ))
        answer = subprocess.run(command, env=environ, check=False)
    except OSError as error:
        raise InputError(f"{command[0]!r} cannot be run: {error.strerror}.") from error
    raise click.exceptions.Exit(answer.returncode)


def _home() -> SandboxHome:
    return SandboxHome(find_project() / ".sandbox")


def _allowed(environments: tuple[str, ...]) -> list[str]:
    root = find_project()
    available = available_environments(root)
    for name in environments:
        if name not in available:
            raise InputError(f"Environment {name!r} is unknown.", hint=f"Known environments: {', '.join(available)}.")
    return [name for name in available if _belongs_here(root, name, asked=name in environments)]


def _belongs_here(root: Path, name: str, *, asked: bool) -> bool:
    try:
        file = read_yaml(root / FOLDER / f"{name}.yaml", label=f"{FOLDER}/{name}.yaml")
    except ConfigurationError:
        # A broken file is a problem of those who work on its environment.
        if asked:
            raise
        return False
    return asked or file.data.get("target") == "sandbox"
