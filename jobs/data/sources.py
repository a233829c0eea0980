"""What does a path on the command line mean: a file, a folder, a glob, a URL, something in Azure Storage?"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ezazml.errors import InputError

#: Extension -> endings of its files. A Delta table is a folder.
ENDINGS: dict[str, tuple[str, ...]] = {
    "csv": (".csv", ".tsv"),
    "parquet": (".parquet", ".pq"),
    "json": (".json", ".jsonl", ".ndjson"),
    "delta": (),
}
_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]+)://")
_CLOUD = ("wasbs", "wasb", "abfss", "abfs", "azureml")
_GLOB = re.compile(r"[*?\[]")
#: Parameters of a signed URL: whoever has the URL has the data.
_SIGNED = re.compile(r"[?&](sig|se|sp|sv)=", re.IGNORECASE)


class SourceKind(StrEnum):
    """How MLTable names an entry of its ``paths``."""

    FILE = "file"
    FOLDER = "folder"
    PATTERN = "pattern"
    #: A folder that is one Delta table.
    DELTA = "delta"


@dataclass(frozen=True)
class Source:
    """One entry of an MLTable's paths: ``uri`` is an absolute local path, or an address."""

    kind: SourceKind
    uri: str

    @property
    def scheme(self) -> str:
        """Such as ``https`` or ``wasbs``; empty for what is on this machine."""
        return scheme_of(self.uri)

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine."""
        return not self.scheme

    def entry(self) -> dict[str, str]:
        """As mltable takes it."""
        kind = SourceKind.FOLDER if self.kind is SourceKind.DELTA else self.kind
        return {kind.value: self.uri}


def scheme_of(text: str) -> str:
    """The scheme of an address in lower case; empty for a local path, also for ``file://``."""
    match = _SCHEME.match(text)
    scheme = match.group(1).lower() if match else ""
    return "" if scheme == "file" else scheme


def is_storage(uri: str) -> bool:
    """Whether an address leads to Azure Storage, which is read with the login, and not to the web."""
    host = (urlsplit(uri).hostname or "").lower()
    return scheme_of(uri) in _CLOUD or host.endswith((".blob.core.windows.net", ".dfs.core.windows.net"))


def ending_of(path: str) -> str | None:
    """The extension (a key of :data:`ENDINGS`) that a name's ending stands for. A dot alone makes no file."""
    suffix = os.path.splitext(urlsplit(path).path if "://" in path else path)[1].lower()  # noqa: PTH122
    return next((extension for extension, endings in ENDINGS.items() if suffix in endings), None)


def parse_source(text: str, extension: str, base: Path) -> Source:
    """What ``text`` means. Local paths count from ``base``.

    Raises :class:`InputError` for what does not exist here, a scheme that MLTable does not read, a signed URL, and
    an ending that is not the extension's.
    """
    text = text.strip()
    if not text:
        raise InputError("A path is empty.", hint="Name a file, folder, glob or URL.")
    scheme = scheme_of(text)
    if not scheme:
        return _local(text, extension, base)
    if scheme not in {*_CLOUD, "http", "https"}:
        raise InputError(
            f"{text}: {scheme}:// is not read by MLTable.",
            hint="Use a local path, http(s)://, wasbs://, abfss:// or azureml://.",
        )
    require_unsigned(text)
    return _remote(text, scheme, extension)


def require_unsigned(text: str) -> None:
    """Raise :class:`InputError`, without showing the signature, for a signed URL."""
    if unsigned(text) != text:
        raise InputError(
            f"{unsigned(text)}: the URL carries a signature (SAS), which would be kept for all to read.",
            hint="Use the URL without it; the workspace's identity reads the data.",
        )


def unsigned(text: str) -> str:
    """An address for messages: without its signature, if it has one."""
    return text.split("?", maxsplit=1)[0] if _SIGNED.search(text) else text


def _remote(text: str, scheme: str, extension: str) -> Source:
    path = urlsplit(text).path
    if extension == "delta":
        kind = SourceKind.DELTA
    elif is_storage(text) and _GLOB.search(path):
        kind = SourceKind.PATTERN
    elif scheme in {"http", "https"} or (ending_of(text) and not path.endswith("/")):
        kind = SourceKind.FILE
    else:
        kind = SourceKind.FOLDER
    _check_ending(text, extension)
    return Source(kind, text)


