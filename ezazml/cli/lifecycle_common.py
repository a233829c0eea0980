"""What do the lifecycle commands share? Their way to the workspace, and how they report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ezazml.cli.common import print_json, print_table
from ezazml.cli.context import enter
from ezazml.progress import progress

if TYPE_CHECKING:
    from ezazml.operations.workbench import Workbench
    from jobs.connection import Connection

Show = Callable[[str], None]

file_option = click.option(
    "--file",
    "files",
    metavar="FILE.yml",
    multiple=True,
    type=click.Path(path_type=Path),
    help="An official file of the endpoint or a deployment, wherever it lies; may be repeated.",
)


@contextmanager
def working(
    title: str, environment: str, output: str, *, bench: Workbench | None = None
) -> Iterator[tuple[Connection, Show]]:
    """The workspace of an environment, with progress on standard error unless a program reads the output."""
    with progress(title, quiet=output == "json") as show:
        yield connect(environment, show, bench=bench), show


def connect(environment: str, show: Show, *, bench: Workbench | None = None) -> Connection:
    """The workspace of an environment; the sandbox's service is started where it is needed."""
    from ezazml.operations import lifecycle  # noqa: PLC0415 - imports much that --help does not need

    context = enter(environment, sdk=True)
    context.activate()
    return lifecycle.connect(environment, root=context.root, environ=context.environ, show=show, bench=bench)


def report(value: Mapping[str, Any], output: str, title: str) -> None:
    """Print names and values; groups inside of them one line each."""
    if output == "json":
        print_json(dict(value))
        return
    rows = []
    for name, inner in value.items():
        if isinstance(inner, Mapping):
            rows += [(f"{name}.{key}", str(one)) for key, one in inner.items()]
        elif inner not in (None, "", [], ()):
            rows.append((name, str(inner)))
    print_table(title, ("what", "value"), rows)


def report_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], output: str, title: str) -> None:
    """Print a list as a table of these columns, or all of it as JSON."""
    if output == "json":
        print_json([dict(row) for row in rows])
        return
    if not rows:
        click.echo(f"{title}: none.")
        return
    print_table(title, columns, [[_text(row.get(column)) for column in columns] for row in rows])


def changed(parts: Mapping[str, str]) -> str:
    """What happened to the parts, for people: ``endpoint created, blue unchanged``."""
    return ", ".join(f"{name} {what}" for name, what in parts.items())


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if isinstance(value, float) else str(value)
