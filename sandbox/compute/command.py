"""What does a command job do? Its code and inputs become local files, its command runs, its outputs go back."""

from __future__ import annotations

import re
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from sandbox.azureml_api.references import identifier_of
from sandbox.compute import addresses, registering
from sandbox.compute.context import Context
from sandbox.compute.environments import environment_of
from sandbox.compute.errors import ComputeError
from sandbox.compute.expressions import replaced
from sandbox.compute.process import Guarded
from sandbox.compute.records import RUN
from sandbox.compute.runner import Execution, Runner
from sandbox.compute.runtime import folder as runtime_folder
from sandbox.compute.runtime import python_of
from sandbox.store import ArmObject

_FILE_TYPES = ("uri_file",)


def run(runner: Runner, execution: Execution) -> None:
    """Run a command job to its end. Raises :class:`ComputeError` when it fails."""
    context, identifier = runner.context, execution.id
    job = context.records.job(identifier)
    workspace = context.records.workspace(identifier)
    context.records.status(identifier, "Preparing")
    folder, log = plain_path(context.job_folder(identifier)), context.log(identifier)
    properties: dict[str, Any] = job["properties"]
    try:
        environment = environment_of(context, workspace, properties.get("environmentId"), log)
        values = materialised(context, workspace, properties.get("inputs") or {}, folder / "inputs")
        outputs = _output_paths(properties.get("outputs") or {}, folder / "outputs")
        code = download_code(context, workspace, properties.get("codeId"), folder / "code")
        words = {f"inputs.{name}": value for name, value in values.items()}
        words |= {f"outputs.{name}": str(path) for name, path in outputs.items()}
        command = replaced(properties["command"], {**words, **(job.get(RUN) or {}).get("searchSpace", {})})
        environ = job_environ(context, workspace, job, environment, folder)
        environ |= {f"AZURE_ML_INPUT_{name}": value for name, value in values.items()}
        environ |= {f"AZURE_ML_OUTPUT_{name}": str(path) for name, path in outputs.items()}
        environ |= {str(name): str(value) for name, value in (properties.get("environmentVariables") or {}).items()}
        execution.check()
        context.records.status(identifier, "Running")
        program = ["/bin/bash", "-c", command] if Path("/bin/bash").exists() else ["/bin/sh", "-c", command]
        ended = execution.started(Guarded(program, folder=code, environ=environ, log=log)).wait()
        execution.check()
        if ended:
            raise ComputeError(f"The command ended with exit code {ended}; the job's log says why.")
        context.records.status(identifier, "Finalizing")
        _collect(context, workspace, job, outputs)
    finally:
        if folder.is_symlink():
            folder.unlink()


