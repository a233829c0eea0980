"""Commands about what runs by itself: ``ezazml monitor apply | show | logs | query``, ``ezazml schedule ...``."""

from __future__ import annotations

import click

from ezazml.cli.common import environment_argument, output_option, print_json
from ezazml.cli.lifecycle_common import report_rows, working
from ezazml.cli.lifecycle_endpoints import show_logs

_SCHEDULES = ("name", "display_name", "what", "trigger", "is_enabled", "state")
schedule_argument = click.argument("name", metavar="SCHEDULE")


@click.group()
def monitor() -> None:
    """Monitors, data collection, logs and queries: apply, show, logs, query."""


@monitor.command()
@environment_argument
@output_option
def apply(environment: str, output: str) -> None:
    """Put the declared monitors and schedules, and the idle times and schedules of compute instances."""
    from jobs.lifecycle.monitoring import apply_monitoring  # noqa: PLC0415 - imports azure-ai-ml

    with working(f"Setting up the monitoring of {environment}", environment, output) as (connection, show):
        done = apply_monitoring(connection, show=show)
    report_rows([one.as_json() for one in done], ("what", "name", "result", "note"), output, "Monitoring")


@monitor.command()
@environment_argument
@output_option
def show(environment: str, output: str) -> None:
    """The monitors, and which deployments collect data."""
    from jobs.lifecycle.monitoring import collection, monitors  # noqa: PLC0415

    with working(f"Looking at the monitoring of {environment}", environment, output) as (connection, _show):
        found = [one.as_json() for one in monitors(connection)]
        collecting = collection(connection)
    if output == "json":
        print_json({"monitors": found, "data_collection": collecting})
        return
    report_rows(found, _SCHEDULES, output, "Monitors")
    report_rows(collecting, ("deployment", "collects"), output, "Data collection")


@monitor.command()
@environment_argument
@click.option("--endpoint", metavar="NAME", help="The logs of this online endpoint.")
@click.option("--deployment", metavar="NAME", help="Of this deployment of it.")
@click.option("--job", metavar="NAME", help="The log of this job.")
@click.option("--lines", type=click.IntRange(1, 100_000), default=100, show_default=True, help="The last so many.")
@output_option
def logs(
    environment: str, *, endpoint: str | None, deployment: str | None, job: str | None, lines: int, output: str
) -> None:
    """The logs of an endpoint or of a job."""
    if (endpoint is None) == (job is None):
        raise click.UsageError("Name one of --endpoint and --job.")
    if endpoint is not None:
        show_logs(environment, endpoint, deployment=deployment, lines=lines, output=output)
        return
    from jobs.lifecycle.runs import get_run, log_of  # noqa: PLC0415

    assert job is not None
    with working(f"Reading the log of job {job}", environment, output) as (connection, _show):
        get_run(connection, job)
        text = "\n".join(log_of(connection, job).splitlines()[-lines:])
    if output == "json":
        print_json({job: text})
    else:
        click.echo(text)


@monitor.command()
@environment_argument
@click.argument("query", metavar="KQL")
@click.option("--hours", type=click.IntRange(1, 24 * 90), default=24, show_default=True, help="How far back.")
@click.option("--resource-id", metavar="ID", help="Default: the workspace's Application Insights.")
@click.option("--log-analytics", is_flag=True, help="Ask the environment's Log Analytics workspace instead.")
@output_option
def query(
    environment: str, query: str, *, hours: int, resource_id: str | None, log_analytics: bool, output: str
) -> None:
    """Ask Application Insights or Log Analytics, for example "traces | take 10"."""
    if log_analytics and resource_id:
        raise click.UsageError("Name one of --resource-id and --log-analytics.")
    from jobs.lifecycle.log_queries import run_query  # noqa: PLC0415

    with working("Asking Azure Monitor", environment, output) as (connection, _show):
        if log_analytics:
            resource_id = str(connection.deployment.output("log_analytics_workspace_id"))
        columns, rows = run_query(connection, query, hours=hours, resource_id=resource_id)
    report_rows([dict(zip(columns, row, strict=True)) for row in rows], columns, output, "Answer")


@click.group()
def schedule() -> None:
    """Schedules such as retraining: enable, disable, list."""


@schedule.command()
@environment_argument
@schedule_argument
@output_option
def enable(environment: str, name: str, output: str) -> None:
    """Switch a schedule on. Retraining needs lifecycle.retraining.enabled in the environment."""
    from jobs.lifecycle.schedules import enable as switch_on  # noqa: PLC0415

    with working(f"Enabling schedule {name}", environment, output) as (connection, show):
        result = switch_on(connection, name, show=show)
    _tell(name, "enabled", result, output)


@schedule.command()
@environment_argument
@schedule_argument
@output_option
def disable(environment: str, name: str, output: str) -> None:
    """Switch a schedule off."""
    from jobs.lifecycle.schedules import disable as switch_off  # noqa: PLC0415

    with working(f"Disabling schedule {name}", environment, output) as (connection, _show):
        result = switch_off(connection, name)
    _tell(name, "disabled", result, output)


@schedule.command("list")
@environment_argument
@output_option
def list_(environment: str, output: str) -> None:
    """Every schedule of the workspace, and what is declared and not there yet."""
    from jobs.lifecycle.schedules import list_schedules  # noqa: PLC0415

    with working("Listing the schedules", environment, output) as (connection, _show):
        found = list_schedules(connection)
    report_rows([one.as_json() for one in found], _SCHEDULES, output, f"Schedules of {environment}")


def _tell(name: str, what: str, result: str, output: str) -> None:
    if output == "json":
        print_json({"schedule": name, "state": what, "result": result})
    else:
        click.echo(f"Schedule {name}: {what}{' already' if result == 'unchanged' else ''}.")
