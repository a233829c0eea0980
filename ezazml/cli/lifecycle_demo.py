"""What does a model's life look like? The second half of ``ezazml demo``: data, training, gate, endpoint, batch."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ezazml.cli.assets import apply_assets
from ezazml.cli.lifecycle_common import changed, connect
from ezazml.cli.lifecycle_models import print_gate
from ezazml.cli.lifecycle_training import follow
from ezazml.progress import progress

if TYPE_CHECKING:
    from ezazml.operations.workbench import Workbench
    from jobs.connection import Connection
    from jobs.lifecycle.models import ModelVersion

_ENDPOINT, _BATCH = "passengers", "passengers-batch"
_TABLE, _FILE = "azureml:passengers", "azureml:passengers-file@latest"
_ROWS = 5

Step = Callable[[str], None]


def show_data(environment: str, bench: Workbench, step: Step) -> Connection:
    """Put the declared assets into the workspace, and read the table back. Returns the way to the workspace."""
    from jobs.data.dataframe import DataReader  # noqa: PLC0415 - imports the SDKs

    step("What the workspace holds: the files in assets/, put into it")
    connection = connect(environment, lambda _line: None, bench=bench)
    apply_assets(environment, yes=True, bench=bench)
    step(f"{_TABLE} read back as a dataframe")
    with tempfile.TemporaryDirectory(prefix="ezazml-") as folder, progress("Loading"):
        cache = bench.environment.root / ".ezazml" / "cache" / "data"
        frame = DataReader(lambda: connection, cache=cache, folder=Path(folder)).read(_TABLE, rows=_ROWS)
    click.echo(frame.to_string(index=False))
    return connection


def show_model(connection: Connection, step: Step) -> ModelVersion:
    """Train, judge and register. What was trained already is not trained again."""
    from ezazml.operations import lifecycle  # noqa: PLC0415
    from jobs.lifecycle import gate, models, runs, training  # noqa: PLC0415

    step("Training: jobs/train.yml as a job, metrics with MLflow")
    job = training.load_job(lifecycle.job_file(connection, None), connection)
    run = training.same_run(connection, job)
    if run is not None:
        click.echo(f"Unchanged: job {run.name} trained with the same code and data.")
    else:
        submitted = training.submit(connection, job)
        click.echo(f"Job {submitted.name}; in Azure it would be at {submitted.studio_url}")
        run = follow(connection, submitted.name)
        runs.require_completed(connection, run)
    step("The gate: gate.yml, bounds and the model in production")
    found = lifecycle.evaluate_gate(connection, file=None, job=run.name, model=None)
    markdown, _data = gate.write_report(found, connection.deployment.environment.root / ".ezazml" / "reports")
    print_gate(found)
    lifecycle.require_passed(found, markdown)
    step("Registering it, with metrics, data version and job as tags")
    version = models.register(connection, lifecycle.registration(connection, job=run.name))
    models.promote(connection, version, models.Stage.CHAMPION)
    click.echo(f"{version.reference}: {'registered' if version.is_new else 'unchanged'}, champion")
    return version


def show_serving(connection: Connection, step: Step) -> None:
    """Deploy the model, ask it, and let it score a file."""
    from jobs.lifecycle import batch, endpoints, runs  # noqa: PLC0415
    from jobs.lifecycle.declared_endpoints import read_declared  # noqa: PLC0415
    from jobs.lifecycle.scoring import Scorer  # noqa: PLC0415
    from jobs.lifecycle.traffic import shown  # noqa: PLC0415

    step(f"Deploying it behind endpoint {_ENDPOINT}: checked, then given traffic")
    declared = read_declared(connection, _ENDPOINT)
    with progress("Deploying") as show:
        done = endpoints.deploy(connection, declared, show=show)
    click.echo(f"{changed(done.parts)}; traffic: {shown(done.splits[-1] if done.splits else done.before)}")
    click.echo(f"request: {json.dumps(declared.rollout.sample)}")
    click.echo(f"answer:  {json.dumps(Scorer(connection, _ENDPOINT).ask(declared.rollout.sample).body)}")
    step(f"Scoring a file with batch endpoint {_BATCH}")
    root = connection.deployment.environment.root
    folder = root / ".ezazml" / "predictions"
    with progress("Scoring") as show:
        deployed = batch.deploy(connection, _BATCH, show=show)
        files = sorted(folder.glob("*.csv"))
        if not deployed.is_unchanged or not files:
            job = batch.run(connection, _BATCH, _FILE)
            runs.require_completed(connection, runs.wait(connection, job, show))
            files = batch.download(connection, job, folder)
    click.echo(changed(deployed.parts))
    for file in files:
        rows = len(file.read_text(encoding="utf-8").splitlines())
        click.echo(f"{file.relative_to(root)}: {rows} predictions")
