"""The guarded command that removes an environment: ``ezazml destroy``."""

from __future__ import annotations

import dataclasses
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from ezazml.cli.bench import open_azure, open_bench, open_without_terraform
from ezazml.cli.common import asking, environment_argument, output_option, print_json
from ezazml.cli.plan_view import print_summary
from ezazml.errors import EzazmlError
from ezazml.operations.workbench import Purpose
from ezazml.progress import progress
from ezazml.project import find_project

if TYPE_CHECKING:
    from ezazml.operations.destroying.audit import AuditLog
    from ezazml.operations.destroying.destruction import Destruction, Preview
    from ezazml.operations.destroying.guard import Request


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
@click.option("--put-back-locks", is_flag=True, help="Only put back the locks that a run which was killed lifted.")
@output_option
def destroy(  # noqa: PLR0917 - click passes them by name
    environment: str,
    confirmation: str | None,
    reason: str | None,
    ticket: str | None,
    dry_run: bool,
    put_back_locks: bool,
    output: str,
) -> None:
    """Remove ENV and everything in it, if its guard allows it (destroy.* in its file)."""
    if dry_run and put_back_locks:
        raise click.UsageError("--dry-run and --put-back-locks exclude each other.")
    if output == "json" and confirmation is None and not (dry_run or put_back_locks):
        raise click.UsageError("--output json needs --confirm TEXT: a program cannot be asked.")
    from ezazml.operations.destroying.opening import recorded  # noqa: PLC0415 - imports much

    record = recorded(
        environment, root=find_project(), environ=dict(os.environ), reason=reason, ticket=ticket, dry_run=dry_run
    )
    if put_back_locks:
        with record as audit:
            _put_back_locks(environment, audit, output)
    elif dry_run:
        with record as audit:
            run, _request = _open(environment, audit, reason=reason, ticket=ticket)
            with progress("Looking"):
                preview = run.preview()
        _print_preview(environment, preview, output)
        if preview.refused:
            raise click.exceptions.Exit(2)
    else:
        with record as audit:
            _destroy(environment, audit, confirmation=confirmation, reason=reason, ticket=ticket, output=output)


def _open(environment: str, audit: AuditLog, *, reason: str | None, ticket: str | None) -> tuple[Destruction, Request]:
    """The environment, ready to be destroyed by whoever is logged in."""
    from ezazml.operations.destroying.actor import current_actor  # noqa: PLC0415 - imports much
    from ezazml.operations.destroying.destruction import Destruction  # noqa: PLC0415
    from ezazml.operations.destroying.guard import Request  # noqa: PLC0415

    bench = open_bench(environment, Purpose.DESTROY)
    azure = open_azure(bench)
    actor = current_actor(os.environ, tenant_id=bench.environment.settings.tenant_id)
    request = Request(bench.environment, actor, _now(), reason, ticket)
    return Destruction(bench, request, azure, audit), request


def _destroy(
    environment: str,
    audit: AuditLog,
    *,
    confirmation: str | None,
    reason: str | None,
    ticket: str | None,
    output: str,
) -> None:
    from ezazml.operations.destroying.destruction import Conduct  # noqa: PLC0415
    from ezazml.operations.destroying.guard import expected_confirmation  # noqa: PLC0415
    from ezazml.operations.destroying.waiting import wait  # noqa: PLC0415

    run, request = _open(environment, audit, reason=reason, ticket=ticket)
    bench = run.bench
    with progress("Destroying") as show:
        bench.terraform.report_to(show)

        def confirm(preview: Preview) -> str | None:
            if confirmation is not None:
                return confirmation
            print_summary(preview.summary, f"Removal of {environment} ({bench.where})", allowing=False)
            click.secho(f"This removes everything in {environment} on {bench.where}.", fg="red", err=True)
            expected = expected_confirmation(request)
            try:
                with show.paused(), asking(f"--confirm {expected}"):
                    answer: str = click.prompt(f"Type {expected} to go on", default="", show_default=False)
            except click.Abort as error:
                raise KeyboardInterrupt from error  # as the audit record calls it
            return answer

        conduct = Conduct(
            confirm=confirm,
            wait=lambda minutes: wait(minutes, show=show, tick_seconds=1 if sys.stderr.isatty() else 60),
            now=_now,
            show=show,
            warn=lambda text: click.secho(f"Warning: {text}", fg="yellow", err=True),
        )
        summary = run.run(conduct)
    if output == "json":
        removed = [change.address for change in summary.changes]
        print_json({"removed": removed, "counts": summary.counts(), "target": bench.where, "run": audit.run})
    elif summary.is_empty:
        click.echo(f"{environment}: nothing is deployed.")
    else:
        click.echo(f"{environment} is destroyed: {len(summary.changes)} resources removed.")
        click.echo(f"Recorded in {audit.file}")


def _put_back_locks(name: str, audit: AuditLog, output: str) -> None:
    from ezazml.operations.destroying import left_behind  # noqa: PLC0415 - imports much

    environment, azure = open_without_terraform(name)
    with progress("Looking for locks that are missing") as show:
        done, failed = left_behind.put_back(environment, azure, audit, show=show)
    if output == "json":
        print_json({"put_back": [dataclasses.asdict(one) for one in done], "failed": list(map(str, failed))})
    else:
        for lock in done:
            click.echo(f"Put back: {lock}")
        if not done and not failed:
            click.echo(f"{name}: no lock is missing that a destroy lifted.")
    if failed:
        raise EzazmlError(
            f"Could not be put back: {', '.join(map(str, failed))}.",
            hint="It takes Microsoft.Authorization/locks/write, as Owner or Locks Contributor have it.",
        )


def _print_preview(environment: str, preview: Preview, output: str) -> None:
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


def _now() -> datetime:
    return datetime.now(UTC)
