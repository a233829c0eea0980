"""What does a file named ``MLTable`` say? Its paths as sources, and the steps, which stay as they are."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ezazml.errors import InputError
from jobs.data.sources import Source, SourceKind, matches, scheme_of

#: The name that the format prescribes.
TABLE_FILE = "MLTable"
_DELTA_STEP = "read_delta_lake"
#: With these steps alone, the first rows of a table are the first rows of its first files.
_ROW_BY_ROW = frozenset(
    {"read_delimited", "read_parquet", "read_json_lines", "keep_columns", "drop_columns", "filter",
     "convert_column_types"}
)  # fmt: skip


@dataclass(frozen=True)
class TableFile:
    """A read MLTable; relative paths in it are resolved against where it is."""

    sources: tuple[Source, ...]
    steps: tuple[Any, ...]
    rest: Mapping[str, Any]

    @classmethod
    def load(cls, file: Path, base: str) -> TableFile:
        """The file ``file``, whose folder is ``base`` (a local path or an address).

        Raises :class:`InputError` when it is not an MLTable.
        """
        try:
            content = yaml.safe_load(file.read_text(encoding="utf-8"))
            steps = tuple(content.get("transformations") or ())
            is_delta = any(_DELTA_STEP in _names(step) for step in steps)
            sources = tuple(_source(entry, base, is_delta) for entry in content["paths"])
        except OSError as error:
            raise InputError(f"{base}: the file {TABLE_FILE} cannot be read: {error.strerror}.") from error
        except (yaml.YAMLError, UnicodeDecodeError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{base}: the file {TABLE_FILE} is not an MLTable: it must be YAML with `paths`."
            ) from error
        rest = {key: value for key, value in content.items() if key not in {"paths", "transformations"}}
        return cls(sources, steps, rest)

    @property
    def is_read_row_by_row(self) -> bool:
        """Whether the first rows can be had from the first files."""
        return {name for step in self.steps for name in _names(step)} <= _ROW_BY_ROW

    @property
    def path_column(self) -> str | None:
        """The column that holds where each row is from, if there is one."""
        return str(self._reading.get("path_column", "Path")) if self._reading.get("include_path_column") else None

    def write(self, folder: Path, sources: Sequence[Source]) -> None:
        """Write the same table over other sources into ``folder``."""
        content = {**self.rest, "paths": [source.entry() for source in sources], "transformations": list(self.steps)}
        (folder / TABLE_FILE).write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")

    @property
    def _reading(self) -> Mapping[str, Any]:
        """The options of the step that reads the files."""
        for step in self.steps:
            if isinstance(step, dict):
                for name, options in step.items():
                    if name.startswith("read_") and isinstance(options, dict):
                        return options
        return {}


def _names(step: Any) -> list[str]:
    """A step is a mapping of its name to its options, or just a name."""
    return list(step) if isinstance(step, dict) else [str(step)]


def _source(entry: Mapping[str, str], base: str, is_delta: bool) -> Source:
    ((kind, value),) = entry.items()
    value = str(value)
    if value.startswith("file://"):
        value = value.removeprefix("file://")
    if not scheme_of(value) and not value.startswith("/"):
        value = _joined(base, value)
    return Source(SourceKind.DELTA if is_delta else SourceKind(kind), value)


def _joined(base: str, relative: str) -> str:
    """A relative path below a folder, without ``.`` and ``..``."""
    head, separator, tail = base.partition("://")
    if not separator:
        return posixpath.normpath(posixpath.join(base, relative))
    return f"{head}://{posixpath.normpath(posixpath.join(tail, relative))}"


def require_movable(folder: Path) -> None:
    """Raise :class:`InputError` unless every local path in the MLTable is there and inside of its folder.

    Only the folder is uploaded; what it refers to outside would not be found in Azure.
    """
    inside = folder.resolve()
    for source in TableFile.load(folder / TABLE_FILE, str(inside)).sources:
        if not source.is_local:
            continue
        path = Path(source.uri)
        if not path.is_relative_to(inside):
            raise InputError(
                f"{folder}: the MLTable names {path}, which is outside of its folder and would not be uploaded.",
                hint="Make it anew: ezazml create-mltable ... --colocated",
            )
        found = bool(matches(source.uri)) if source.kind is SourceKind.PATTERN else path.exists()
        if not found:
            raise InputError(f"{folder}: the MLTable names {path}, which does not exist.", hint="Put the file there.")
