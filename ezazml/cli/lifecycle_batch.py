"""Commands about scoring whole files: ``ezazml batch deploy | run``."""

from __future__ import annotations

from pathlib import Path

import click

from ezazml.cli.common import environment_argument, output_option, print_json
from ezazml.cli.lifecycle_common import changed, file_option, working

name_argument = click.argument("name", metavar="ENDPOINT")


@click.group()
def batch() -> None:
    """Batch endpoints: deploy, run."""


@batch.command()
@environment_argument
@name_argument
@click.option("--deployment", "only", metavar="NAME", multiple=True, help="Only this one; may be repeated.")
@file_option
@click.option("--model", metavar="NAME[:VERSION]", help="Instead of the declared model; @champion works too.")
@output_option
def deploy(
    environment: str,
    name: str,
    *,
    only: tuple[str, ...],
    files: tuple[Path, ...],
    model: str | None,
    output: str,
) -> None:
    """Create or update a batch endpoint and its deployments as declared."""
    from jobs.lifecycle.batch import deploy as deploy_batch  # noqa: PLC0415 - imports azure-ai-ml

    with working(f"Deploying batch endpoint {name}", environment, output) as (connection, show):
        done = deploy_batch(connection, name, only=only, files=files, model=model, show=show)
    if output == "json":
        print_json(done.as_json())
    else:
        click.secho(f"Batch endpoint {name}: {changed(done.parts)}; default deployment {done.default}.", fg="green")


@batch.command()
@environment_argument
@name_argument
@click.option("--input", "source", metavar="DATA", required=True, help="azureml:name@latest, a path or an address.")
@click.option("--output-dir", type=click.Path(path_type=Path, file_okay=False), help="Download the predictions to it.")
@click.option("--deployment", metavar="NAME", help="Default: the endpoint's default deployment.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait until the job has ended.")
@output_option
def run(
    environment: str,
    name: str,
    *,
    source: str,
    output_dir: Path | None,
    deployment: str | None,
    wait: bool,
    output: str,
) -> None:
    """Score data with a batch endpoint and download the predictions."""
    if output_dir is not None and not wait:
        raise click.UsageError("--output-dir needs --wait: there is nothing to download before the job has ended.")
    from jobs.lifecycle import batch as scoring  # noqa: PLC0415
    from jobs.lifecycle import runs  # noqa: PLC0415

    files: list[Path] = []
    with working(f"Scoring with batch endpoint {name}", environment, output) as (connection, show):
        job = scoring.run(connection, name, source, deployment=deployment)
        show(f"job {job}")
        ended = runs.wait(connection, job, show) if wait else runs.get_run(connection, job)
        if wait:
            runs.require_completed(connection, ended)
        if output_dir is not None:
            files = scoring.download(connection, job, output_dir)
    if output == "json":
        print_json({"job": job, "status": ended.status, "files": [str(file) for file in files]})
        return
    click.echo(f"Job {job}: {ended.status}")
    for file in files:
        click.echo(f"Wrote {file}")
    if not wait:
        click.echo(f"Follow it: ezazml jobs stream {environment} {job}")
