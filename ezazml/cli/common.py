"""What do all commands share? The output option, and printing for people or for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from ezazml.errors import InputError

output_option = click.option(
    "--output",
    "-o",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="For people (table) or for programs (json).",
)

environment_argument = click.argument("environment", metavar="ENV", envvar="TF_WORKSPACE")


def print_json(value: Any) -> None:
    """Print ``value`` as JSON on standard output; in ASCII, which no encoding of the output can spoil."""
    click.echo(json.dumps(value, indent=2, default=str))


def command_options(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Several click options as one decorator, in the order given."""

    def decorate(function: Any) -> Any:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


@contextmanager
def asking(instead: str) -> Iterator[None]:
    """Ask inside of it. Raises :class:`InputError` where nobody can answer; ``instead`` is the option to pass then."""
    try:
        yield
    except click.Abort as error:
        # click turns the end of the input into an interrupt; only Ctrl-C is one.
        if not isinstance(error.__context__, EOFError):
            raise
        click.echo(err=True)  # ends the line of the question
        raise InputError("There is nobody to ask; nothing was changed.", hint=f"Pass {instead}.") from error


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows as a table with rich: as wide as the terminal, or as the content where there is none."""
    from rich.console import Console  # noqa: PLC0415 - rich takes longer to import than --help to print
    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    console = Console()
    if not console.is_terminal:
        console = Console(width=160)
    console.print(table)
