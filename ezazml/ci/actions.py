"""How does a step of GitHub Actions read its event, and pass on outputs and a summary?

On a laptop, where the files of GitHub Actions are not there, outputs and summaries are printed.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from ezazml.errors import InputError


def set_output(environ: Mapping[str, str], name: str, value: str) -> None:
    """Give later steps ``steps.<id>.outputs.<name>``. The random delimiter keeps a value from adding outputs."""
    file = environ.get("GITHUB_OUTPUT")
    if not file:
        click.echo(f"{name}={value}")
        return
    end = f"end-{secrets.token_hex(8)}"
    with Path(file).open("a", encoding="utf-8") as output:
        output.write(f"{name}<<{end}\n{value}\n{end}\n")


def add_summary(environ: Mapping[str, str], markdown: str) -> None:
    """Add to the job's summary page."""
    file = environ.get("GITHUB_STEP_SUMMARY")
    if not file:
        click.echo(markdown)
        return
    with Path(file).open("a", encoding="utf-8") as summary:
        summary.write(f"{markdown}\n")


def read_event(environ: Mapping[str, str]) -> dict[str, Any]:
    """What started the workflow, or nothing on a laptop. Raises :class:`InputError` for an unreadable file."""
    file = environ.get("GITHUB_EVENT_PATH")
    if not file:
        return {}
    try:
        event = json.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"GITHUB_EVENT_PATH: {file}: is not readable JSON.", hint="GitHub writes it.") from error
    return event if isinstance(event, dict) else {}
