"""Which official YAML do the lifecycle commands work on? Found in the project's folder and checked."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from ezazml.config.yaml_file import YamlFile, read_yaml
from ezazml.errors import ConfigurationError, InputError, Problem
from jobs.assets import checks, local_files
from jobs.assets.asset import Definition, Kind
from jobs.assets.fingerprint import hash_definition, hash_files
from jobs.assets.loading import problems_of_loading
from jobs.assets.references import resolve_all
from jobs.assets.schemas import kind_of
from jobs.deployment import Deployment

_YAML = frozenset({".yml", ".yaml"})
_ACTIONS = frozenset({"create_job", "create_monitor"})


def folder_of(deployment: Deployment) -> Path:
    """The project's lifecycle folder (``lifecycle.folder``). Raises :class:`InputError` if it is not there."""
    environment = deployment.environment
    folder = environment.root / environment.settings.lifecycle.folder
    if not folder.is_dir():
        raise InputError(
            f"There is no folder {environment.settings.lifecycle.folder}.",
            hint=f"Make it, or set lifecycle.folder in environments/{environment.name}.yaml.",
        )
    return folder


def read_definition(path: Path, deployment: Deployment, kind: Kind) -> Definition:
    """One declaring file, with references to the stack's outputs resolved.

    Raises :class:`ConfigurationError` for what is wrong in the file itself, :class:`InputError` if it is not there.
    """
    if not path.is_file():
        raise InputError(f"There is no file {path}.", hint="Check the path.")
    label = label_of(path, deployment.environment.root)
    file = read_yaml(path, label=label)
    found = kind_of(file.data.get("$schema"))
    if found is not None and found is not kind:
        raise ConfigurationError(
            [Problem(label, "$schema", f"declares a {found}, not a {kind}.", "Name another file.")]
        )
    definition = _definition(path, label, file, kind)
    known = {**deployment.outputs, "environment": deployment.name}
    unknown = [definition.problem(field, error.message, error.fix) for field, error in resolve_all(definition, known)]
    if unknown:
        raise ConfigurationError(unknown)
    return definition


def definitions_in(folder: Path, deployment: Deployment, kinds: Collection[Kind]) -> list[Definition]:
    """Every declaration of these kinds below ``folder``, by name. Raises :class:`ConfigurationError`."""
    found = [
        read_definition(path, deployment, kind)
        for path in sorted(folder.rglob("*"))
        if path.suffix in _YAML
        and path.is_file()
        and (kind := _kind_in(path, deployment)) in kinds
        and kind is not None
    ]
    problems = list(checks.duplicate_problems(found))
    if problems:
        raise ConfigurationError(problems)
    return found


def declared(deployment: Deployment, kinds: Collection[Kind], files: Collection[Path] = ()) -> list[Definition]:
    """What ``files`` declare, and beside it what the lifecycle folder declares that they do not.

    A file may lie anywhere, as an official sample does. Raises :class:`ConfigurationError` or :class:`InputError`.
    """
    named = [_read_any(path, deployment, kinds) for path in files]
    problems = list(checks.duplicate_problems(named))
    if problems:
        raise ConfigurationError(problems)
    if {one.kind for one in named} >= set(kinds):
        return named
    rest = definitions_in(folder_of(deployment), deployment, kinds)
    return [*named, *(one for one in rest if one.key not in {other.key for other in named})]


def _read_any(path: Path, deployment: Deployment, kinds: Collection[Kind]) -> Definition:
    if not path.is_file():
        raise InputError(f"There is no file {path}.", hint="Check the path.")
    kind = _kind_in(path, deployment)
    if kind is None or kind not in kinds:
        wanted = " or ".join(sorted(kinds))
        raise InputError(f"{path} declares {kind or 'nothing that its $schema tells'}, not {wanted}.")
    return read_definition(path, deployment, kind)


def require_loadable(definition: Definition, root: Path, environ: Mapping[str, str] | None = None) -> None:
    """Raise :class:`ConfigurationError` with what is wrong: names, local files, and what azure-ai-ml refuses.

    A file outside of the project's ``root`` is a project of its own.
    """
    environ = os.environ if environ is None else environ
    if not definition.path.resolve().is_relative_to(root.resolve()):
        root = Path(definition.path.anchor)
    problems = [] if definition.kind is Kind.JOB else list(checks.problems_of(definition, environ))
    for local in local_files.local_paths(definition):
        problems += local_files.problems_of(definition, local, root)
    problems = problems or list(problems_of_loading(definition))
    if problems:
        raise ConfigurationError(problems)


def fingerprint_of(definition: Definition, needs: Collection[str] = ()) -> str:
    """A hash of the declaration, its local files and what it ``needs``: the same as long as nothing changed."""
    content = hash_files(local.path for local in local_files.local_paths(definition))
    return hash_definition(definition.data, content, needs)


def texts_of(value: Any) -> Iterator[str]:
    """Every text in a declaration, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_of(inner)


def _kind_in(path: Path, deployment: Deployment) -> Kind | None:
    # Only the kind is wanted here: a file that is none of ours may hold anything.
    data = read_yaml(path, label=label_of(path, deployment.environment.root)).data
    kind = kind_of(data.get("$schema"))
    # As azure-ai-ml does: a schedule is known by what it does, whatever its $schema.
    return Kind.SCHEDULE if kind is None and "trigger" in data and _ACTIONS & data.keys() else kind


def _definition(path: Path, label: str, file: YamlFile, kind: Kind) -> Definition:
    places = {field: f"{file.label}:{line}" for field, line in file.lines.items()}
    return Definition(kind, str(file.data.get("$schema", "")), path.absolute(), label, file.data, places)


def label_of(path: Path, root: Path) -> str:
    """How messages name a file: from the project's folder, where it is in it."""
    path = path.absolute()
    return path.relative_to(root.absolute()).as_posix() if path.is_relative_to(root.absolute()) else str(path)
