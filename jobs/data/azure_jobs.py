"""How is data copied or looked at inside Azure? Command jobs of Azure Machine Learning on the environment's cluster."""

from __future__ import annotations

import contextlib
import io
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ezazml.errors import InputError
from jobs.azure_errors import readable_errors
from jobs.computes import full_names
from jobs.connection import Connection
from jobs.deployment import Deployment

if TYPE_CHECKING:
    from azure.ai.ml.entities import Command

#: What runs there.
CODE = Path(__file__).resolve().parent.parent / "code" / "data"
_IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:latest"


@dataclass(frozen=True)
class JobSettings:
    """Where a job runs. ``environment`` is ``azureml:<name>@latest`` or the like; default: one made of CODE's file."""

    compute: str
    environment: str | None = None
    experiment: str = "ezazml-data"


@dataclass(frozen=True)
class SubmittedJob:
    """A job as Azure ML took it."""

    name: str
    status: str
    studio_url: str | None


def compute_of(deployment: Deployment, wanted: str | None) -> str:
    """The cluster to run on: the wanted one, else the environment's first.

    Raises :class:`InputError` for one that the environment does not have.
    """
    clusters = [str(name) for name in deployment.outputs.get("compute_cluster_names") or ()]
    if wanted is not None:
        wanted = full_names(deployment.environment).get(wanted, wanted)
    if wanted is None and not clusters:
        raise InputError(
            f"Environment {deployment.name!r} has no compute cluster to run on.",
            hint="Add one to compute.clusters and deploy, or name another compute with --compute.",
        )
    if wanted is not None and clusters and wanted not in clusters:
        raise InputError(
            f"Environment {deployment.name!r} has no compute cluster {wanted!r}.", hint=f"It has {', '.join(clusters)}."
        )
    return wanted or clusters[0]


def inspect_job(table: str, rows: int, settings: JobSettings) -> Command:
    """A job that prints the paths and the first rows of an MLTable, which is an address or ``azureml:name:version``."""
    from azure.ai.ml import Input, command  # noqa: PLC0415 - takes 0.8 s

    return command(
        display_name="inspect data",
        experiment_name=settings.experiment,
        code=str(CODE),
        command="python inspect_data.py --table ${{inputs.table}} --rows ${{inputs.rows}}",
        # Mounted as it is: the engine on the node reads only what the rows need.
        inputs={"table": Input(type="mltable", path=table, mode="eval_mount"), "rows": rows},
        environment=_environment(settings),
        compute=settings.compute,
    )


def copy_job(source: str, target: str, *, overwrite: bool, settings: JobSettings, source_is_file: bool) -> Command:
    """A job that copies a file or folder to a folder; both are addresses in datastores."""
    from azure.ai.ml import Input, Output, command  # noqa: PLC0415

    kind = "uri_file" if source_is_file else "uri_folder"
    flag = " --overwrite" if overwrite else ""
    return command(
        display_name="copy data",
        experiment_name=settings.experiment,
        code=str(CODE),
        command=f"python copy_data.py --source ${{{{inputs.source}}}} --target ${{{{outputs.target}}}}{flag}",
        inputs={"source": Input(type=kind, path=source, mode="ro_mount")},
        outputs={"target": Output(type="uri_folder", path=target, mode="rw_mount")},
        environment=_environment(settings),
        compute=settings.compute,
    )


def submit(connection: Connection, job: Command) -> SubmittedJob:
    """Hand the job to Azure ML; it runs there. Raises :class:`AzureError` when Azure refuses it."""
    # The SDK prints and logs warnings about its own classes.
    logging.getLogger("azure.ai.ml._utils._experimental").setLevel(logging.ERROR)
    quiet = io.StringIO()
    with (
        readable_errors(f"Submitting the job {job.display_name!r}"),
        contextlib.redirect_stdout(quiet),
        contextlib.redirect_stderr(quiet),
    ):
        made: Any = connection.ml.jobs.create_or_update(job)
    return SubmittedJob(str(made.name), str(made.status), getattr(made, "studio_url", None))


def _environment(settings: JobSettings) -> Any:
    from azure.ai.ml.entities import Environment  # noqa: PLC0415

    return settings.environment or Environment(
        description="mltable and pandas, for the jobs that look at data",
        image=_IMAGE,
        conda_file=str(CODE / "environment.yaml"),
    )