def _local(text: str, extension: str, base: Path) -> Source:
    named = unquote(urlsplit(text).path) if text.lower().startswith("file://") else text
    path = Path(os.path.normpath(base / Path(named).expanduser()))
    if path.is_dir():
        return _folder(path, text, extension)
    if path.exists():
        _check_file(path, extension)
        return Source(SourceKind.FILE, str(path))
    if not _GLOB.search(named):
        raise InputError(f"{text}: there is no such file or folder.", hint="Check the path.")
    files = matches(str(path))
    if not files:
        raise InputError(f"{text}: no file matches.", hint="Check the pattern; ** stands for any folders.")
    for file in files:
        _check_file(Path(file), extension)
    return Source(SourceKind.PATTERN, str(path))


def matches(pattern: str) -> list[str]:
    """The files that a local pattern matches, sorted."""
    return sorted(path for path in glob.iglob(pattern, recursive=True) if os.path.isfile(path))  # noqa: PTH113, PTH207


def files_in(folder: Path) -> list[Path]:
    """The files of data in a folder, sorted: all but those that tools hide or mark success with."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)
    )


def _folder(path: Path, text: str, extension: str) -> Source:
    """A folder, or the files of the extension in it where there are others that hold no table."""
    if extension == "delta":
        if not (path / "_delta_log").is_dir():
            raise InputError(f"{text}: the folder is no Delta table: it has no _delta_log.", hint="Check the path.")
        return Source(SourceKind.DELTA, str(path))
    everything = [file for file in path.rglob("*") if file.is_file()]
    tables = [file for file in files_in(path) if ending_of(file.name)]
    extensions = {str(ending_of(file.name)) for file in tables}
    if len(extensions) > 1:
        raise _mix(text, extensions, extension)
    # Where no ending tells, every file is read, such as Spark's part-00000.
    read = tables or everything
    if not read:
        raise InputError(f"{text}: the folder holds no file.", hint="Check the path.")
    for file in read:
        _check_file(file, extension)
    if len(read) == len(everything):
        return Source(SourceKind.FOLDER, str(path))
    endings = {file.suffix for file in read}
    if len(endings) > 1:
        raise _mix(text, endings, extension)
    return Source(SourceKind.PATTERN, str(path / "**" / f"*{endings.pop()}"))


def _mix(text: str, found: Iterable[str], extension: str) -> InputError:
    return InputError(
        f"{text}: the folder mixes {' and '.join(sorted(found))} files.",
        hint=f"Name those to read, for example: {text.rstrip('/')}/**/*{ENDINGS[extension][0]}",
    )


def _check_file(path: Path, extension: str) -> None:
    _check_ending(str(path), extension)
    if not os.access(path, os.R_OK):
        raise InputError(f"{path}: the file cannot be read.", hint="Check its permissions.")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: the file is empty (0 bytes).", hint="Put the data into it, or leave it out.")


def _check_ending(text: str, extension: str) -> None:
    """A known ending must be the extension's; an unknown one says nothing."""
    found = ending_of(text)
    if extension == "delta" and found:
        raise InputError(f"{text}: a Delta table is a folder, this is a {found} file.", hint="Name the table's folder.")
    if found and found != extension:
        raise InputError(
            f"{text}: a {found} file cannot be read as {extension}.", hint=f"Use --extension {found}, or other paths."
        )


def fixed_part(pattern: str) -> Path:
    """The folder of a local pattern above its first wildcard."""
    parts = Path(pattern).parts
    first = next(index for index, part in enumerate(parts) if _GLOB.search(part))
    return Path(*parts[:first])


def parse_sources(texts: Sequence[str], extension: str, base: Path) -> list[Source]:
    """All of them. Raises :class:`InputError` as :func:`parse_source` does, and for none or several Delta tables."""
    if not texts:
        raise InputError("No path is given.", hint="Name one or more, or set DATA_PATH.")
    known = {found for text in texts if (found := ending_of(text)) and not _GLOB.search(text)}
    if len(known) > 1:
        raise InputError(
            f"The paths mix {' and '.join(sorted(known))} files; an MLTable reads one kind.",
            hint="Make one MLTable for each.",
        )
    if extension == "delta" and len(texts) > 1:
        raise InputError("Delta: one path, the table's folder, is read; several are given.", hint="Leave one.")
    return [parse_source(text, extension, base) for text in texts]
