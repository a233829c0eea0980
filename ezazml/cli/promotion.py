"""The command ``ezazml promotion``: which push deploys which environment."""

from __future__ import annotations

import click

from ezazml.cli.common import output_option, print_json, print_table
from ezazml.config.promotion import read_promotion
from ezazml.project import find_project


@click.command()
@click.option("--ref", metavar="REF", help="Only what this push deploys: refs/heads/main, refs/tags/1.2.0.")
@output_option
def promotion(ref: str | None, output: str) -> None:
    """Show which branch or tag deploys which environment (environments/promotion.yaml)."""
    table = read_promotion(find_project())
    steps = table.steps
    if ref is not None:
        found = table.of_ref(ref)
        steps = (found,) if found else ()
    if output == "json":
        print_json([step.model_dump(by_alias=True) for step in steps])
    elif not steps:
        click.echo(f"{ref} deploys nothing.")
    else:
        print_table("Promotion", ("environment", "deployed by"), [(one.environment, one.trigger) for one in steps])
