"""In which virtual environment does a job or a deployment run? That of its environment, or of its MLflow model."""

from __future__ import annotations

from pathlib import Path

from sandbox.azureml_api.references import identifier_of
from sandbox.compute.context import Context
from sandbox.compute.errors import ComputeError
from sandbox.compute.packages import Wanted, of_conda, of_environment
from sandbox.compute.process import Log
from sandbox.compute.runtime import folder as runtime_folder
from sandbox.store import ArmObject


def environment_of(context: Context, workspace: ArmObject, reference: str | None, log: Log) -> Path:
    """The virtual environment for an environment asset, with remarks in the log. Raises :class:`ComputeError`."""
    context.runtime.ready(log.say)
    if not reference:
        return runtime_folder()
    identifier = identifier_of(workspace, "environments", reference)
    body = context.records.read(lambda store: store.get(identifier))
    if body is None:
        # One of a registry: whoever submitted it was told nothing else, so the log says what runs instead.
        log.say(f"The environment {reference} is not in this workspace: the sandbox's own packages run instead.")
        return runtime_folder()
    return _installed(context, of_environment(body, runtime_folder()), f"The environment {reference}", log)


def environment_of_model(context: Context, model: Path | None, log: Log) -> Path:
    """The virtual environment for a model of MLflow, which says in its conda.yaml what it needs.

    Raises :class:`ComputeError`.
    """
    context.runtime.ready(log.say)
    files = sorted(model.rglob("MLmodel"), key=lambda file: len(file.parts)) if model is not None else []
    conda = files[0].with_name("conda.yaml") if files else None
    if conda is None or not conda.is_file():
        log.say("The model has no conda.yaml: it runs with the sandbox's own packages.")
        return runtime_folder()
    need = of_conda(conda.read_text(encoding="utf-8"), "the model", runtime_folder())
    return _installed(context, need, "The model's conda.yaml", log)


def _installed(context: Context, need: Wanted, title: str, log: Log) -> Path:
    for remark in need.remarks:
        log.say(remark)
    try:
        return context.runtime.layer(need.packages, log.say)
    except ComputeError as error:
        raise ComputeError(f"{title} cannot be installed here. {need.caution}".rstrip() + f" {error}") from error
