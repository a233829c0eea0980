"""Which models are there, what are they made of, and which one is in production? Versions and tags of Azure ML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from ezazml.errors import InputError
from jobs.assets.fingerprint import hash_files
from jobs.azure_errors import readable_errors
from jobs.connection import Connection
from jobs.lifecycle import runs, tags
from jobs.lifecycle.metrics import metrics_of
from jobs.tags import HASH_TAG

_SINCE = "stage.since"
TYPES = ("mlflow_model", "custom_model", "triton_model")


class Stage(StrEnum):
    """How far a version is. One version of a name is the champion: the one in production."""

    CHALLENGER = "challenger"
    CHAMPION = "champion"


@dataclass(frozen=True)
class ModelVersion:
    """One registered version and what its tags tell."""

    name: str
    version: str
    type: str
    description: str
    path: str
    created: str
    tags: Mapping[str, str]
    #: Whether this command registered it; otherwise it was there.
    is_new: bool = False

    @property
    def stage(self) -> str:
        """``challenger``, ``champion`` or nothing."""
        return self.tags.get(tags.STAGE, "")

    @property
    def metrics(self) -> dict[str, float]:
        """What the job that made it measured."""
        found: dict[str, float] = {}
        for name, value in self.tags.items():
            if name.startswith(tags.METRIC):
                try:
                    found[name.removeprefix(tags.METRIC)] = float(value)
                except ValueError:
                    continue  # a tag of somebody else
        return found

    @property
    def reference(self) -> str:
        """How YAML names it."""
        return f"azureml:{self.name}:{self.version}"

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {**self.__dict__, "tags": dict(self.tags), "stage": self.stage, "metrics": self.metrics}


@dataclass(frozen=True)
class Registration:
    """What shall be registered: files in ``path``, or the output ``output`` of ``job``."""

    name: str
    path: str | None = None
    job: str | None = None
    output: str = "model"
    type: str | None = None
    version: str | None = None
    description: str | None = None
    note: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


def register(connection: Connection, wanted: Registration) -> ModelVersion:
    """Register a version, with where it comes from as tags; what was registered already is not registered again.

    Raises :class:`InputError` for a job, an output, a path or a version that cannot be.
    """
    if bool(wanted.path) == bool(wanted.job):
        raise InputError(
            "A model comes from a job or from a path.", hint="Pass --job NAME or --path PATH, one of them."
        )
    path, found_tags, kind = _from_job(connection, wanted) if wanted.job else _from_path(connection, wanted)
    known = list_versions(connection, wanted.name)
    origin = tags.JOB if wanted.job else HASH_TAG
    for version in known:
        same = found_tags.get(origin) and version.tags.get(origin) == found_tags.get(origin)
        if same and wanted.version in {None, version.version}:
            return version
        if version.version == wanted.version:
            raise InputError(
                f"Version {wanted.version} of model {wanted.name!r} holds something else; versions never change.",
                hint="Leave the version out (MODEL_VERSION): Azure ML counts on.",
            )
    note = {tags.NOTE: wanted.note} if wanted.note else {}
    return _put(connection, wanted, path, kind, {**wanted.tags, **found_tags, **note})


def list_versions(connection: Connection, name: str | None = None) -> list[ModelVersion]:
    """Every version of a model, newest first; of every model without a name."""
    from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415

    with readable_errors("Listing the models"):
        try:
            names = [name] if name else sorted(str(one.name) for one in connection.ml.models.list())
            found = [version_of(one) for each in names for one in connection.ml.models.list(each)]
        except ResourceNotFoundError:
            return []
    return sorted(found, key=lambda one: (one.name, _by_number(one.version)), reverse=False)


def find(connection: Connection, reference: str) -> ModelVersion:
    """The version that ``name``, ``name:3``, ``name@latest`` or ``name@champion`` means.

    Raises :class:`InputError` if there is none.
    """
    name, _, version = reference.removeprefix("azureml:").partition(":")
    name, _, label = name.partition("@")
    versions = list_versions(connection, name)
    if not versions:
        names = ", ".join(sorted({one.name for one in list_versions(connection)})) or "none"
        raise InputError(f"There is no model {name!r}.", hint=f"Registered: {names}.")
    if version:
        chosen = [one for one in versions if one.version == version]
    elif label in {"", "latest"}:
        chosen = versions[-1:]
    elif label in {stage.value for stage in Stage}:
        chosen = sorted((one for one in versions if one.stage == label), key=lambda one: one.tags.get(_SINCE, ""))[-1:]
    else:
        raise InputError(f"{reference}: there is no label {label!r}.", hint="Use @latest, @champion or @challenger.")
    if not chosen:
        known = ", ".join(f"{one.version}{f' ({one.stage})' if one.stage else ''}" for one in versions)
        raise InputError(f"There is no model {reference.removeprefix('azureml:')!r}.", hint=f"Versions: {known}.")
    return chosen[0]


def champion_of(connection: Connection, name: str) -> ModelVersion | None:
    """The version in production, if there is one."""
    champions = [one for one in list_versions(connection, name) if one.stage == Stage.CHAMPION]
    return max(champions, key=lambda one: one.tags.get(_SINCE, "")) if champions else None


def promote(connection: Connection, version: ModelVersion, stage: Stage) -> list[ModelVersion]:
    """Give the version a stage; whoever else had it loses it. Returns the versions that changed.

    The new one is tagged first, with the time: after an interrupt the later tag counts, so there is never none.
    """
    others = [one for one in list_versions(connection, version.name) if one.version != version.version]
    changed = []
    if version.stage != stage:
        now = datetime.now(UTC).isoformat(timespec="microseconds")
        changed.append(_retag(connection, version, {**version.tags, tags.STAGE: stage.value, _SINCE: now}))
    for other in others:
        if other.stage == stage:
            kept = {name: value for name, value in other.tags.items() if name not in {tags.STAGE, _SINCE}}
            changed.append(_retag(connection, other, kept))
    return changed


def version_of(model: Any, *, is_new: bool = False) -> ModelVersion:
    """The SDK's model as ours."""
    created = getattr(getattr(model, "creation_context", None), "created_at", None)
    return ModelVersion(
        str(model.name),
        str(model.version),
        str(model.type or "custom_model"),
        str(model.description or ""),
        str(model.path or ""),
        created.isoformat(timespec="seconds") if created else "",
        {str(name): str(value) for name, value in (model.tags or {}).items()},
        is_new,
    )


