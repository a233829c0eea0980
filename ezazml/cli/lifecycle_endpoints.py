"""Commands about answering requests: ``ezazml endpoint deploy | rollback | invoke | logs | keys | status | delete``."""

from __future__ import annotations

from pathlib import Path

import click

from ezazml.cli.common import asking, environment_argument, output_option, print_json
from ezazml.cli.lifecycle_common import changed, file_option, report_rows, working

_COLUMNS = ("name", "state", "traffic", "model", "instances", "size")
name_argument = click.argument("name", metavar="ENDPOINT")
deployment_option = click.option("--deployment", metavar="NAME", help="One deployment.")


@click.group()
def endpoint() -> None:
    """Online endpoints: deploy, rollback, invoke, logs, keys, status, delete."""


@endpoint.command()
@environment_argument
@name_argument
@click.option("--deployment", "only", metavar="NAME", multiple=True, help="Only this one; may be repeated.")
@file_option
@click.option("--traffic", metavar="NAME=PERCENT,...", help="Instead of the declared split.")
@click.option("--model", metavar="NAME[:VERSION]", help="Instead of the declared model; @champion works too.")
@click.option("--rollback", "back", is_flag=True, help="Deploy nothing; restore the split before the last change.")
@output_option
def deploy(
    environment: str,
    name: str,
    *,
    only: tuple[str, ...],
    files: tuple[Path, ...],
    traffic: str | None,
    model: str | None,
    back: bool,
    output: str,
) -> None:
    """Create or update an endpoint as declared, check it, then move its traffic in the declared steps."""
    if back:
        if only or files or traffic or model:
            raise click.UsageError("--rollback takes no other options.")
        roll_back(environment, name, output)
        return
    from jobs.lifecycle import endpoints  # noqa: PLC0415 - imports azure-ai-ml
    from jobs.lifecycle.declared_endpoints import read_declared  # noqa: PLC0415
    from jobs.lifecycle.traffic import parse_split, shown  # noqa: PLC0415

    split = parse_split(traffic) if traffic is not None else None
    with working(f"Deploying endpoint {name}", environment, output) as (connection, show):
        declared = read_declared(connection, name, files)
        done = endpoints.deploy(connection, declared, only=only, traffic=split, model=model, show=show)
    if done.warning:
        click.secho(f"Warning: {done.warning}", fg="yellow", err=True)
    if output == "json":
        print_json(done.as_json())
        return
    click.secho(f"Endpoint {name}: {changed(done.parts)}.", fg="green")
    for deployment, answer in done.checked.items():
        click.echo(f"  {deployment} answers the sample request: {answer}")
    now = done.splits[-1] if done.splits else done.before
    moved = "" if done.splits else " (unchanged)"
    click.echo(f"Traffic: {shown(now)}{moved}")


@endpoint.command()
@environment_argument
@name_argument
@output_option
def rollback(environment: str, name: str, output: str) -> None:
    """Restore the split of the traffic before its last change."""
    roll_back(environment, name, output)


def roll_back(environment: str, name: str, output: str) -> None:
    """Restore the split, and say so."""
    from jobs.lifecycle.rollout import roll_back as restore  # noqa: PLC0415
    from jobs.lifecycle.traffic import shown  # noqa: PLC0415

    with working(f"Rolling back endpoint {name}", environment, output) as (connection, _show):
        now, before = restore(connection, name)
    if output == "json":
        print_json({"endpoint": name, "traffic": now, "before": before})
    else:
        click.echo(f"Endpoint {name}: traffic is back at {shown(now)} (was {shown(before)}).")


