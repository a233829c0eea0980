"""Which local files belong to an asset, and may they be sent? Found in the declaration, checked before anything runs.

Relative paths count from the declaring file, as for ``az ml``. YAML files that a declaration points to (a component
of a pipeline, an environment's file) are followed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ezazml.config.paths import Path as FieldPath
from ezazml.errors import InputError, Problem
from jobs.assets.asset import Definition, Kind
from jobs.data.local_files import find_files

#: Fields that hold a path, always (the first group) or if the text looks like one (the second).
_PATHS = frozenset({"path", "code", "conda_file", "additional_includes", "local_path"})
_PERHAPS_PATHS = frozenset(
    {"component", "environment", "create_job", "job", "job_definition", "model", "trial", "create_monitor"}
)
#: Groups where ``path`` is something else: an address of the server, or a place to write to.
_NOT_LOCAL = frozenset(
    {"liveness_probe", "readiness_probe", "startup_probe", "inference_config", "outputs", "flavors", "properties"}
)
_REMOTE = re.compile(r"^(?:azureml:|[A-Za-z][A-Za-z0-9+.-]+://|/subscriptions/|\$\{\{)")
_YAML = (".yml", ".yaml")


@dataclass(frozen=True)
class LocalPath:
    """A local file or folder that an asset refers to, and the field that does."""

    field: FieldPath
    path: Path


def is_remote(text: str) -> bool:
    """Whether a path names something that is not on this machine."""
    return _REMOTE.match(text) is not None


def local_paths(definition: Definition) -> Iterator[LocalPath]:
    """Every local file or folder that the definition refers to, whether it exists or not."""
    yield from _in_value(definition.data, definition.path.parent, (), None, frozenset({definition.path}))


def problems_of(definition: Definition, found: LocalPath, root: Path) -> Iterator[Problem]:
    """What keeps a local path from being sent: missing, outside the project, unreadable, empty, a refused name."""
    problems = list(_wrong_path(definition, found, root))
    yield from problems
    if not problems and definition.kind in {Kind.DATA, Kind.MODEL} and found.field == ("path",):
        try:
            find_files(found.path)
        except InputError as error:  # what the upload would say, in the middle of an apply
            yield definition.problem(found.field, error.message, "Correct what is there.")


def _wrong_path(definition: Definition, found: LocalPath, root: Path) -> Iterator[Problem]:
    field, path = found.field, found.path
    if not path.exists():
        yield definition.problem(field, f"{_shown(path, root)} does not exist.", "Correct the path.")
        return
    if not path.resolve().is_relative_to(root.resolve()):
        yield definition.problem(
            field, f"{_shown(path, root)} is outside of the project.", "Put it into the project's folder."
        )
        return
    yield from _wrong_type(definition, found, root)
    empty = True
    for file in files_below(path):
        empty = False
        if not file.resolve().is_relative_to(root.resolve()):
            yield definition.problem(
                field, f"{_shown(file, root)} links to a file outside of the project.", "Copy the file."
            )
        elif not os.access(file, os.R_OK):
            yield definition.problem(field, f"{_shown(file, root)} cannot be read.", "Check its permissions.")
        elif definition.kind is Kind.DATA and file.suffix == ".csv" and file.stat().st_size == 0:
            yield definition.problem(field, f"{_shown(file, root)} is empty (0 bytes).", "Put the data into it.")
    if empty:
        yield definition.problem(field, f"{_shown(path, root)} holds no files.", "Put the files into it.")


def files_below(path: Path) -> list[Path]:
    """The file itself, or every file in the folder, sorted by name."""
    if path.is_file():
        return [path]
    return sorted((file for file in path.rglob("*") if file.is_file()), key=lambda file: file.as_posix())


def _wrong_type(definition: Definition, found: LocalPath, root: Path) -> Iterator[Problem]:
    """A data asset's type must fit what is there."""
    if definition.kind is not Kind.DATA or found.field != ("path",):
        return
    type_, path, shown = definition.data.get("type", "uri_folder"), found.path, _shown(found.path, root)
    if type_ == "uri_file" and path.is_dir():
        yield definition.problem(
            found.field, f"{shown} is a folder, but the type is uri_file.", "Name a file, or set type: uri_folder."
        )
    elif type_ == "uri_folder" and path.is_file():
        yield definition.problem(
            found.field, f"{shown} is a file, but the type is uri_folder.", "Name a folder, or set type: uri_file."
        )
    elif type_ == "mltable":
        yield from _wrong_table(definition, path, shown)


def _wrong_table(definition: Definition, path: Path, shown: str) -> Iterator[Problem]:
    """An MLTable is a folder with a file named ``MLTable`` whose own paths exist."""
    field: FieldPath = ("path",)
    table = path / "MLTable"
    if not table.is_file():
        yield definition.problem(
            field, f"{shown} has no file MLTable.", "Make one with `ezazml create-mltable`, or correct the path."
        )
        return
    try:
        content = yaml.safe_load(table.read_text(encoding="utf-8"))
        paths = content["paths"]
        named = [next(iter(entry.values())) for entry in paths]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, TypeError, KeyError, AttributeError, StopIteration):
        yield definition.problem(
            field, f"{shown}/MLTable is not an MLTable: it must be YAML with `paths`.", "Correct it."
        )
        return
    for name in named:
        if not is_remote(str(name)) and not any(path.glob(str(name).removeprefix("./"))):
            yield definition.problem(
                field, f"{shown}/MLTable names {name}, which is not in its folder.", "Put the file into the folder."
            )


def _in_value(
    value: Any, base: Path, field: FieldPath, place: FieldPath | None, seen: frozenset[Path]
) -> Iterator[LocalPath]:
    """``place`` is the field to report: where a followed file stands in the declaration, ``None`` in itself."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in _NOT_LOCAL:
                yield from _in_value(item, base, (*field, key), place, seen)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _in_value(item, base, (*field, index), place, seen)
    elif isinstance(value, str):
        yield from _in_text(value, base, field, place, seen)


def _in_text(
    text: str, base: Path, field: FieldPath, place: FieldPath | None, seen: frozenset[Path]
) -> Iterator[LocalPath]:
    name = next((part for part in reversed(field) if isinstance(part, str)), "")
    text = text.strip()
    if not text or "\n" in text or is_remote(text) or name not in _PATHS | _PERHAPS_PATHS:
        return
    if name in _PERHAPS_PATHS and not (text.startswith(("file:", "./", "../")) or text.endswith(_YAML)):
        return
    path = base / text.removeprefix("file:")
    yield LocalPath(place or field, path)
    resolved = path.resolve()
    if name in _PERHAPS_PATHS and path.suffix in _YAML and path.is_file() and resolved not in seen:
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
            return  # loading the asset says what is wrong with it
        yield from _in_value(content, path.parent, (), place or field, seen | {resolved})


def _shown(path: Path, root: Path) -> str:
    """A path for people: below the project, without its ``..``."""
    clean = Path(os.path.normpath(path))
    return clean.relative_to(root).as_posix() if clean.is_relative_to(root) else str(clean)
