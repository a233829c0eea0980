"""How does a training run start? An official job YAML, with other inputs where asked for, handed to Azure ML."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from ezazml.config.paths import parse_path
from ezazml.errors import ConfigurationError, InputError
from jobs.assets.asset import Definition, Kind
from jobs.assets.loading import load_entity
from jobs.azure_errors import readable_errors
from jobs.computes import with_full_names
from jobs.connection import Connection
from jobs.data.azure_jobs import compute_of
from jobs.data.register import find_data
from jobs.lifecycle import tags
from jobs.lifecycle.declarations import fingerprint_of, read_definition, require_loadable, texts_of
from jobs.lifecycle.pipeline_checks import pipeline_problems
from jobs.lifecycle.runs import Run, list_runs, status_of
from jobs.tags import HASH_TAG

#: Jobs that run somewhere of their own, or in parts that say where.
_WITH_DEFAULT_COMPUTE = "pipeline"
#: Completed jobs that are looked at for one that did the same.
_LOOK_BACK = 50
_EXPRESSION = re.compile(r"\$\{\{\s*(inputs|outputs|search_space)\.([A-Za-z_]\w*)")
_DATA = re.compile(r"^azureml:(?!/)(?P<name>[A-Za-z0-9][\w.-]*?)(?::(?P<version>[\w.-]+)|@(?P<label>\w+))?$")


@dataclass(frozen=True)
class Submission:
    """A job as Azure ML took it."""

    name: str
    display_name: str
    experiment: str
    status: str
    studio_url: str | None
    tags: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {**self.__dict__, "tags": dict(self.tags)}


def load_job(path: Path, connection: Connection, *, settings: Sequence[str] = (), compute: str | None = None) -> Any:
    """The SDK's job behind a YAML file, checked, with ``settings`` (``inputs.x=1``) and a compute.

    A job that names no compute gets the environment's first cluster. Raises :class:`InputError` or
    :class:`ConfigurationError` for what is wrong, before anything is sent.
    """
    deployment = connection.deployment
    definition = read_definition(path, deployment, Kind.JOB)
    for setting in settings:
        override(definition, setting)
    definition = replace(definition, data=with_full_names(definition.data, deployment.environment))
    _choose_compute(definition, compute, connection)
    problems = [*_expression_problems(definition), *pipeline_problems(definition)]
    if problems:
        raise ConfigurationError(problems)
    require_loadable(definition, deployment.environment.root)
    used = pin_data(definition, connection)
    job = load_entity(definition)
    job.tags = {**(job.tags or {}), **tags.git_tags(definition.path.parent), HASH_TAG: fingerprint_of(definition)}
    if used:
        job.tags[tags.DATA] = ",".join(used)
    return job


def submit(connection: Connection, job: Any) -> Submission:
    """Hand the job to Azure ML. Raises :class:`EzazmlError` with Azure's reason when it is refused."""
    quiet = io.StringIO()  # the SDK prints about its uploads and its own classes
    what = job.display_name or job.name or "the job"
    with (
        readable_errors(f"Submitting {what!r}"),
        contextlib.redirect_stdout(quiet),
        contextlib.redirect_stderr(quiet),
    ):
        made = connection.ml.jobs.create_or_update(job)
    return Submission(
        str(made.name),
        str(made.display_name or made.name),
        str(made.experiment_name or "Default"),
        status_of(made),
        getattr(made, "studio_url", None),
        dict(made.tags or {}),
    )


def same_run(connection: Connection, job: Any) -> Run | None:
    """The newest completed run of exactly this: the same declaration, code, inputs and data versions."""
    fingerprint = (job.tags or {}).get(HASH_TAG)
    completed = list_runs(connection, limit=_LOOK_BACK, status="Completed")
    return next((run for run in completed if fingerprint and run.tags.get(HASH_TAG) == fingerprint), None)


