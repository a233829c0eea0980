"""How does a step of GitHub Actions pass on outputs and a summary?

On a laptop, where the files of GitHub Actions are not there, outputs and summaries are printed.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path

import click


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
