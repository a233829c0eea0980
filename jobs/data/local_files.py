"""Which local files does a path mean, and can each of them be sent? Found and checked before anything is sent."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ezazml.errors import EzazmlError, InputError

#: Blob names (Microsoft Learn, "Naming and referencing containers, blobs, and metadata"): at most 1,024 characters
#: and 254 path segments, no segment that ends with a period; a backslash would come back as a slash.
_LONGEST_NAME = 1024
_MOST_SEGMENTS = 254
_REFUSED_CHARACTERS = re.compile(r"[\x00-\x1f\x7f\\\ud800-\udfff\ufffe\uffff]")
_SHOWN = 5


@dataclass(frozen=True)
class LocalFile:
    """One file to send: where it is, what it is called below the prefix, its size in bytes."""

    path: Path
    name: str
    size: int


def find_files(source: Path) -> list[LocalFile]:
    """The file ``source``, or every file in the folder ``source``, by name.

    Raises :class:`InputError` for a path that does not exist, an empty folder, a file that cannot be read, a link
    that leaves the folder and a name that Azure refuses.
    """
    if not source.exists():
        raise InputError(f"{source}: there is no such file or folder.", hint="Check the path.")
    paths = sorted(_walk(source, source.resolve())) if source.is_dir() else [str(source)]
    if not paths:
        raise InputError(f"{source}: the folder holds no file.", hint="Nothing was sent.")
    start = len(os.path.join(source, "")) if source.is_dir() else len(paths[0]) - len(source.name)  # noqa: PTH118
    problems: list[str] = []
    files: list[LocalFile] = []
    for path in paths:
        name = path[start:].replace(os.sep, "/")
        problem = _unreadable(path) or refused_name(name)
        if problem:
            problems.append(f"{path}: {problem}")
        else:
            files.append(LocalFile(Path(path), name, os.stat(path).st_size))  # noqa: PTH116
    if problems:
        raise InputError(listed(problems), hint="Nothing was sent.")
    return files


def refused_name(name: str) -> str | None:
    """Why Azure would refuse a blob of that name, or ``None`` if it takes it."""
    if not name or name.startswith("/") or name.endswith("/"):
        return "the name is empty, or starts or ends with a slash."
    if len(name) > _LONGEST_NAME:
        return f"the name has {len(name)} characters; Azure takes {_LONGEST_NAME}."
    if _REFUSED_CHARACTERS.search(name):
        return "the name holds a backslash, a control character or one that is no text; Azure refuses it. Rename it."
    segments = name.split("/")
    if len(segments) > _MOST_SEGMENTS:
        return f"the name has {len(segments)} levels of folders; Azure takes {_MOST_SEGMENTS}."
    if any(not segment or segment.endswith(".") for segment in segments):
        return "a part of the name is empty or ends with a period; Azure refuses it. Rename it."
    return None


def _walk(folder: str | Path, source: Path) -> Iterator[str]:
    """All files below, through links too. Plain strings: a folder may hold very many files.

    A link out of the folder would send what nobody sees in it, such as a key in the home folder.
    """
    try:
        entries = list(os.scandir(folder))
    except OSError as error:
        raise InputError(f"{folder}: the folder cannot be read: {error.strerror}.", hint="Nothing was sent.") from error
    for entry in entries:
        if entry.is_symlink():
            target = Path(entry.path).resolve()
            if not target.is_relative_to(source):
                raise InputError(f"{entry.path}: the link leaves the folder {source}.", hint="Nothing was sent.")
            if entry.is_dir() and Path(folder).resolve().is_relative_to(target):
                raise InputError(f"{entry.path}: the link leads back to a folder above it.", hint="Nothing was sent.")
        if entry.is_dir():
            yield from _walk(entry.path, source)
        else:
            yield entry.path


def _unreadable(path: str) -> str | None:
    if not os.path.exists(path):  # noqa: PTH110
        return "the link leads nowhere."
    if not os.path.isfile(path):  # noqa: PTH113
        return "not a plain file."
    if not os.access(path, os.R_OK):
        return "the file cannot be read; check its permissions."
    return None


def listed(texts: Sequence[str], separator: str = " ") -> str:
    """The first few of many texts, and how many more there are."""
    more = f" (and {len(texts) - _SHOWN} more)" if len(texts) > _SHOWN else ""
    return separator.join(texts[:_SHOWN]) + more


def changed(file: LocalFile) -> EzazmlError:
    """The error for a file that is written to while it is sent."""
    return EzazmlError(f"{file.path}: the file changed while it was sent.", hint="Run again when it is complete.")
