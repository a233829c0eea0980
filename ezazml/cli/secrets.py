"""Commands about secrets: ``ezazml rotate-secret``."""

from __future__ import annotations

import os

import click

from ezazml.cli.common import asking, environment_argument, output_option, print_json
from ezazml.cli.context import enter
from ezazml.config.loading import load_environment
from ezazml.operations.secret_rotation import require_rotatable
from ezazml.operations.secret_rotation import rotate_secret as rotate
from ezazml.operations.workbench import prepare
from ezazml.progress import progress
from ezazml.project import find_project
from ezazml.report.plan_summary import PlanSummary


@click.command("rotate-secret")
@environment_argument
@click.option("--yes", "-y", is_flag=True, help="Do not ask; for scripts.")
@output_option
def rotate_secret(environment: str, yes: bool, output: str) -> None:
    """Make a new client secret for the application of ENV and put it into the key vault; the old one ends."""
    if output == "json" and not yes:
        raise click.UsageError("--output json needs --yes: a program cannot be asked.")
    # Before a sandbox is brought up or Terraform started for nothing.
    settings = load_environment(environment, root=find_project(), environ=dict(os.environ)).settings
    require_rotatable(environment, settings)
    context = enter(environment)

    def confirm(_summary: PlanSummary) -> bool:
        if yes:
            return True
        click.echo(f"Whoever uses the client secret of {environment} must read the new one from the key vault.")
        with asking("--yes"):
            return click.confirm("Rotate it?", default=False)

    with progress(f"Preparing {environment}") as show:
        bench = prepare(environment, root=context.root, environ=context.environ, show=show)
    with progress("Rotating") as show:
        bench.terraform.report_to(show)
        summary = rotate(bench, confirm=confirm)
    if output == "json":
        print_json({"environment": environment, "changed": [change.address for change in summary.changes]})
    else:
        click.secho(f"{environment}: the application has a new client secret, and the key vault has it.", fg="green")
