"""Commands about the sandbox: ``ezazml sandbox up | status | reset | down | env | run | fire | faults | limits``."""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import asdict
from pathlib import Path

import click

from ezazml.cli.common import asking, output_option, print_json, print_table
from ezazml.cli.context import start_service
from ezazml.cli.sandbox_limits import limits
from ezazml.config.loading import FOLDER, available_environments
from ezazml.config.yaml_file import read_yaml
from ezazml.errors import ConfigurationError, EzazmlError, InputError
from ezazml.project import find_project
from ezazml.terraform.engine import with_engine_named
from sandbox.faults import ALL_KINDS, FaultKind, Faults
from sandbox.faults import load as load_faults
from sandbox.faults import save as save_faults
from sandbox.home import SandboxHome
from sandbox.services import ScheduleRefused, ServiceError


@click.group()
def sandbox() -> None:
    """Azure on this machine: the same stacks, deployed without an Azure account."""


@sandbox.command()
@click.option("--services", is_flag=True, help="Also start the service that answers for Azure's hosts.")
def up(services: bool) -> None:
    """Bring the sandbox up. Keeps what is deployed in it."""
    home = _home()
    home.up()
    click.echo(f"The sandbox is up in {home.root}.")
    if services:
        click.echo(f"Its service answers for Azure at {start_service(home).proxy}.")
    click.echo('Deploy into it: ezazml deploy sandbox. For plain cdktf: eval "$(ezazml sandbox env)"')


@sandbox.command()
@output_option
def status(output: str) -> None:
    """Say whether the sandbox is up, and what exists in it."""
    home = _home()
    exists = home.store_file.is_file()
    counts = home.count_by_type() if exists else {}
    deleted = [str(body["id"]) for body in home.soft_deleted()] if exists else []
    service = home.services.running()
    health = home.services.health() or {}
    faults = load_faults(home.faults_file)
    if output == "json":
        running = (
            {"pid": service.pid, "proxy": service.proxy, "blobs_pid": health.get("blobs_pid")} if service else None
        )
        print_json(
            {
                "up": home.is_up,
                "folder": str(home.root),
                "service": running,
                "faults": asdict(faults) if faults.active else None,
                "objects": counts,
                "soft_deleted": deleted,
            }
        )
        return
    click.echo(f"The sandbox is {'up' if home.is_up else 'down'} ({home.root}).")
    if service:
        blobs = f", Azurite runs (pid {health['blobs_pid']})" if health.get("blobs_pid") else ""
        click.echo(f"Its service answers for Azure at {service.proxy} (pid {service.pid}){blobs}.")
    else:
        click.echo("Its service does not run; commands that need it start it.")
    if faults.active:
        click.echo(f"Ordered faults: {_describe(faults)}.")
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

    Without ENV, for the environments of the sandbox. Name an environment of Azure to rehearse it here. Azure's SDKs
    work in that shell too: the sandbox's service is started, and a made-up login is set.
    """
    home = _home()
    home.up()
    changes = home.changes(_allowed(environments), os.environ, service=start_service(home))
    engine = with_engine_named(os.environ).get("TERRAFORM_BINARY_NAME")
    if engine is not None and engine != os.environ.get("TERRAFORM_BINARY_NAME"):
        changes["TERRAFORM_BINARY_NAME"] = engine
    for name, value in changes.items():
        click.echo(f"unset {name}" if value is None else f"export {name}={shlex.quote(value)}")


@sandbox.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--environment", "-e", "environments", multiple=True, metavar="ENV", help="Environment to rehearse.")
@click.option("--services", is_flag=True, help="Start the service that answers for Azure's hosts, if it does not run.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def run(environments: tuple[str, ...], services: bool, command: tuple[str, ...]) -> None:
    """Run COMMAND with the sandbox's variables: ezazml sandbox run -e dev -- cdktf deploy dev."""
    home = _home()
    home.up()
    service = start_service(home) if services else home.services.running()
    try:
        environ = with_engine_named(home.environ(_allowed(environments), os.environ, service=service))
        answer = subprocess.run(command, env=environ, check=False)
    except OSError as error:
        raise InputError(f"{command[0]!r} cannot be run: {error.strerror}.") from error
    raise click.exceptions.Exit(answer.returncode)


@sandbox.command()
@click.argument("schedule")
@output_option
def fire(schedule: str, output: str) -> None:
    """Run SCHEDULE now, once: in the sandbox nothing runs at the times of schedules.

    SCHEDULE is a name, or WORKSPACE/NAME where several workspaces have it.
    """
    home = _home()
    home.up()
    start_service(home)
    try:
        fired = home.services.fire(schedule)
    except ScheduleRefused as error:
        raise InputError(str(error)) from error
    except ServiceError as error:
        raise EzazmlError(str(error)) from error
    if output == "json":
        print_json(fired)
        return
    click.echo(f"The schedule {fired['schedule']} of {fired['workspace']} submitted the job {fired['job']}.")


@sandbox.command()
@click.option("--rate", type=click.FloatRange(0, 1), default=0.0, metavar="SHARE", help="Share of calls, such as 0.1.")
@click.option("--kinds", default=",".join(ALL_KINDS), show_default=True, help="Which faults, separated by commas.")
@click.option("--seed", type=int, help="Makes the sequence of faults repeatable.")
@click.option("--latency-ms", type=click.IntRange(0, 60_000), default=0, help="Added to every call, milliseconds.")
@click.option("--off", is_flag=True, help="No faults any more.")
def faults(rate: float, kinds: str, seed: int | None, latency_ms: int, off: bool) -> None:
    """Order faults: calls to the sandbox's Azure that fail or take long, to see what a program makes of them.

    Counts at once, also for a running service, until --off. The login never fails.
    """
    home = _home()
    wanted = [kind.strip() for kind in kinds.split(",") if kind.strip()]
    unknown = [kind for kind in wanted if kind not in set(ALL_KINDS)]
    if unknown or not wanted:
        raise InputError(f"--kinds: {kinds!r} is not known.", hint=f"Choose from {', '.join(ALL_KINDS)}.")
    if not off and rate == 0 and latency_ms == 0:
        raise InputError("Say what to order.", hint="For example --rate 0.1, --latency-ms 150, or --off.")
    home.up()
    ordered = Faults(0 if off else rate, tuple(map(FaultKind, wanted)), seed, 0 if off else latency_ms)
    save_faults(home.faults_file, ordered)
    click.echo(f"Ordered faults: {_describe(ordered)}." if ordered.active else "No faults are ordered.")


sandbox.add_command(limits)


def _describe(faults: Faults) -> str:
    parts = [f"{faults.rate:.0%} of calls ({', '.join(faults.kinds)})"] if faults.rate else []
    parts += [f"{faults.latency_ms} ms added to every call"] if faults.latency_ms else []
    return ", ".join(parts)


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