def _from_job(connection: Connection, wanted: Registration) -> tuple[str, dict[str, str], str]:
    assert wanted.job is not None
    run = runs.get_run(connection, wanted.job)
    if run.status != "Completed":
        raise InputError(
            f"Job {run.name} is {run.status}; a model can be registered from a job that completed.",
            hint=f"See: ezazml jobs show {connection.deployment.name} {run.name}",
        )
    path = runs.output_path(connection, run.name, wanted.output)
    found = {tags.JOB: run.name}
    for name in (tags.GIT_COMMIT, tags.GIT_BRANCH, tags.DATA):
        if name in run.tags:
            found[name] = run.tags[name]
    metrics = metrics_of(connection, run.name)
    found |= {f"{tags.METRIC}{name}": f"{value:.6g}" for name, value in metrics.items()}
    return path, found, wanted.type or "mlflow_model"


def _from_path(connection: Connection, wanted: Registration) -> tuple[str, dict[str, str], str]:
    text = str(wanted.path)
    if "://" in text or text.startswith("azureml:"):
        return text, {}, wanted.type or "custom_model"
    path = Path(text).expanduser()
    if not path.is_absolute():
        path = connection.deployment.environment.root / path
    if not path.exists():
        raise InputError(f"There is no model at {text}.", hint="Check --path (MODEL_PATH).")
    is_mlflow = (path / "MLmodel").is_file()
    if wanted.type == "mlflow_model" and not is_mlflow:
        raise InputError(f"{text} is no MLflow model: it holds no file MLmodel.", hint="Pass --type custom_model.")
    found = {HASH_TAG: hash_files([path]), **tags.git_tags(connection.deployment.environment.root)}
    return str(path), found, wanted.type or ("mlflow_model" if is_mlflow else "custom_model")


def _put(
    connection: Connection, wanted: Registration, path: str, kind: str, all_tags: Mapping[str, str]
) -> ModelVersion:
    from azure.ai.ml.entities import Model  # noqa: PLC0415 - azure-ai-ml takes 0.8 s

    entity = Model(
        name=wanted.name,
        version=wanted.version,
        path=path,
        type=kind,
        description=wanted.description,
        tags=dict(all_tags),
    )
    with readable_errors(f"Registering model {wanted.name}"):
        return version_of(connection.ml.models.create_or_update(entity), is_new=True)


def _retag(connection: Connection, version: ModelVersion, new: Mapping[str, str]) -> ModelVersion:
    with readable_errors(f"Tagging model {version.name}:{version.version}"):
        entity = connection.ml.models.get(version.name, version=version.version)
        entity.tags = dict(new)
        return version_of(connection.ml.models.create_or_update(entity))


def _by_number(version: str) -> tuple[int, str]:
    return (int(version), "") if version.isdigit() else (0, version)
