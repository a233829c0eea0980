"""Which blobs does an address mean, and how do they get onto this machine? Azure Storage by URI, with a cache.

Addresses of datastores are looked up in the workspace; everything else is read with the login. ADLS Gen2 accounts
serve the same files as blobs.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from azure.core.exceptions import ResourceNotFoundError

from ezazml.errors import InputError
from jobs.azure_errors import readable_errors
from jobs.connection import Connection
from jobs.data.datastores import DatastoreTarget, find_datastore
from jobs.data.sources import Source, SourceKind, unsigned

#: azureml://[subscriptions/<id>/resource[gG]roups/<group>/[providers/...]/workspaces/<name>/]datastores/<name>/paths/...
_DATASTORE = re.compile(
    r"^azureml://(?:subscriptions/(?P<subscription>[^/]+)/resourcegroups/(?P<group>[^/]+)/"
    r"(?:providers/Microsoft\.MachineLearningServices/)?workspaces/(?P<workspace>[^/]+)/)?"
    r"datastores/(?P<datastore>[^/]+)/paths(?:/(?P<path>.*))?$",
    re.IGNORECASE,
)
_HOST = re.compile(r"^(?P<account>[a-z0-9]+)\.(?:blob|dfs)\.", re.IGNORECASE)
_FOLDERS = frozenset({SourceKind.FOLDER, SourceKind.DELTA})
_WORKERS = 8


@dataclass(frozen=True)
class Location:
    """A place in Azure Storage; ``path`` is a blob's name, or the start of several."""

    account: str
    container: str
    path: str


@dataclass(frozen=True)
class RemoteFile:
    """One blob: where, the address people gave it by, its size in bytes and its ETag."""

    location: Location
    uri: str
    size: int
    etag: str


