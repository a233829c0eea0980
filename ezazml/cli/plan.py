"""Commands that show what would change, and change it: ``ezazml plan | deploy``."""

from __future__ import annotations

from pathlib import Path

import click

from ezazml.cli.assets import applied, apply_assets, leave, load_sdk_early, result_as_json
from ezazml.cli.bench import open_azure, open_bench
from ezazml.cli.common import asking, environment_argument, output_option, print_json
from ezazml.cli.plan_view import as_json, print_plan
from ezazml.config.loading import load_environment
from ezazml.errors import EzazmlError, InputError
from ezazml.operations import deployment
from ezazml.operations.declared import declares_assets, left_out_because
from ezazml.operations.deployment import Planned
from ezazml.operations.workbench import Purpose
from ezazml.progress import progress
from ezazml.project import find_project
from ezazml.report.plan_markdown import DEFAULT_MAX_CHARS, MINIMUM_MAX_CHARS, to_markdown

#: ``--out`` without a value: the file that ``project.plan_file`` (TF_OUTPUT_NAME) names.
_DEFAULT_FILE = Path("<project.plan_file>")

allow_replace_option = click.option(
    "--allow-replace",
    multiple=True,
    metavar="ADDRESS",
    help="Let the plan delete or replace this stateful resource; repeat it for each one.",
)


@click.command()
@environment_argument
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    is_flag=False,
    flag_value=_DEFAULT_FILE,
    help="Save the plan there (mode 0600) for `deploy --plan`. Default: project.plan_file.",
)
@click.option("--destroy", "destroying", is_flag=True, help="Plan the removal of everything.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when there are changes, with 1 for every error.")
@click.option(
    "--output",
    "-o",
    type=click.Choice(["table", "markdown", "json"]),
    default="table",
    show_default=True,
    help="For people (table), for a pull request (markdown) or for programs (json).",
)
@click.option(
    "--max-chars",
    type=click.IntRange(min=MINIMUM_MAX_CHARS),
    default=DEFAULT_MAX_CHARS,
    show_default=True,
    help="Longest Markdown; what does not fit is left out, and the report says so.",
)
def plan(  # noqa: PLR0917 - click passes them by name
    environment: str, out: Path | None, destroying: bool, detailed_exitcode: bool, output: str, max_chars: int
) -> None:
    """Show what a deployment of ENV would change and cost. Changes nothing."""
    try:
        if out == _DEFAULT_FILE:
            out = Path(load_environment(environment, root=find_project()).settings.project.plan_file)
        bench = open_bench(environment, Purpose.DESTROY if destroying else Purpose.DEPLOY)
        with progress("Planning"):
            planned = deployment.plan(bench, destroy=destroying, save_to=out)
    except InputError as error:
        if detailed_exitcode:  # there 2 means changes
            raise EzazmlError(error.message, hint=error.hint) from error
        raise
    title = f"Plan for {environment} ({bench.where})"
    if output == "json":
        print_json(as_json(planned, where=bench.where))
    elif output == "markdown":
        text = to_markdown(planned.summary, planned.cost, title=title, warnings=planned.warnings, max_chars=max_chars)
        click.echo(text, nl=False)
    else:
        print_plan(planned, title)
    if out is not None:
        click.echo(f"Saved. Apply exactly this plan: ezazml deploy {environment} --plan {out}", err=True)
    if detailed_exitcode and not planned.summary.is_empty:
        raise click.exceptions.Exit(2)


@click.command()
@environment_argument
@click.option("--plan", "file", type=click.Path(path_type=Path), help="Apply this saved plan, if still right.")
@allow_replace_option
@click.option("--no-assets", is_flag=True, help="Leave out what assets/ declares for the workspace.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask; for scripts.")
@output_option
def deploy(  # noqa: PLR0917 - click passes them by name
    environment: str, file: Path | None, allow_replace: tuple[str, ...], no_assets: bool, yes: bool, output: str
) -> None:
    """Create or update ENV: plan, ask, then apply exactly that plan; then the same for assets/."""
    if output == "json" and not yes:
        raise click.UsageError("--output json needs --yes: a program cannot be asked.")
    if file is not None:
        deployment.saved_for(environment, file)
    bench = open_bench(environment, Purpose.DEPLOY)
    declared = not no_assets and declares_assets(bench.environment)
    left_out = left_out_because(bench.environment) if declared else None
    declared = declared and left_out is None
    wait_for_sdk = load_sdk_early() if declared else None

    with progress("Deploying") as show:
        bench.terraform.report_to(show)

        def confirm(planned: Planned) -> bool:
            if output == "json":
                return True
            with show.paused(), asking("--yes"):
                print_plan(planned, f"Plan for {environment} ({bench.where})")
                return yes or click.confirm("Apply this plan?", default=False)

        planned = deployment.deploy(
            bench, confirm=confirm, saved=file, allow_replace=allow_replace, azure=lambda: open_azure(bench)
        )
    if output == "table" and planned.summary.is_empty:
        click.echo(f"Environment {environment} ({bench.where}): no changes, everything is as declared.")
    elif output == "table":
        click.secho(f"{environment} is deployed: {planned.summary.headline()} done.", fg="green")
        click.echo(f"Look at it: ezazml show {environment}")
    if left_out is not None:
        click.secho(f"Warning: {left_out}", fg="yellow", err=True)
    if wait_for_sdk is not None:
        wait_for_sdk()
    if declared and output == "table":
        apply_assets(environment, yes=yes, bench=bench)
    elif output == "json":
        result = applied(environment, bench=bench) if declared else None
        print_json({**as_json(planned, where=bench.where), "assets": result_as_json(result) if result else None})
        leave(result)
