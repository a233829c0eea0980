"""Commands about the configuration: ``ezazml config show | validate | schema | new``."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import click

from ezazml.cli.common import environment_argument, output_option, print_json, print_table
from ezazml.config.loading import (
    FOLDER,
    available_environments,
    environ_to_look,
    load_environment,
    new_environment,
)
from ezazml.config.schema import environment_schema, write_schema
from ezazml.config.show import effective_names, effective_values
from ezazml.errors import ConfigurationError, InputError
from ezazml.project import find_project


@click.group()
def config() -> None:
    """Show, validate and describe the configuration of environments."""


@config.command()
@environment_argument
@output_option
def show(environment: str, output: str) -> None:
    """Print every effective value of ENV with where it came from. Secrets are masked."""
    loaded = load_environment(environment, root=find_project(), environ=environ_to_look(environment, os.environ))
    values, names = effective_values(loaded), effective_names(loaded)
    if output == "json":
        print_json({"settings": [dataclasses.asdict(row) for row in values], "names": names})
        return
    rows = [(row.setting, "" if row.value is None else str(row.value), row.origin) for row in values]
    print_table(f"Settings of {environment}", ("setting", "value", "from"), rows)
    print_table(f"Names of {environment}", ("what", "name"), list(names.items()))


@config.command()
@click.argument("environments", nargs=-1, metavar="[ENV]...")
@output_option
def validate(environments: tuple[str, ...], output: str) -> None:
    """Check the settings and names of the environments given, or of all."""
    root = find_project()
    names = list(environments) or available_environments(root)
    if not names:
        raise InputError(f"There are no environments in {root / FOLDER}.", hint="Create one: dev.yaml.")
    problems: dict[str, list[str]] = {}
    for name in names:
        try:
            load_environment(name, root=root, environ=environ_to_look(name, os.environ))
            problems[name] = []
        except ConfigurationError as error:
            problems[name] = [str(problem) for problem in error.problems]
        except InputError as error:
            problems[name] = [str(error)]
    if output == "json":
        print_json({name: {"valid": not found, "problems": found} for name, found in problems.items()})
    else:
        for name, found in problems.items():
            click.echo(f"{name}: {'valid' if not found else f'{len(found)} problem(s)'}")
            for problem in found:
                click.echo(f"  {problem}")
    if any(problems.values()):
        raise click.exceptions.Exit(2)


@config.command()
@click.option("--write", is_flag=True, help="Write it beside the environment files instead of printing it.")
def schema(write: bool) -> None:
    """Print the JSON Schema of an environment file, for editors."""
    if write:
        path = write_schema(find_project())
        click.echo(f"Wrote {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}")
    else:
        print_json(environment_schema())


@config.command()
@click.argument("name")
@click.option("--from", "source", default="dev", show_default=True, help="Environment to copy.")
def new(name: str, source: str) -> None:
    """Create the environment NAME as a copy of another one, and check it."""
    path = new_environment(name, source=source, root=find_project())
    click.echo(f"Wrote {path}. Adapt it, then run: ezazml config validate {name}")
