"""The command that finds out why something does not work: ``ezazml doctor``."""

from __future__ import annotations

import dataclasses
import os

import click

from ezazml.azure.arm import apis_of
from ezazml.cli.common import output_option, print_json
from ezazml.cli.context import enter
from ezazml.config.loading import load_environment
from ezazml.errors import InputError
from ezazml.operations.doctor.examination import Show, examine_environment, examine_machine
from ezazml.operations.doctor.finding import Case, Finding, Machine, Verdict, problem
from ezazml.operations.doctor.surroundings import summary_of
from ezazml.progress import progress
from ezazml.project import find_project

_COLOURS = {Verdict.OK: "green", Verdict.WARNING: "yellow", Verdict.PROBLEM: "red", Verdict.NOT_CHECKED: "cyan"}


@click.command()
@click.argument("environment", metavar="[ENV]", required=False, envvar="TF_WORKSPACE")
@output_option
def doctor(environment: str | None, output: str) -> None:
    """Check this machine and, with ENV, its login, services, roles, names, quota, state and mail server.

    Each line says what to do. Exit code 1 if there is a problem.
    """
    with progress("Checking") as show:
        findings = examine_machine(Machine(find_project(), os.environ), show)
        if environment is not None:
            findings += _of_environment(environment, show)
    if output == "json":
        print_json({"summary": summary_of(findings), "checks": [dataclasses.asdict(one) for one in findings]})
    else:
        _print(findings)
    if any(finding.verdict is Verdict.PROBLEM for finding in findings):
        raise click.exceptions.Exit(1)


def _of_environment(name: str, show: Show) -> list[Finding]:
    context = enter(name, sdk=True)
    loaded = load_environment(name, root=context.root, environ=context.environ)
    subscription, tenant = loaded.settings.subscription_id, loaded.settings.tenant_id
    if subscription is None:
        fix = "Set it in the file, or the variable ARM_SUBSCRIPTION_ID."
        return [problem("configuration", "subscription_id is not set: nothing can be asked of Azure.", fix)]
    context.activate()
    try:
        azure = apis_of(subscription, tenant_id=tenant, environ=context.environ)
    except InputError as error:
        return [problem("login", error.message, error.hint or "Log in: az login")]
    return examine_environment(Case(Machine(context.root, context.environ), loaded, azure), show)


def _print(findings: list[Finding]) -> None:
    for one in findings:
        click.secho(f"{one.verdict:11} ", fg=_COLOURS[one.verdict], nl=False)
        click.echo(f"{one.check}: {one.text}")
        if one.fix:
            click.echo(f"{'':12}{one.fix}")
    counts = ", ".join(f"{count} {verdict}" for verdict, count in summary_of(findings).items())
    click.secho(counts, bold=True)
