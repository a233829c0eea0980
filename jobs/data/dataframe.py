"""What is in the data? A dataframe of an MLTable, a file or a folder: here, on the web or in the workspace.

What is in Azure Storage is downloaded first, as few files as the rows asked for need, and loaded from this machine:
the native engine of mltable has its own idea of networks and logins, azure-storage-blob has ours.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ezazml.errors import InputError
from jobs.connection import Connection
from jobs.data.engine import first_rows, mltable_library, readable
from jobs.data.frames import read_files
from jobs.data.register import find_data
from jobs.data.remote import RemoteData, RemoteFile
from jobs.data.sources import Source, SourceKind, ending_of, files_in, is_storage, require_unsigned, scheme_of
from jobs.data.table_file import TABLE_FILE, TableFile
from jobs.data.web import download

if TYPE_CHECKING:
    import pandas as pd


class DataReader:
    """Reads data by name, path or address.

    ``connect`` is called when the workspace is needed. ``folder`` holds what must not outlive the reader, such as
    downloads from the web.
    """

    def __init__(self, connect: Callable[[], Connection], *, cache: Path, folder: Path) -> None:
        self._connect = connect
        self._cache = cache
        self._folder = folder
        self._remote: RemoteData | None = None

    @property
    def remote(self) -> RemoteData:
        """Azure Storage, as the environment's login sees it."""
        if self._remote is None:
            self._remote = RemoteData(self._connect(), self._cache)
        return self._remote

    def read(self, source: str, *, version: str | None = None, rows: int | None = None) -> pd.DataFrame:
        """The first rows (all without ``rows``) of a data asset, a local path or an address.

        A path that exists here is that path, unless ``version`` says that a data asset is meant. Raises
        :class:`InputError` for what is not there or is no table.
        """
        if rows is not None and rows < 0:
            raise InputError(f"{rows} rows cannot be read.", hint="Use 0 or more.")
        path = Path(source).expanduser()
        if version is None and not scheme_of(source) and path.exists():
            return self._local(path, rows)
        if is_storage(source):
            require_unsigned(source)
        if scheme_of(source):
            return self._address(source, rows)
        asset = self.asset(source, version)
        return self._table(str(asset.path), rows) if asset.type == "mltable" else self._address(str(asset.path), rows)

    def asset(self, name: str, version: str | None) -> Any:
        """The data asset ``name`` (also as ``azureml:name:version``), its latest version unless one is given.

        Raises :class:`InputError` when the workspace has none.
        """
        name, _, tail = name.removeprefix("azureml:").partition(":")
        name, _, label = name.partition("@")
        version = version or tail or None
        if "/" in name or not name or (label and label != "latest"):
            raise InputError(f"{name}: there is no such file or folder.", hint="Check the path, or name a data asset.")
        connection = self._connect()
        asset = find_data(connection, name, version)
        if asset is None:
            what = f"version {version} of the data asset {name!r}" if version else f"file or data asset {name!r}"
            raise InputError(f"There is no {what}.", hint=_known(connection.ml.data, name, version))
        return asset

    def paths(self, source: str, *, version: str | None = None) -> list[str]:
        """The paths that an MLTable names, or the address of other data, as a program outside would use them."""
        path = Path(source).expanduser()
        if version is None and not scheme_of(source) and path.exists():
            return self._table_paths(str(path.resolve())) if (path / TABLE_FILE).is_file() else [str(path.resolve())]
        if is_storage(source):
            require_unsigned(source)
        if scheme_of(source):
            return self._table_paths(source) if self._holds_table(source) else [source]
        asset = self.asset(source, version)
        return self._table_paths(str(asset.path)) if asset.type == "mltable" else [str(asset.path)]

    def _table_paths(self, base: str) -> list[str]:
        return [source.uri for source in self._table_file(base).sources]

    def _local(self, path: Path, rows: int | None) -> pd.DataFrame:
        if (path / TABLE_FILE).is_file():
            return self._table(str(path.resolve()), rows)
        if (path / "_delta_log").is_dir():
            with readable(str(path)):
                table = mltable_library().from_delta_lake(str(path.resolve()))
            return first_rows(table, rows, what=str(path))
        if path.is_file():
            return read_files([path], rows)
        files = [file for file in files_in(path) if ending_of(file.name)]
        if not files:
            raise InputError(f"{path}: the folder holds no CSV, Parquet or JSON file.", hint="Check the path.")
        return read_files(files, rows)

    def _address(self, uri: str, rows: int | None) -> pd.DataFrame:
        """A table, a file or a folder somewhere else."""
        if not is_storage(uri):
            return read_files([download(uri, self._folder)], rows)
        if self._holds_table(uri):
            return self._table(uri, rows)
        if self.remote.exists(uri):
            return read_files(self.remote.download(self.remote.files(Source(SourceKind.FILE, uri))), rows)
        folder = Source(SourceKind.FOLDER, uri)
        found = self.remote.files(folder)
        if any("/_delta_log/" in f"/{file.location.path}" for file in found):
            return self._local(self.remote.download_folder(folder), rows)
        files = [file for file in found if ending_of(file.location.path)]
        if not files:
            raise InputError(f"{uri}: the folder holds no CSV, Parquet or JSON file.", hint="Check the address.")
        # With a limit, one file after the other until there are enough rows; without one all at once.
        return read_files(self.remote.download(files) if rows is None else self._one_by_one(files), rows)

    def _one_by_one(self, files: Sequence[RemoteFile]) -> Iterator[Path]:
        for file in files:
            yield from self.remote.download([file])

    def _holds_table(self, uri: str) -> bool:
        return is_storage(uri) and self.remote.exists(f"{uri.rstrip('/')}/{TABLE_FILE}")

    def _table_file(self, base: str) -> TableFile:
        """The file MLTable in the folder ``base``, which is local or an address."""
        if not scheme_of(base):
            return TableFile.load(Path(base) / TABLE_FILE, base)
        uri = f"{base.rstrip('/')}/{TABLE_FILE}"
        if not self.remote.exists(uri):
            raise InputError(f"{base}: the folder holds no file named {TABLE_FILE}.", hint="Check the address.")
        return TableFile.load(self.remote.download(self.remote.files(Source(SourceKind.FILE, uri)))[0], base)

    def _table(self, base: str, rows: int | None) -> pd.DataFrame:
        """The MLTable in ``base``: its remote files are downloaded, and the rest of it stays as it is."""
        table = self._table_file(base)
        if all(source.is_local for source in table.sources):
            return self._load(table, table.sources, rows, base)
        origins: dict[str, str] = {}
        fetched: list[Source] = []
        waiting = [file for source in table.sources for file in self._expand(source)]
        step = 1 if rows is not None and table.is_read_row_by_row else len(waiting)
        while waiting:
            batch, waiting = waiting[:step], waiting[step:]
            fetched += self._fetch(batch, origins)
            frame = self._load(table, fetched, rows, base)
            if rows is not None and len(frame) >= rows:
                break
            step *= 2
        if table.path_column in frame:
            frame[table.path_column] = frame[table.path_column].map(lambda path: origins.get(str(path), path))
        return frame

    def _expand(self, source: Source) -> list[Source | RemoteFile]:
        """One entry as its single files; a Delta table stays the folder that it is."""
        if source.is_local or not is_storage(source.uri) or source.kind is SourceKind.DELTA:
            return [source]
        return list(self.remote.files(source))

    def _fetch(self, batch: Sequence[Source | RemoteFile], origins: dict[str, str]) -> list[Source]:
        """Local copies; ``origins`` remembers where each is from."""
        remote = [one for one in batch if isinstance(one, RemoteFile)]
        copies = dict(zip(remote, self.remote.download(remote), strict=True)) if remote else {}
        fetched: list[Source] = []
        for one in batch:
            if isinstance(one, RemoteFile):
                origins[str(copies[one])] = one.uri
                fetched.append(Source(SourceKind.FILE, str(copies[one])))
            elif one.is_local:
                fetched.append(one)
            elif one.kind is SourceKind.DELTA:
                fetched.append(Source(one.kind, str(self.remote.download_folder(one))))
            else:
                # A folder of its own: two URLs may end in the same name.
                path = download(one.uri, Path(tempfile.mkdtemp(dir=self._folder)))
                origins[str(path)] = one.uri
                fetched.append(Source(SourceKind.FILE, str(path)))
        return fetched

    def _load(self, table: TableFile, sources: Sequence[Source], rows: int | None, what: str) -> pd.DataFrame:
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        table.write(folder, sources)
        with readable(what):
            loaded = mltable_library().load(str(folder))
        return first_rows(loaded, rows, what=what)


def _known(data: Any, name: str, version: str | None) -> str:
    """The next step for a name or version that is not there."""
    if version is None:
        names = sorted(str(one.name) for one in data.list())
        return f"The data assets are {', '.join(names[:10])}." if names else "The workspace has no data asset."
    versions = [str(one.version) for one in data.list(name)]
    return f"Its versions are {', '.join(versions[:10])}." if versions else "The workspace has no data asset of it."
