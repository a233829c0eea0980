"""The guarded command that removes an environment: ``ezazml destroy``."""

from __future__ import annotations

import dataclasses
import os
import sys
from datetime import UTC, datetime

import click

from ezazml.cli.bench import open_azure, open_bench
from ezazml.cli.common import asking, environment_argument, output_option, print_json
from ezazml.cli.plan_view import print_summary
from ezazml.operations.workbench import Purpose
from ezazml.progress import progress


@click.command()
@environment_argument
@click.option(
    "--confirm",
    "confirmation",
    metavar="TEXT",
    help="DESTROY-INFRASTRUCTURE-<ENV>-<YYYY-MM-DD>, or ENV where destroy.confirmation is name; for scripts.",
)
@click.option("--reason", metavar="TEXT", help="Why; recorded and mailed.")
@click.option("--ticket", metavar="ID", help="The ticket that asks for it; recorded and mailed.")
@click.option("--dry-run", is_flag=True, help="Show what every rule says and the whole sequence; change nothing.")
@output_option
def destroy(  # noqa: PLR0917 - click passes them by name
    environment: str, confirmation: str | None, reason: str | None, ticket: str | None, dry_run: bool, output: str
) -> None:
    """Remove ENV and everything in it, if its guard allows it (destroy.* in its file)."""
    if output == "json" and confirmation is None and not dry_run:
        raise click.UsageError("--output json needs --confirm TEXT: a program cannot be asked.")
    from ezazml.operations.destroying import destruction  # noqa: PLC0415 - takes longer to import than --help to print
    from ezazml.operations.destroying.actor import current_actor  # noqa: PLC0415
    from ezazml.operations.destroying.guard import Request, expected_confirmation  # noqa: PLC0415
    from ezazml.operations.destroying.waiting import wait  # noqa: PLC0415

    bench = open_bench(environment, Purpose.DESTROY)
    azure = open_azure(bench)
    actor = current_actor(os.environ, tenant_id=bench.environment.settings.tenant_id)
    request = Request(bench.environment, actor, datetime.now(UTC), reason, ticket)
    run = destruction.Destruction(bench, request, azure)
    if dry_run:
        with progress("Looking"):
            preview = run.preview()
        _print_preview(environment, preview, output)
        if preview.refused:
            raise click.exceptions.Exit(2)
        return

    with progress("Destroying") as show:
        bench.terraform.report_to(show)

        def confirm(preview: destruction.Preview) -> str | None:
            if confirmation is not None:
                return confirmation
            print_summary(preview.summary, f"Removal of {environment} ({bench.where})", allowing=False)
            click.secho(f"This removes everything in {environment} on {bench.where}.", fg="red", err=True)
            expected = expected_confirmation(request)
            with show.paused(), asking(f"--confirm {expected}"):
                answer: str = click.prompt(f"Type {expected} to go on", default="", show_default=False)
            return answer

        conduct = destruction.Conduct(
            confirm=confirm,
            wait=lambda minutes: wait(minutes, show=show, tick_seconds=1 if sys.stderr.isatty() else 60),
            show=show,
            warn=lambda text: click.secho(f"Warning: {text}", fg="yellow", err=True),
        )
        summary = run.run(conduct)
    if output == "json":
        removed = [change.address for change in summary.changes]
        print_json({"removed": removed, "counts": summary.counts(), "target": bench.where, "run": run.audit.run})
    elif summary.is_empty:
        click.echo(f"{environment}: nothing is deployed.")
    else:
        click.echo(f"{environment} is destroyed: {len(summary.changes)} resources removed.")
        click.echo(f"Recorded in {run.audit.file}")


def _print_preview(environment: str, preview: object, output: str) -> None:
    from ezazml.operations.destroying.destruction import Preview  # noqa: PLC0415

    assert isinstance(preview, Preview)
    if output == "json":
        print_json({**dataclasses.asdict(preview), "allowed": not preview.refused})
        return
    click.secho(f"What the rules say about destroying {environment}:", bold=True)
    for finding in preview.findings:
        mark, colour = ("ok", "green") if finding.ok else ("NO", "red")
        click.secho(f"  {mark:3}{finding.rule:13}", fg=colour, nl=False)
        click.echo(f" {finding.text}{'' if finding.ok else f' {finding.fix}'}")
    if not preview.refused:
        print_summary(preview.summary, "Removal", allowing=False)
    click.secho("Steps:", bold=True)
    for number, step in enumerate(preview.steps, start=1):
        click.echo(f"  {number}. {step}")
    click.echo("Nothing was changed.")