@endpoint.command()
@environment_argument
@name_argument
@click.option("--request", "file", type=click.Path(path_type=Path), help="JSON. Default: the declared sample request.")
@deployment_option
@output_option
def invoke(environment: str, name: str, *, file: Path | None, deployment: str | None, output: str) -> None:
    """Send one request and print the answer."""
    import json  # noqa: PLC0415

    from jobs.lifecycle import endpoints  # noqa: PLC0415
    from jobs.lifecycle.declared_endpoints import read_declared  # noqa: PLC0415
    from jobs.lifecycle.scoring import Scorer  # noqa: PLC0415

    with working(f"Asking endpoint {name}", environment, output) as (connection, _show):
        # A file makes the command work for endpoints that this project does not declare.
        sample = None if file else read_declared(connection, name).rollout.sample
        answer = Scorer(connection, name).ask(endpoints.request_for(file, sample), deployment=deployment)
    if output == "json":
        print_json({"endpoint": name, "deployment": answer.deployment, "answer": answer.body})
    else:
        click.echo(json.dumps(answer.body))


@endpoint.command()
@environment_argument
@name_argument
@deployment_option
@click.option("--lines", type=click.IntRange(1, 100_000), default=100, show_default=True, help="The last so many.")
@output_option
def logs(environment: str, name: str, *, deployment: str | None, lines: int, output: str) -> None:
    """What the deployments logged."""
    show_logs(environment, name, deployment=deployment, lines=lines, output=output)


def show_logs(environment: str, name: str, *, deployment: str | None, lines: int, output: str) -> None:
    """Print the logs of an endpoint's deployments."""
    from jobs.lifecycle.endpoints import logs as read_logs  # noqa: PLC0415

    with working(f"Reading the logs of endpoint {name}", environment, output) as (connection, _show):
        found = read_logs(connection, name, deployment, lines=lines)
    if output == "json":
        print_json(found)
        return
    for one, text in found.items():
        click.secho(f"{name}/{one}", bold=True)
        click.echo(text.rstrip())


@endpoint.command()
@environment_argument
@name_argument
@click.option("--show", "reveal", is_flag=True, help="Print the secrets themselves.")
@output_option
def keys(environment: str, name: str, *, reveal: bool, output: str) -> None:
    """Which keys the endpoint has; the keys themselves only with --show."""
    from jobs.lifecycle.endpoints import keys as read_keys  # noqa: PLC0415

    with working(f"Reading the keys of endpoint {name}", environment, output) as (connection, _show):
        found = read_keys(connection, name)
    shown = found if reveal else dict.fromkeys(found, "********")
    if output == "json":
        print_json(shown)
        return
    for field, value in shown.items():
        click.echo(f"{field}: {value}")
    if not reveal:
        click.echo("Add --show to print them.", err=True)


@endpoint.command()
@environment_argument
@name_argument
@output_option
def status(environment: str, name: str, output: str) -> None:
    """State, traffic and deployments of an endpoint."""
    from jobs.lifecycle.endpoints import status as read_status  # noqa: PLC0415

    with working(f"Looking at endpoint {name}", environment, output) as (connection, _show):
        found = read_status(connection, name)
    if output == "json":
        print_json(found)
        return
    click.echo(f"Endpoint {name}: {found['state']}, {found['scoring_uri']}")
    report_rows(found["deployments"], _COLUMNS, output, f"Deployments of {name}")


@endpoint.command()
@environment_argument
@name_argument
@deployment_option
@click.option("--yes", "-y", is_flag=True, help="Do not ask; for scripts.")
@output_option
def delete(environment: str, name: str, *, deployment: str | None, yes: bool, output: str) -> None:
    """Delete an endpoint with all its deployments, or one deployment without traffic."""
    from jobs.lifecycle.endpoints import delete as delete_it  # noqa: PLC0415

    what = f"deployment {deployment} of endpoint {name}" if deployment else f"endpoint {name} and all its deployments"
    if not yes:
        if output == "json":
            raise click.UsageError("--output json needs --yes: a program cannot be asked.")
        with asking("--yes"):
            click.confirm(f"Delete {what}?", default=False, abort=True)
    with working(f"Deleting {what}", environment, output) as (connection, _show):
        delete_it(connection, name, deployment)
    if output == "json":
        print_json({"deleted": what})
    else:
        click.echo(f"Deleted {what}.")
