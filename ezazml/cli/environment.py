"""Commands that look at an environment: ``ezazml synth | show | graph``."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import click

from ezazml.cli.bench import open_bench
from ezazml.cli.common import environment_argument, output_option, print_json, print_table
from ezazml.cli.context import Context, enter
from ezazml.config.loading import environments_to_synthesise, load_environment
from ezazml.config.targets import Target
from ezazml.operations.inspection import Inventory, inspect
from ezazml.operations.workbench import Purpose
from ezazml.progress import progress
from ezazml.project import find_project
from ezazml.report.graph import graph_of, to_mermaid, to_svg
from ezazml.terraform.synth import synthesise, synthesise_all

_COLOURS = {"create": "green", "update": "yellow", "replace": "red", "delete": "red", "forget": "cyan"}


@click.command()
@click.argument("environments", nargs=-1, metavar="[ENV]...")
def synth(environments: tuple[str, ...]) -> None:
    """Synthesise the environments given (or all) to Terraform JSON, and print where it is."""
    names = list(environments) or environments_to_synthesise(find_project(), os.environ)
    contexts = {name: enter(name) for name in names}
    folders: dict[str, Path] = {}
    with progress(f"Synthesising {', '.join(names)}"):
        for group in _sharing_a_process(contexts):
            context = contexts[group[0]]
            loaded = [load_environment(name, root=context.root, environ=context.environ) for name in group]
            folders |= zip(group, synthesise_all(loaded, context.environ), strict=True)
    for name in names:
        click.echo(folders[name] / "cdk.tf.json")


@click.command()
@environment_argument
@output_option
def show(environment: str, output: str) -> None:
    """List the resources, outputs and links of ENV as it is deployed."""
    bench = open_bench(environment, Purpose.LOOK)
    inventory = inspect(bench)
    if output == "json":
        print_json(dataclasses.asdict(inventory))
    else:
        print_inventory(environment, inventory)


@click.command()
@environment_argument
@click.option(
    "--output-dir", type=click.Path(file_okay=False, path_type=Path), default=Path("graphs"), show_default=True
)
def graph(environment: str, output_dir: Path) -> None:
    """Write a picture of ENV: <output-dir>/ENV.svg and ENV.mmd (mermaid)."""
    for path in write_graph(environment, output_dir):
        click.echo(f"Wrote {path}")


def write_graph(environment: str, output_dir: Path) -> tuple[Path, Path]:
    """Synthesise the environment and write both pictures of it."""
    context = enter(environment)
    folder = synthesise(load_environment(environment, root=context.root, environ=context.environ), context.environ)
    stack = json.loads((folder / "cdk.tf.json").read_text(encoding="utf-8"))
    picture = graph_of(stack, f"EZAZ ML environment {environment}")
    output_dir.mkdir(parents=True, exist_ok=True)
    svg, mermaid = output_dir / f"{environment}.svg", output_dir / f"{environment}.mmd"
    svg.write_text(to_svg(picture), encoding="utf-8")
    mermaid.write_text(to_mermaid(picture), encoding="utf-8")
    return svg, mermaid


def print_inventory(environment: str, inventory: Inventory) -> None:
    """Print what exists."""
    if not inventory.resources:
        click.echo(f"Environment {environment} ({inventory.where}): nothing is deployed.")
        click.echo(f"Deploy it: ezazml deploy {environment}")
        return
    rows = [(resource.type, resource.name, resource.address) for resource in inventory.resources]
    print_table(
        f"Environment {environment} ({inventory.where}): {len(rows)} resources", ("type", "name", "address"), rows
    )
    outputs = [
        (name, value if isinstance(value, str) else json.dumps(value)) for name, value in inventory.outputs.items()
    ]
    print_table("Outputs", ("output", "value"), outputs)
    print_table("Links", ("page", "address"), list(inventory.links.items()))


def _sharing_a_process(contexts: dict[str, Context]) -> list[list[str]]:
    """Environments of Azure have the caller's variables in common; each one of the sandbox has its own."""
    azure = [name for name, context in contexts.items() if context.target is Target.AZURE]
    return [azure] * bool(azure) + [[name] for name in contexts if name not in azure]
