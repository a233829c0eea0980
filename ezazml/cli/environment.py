"""Commands about an environment: ``ezazml synth | plan | deploy | destroy | show | graph``."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import click

from ezazml.cli.assets import applied, apply_assets, leave, result_as_json
from ezazml.cli.common import asking, environment_argument, output_option, print_json, print_table
from ezazml.cli.context import Context, enter
from ezazml.config.checks import warnings_for_deployment
from ezazml.config.loading import environments_to_synthesise, load_environment
from ezazml.config.targets import Target
from ezazml.errors import EzazmlError, InputError
from ezazml.operations import deployment
from ezazml.operations.declared import declares_assets
from ezazml.operations.inspection import Inventory, inspect
from ezazml.operations.workbench import Purpose, Workbench, prepare
from ezazml.progress import progress
from ezazml.project import find_project
from ezazml.report.graph import graph_of, to_mermaid, to_svg
from ezazml.report.plan_summary import Change, PlanSummary
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
@click.option("--destroy", "destroying", is_flag=True, help="Plan the removal of everything.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when there are changes, with 1 for every error.")
@output_option
def plan(environment: str, destroying: bool, detailed_exitcode: bool, output: str) -> None:
    """Show what a deployment of ENV would change. Changes nothing."""
    try:
        bench = _bench(environment, Purpose.DESTROY if destroying else Purpose.DEPLOY)
        with progress("Planning"):
            summary = deployment.plan(bench, destroy=destroying)
    except InputError as error:
        if detailed_exitcode:  # there 2 means changes
            raise EzazmlError(error.message, hint=error.hint) from error
        raise
    if output == "json":
        print_json(_as_json(summary, bench))
    else:
        print_summary(summary, f"Plan for {environment} ({bench.where})")
    if detailed_exitcode and not summary.is_empty:
        raise click.exceptions.Exit(2)


@click.command()
@environment_argument
@click.option("--yes", "-y", is_flag=True, help="Do not ask; for scripts.")
@click.option("--no-assets", is_flag=True, help="Leave out what assets/ declares for the workspace.")
@output_option
def deploy(environment: str, yes: bool, no_assets: bool, output: str) -> None:
    """Create or update ENV: plan, ask, then apply exactly that plan; then the same for assets/."""
    if output == "json" and not yes:
        raise click.UsageError("--output json needs --yes: a program cannot be asked.")
    bench = _bench(environment, Purpose.DEPLOY)

    def confirm(summary: PlanSummary) -> bool:
        if output == "json":
            return True
        print_summary(summary, f"Plan for {environment} ({bench.where})")
        with asking("--yes"):
            return yes or click.confirm("Apply this plan?", default=False)

    with progress("Deploying") as show:
        bench.terraform.report_to(show)
        summary = deployment.deploy(bench, confirm=confirm)
    if output == "table" and summary.is_empty:
        click.echo(f"Environment {environment} ({bench.where}): no changes, everything is as declared.")
    elif output == "table":
        click.secho(f"{environment} is deployed: {summary.headline()} done.", fg="green")
        click.echo(f"Look at it: ezazml show {environment}")
    declared = not no_assets and declares_assets(bench.environment)
    if declared and output == "table":
        apply_assets(environment, yes=yes, bench=bench)
    elif output == "json":
        result = applied(environment, bench=bench) if declared else None
        print_json({**_as_json(summary, bench), "assets": result_as_json(result) if result else None})
        leave(result)


@click.command()
@environment_argument
@click.option("--confirm", "confirmation", metavar="NAME", help="The environment's name, for scripts.")
@output_option
def destroy(environment: str, confirmation: str | None, output: str) -> None:
    """Remove ENV and everything in it. Asks for the environment's name."""
    if output == "json" and confirmation is None:
        raise click.UsageError(f"--output json needs --confirm {environment}: a program cannot be asked.")
    bench = _bench(environment, Purpose.DESTROY)
    if not bench.environment.settings.protected and confirmation is None:
        click.secho(f"This removes everything in {environment} on {bench.where}.", fg="red", err=True)
        with asking(f"--confirm {environment}"):
            confirmation = click.prompt("Type the environment's name to go on", default="", show_default=False)
    with progress("Destroying") as show:
        bench.terraform.report_to(show)
        summary = deployment.destroy(bench, confirmation=confirmation or "")
    if output == "json":
        print_json(_as_json(summary, bench))
    elif summary.is_empty:
        click.echo(f"{environment}: nothing is deployed.")
    else:
        click.echo(f"{environment} is destroyed: {len(summary.changes)} resources removed.")


@click.command()
@environment_argument
@output_option
def show(environment: str, output: str) -> None:
    """List the resources, outputs and links of ENV as it is deployed."""
    bench = _bench(environment, Purpose.LOOK)
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


def print_summary(summary: PlanSummary, title: str) -> None:
    """Print a plan's summary, what loses data first and in red."""
    click.secho(f"{title}: {summary.headline()}", bold=True)
    for change in summary.changes:
        click.secho(f"  {_line(change)}", fg=_COLOURS[change.action], bold=change.loses_data)
    if summary.outputs_changed and not summary.changes:
        click.echo(f"  outputs that change: {', '.join(summary.outputs_changed)}")


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


def _as_json(summary: PlanSummary, bench: Workbench) -> dict[str, object]:
    return {**dataclasses.asdict(summary), "counts": summary.counts(), "target": bench.where}


def _line(change: Change) -> str:
    line = f"{change.action:8} {change.address}"
    if change.loses_data:
        line += "  LOSES DATA"
    if change.replaced_by:
        return f"{line}  (because of {', '.join(change.replaced_by)})"
    return f"{line}  ({', '.join(change.fields)})" if change.fields else line


def _bench(environment: str, purpose: Purpose) -> Workbench:
    context = enter(environment)
    with progress(f"Preparing {environment}") as show_line:
        bench = prepare(environment, root=context.root, environ=context.environ, show=show_line, purpose=purpose)
    if purpose is Purpose.DEPLOY:
        for warning in warnings_for_deployment(environment, bench.environment.settings):
            click.secho(f"Warning: {warning}", fg="yellow", err=True)
    return bench
