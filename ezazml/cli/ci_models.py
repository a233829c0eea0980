"""Steps about training and models: ``ezazml ci event | job | model``."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from ezazml.config.promotion import read_promotion
from ezazml.errors import InputError
from ezazml.project import find_project

_file = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.option("--ref", metavar="REF", required=True, help="What the workflow runs on: refs/heads/main.")
@click.option(
    "--file", type=_file, envvar="GITHUB_EVENT_PATH", required=True, help="The event. Default: GITHUB_EVENT_PATH."
)
def event(ref: str, file: Path) -> None:
    """Say what an event of Azure asks for: the outputs `environment`, `job` and `model`; empty for nothing.

    Only jobs and models of this project count, and data in its own containers. docs/events.md tells how events arrive.
    """
    from ezazml.ci.actions import add_summary, set_output  # noqa: PLC0415
    from ezazml.ci.comment import text_of  # noqa: PLC0415
    from ezazml.ci.events import read_event, wish_of  # noqa: PLC0415

    root = find_project()
    wish = wish_of(read_event(file), root=root, table=read_promotion(root), ref=ref, environ=os.environ)
    for name in ("environment", "job", "model"):
        set_output(os.environ, name, getattr(wish, name))
    if wish.reason:
        add_summary(os.environ, f"Nothing is done: {text_of(wish.reason)}\n")
    click.echo(f"{wish.environment or 'Nothing'} is to be done.", err=True)


@click.command()
@click.argument("environment", metavar="ENV")
@click.argument("file", type=_file)
def job(environment: str, file: Path) -> None:
    """Add a job to the summary, with what it measured: the output `job`. FILE is what `--output json` printed."""
    from ezazml.ci.actions import add_summary, set_output  # noqa: PLC0415
    from ezazml.ci.model_summary import job_to_markdown  # noqa: PLC0415

    values = _printed(file, "name", "status")
    set_output(os.environ, "job", values["name"])
    add_summary(os.environ, job_to_markdown(environment, values))


@click.command()
@click.argument("environment", metavar="ENV")
@click.argument("file", type=_file)
def model(environment: str, file: Path) -> None:
    """Add a model to the summary: the output `model`, NAME:VERSION. FILE is what `--output json` printed."""
    from ezazml.ci.actions import add_summary, set_output  # noqa: PLC0415
    from ezazml.ci.model_summary import model_to_markdown  # noqa: PLC0415

    values = _printed(file, "name", "version")
    set_output(os.environ, "model", f"{values['name']}:{values['version']}")
    add_summary(os.environ, model_to_markdown(environment, values))


def _printed(file: Path, *needed: str) -> Mapping[str, Any]:
    """What a command printed. Raises :class:`InputError` for another file."""
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        values = None
    if not isinstance(values, dict) or not all(isinstance(values.get(name), str) for name in needed):
        raise InputError(
            f"{file}: is not what a command printed: it has no {' and '.join(needed)}.",
            hint="Such as: ezazml train ENV --output json > FILE",
        )
    return values
