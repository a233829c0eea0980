"""Which files declare assets, and what do they say for one environment? ``assets/`` and the environment's overlay.

An overlay file at the same relative path below ``environments/<name>/assets/`` is laid over the file in ``assets/``:
groups are merged, everything else is replaced. A file that only the overlay has is added; ``enabled: false`` takes
one away. Relative paths always count from the folder of the file in ``assets/`` (of the overlay's file, if there is
only that one).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ezazml.config.paths import Path as FieldPath
from ezazml.config.yaml_file import YamlFile, read_yaml
from ezazml.errors import ConfigurationError, Problem
from jobs.assets.asset import FOLDER, Definition
from jobs.assets.references import resolve_all
from jobs.assets.schemas import FOLDERS, kind_of

_ENDINGS = frozenset({".yml", ".yaml"})
_HAS_SCHEMA = re.compile(r"^[\"']?\$schema[\"']?\s*:", re.MULTILINE)
_EXAMPLE = "$schema: https://azuremlschemas.azureedge.net/latest/data.schema.json"


@dataclass(frozen=True)
class _Source:
    """One declaring file: its path below the assets folder, itself, and what is laid over it."""

    relative: Path
    base: Path
    overlay: Path | None


@dataclass
class Reading:
    """Every definition that was read, and what was wrong.

    ``undecided`` are files that declare nothing by themselves: they may belong to one that does (a conda file).
    """

    definitions: list[Definition]
    problems: list[Problem]
    undecided: dict[Path, Problem]


def read_definitions(root: Path, environment: str, known: Mapping[str, Any]) -> Reading:
    """Read what ``root`` declares for ``environment``, with references resolved from ``known``."""
    reading = Reading([], [], {})
    for source in _sources(root / FOLDER, root / "environments" / environment / FOLDER):
        try:
            definition = _read(source, root, reading)
        except ConfigurationError as error:
            reading.problems.extend(error.problems)
            continue
        if definition is None:
            continue
        unknown = list(resolve_all(definition, known))
        reading.problems.extend(definition.problem(field, error.message, error.fix) for field, error in unknown)
        if not unknown:
            reading.definitions.append(definition)
    return reading


def _sources(assets: Path, overlays: Path) -> Iterator[_Source]:
    base = {path.relative_to(assets): path for path in _files(assets)}
    over = {path.relative_to(overlays): path for path in _files(overlays)}
    over |= {relative: overlays / relative for relative in base if (overlays / relative).is_file()}
    for relative in sorted({*base, *over}):
        if relative in base:
            yield _Source(relative, base[relative], over.get(relative))
        else:
            yield _Source(relative, over[relative], None)


def _files(folder: Path) -> Iterator[Path]:
    """Files that may declare an asset: YAML at the top of a kind's folder, and deeper whatever has a ``$schema``."""
    for path in sorted(folder.rglob("*")):
        if path.suffix not in _ENDINGS or not path.is_file():
            continue
        depth = len(path.relative_to(folder).parts)
        if depth <= 2 or _mentions_schema(path):
            yield path


def _mentions_schema(path: Path) -> bool:
    try:
        return _HAS_SCHEMA.search(path.read_text(encoding="utf-8", errors="replace")) is not None
    except OSError:
        return True  # reading it again says what is wrong


def _read(source: _Source, root: Path, reading: Reading) -> Definition | None:
    label = source.base.relative_to(root).as_posix()
    folder = source.relative.parts[0]
    if folder not in FOLDERS or len(source.relative.parts) == 1:
        known = ", ".join(FOLDERS)
        raise ConfigurationError([Problem(label, "", "is in no folder of a kind.", f"The folders are {known}.")])
    file = read_yaml(source.base, label=label)
    data, places = file.data, _places(file)
    if source.overlay is not None:
        over = read_yaml(source.overlay, label=source.overlay.relative_to(root).as_posix())
        _lay_over(data, over.data)
        places |= _places(over)
    if data.pop("enabled", True) is False and (source.overlay is not None or label.startswith("environments/")):
        return None
    schema = data.get("$schema")
    kind = kind_of(schema)
    if kind is None:
        reading.undecided[source.base.resolve()] = _no_kind(label, schema, places)
        return None
    definition = Definition(kind, str(schema), source.base, label, data, places)
    if kind not in FOLDERS[folder]:
        reading.undecided[source.base.resolve()] = _wrong_folder(definition, folder)
        return None
    return definition


def _wrong_folder(definition: Definition, folder: str) -> Problem:
    home = next(name for name, kinds in FOLDERS.items() if definition.kind in kinds)
    return definition.problem(
        ("$schema",),
        f"the schema is of a {definition.kind}, but {folder}/ holds {' and '.join(sorted(FOLDERS[folder]))}.",
        f"Move the file to {FOLDER}/{home}/, or correct $schema.",
    )


def _no_kind(label: str, schema: Any, places: Mapping[FieldPath, str]) -> Problem:
    if schema is None:
        return Problem(label, "$schema", "is missing, so it cannot be told what this declares.", f"Add {_EXAMPLE}")
    return Problem(
        places.get(("$schema",), label), "$schema", f"{schema} is not the schema of an asset.", f"Example: {_EXAMPLE}"
    )


def _places(file: YamlFile) -> dict[FieldPath, str]:
    return {field: f"{file.label}:{line}" for field, line in file.lines.items()}


def _lay_over(data: dict[str, Any], over: Mapping[str, Any]) -> None:
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(data.get(key), dict):
            _lay_over(data[key], value)
        else:
            data[key] = value
