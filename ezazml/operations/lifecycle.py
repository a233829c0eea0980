"""How does a lifecycle command get at its workspace, and what does it take from the settings?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ezazml.config.models import Model
from ezazml.errors import EzazmlError, InputError
from ezazml.operations.workbench import Workbench
from ezazml.operations.workspace import open_deployment
from ezazml.terraform.runner import Progress
from jobs.assets.asset import Kind
from jobs.connection import Connection
from jobs.deployment import deployment_of
from jobs.lifecycle import gate as gates
from jobs.lifecycle import models
from jobs.lifecycle.declarations import folder_of, read_definition
from jobs.lifecycle.metrics import metrics_of
from jobs.lifecycle.models import ModelVersion, Registration
from jobs.lifecycle.runs import get_run

#: Files of the lifecycle folder that commands look for when none is named.
TRAINING = "jobs/train.yml"
MODEL = "model.yml"
GATE = "gate.yml"


def connect(
    name: str, *, root: Path, environ: Mapping[str, str], show: Progress, bench: Workbench | None = None
) -> Connection:
    """The workspace of an environment. ``bench`` is one where Terraform has just worked."""
    if bench is not None:
        return Connection(deployment_of(bench.environment, bench.terraform.outputs()), environ=environ)
    return Connection(open_deployment(name, root=root, environ=environ, show=show), environ=environ)


def job_file(connection: Connection, wanted: Path | None) -> Path:
    """The job to submit: the wanted one, else ``jobs/train.yml`` of the lifecycle folder."""
    return wanted if wanted is not None else folder_of(connection.deployment) / TRAINING


def registration(
    connection: Connection,
    *,
    file: Path | None = None,
    name: str | None = None,
    path: str | None = None,
    job: str | None = None,
    output: str = "model",
    type_: str | None = None,
    version: str | None = None,
    note: str | None = None,
) -> Registration:
    """What shall be registered: options, else MODEL_NAME and the like, else the project's ``model.yml``.

    Raises :class:`InputError` without a name.
    """
    defaults: Model = connection.deployment.environment.settings.model
    file = file or folder_of(connection.deployment) / MODEL
    data = read_definition(file, connection.deployment, Kind.MODEL).data if file.is_file() else {}
    declared = data.get("path")
    if declared and "://" not in str(declared):
        declared = str((file.parent / str(declared)).resolve())
    name = name or defaults.name or data.get("name")
    if not name:
        raise InputError("The model has no name.", hint="Pass --name, set MODEL_NAME, or write a model.yml.")
    tags = {str(key): str(value) for key, value in (data.get("tags") or {}).items()}
    return Registration(
        name=str(name),
        path=path or (None if job else defaults.path or declared),
        job=job,
        output=output,
        type=type_ or (data.get("type") if data.get("name") == name else None),
        version=version or defaults.version or (str(data["version"]) if "version" in data else None),
        description=data.get("description") if data.get("name") == name else None,
        note=note or defaults.version_note,
        tags=tags if data.get("name") == name else {},
    )


def evaluate_gate(
    connection: Connection, *, file: Path | None, job: str | None, model: str | None, mode: str | None = None
) -> gates.Report:
    """Check a job's or a registered model's metrics; the champion is that of the gate's or the given model."""
    path = file or folder_of(connection.deployment) / GATE
    root = connection.deployment.environment.root
    absolute = path.absolute()
    label = absolute.relative_to(root).as_posix() if absolute.is_relative_to(root) else str(path)
    gate = gates.read_gate(path, label=label)
    if mode is not None:
        gate = gate.model_copy(update={"mode": gates.Mode(mode)})
    if bool(job) == bool(model):
        raise InputError("The gate judges a job or a model.", hint="Pass --job NAME or --model NAME[:VERSION].")
    candidate, metrics, name = _candidate(connection, job, model, gate.model)
    champion = models.champion_of(connection, name) if name else None
    if champion is not None and champion.reference == f"azureml:{candidate}":
        champion = None  # nobody competes with itself
    return gates.evaluate(
        gate,
        metrics,
        candidate=candidate,
        champion=champion.reference.removeprefix("azureml:") if champion else None,
        champion_metrics=champion.metrics if champion else None,
    )


def require_passed(report: gates.Report, file: Path) -> None:
    """Raise :class:`EzazmlError` if the gate refuses."""
    if report.refuses:
        broken = [check for check in report.checks if not check.passed]
        text = "; ".join(
            f"{check.metric} is {'not measured' if check.value is None else f'{check.value:.4f}'}, must be {check.rule}"
            for check in broken
        )
        raise EzazmlError(f"The gate refuses {report.candidate}: {text}.", hint=f"The report: {file}")


def _candidate(
    connection: Connection, job: str | None, model: str | None, name: str | None
) -> tuple[str, Mapping[str, float], str | None]:
    if job:
        run = get_run(connection, job)
        if run.status != "Completed":
            raise InputError(f"Job {job} is {run.status}; the gate judges jobs that completed.")
        return run.name, metrics_of(connection, run.name), name
    version: ModelVersion = models.find(connection, str(model))
    return f"{version.name}:{version.version}", version.metrics, version.name