class RemoteData:
    """Azure Storage as one environment's login sees it. ``cache`` keeps what was downloaded."""

    def __init__(self, connection: Connection, cache: Path) -> None:
        self._connection = connection
        self._cache = cache
        self._datastores: dict[str, DatastoreTarget] = {}

    def full_uri(self, uri: str) -> str:
        """``azureml://datastores/...`` with its workspace, because MLTable takes the short form for a local path."""
        match = _DATASTORE.match(uri)
        if match is None or match["subscription"]:
            return uri
        deployment = self._connection.deployment
        return (
            f"azureml://subscriptions/{deployment.subscription_id}/resourcegroups/{deployment.resource_group}"
            f"/workspaces/{deployment.workspace}/datastores/{match['datastore']}/paths/{match['path'] or ''}"
        )

    def locate(self, uri: str) -> Location:
        """The storage behind an address. Raises :class:`InputError` for one that names none, or another workspace."""
        parts = urlsplit(uri)
        if parts.scheme == "azureml":
            return self._in_datastore(uri)
        host = _HOST.match(parts.hostname or "")
        if host is None:
            raise InputError(
                f"{unsigned(uri)}: no storage account is named.",
                hint="Use wasbs://<container>@<account>.blob.core.windows.net/<path> or the like.",
            )
        path = unquote(parts.path).lstrip("/")
        if parts.scheme in {"http", "https"}:
            container, _, path = path.partition("/")
        else:
            container = unquote(parts.username or "")
        if not container:
            raise InputError(f"{unsigned(uri)}: no container is named.", hint="Add it.")
        return Location(host["account"].lower(), container, path)

    def files(self, source: Source) -> list[RemoteFile]:
        """The blobs that an entry of an MLTable means, sorted. Raises :class:`InputError` when there is none."""
        location = self.locate(source.uri)
        prefix = location.path
        if source.kind is SourceKind.PATTERN:
            prefix = re.split(r"[*?\[]", prefix, maxsplit=1)[0]
        elif source.kind in _FOLDERS and prefix:
            prefix = prefix.rstrip("/") + "/"
        wanted = _matcher(source.kind, location.path)
        container = self._connection.blobs(location.account).get_container_client(location.container)
        with readable_errors(f"Reading {unsigned(source.uri)}"):
            found = [
                RemoteFile(
                    Location(location.account, location.container, blob.name),
                    _uri_of(source.uri, blob.name),
                    blob.size,
                    str(blob.etag).strip('"'),
                )
                for blob in container.list_blobs(name_starts_with=prefix or None)
                # ADLS Gen2 lists folders too, as empty blobs without content.
                if wanted(blob.name) and (blob.size or blob.content_settings.content_md5)
            ]
        if not found:
            raise InputError(f"{unsigned(source.uri)}: there is no file of that name.", hint="Check the address.")
        return found

    def exists(self, uri: str) -> bool:
        """Whether a blob of exactly that address exists."""
        location = self.locate(uri)
        blob = self._connection.blobs(location.account).get_blob_client(location.container, location.path)
        with readable_errors(f"Looking for {unsigned(uri)}"):
            try:
                blob.get_blob_properties()
            except ResourceNotFoundError as error:
                if str(getattr(error, "error_code", "")).endswith("ContainerNotFound"):
                    raise
                return False
        return True

    def require_folder(self, uri: str) -> None:
        """Raise :class:`InputError` when no blob lies below the address."""
        self.files(Source(SourceKind.FOLDER, uri))

    def download(self, files: Sequence[RemoteFile]) -> list[Path]:
        """Local copies of the files, in their order; only what the cache lacks is read."""
        with ThreadPoolExecutor(_WORKERS, "download") as pool:
            return list(pool.map(self._download_one, files))

    def download_folder(self, source: Source) -> Path:
        """A local copy of a whole folder, with nothing in it that is not in the folder (as a Delta table needs)."""
        files = self.files(source)
        copies = set(self.download(files))
        folder = self._place(self.locate(source.uri))
        for path in [path for path in folder.rglob("*") if path.is_file()]:
            if path not in copies:
                path.unlink(missing_ok=True)
        return folder

    def _in_datastore(self, uri: str) -> Location:
        match = _DATASTORE.match(uri)
        if match is None:
            raise InputError(
                f"{uri}: not the address of a datastore.", hint="Use azureml://datastores/<name>/paths/<path>"
            )
        deployment = self._connection.deployment
        named = [match["subscription"], match["group"], match["workspace"]]
        ours = [deployment.subscription_id, deployment.resource_group, deployment.workspace]
        if match["subscription"] and [text.lower() for text in named] != [text.lower() for text in ours]:
            raise InputError(
                f"{uri}: this is another workspace; {deployment.name} works in {deployment.workspace}.",
                hint="Use --env of that workspace.",
            )
        name = match["datastore"]
        if name not in self._datastores:
            self._datastores[name] = find_datastore(self._connection, name)
        target = self._datastores[name]
        # Such an address holds the blob's name as it is; `%` has no meaning in it.
        return Location(target.account, target.container, match["path"] or "")

    def _place(self, location: Location) -> Path:
        return self._cache.joinpath("files", location.account, location.container, *location.path.split("/"))

    def _download_one(self, file: RemoteFile) -> Path:
        path = self._place(file.location)
        mark = self._cache / "etags" / hashlib.sha256(str(path).encode()).hexdigest()
        with contextlib.suppress(FileNotFoundError):  # another process may be bringing it anew
            if path.is_file() and mark.read_text(encoding="utf-8") == file.etag:
                return path
        self._cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        mark.parent.mkdir(parents=True, exist_ok=True)
        service = self._connection.blobs(file.location.account)
        blob = service.get_blob_client(file.location.container, file.location.path)
        descriptor, temporary = tempfile.mkstemp(dir=self._cache)
        try:
            with os.fdopen(descriptor, "wb") as target, readable_errors(f"Downloading {file.uri}"):
                blob.download_blob(max_concurrency=2).readinto(target)
            mark.unlink(missing_ok=True)
            Path(temporary).replace(path)
            mark.write_text(file.etag, encoding="utf-8")
        finally:
            Path(temporary).unlink(missing_ok=True)
        return path


def _matcher(kind: SourceKind, path: str) -> Callable[[str], bool]:
    """Whether a blob's name belongs to an entry."""
    if kind is SourceKind.FILE:
        return lambda name: name == path
    if kind in _FOLDERS:
        return lambda _name: True
    pattern = re.compile(_glob_to_regex(path))
    return lambda name: pattern.fullmatch(name) is not None


def _glob_to_regex(pattern: str) -> str:
    """A glob over blob names: ``*`` and ``?`` stay within a folder, ``**`` stands for any folders."""
    meanings = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    pieces = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]]+\])", pattern)
    return "".join(
        meanings.get(piece)
        or (piece.replace("[!", "[^", 1) if re.fullmatch(r"\[[^\]]+\]", piece) else re.escape(piece))
        for piece in pieces
    )


def _uri_of(source: str, name: str) -> str:
    """The address of the blob ``name``, in the form of the address ``source``."""
    start = source.partition("?")[0]
    encoded = urlsplit(source).path
    if start.startswith("azureml://"):
        return f"{start.partition('/paths')[0]}/paths/{name}"
    head = start[: len(start) - len(encoded)]
    container = "" if "@" in head else "/" + unquote(encoded).lstrip("/").partition("/")[0]
    return f"{head}{container}/{quote(name)}"
