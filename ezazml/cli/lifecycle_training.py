"""Commands about training: ``ezazml train`` and ``ezazml jobs list | show | stream | cancel``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ezazml.cli.common import environment_argument, output_option, print_json
from ezazml.cli.lifecycle_common import report, report_rows, working

if TYPE_CHECKING:
    from jobs.connection import Connection
    from jobs.lifecycle.runs import Run
    from jobs.lifecycle.training import Submission

_COLUMNS = ("name", "display_name", "type", "experiment", "status", "created")
job_argument = click.argument("name", metavar="JOB")


@click.command()
@environment_argument
@click.argument("job_file", metavar="[JOB.yml]", required=False, type=click.Path(path_type=Path))
@click.option("--set", "settings", metavar="NAME=VALUE", multiple=True, help="Another value, such as inputs.x=0.5.")
@click.option("--compute", metavar="NAME", help="Where it runs. Default: what the file says, else the first cluster.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Follow the log until the job has ended.")
@click.option("--if-changed", is_flag=True, help="Do nothing where a completed job did exactly this.")
@output_option
def train(
    environment: str,
    *,
    job_file: Path | None,
    settings: tuple[str, ...],
    compute: str | None,
    wait: bool,
    if_changed: bool,
    output: str,
) -> None:
    """Submit a job and follow its log. JOB.yml is any official job file; default: jobs/train.yml of the project."""
    from ezazml.operations import lifecycle  # noqa: PLC0415
    from jobs.lifecycle import training  # noqa: PLC0415 - imports azure-ai-ml

    with working("Submitting the job", environment, output) as (connection, _show):
        job = training.load_job(
            lifecycle.job_file(connection, job_file), connection, settings=settings, compute=compute
        )
        done = training.same_run(connection, job) if if_changed else None
        submitted = None if done else training.submit(connection, job)
    if done is not None or submitted is None:
        assert done is not None
        _end(connection, done, output)
        return
    _tell(submitted, output)
    if not wait:
        if output == "json":
            print_json(submitted.as_json())
        else:
            click.echo(f"Follow it: ezazml jobs stream {environment} {submitted.name}")
        return
    run = follow(connection, submitted.name, output)
    _end(connection, run, output)


def follow(connection: Connection, name: str, output: str = "table") -> Run:
    """Show a job's log until it has ended: on standard output for people, on standard error beside JSON."""
    from jobs.lifecycle.runs import follow as follow_run  # noqa: PLC0415

    return follow_run(connection, name, lambda line: click.echo(line, err=output == "json"))


def _tell(submitted: Submission, output: str) -> None:
    if output == "json":
        return
    click.secho(f"Job {submitted.name} ({submitted.display_name}): {submitted.status}", bold=True)
    if submitted.studio_url:
        click.echo(f"Studio: {submitted.studio_url}")


def _end(connection: Connection, run: Run, output: str) -> None:
    """Say how it ended, with what it measured; a job that did not complete is an error."""
    from jobs.lifecycle.metrics import metrics_of  # noqa: PLC0415
    from jobs.lifecycle.runs import require_completed  # noqa: PLC0415

    require_completed(connection, run)
    metrics = metrics_of(connection, run.name)
    if output == "json":
        print_json({**run.as_json(), "metrics": metrics})
        return
    click.secho(f"Job {run.name}: {run.status}", fg="green")
    for name, value in metrics.items():
        click.echo(f"  {name}: {value:.4f}")


@click.group()
def jobs() -> None:
    """Training and other jobs of the workspace: list, show, stream, cancel."""


@jobs.command("list")
@environment_argument
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="At most so many.")
@click.option("--experiment", metavar="NAME", help="Of this experiment.")
@click.option("--status", metavar="STATUS", help="With this status, such as Failed.")
@output_option
def list_(environment: str, limit: int, experiment: str | None, status: str | None, output: str) -> None:
    """The newest jobs."""
    from jobs.lifecycle.runs import list_runs  # noqa: PLC0415

    with working("Listing the jobs", environment, output) as (connection, _show):
        found = list_runs(connection, limit=limit, experiment=experiment, status=status)
    report_rows([run.as_json() for run in found], _COLUMNS, output, f"Jobs of {environment}")


@jobs.command()
@environment_argument
@job_argument
@output_option
def show(environment: str, name: str, output: str) -> None:
    """One job: status, inputs, outputs, metrics, tags, and why it failed."""
    from jobs.lifecycle.runs import describe  # noqa: PLC0415

    with working(f"Looking at job {name}", environment, output) as (connection, _show):
        found: dict[str, Any] = describe(connection, name)
    report(found, output, f"Job {name}")


@jobs.command()
@environment_argument
@job_argument
@output_option
def stream(environment: str, name: str, output: str) -> None:
    """Follow a job's log until it has ended; the whole log of one that has."""
    from jobs.lifecycle.runs import get_run, log_of  # noqa: PLC0415

    with working(f"Looking for job {name}", environment, output) as (connection, _show):
        run = get_run(connection, name)
    if run.has_ended:
        click.echo(log_of(connection, name), err=output == "json")
    else:
        run = follow(connection, name, output)
    _end(connection, run, output)


@jobs.command()
@environment_argument
@job_argument
@output_option
def cancel(environment: str, name: str, output: str) -> None:
    """Stop a job."""
    from jobs.lifecycle.runs import cancel as cancel_run  # noqa: PLC0415

    with working(f"Cancelling job {name}", environment, output) as (connection, _show):
        run = cancel_run(connection, name)
    if output == "json":
        print_json(run.as_json())
    else:
        click.echo(f"Job {name}: {run.status}")