def materialised(context: Context, workspace: ArmObject, inputs: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """Every input as the command sees it: a local path, an address, or the text of a value."""
    values: dict[str, str] = {}
    for name, given in inputs.items():
        if given is None:
            continue  # an optional one without a value
        kind = str(given.get("jobInputType") or given.get("job_input_type") or "literal").lower()
        if kind == "literal":
            values[name] = str(given.get("value"))
            continue
        uri = str(given["uri"])
        if str(given.get("mode") or "").lower() == "direct":
            values[name] = context.uri(workspace, uri)
            continue
        try:
            place = context.place(workspace, uri)
            values[name] = str(context.files.download(place, folder / name))
        except ComputeError as error:
            raise ComputeError(f"The input '{name}' cannot be read: {error}") from error
    return values


def download_code(context: Context, workspace: ArmObject, reference: str | None, folder: Path) -> Path:
    """The code asset as a local folder; an empty one for none."""
    folder.mkdir(parents=True, exist_ok=True)
    if reference:
        body = context.records.read(lambda store: store.get(identifier_of(workspace, "codes", reference)))
        if body is None:
            raise ComputeError(f"The code '{reference}' does not exist.")
        uri = body["properties"]["codeUri"]
        place = context.place(workspace, uri)
        context.files.download(place, folder)
    return folder


def job_environ(
    context: Context, workspace: ArmObject, job: ArmObject, environment: Path, folder: Path
) -> dict[str, str]:
    """The variables that Azure ML sets for a job, with a home of its own and MLflow's run."""
    properties = job["properties"]
    experiment = properties.get("experimentName") or "Default"
    tracking = context.tracking(workspace)
    name = properties.get("displayName") or job["name"]
    tags = {str(key): str(value) for key, value in (properties.get("tags") or {}).items()}
    parent = (job.get(RUN) or {}).get("parent")
    if parent:
        tags["mlflow.parentRunId"] = parent
    number = tracking.start(job["name"], experiment, name, tags)
    parts = workspace["id"].split("/")
    return {
        **base_environ(context, environment, folder),
        "AZUREML_RUN_ID": job["name"],
        "AZUREML_ROOT_RUN_ID": parent or job["name"],
        "AZUREML_EXPERIMENT_NAME": experiment,
        "AZUREML_EXPERIMENT_ID": number,
        "AZUREML_ARM_SUBSCRIPTION": parts[2],
        "AZUREML_ARM_RESOURCEGROUP": parts[4],
        "AZUREML_ARM_WORKSPACE_NAME": workspace["name"],
        "AZUREML_ARM_PROJECT_NAME": experiment,
        "AZUREML_WORKSPACE_ID": str(workspace["properties"]["workspaceId"]),
        "AZUREML_SERVICE_ENDPOINT": f"https://{workspace['location']}.api.azureml.ms",
        "MLFLOW_TRACKING_URI": tracking.uri,
        "MLFLOW_EXPERIMENT_ID": number,
        "MLFLOW_EXPERIMENT_NAME": experiment,
        "MLFLOW_RUN_ID": job["name"],
    }


def base_environ(context: Context, environment: Path, folder: Path) -> dict[str, str]:
    """What every program of the sandbox's compute gets: its Python first on PATH, a home, and the sandbox's login."""
    home, temporary = folder / "home", folder / "tmp"
    for made in (home, temporary):
        made.mkdir(parents=True, exist_ok=True)
    path = [str(environment / "bin"), str(python_of(runtime_folder()).parent), "/usr/local/bin", "/usr/bin", "/bin"]
    return {
        **context.variables(),
        "PATH": ":".join(path),
        "VIRTUAL_ENV": str(environment),
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "MPLBACKEND": "Agg",
        "GIT_PYTHON_REFRESH": "quiet",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


def _output_paths(outputs: Mapping[str, Any], folder: Path) -> dict[str, Path]:
    """Where the command writes each output: a folder that exists, or a file that does not yet."""
    paths: dict[str, Path] = {}
    for name, given in outputs.items():
        kind = str((given or {}).get("jobOutputType") or "uri_folder").lower()
        path = folder / name
        if kind in _FILE_TYPES:
            uri = str((given or {}).get("uri") or "")
            path = path / (PurePosixPath(uri).name if uri and not uri.endswith("/") else name)
        (path.parent if kind in _FILE_TYPES else path).mkdir(parents=True, exist_ok=True)
        paths[name] = path
    return paths


def _collect(context: Context, workspace: ArmObject, job: ArmObject, paths: Mapping[str, Path]) -> None:
    """Upload the outputs, say where they are, and register those that have a name."""
    outputs: dict[str, Any] = job["properties"].get("outputs") or {}
    known: dict[str, Any] = {}
    assets: dict[str, Any] = {}
    for name, path in paths.items():
        given = dict(outputs.get(name) or {})
        is_file = str(given.get("jobOutputType") or "").lower() in _FILE_TYPES
        default = addresses.output_uri(job["name"], name) + (path.name if is_file else "")
        uri = replaced_name(str(given.get("uri") or default), job["name"])
        place = context.place(workspace, uri)
        if path.exists():
            context.files.upload(path, place)
            assets[name] = registering.register(context, job, name, {**given, "uri": uri}, path)
        given["uri"] = uri
        known[name] = given

    def change(body: ArmObject) -> None:
        body["properties"]["outputs"] = {**(body["properties"].get("outputs") or {}), **known}
        body.setdefault(RUN, {})["outputs"] = assets

    context.records.change(job["id"], change)


def replaced_name(uri: str, job: str) -> str:
    """An output's address: it may name the job."""
    return uri.replace("${{name}}", job).replace("{name}", job)


def plain_path(folder: Path) -> Path:
    """The folder by a path that a command can hold without quotes, as on Azure: a link where it has spaces."""
    folder.mkdir(parents=True, exist_ok=True)
    if re.fullmatch(r"[\w./+:@-]+", str(folder)):
        return folder
    link = Path(tempfile.gettempdir()) / f"ezazml-job-{secrets.token_hex(8)}"
    link.symlink_to(folder, target_is_directory=True)
    return link