def override(definition: Definition, setting: str) -> None:
    """Apply one ``--set path=value``, as ``az ml job create --set`` does. Raises :class:`InputError`."""
    name, equals, text = setting.partition("=")
    path = parse_path(name.strip())
    if not equals or not all(part != "" for part in path):
        raise InputError(f"--set {setting}: this is not name=value.", hint="Example: --set inputs.regularisation=0.5")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InputError(f"--set {setting}: the value is not valid YAML.", hint="Quote it.") from error
    if path[0] in {"inputs", "outputs"} and len(path) > 1:
        _require_named(definition, str(path[0]), str(path[1]), setting)
    container: Any = definition.data
    for part in path[:-1]:
        if isinstance(container, dict):
            container = container.setdefault(part, {})
        elif isinstance(container, list) and isinstance(part, int) and part < len(container):
            container = container[part]
        else:
            raise InputError(f"--set {setting}: {definition.label} has no group {name!r}.", hint="Check the name.")
    last = path[-1]
    if not isinstance(container, dict):
        raise InputError(f"--set {setting}: {definition.label} has no group {name!r}.", hint="Check the name.")
    previous = container.get(last)
    if path[0] == "inputs" and len(path) == 2 and isinstance(previous, dict) and isinstance(value, str):
        # Data of the same type, from somewhere else.
        previous["path"] = value
    else:
        container[last] = value


def pin_data(definition: Definition, connection: Connection) -> list[str]:
    """Give data inputs the version that they mean now, so that the job says for ever what it read.

    Returns ``name:version`` of each. Raises :class:`InputError` for data or a version that is not registered.
    """
    used: list[str] = []
    for name, value in (definition.data.get("inputs") or {}).items():
        if not isinstance(value, dict) or value.get("type") not in {"uri_file", "uri_folder", "mltable"}:
            continue
        match = _DATA.match(str(value.get("path", "")))
        if match is None:
            continue
        version = latest_data(connection, match["name"], match["version"], f"{definition.place(('inputs', name))}")
        value["path"] = f"azureml:{match['name']}:{version}"
        used.append(f"{match['name']}:{version}")
    return used


def latest_data(connection: Connection, name: str, version: str | None, where: str) -> str:
    """The version of registered data, its newest unless one is given. Raises :class:`InputError` if there is none."""
    asset = find_data(connection, name, version)
    if asset is not None:
        return str(asset.version)
    what = f"version {version} of the data asset {name!r}" if version else f"data asset {name!r}"
    with readable_errors("Listing data assets"):
        known = connection.ml.data.list(name) if version else connection.ml.data.list()
        names = sorted(str(one.version if version else one.name) for one in known)
        # What Azure registers for each output of a job is not what somebody looks for.
        names = [one for one in names if version or not one.startswith("azureml_")]
    hint = f"There is {', '.join(names[:10])}." if names else "Register it: ezazml assets apply."
    raise InputError(f"{where}: there is no {what}.", hint=hint)


def _require_named(definition: Definition, group: str, name: str, setting: str) -> None:
    known = definition.data.get(group) or {}
    if name not in known:
        raise InputError(
            f"--set {setting}: {definition.label} has no {group[:-1]} {name!r}.",
            hint=f"It has {', '.join(known)}." if known else f"It has no {group}.",
        )


def _choose_compute(definition: Definition, wanted: str | None, connection: Connection) -> None:
    data = definition.data
    field = "compute"
    if data.get("type") == _WITH_DEFAULT_COMPUTE or "jobs" in data:
        field = "default_compute"
        data["settings"] = data.get("settings") or {}
        data = data["settings"]
    declared = str(data.get(field) or "").removeprefix("azureml:")
    if wanted is None and declared:
        return
    data[field] = f"azureml:{compute_of(connection.deployment, wanted)}"


def _expression_problems(definition: Definition) -> Iterator[Any]:
    """Inputs and outputs that a command uses and the job does not declare: Azure ML would tell after minutes."""
    if "command" not in definition.data:
        return
    declared = {group: set(definition.data.get(group) or {}) for group in ("inputs", "outputs", "search_space")}
    for text in texts_of(definition.data["command"]):
        for group, name in dict.fromkeys(_EXPRESSION.findall(text)):
            if name not in declared[group]:
                known = ", ".join(sorted(declared[group])) or "none"
                yield definition.problem(
                    ("command",),
                    f"uses ${{{{{group}.{name}}}}}, which the job does not declare.",
                    f"Declared {group}: {known}.",
                )
