"""What does a batch deployment do? A job with one step, which scores every file of the input."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from sandbox.compute import addresses
from sandbox.compute.command import download_code, job_environ, materialised
from sandbox.compute.context import Context
from sandbox.compute.environments import environment_of, environment_of_model
from sandbox.compute.errors import ComputeError
from sandbox.compute.models import download_model
from sandbox.compute.parents import Children
from sandbox.compute.process import Guarded
from sandbox.compute.records import RUN
from sandbox.compute.registering import register
from sandbox.compute.runner import Execution, Runner
from sandbox.compute.runtime import python_of
from sandbox.store import ArmObject

#: What the step is called, and its output: azure-ai-ml looks for both.
STEP, OUTPUT = "batchscoring", "score"
_PROGRAMS = Path(__file__).with_name("programs")
_RETRIES = 3


def run(runner: Runner, execution: Execution) -> None:
    """The job of the endpoint: waits for its one step."""
    context = runner.context
    job, workspace = context.records.job(execution.id), context.records.workspace(execution.id)
    context.records.status(execution.id, "Running")
    children = Children(runner, execution, workspace)
    batch = job[RUN]["batch"]
    properties = {
        "jobType": "Command",
        "displayName": STEP,
        "experimentName": job["properties"]["experimentName"],
        "command": f"score {batch['deployment'].rsplit('/', 1)[-1]}",
        "computeId": batch["settings"].get("compute"),
        "inputs": job["properties"]["inputs"],
        "outputs": {OUTPUT: batch["output"]},
    }
    children.start(STEP, properties, work="BatchStep", batch=batch)
    for title, ended in children.next():
        children.require(title, ended)


def run_step(runner: Runner, execution: Execution) -> None:
    """Score every file. Raises :class:`ComputeError` when too many fail."""
    context, identifier = runner.context, execution.id
    job, workspace = context.records.job(identifier), context.records.workspace(identifier)
    settings: dict[str, Any] = job[RUN]["batch"]["settings"]
    log, folder = context.log(identifier), context.job_folder(identifier)
    context.records.status(identifier, "Preparing")
    nodes = int((settings.get("resources") or {}).get("instanceCount") or 1)
    if nodes > 1:
        log.say(f"{nodes} nodes are asked for: on this machine one goes through all mini-batches.")
    model = download_model(context, workspace, settings.get("model"), folder / "inputs" / "azureml-models")
    if settings.get("environmentId") or (settings.get("codeConfiguration") or {}).get("codeId"):
        environment = environment_of(context, workspace, settings.get("environmentId"), log)
    else:
        environment = environment_of_model(context, model, log)
    files = _files(context, workspace, job, folder / "inputs")
    output = folder / "outputs" / OUTPUT
    output.mkdir(parents=True, exist_ok=True)
    described = {
        "script": str(_script(context, workspace, settings, folder / "code")),
        "files": files,
        "mini_batch_size": max(1, int(settings.get("miniBatchSize") or 10)),
        "output_file": str(output / (settings.get("outputFileName") or "predictions.csv")),
        "output_action": settings.get("outputAction") or "AppendRow",
        "error_threshold": -1 if settings.get("errorThreshold") is None else settings["errorThreshold"],
        "max_retries": _retries(settings),
    }
    file = folder / "code" / ".batch.json"
    file.write_text(json.dumps(described), encoding="utf-8")
    environ = job_environ(context, workspace, job, environment, folder)
    environ |= {"AZUREML_MODEL_DIR": str(model or ""), "AZUREML_BI_OUTPUT_PATH": str(output)}
    environ |= {key: str(value) for key, value in (settings.get("environmentVariables") or {}).items()}
    execution.check()
    context.records.status(identifier, "Running")
    command = [str(python_of(environment)), str(_PROGRAMS / "batch.py"), str(file)]
    ended = execution.started(Guarded(command, folder=folder / "code", environ=environ, log=log)).wait()
    execution.check()
    if ended:
        raise ComputeError(f"Scoring ended with exit code {ended}; the log of the step says why.")
    context.records.status(identifier, "Finalizing")
    _collect(context, workspace, job, output)


def _files(context: Context, workspace: ArmObject, job: ArmObject, folder: Path) -> list[str]:
    found: list[str] = []
    for value in materialised(context, workspace, job["properties"]["inputs"], folder).values():
        path = Path(value)
        if path.is_dir():
            found += [str(file) for file in sorted(path.rglob("*")) if file.is_file()]
        elif path.is_file():
            found.append(value)
    if not found:
        raise ComputeError("The input has no files.")
    return found


def _script(context: Context, workspace: ArmObject, settings: dict[str, Any], folder: Path) -> Path:
    code = settings.get("codeConfiguration") or {}
    if not code.get("codeId"):
        folder.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copy(_PROGRAMS / "mlflow_batch.py", folder / "batch_score.py"))
    script: Path = download_code(context, workspace, code["codeId"], folder) / code["scoringScript"]
    if not script.is_file():
        raise ComputeError(f"The scoring script '{code['scoringScript']}' is not in the deployment's code.")
    return script


def _retries(settings: dict[str, Any]) -> int:
    given = (settings.get("retrySettings") or {}).get("maxRetries")
    return _RETRIES if given is None else int(given)


def _collect(context: Context, workspace: ArmObject, job: ArmObject, output: Path) -> None:
    given = dict(job["properties"]["outputs"][OUTPUT])
    given["uri"] = given.get("uri") or addresses.output_uri(job["name"], OUTPUT)
    context.files.upload(output, context.place(workspace, given["uri"]))
    asset = register(context, job, OUTPUT, given, output)
    parent = job[RUN]["parent"]

    def change(body: ArmObject) -> None:
        body["properties"]["outputs"] = {**(body["properties"].get("outputs") or {}), OUTPUT: given}
        body.setdefault(RUN, {})["outputs"] = {OUTPUT: asset}

    context.records.change(job["id"], change)
    context.records.change(f"{workspace['id']}/jobs/{parent}", change)
