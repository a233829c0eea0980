"""What do the commands about data share? Their environment, their options and how they report."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ezazml.cli.common import print_json, print_table
from ezazml.cli.context import enter
from ezazml.config.models import EnvironmentModel
from ezazml.errors import InputError
from ezazml.progress import progress
from ezazml.project import find_project

if TYPE_CHECKING:
    from ezazml.operations.data import DataWork
    from jobs.data.register import RegisteredData
    from jobs.deployment import Deployment

env_option = click.option("--env", "environment", metavar="ENV", envvar="TF_WORKSPACE", help="The environment.")
datastore_option = click.option("--datastore", metavar="NAME", help="Default: the workspace's default datastore.")

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")
#: Seconds between two lines about bytes.
_PAUSE = 0.5


def start_work(environment: str | None) -> DataWork:
    """The work of one command; without an environment it has no settings and no workspace."""
    from ezazml.operations.data import DataWork  # noqa: PLC0415 - imports the SDKs

    if environment is None:
        return DataWork(EnvironmentModel(), root=_project_or_here(), open_deployment=_no_environment)
    from ezazml.config.loading import load_environment  # noqa: PLC0415

    # Also what needs no workspace stays inside: no look at a URL leaves the sandbox.
    context = enter(environment)
    context.activate()
    settings = load_environment(environment, root=context.root, environ=context.environ).settings
    return DataWork(settings, root=context.root, open_deployment=lambda: _deployment(environment))


def byte_progress(show: Callable[[str], None]) -> Callable[[int, int], None]:
    """Turns ``(done, total)`` in bytes into lines, at most two a second and always the last one."""
    last = 0.0

    def on_bytes(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if done >= total or now - last >= _PAUSE:
            last = now
            show(f"{size_text(done)} of {size_text(total)}")

    return on_bytes


def size_text(size: int) -> str:
    """A number of bytes for people."""
    value, unit = float(size), 0
    while value >= 1024 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{value:.1f} {_UNITS[unit]}" if unit else f"{size} bytes"


def split(text: str | None) -> tuple[str, ...]:
    """A comma-separated list."""
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def report(values: Mapping[str, Any], output: str, title: str) -> None:
    """Print names and values."""
    if output == "json":
        print_json(dict(values))
    else:
        print_table(title, ("what", "value"), [(name, str(value)) for name, value in values.items()])


def print_asset(asset: RegisteredData) -> None:
    """Print what a registration did."""
    done = "registered" if asset.is_new else "unchanged, nothing registered"
    click.echo(f"Data asset {asset.name} version {asset.version} ({asset.type}): {done}.")
    click.echo(f"azureml:{asset.name}:{asset.version}")


def _deployment(environment: str) -> Deployment:
    from ezazml.operations.workspace import open_deployment  # noqa: PLC0415

    context = enter(environment, sdk=True)
    context.activate()
    with progress(f"Opening the workspace of {environment}", quiet=True) as show:
        return open_deployment(environment, root=context.root, environ=context.environ, show=show)


def _no_environment() -> Deployment:
    raise InputError("This needs a workspace, but no environment is named.", hint="Add --env, or set TF_WORKSPACE.")


def _project_or_here() -> Path:
    """Work without an environment needs no project."""
    try:
        return find_project()
    except InputError:
        return Path(os.curdir).absolute()
