"""What do all commands share? The output option, and printing for people or for programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click

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
    """Print ``value`` as JSON on standard output."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def command_options(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Several click options as one decorator, in the order given."""

    def decorate(function: Any) -> Any:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate
