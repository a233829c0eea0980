"""How does an MLTable get into a folder? Its sources are found, checked and read; then the library writes it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ezazml.errors import InputError
from jobs.data.engine import readable
from jobs.data.frames import records
from jobs.data.remote import RemoteData
from jobs.data.sources import Source, SourceKind, fixed_part, is_storage, matches, parse_sources
from jobs.data.table import TableOptions, check_options, check_rows, narrowed, read_only
from jobs.data.web import require_reachable

#: Rows that are read to check a table.
_CHECKED_ROWS = 5
#: Folder of copied data beside the file ``MLTable``.
DATA_FOLDER = "data"


@dataclass(frozen=True)
class CreatedTable:
    """An MLTable in a folder: its paths, and its first rows and columns where all of the data is local."""

    folder: Path
    paths: tuple[dict[str, str], ...]
    columns: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]
    is_checked: bool


@dataclass(frozen=True)
class TablePlan:
    """Sources and options that fit together: what :func:`write_table` writes."""

    sources: tuple[Source, ...]
    options: TableOptions
    columns: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]
    is_checked: bool


def plan_table(
    paths: Sequence[str], *, base: Path, options: TableOptions, remote: RemoteData | None, check: bool = True
) -> TablePlan:
    """Find out what the paths mean and whether they can be read as the options say. Writes nothing.

    Local data is read (its first rows); of URLs and addresses in Azure Storage it is looked whether they exist,
    the latter through ``remote``. ``check`` off leaves out both. Raises :class:`InputError`.
    """
    check_options(options)
    sources = tuple(_resolved(source, remote, check) for source in parse_sources(paths, options.extension, base))
    local = [source for source in sources if source.is_local]
    if not check or not local:
        return TablePlan(sources, options, (), (), is_checked=False)
    frame = check_rows(local, options, _CHECKED_ROWS)
    columns = tuple(str(name) for name in frame.columns)
    return TablePlan(sources, options, columns, tuple(records(frame)), is_checked=len(local) == len(sources))


def write_table(plan: TablePlan, folder: Path, *, colocated: bool = False, link: bool = False) -> CreatedTable:
    """Write the file ``MLTable`` into ``folder``, which is made.

    ``colocated`` copies local data into it too, so that the folder can be moved or uploaded whole; ``link`` may use
    hard links for that. Raises :class:`InputError` for a folder that cannot be written to.
    """
    folder = Path(os.path.abspath(folder))  # noqa: PTH100 - resolve() would follow links
    if folder.is_file():
        raise InputError(f"{folder}: this is a file; an MLTable is a folder.", hint="Save it elsewhere.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken: set[str] = set()
        sources = [_placed(one, folder, link, taken) if colocated and one.is_local else one for one in plan.sources]
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error.strerror}.", hint="Save it elsewhere.") from error
    with readable(f"Saving {folder}"):
        table = narrowed(read_only(sources, plan.options), plan.options).save(str(folder), colocated=False)
    return CreatedTable(folder, tuple(table.paths), plan.columns, plan.rows, plan.is_checked)


def _resolved(source: Source, remote: RemoteData | None, check: bool) -> Source:
    """The source under the address that MLTable takes, after a look whether it exists."""
    if source.is_local:
        return source
    if not is_storage(source.uri):
        if check:
            require_reachable(source.uri)
        return source
    if remote is None:
        if source.scheme != "azureml" and not check:
            return source
        raise InputError(
            f"{source.uri}: looking it up needs the workspace of an environment.", hint="Add --env, or --no-check."
        )
    source = Source(source.kind, remote.full_uri(source.uri))
    if not check:
        return source
    if source.kind is SourceKind.FILE and not remote.exists(source.uri):
        # Spark writes folders that are named like files.
        source = Source(SourceKind.FOLDER, source.uri)
    if source.kind is not SourceKind.FILE:
        remote.files(source)
    return source


def _placed(source: Source, folder: Path, link: bool, taken: set[str]) -> Source:
    """The source inside ``folder``, its files copied there unless they are in it already.

    ``taken`` are the names that this run gave away: two sources may be called the same.
    """
    path = Path(source.uri)
    if path.is_relative_to(folder):
        return source
    root = fixed_part(source.uri) if source.kind is SourceKind.PATTERN else path
    number = 1
    while (name := root.name if number == 1 else f"{number}-{root.name}") in taken:
        number += 1
    taken.add(name)
    target = folder / DATA_FOLDER / name
    if source.kind is SourceKind.FILE:
        _copy(path, target, link)
        return Source(source.kind, str(target))
    files = matches(source.uri) if source.kind is SourceKind.PATTERN else [str(one) for one in root.rglob("*")]
    for file in files:
        if Path(file).is_file():
            _copy(Path(file), target / Path(file).relative_to(root), link)
    return Source(source.kind, str(target / path.relative_to(root)) if path != root else str(target))


def _copy(source: Path, target: Path, link: bool) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if link:
        try:
            os.link(source.resolve(), target)
            return
        except OSError:
            pass  # Another file system, or one without links.
    shutil.copyfile(source, target)
