"""How do the data commands work? With an environment's settings, and its workspace only where it is needed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ezazml.config.models import EnvironmentModel
from ezazml.errors import InputError
from jobs.connection import Connection
from jobs.data.azure_jobs import JobSettings, SubmittedJob, compute_of, copy_job, inspect_job, submit
from jobs.data.create_mltable import CreatedTable, plan_table, write_table
from jobs.data.dataframe import DataReader
from jobs.data.datastores import find_datastore
from jobs.data.names import require_data_name, require_version
from jobs.data.register import DataRequest, RegisteredData, register
from jobs.data.remote import RemoteData
from jobs.data.sources import ending_of, is_storage, require_unsigned, scheme_of
from jobs.data.table import TableOptions
from jobs.data.table_file import TABLE_FILE, require_movable
from jobs.data.uri import databricks_uri, datastore_uri, local_uri, storage_uri
from jobs.deployment import Deployment

#: Shown how many bytes of how many are there.
OnBytes = Callable[[int, int], None]


class DataWork:
    """One data command at work. ``open_deployment`` is called when the workspace is needed."""

    def __init__(self, settings: EnvironmentModel, *, root: Path, open_deployment: Callable[[], Deployment]) -> None:
        self.settings = settings
        self._root = root
        self._open = open_deployment

    @cached_property
    def connection(self) -> Connection:
        """The workspace's clients. Raises :class:`InputError` when no environment is named or it is not deployed."""
        return Connection(self._open())

    @cached_property
    def remote(self) -> RemoteData:
        """Azure Storage, as the environment's login sees it."""
        return RemoteData(self.connection, self._cache)

    @property
    def _cache(self) -> Path:
        return self._root / ".ezazml" / "cache" / "data"

    @contextmanager
    def reader(self) -> Iterator[DataReader]:
        """Reads data; what it needs for that only is gone afterwards."""
        with tempfile.TemporaryDirectory(prefix="ezazml-") as folder:
            yield DataReader(lambda: self.connection, cache=self._cache, folder=Path(folder))


@dataclass(frozen=True)
class TableRequest:
    """An MLTable to make: from what, how, where to, and whether it becomes a data asset."""

    paths: tuple[str, ...]
    options: TableOptions
    save_path: Path | str | None
    name: str | None
    check: bool = True
    colocated: bool = False
    is_registered: bool = False
    description: str | None = None
    version: str | None = None
    datastore: str | None = None


@dataclass(frozen=True)
class MadeTable:
    """An MLTable, and the data asset it became, if it did."""

    table: CreatedTable
    asset: RegisteredData | None


def make_table(work: DataWork, request: TableRequest, *, base: Path, on_bytes: OnBytes | None = None) -> MadeTable:
    """Make the MLTable, and register it if asked. Everything is checked before anything is written.

    Raises :class:`InputError` for what is wrong with paths, options, names or the version.
    """
    save_path = base / (request.save_path or Path("mltables") / (request.name or _name_of(request.paths)))
    name = request.name or save_path.name
    if request.is_registered:
        require_data_name(name)
        require_version(request.version)
    elif request.version is not None:
        raise InputError("A version is given, but the MLTable is not registered.", hint="Add --register.")
    remote = None
    if request.is_registered or _needs_workspace(request.paths, check=request.check):
        remote = work.remote
    plan = plan_table(request.paths, base=base, options=request.options, remote=remote, check=request.check)
    table = write_table(plan, save_path, colocated=request.colocated)
    if not request.is_registered:
        return MadeTable(table, None)
    with tempfile.TemporaryDirectory(prefix="ezazml-", dir=save_path.parent) as folder:
        # What is uploaded holds its data, and nothing else that may be in the folder saved to.
        staged = write_table(plan, Path(folder) / name, colocated=True, link=True)
        asked = DataRequest(
            name,
            "mltable",
            staged.folder,
            description=request.description,
            version=request.version,
            datastore=request.datastore,
            referenced=tuple(path for entry in staged.paths for path in entry.values()),
        )
        return MadeTable(table, register(work.connection, asked, on_progress=on_bytes))


def make_dataset(
    work: DataWork,
    source: str,
    *,
    base: Path,
    name: str,
    type: str | None,
    description: str | None,
    version: str | None,
    datastore: str | None,
    on_bytes: OnBytes | None = None,
) -> RegisteredData:
    """Register a local file, folder or MLTable, or an address, as a data asset.

    Raises :class:`InputError` for what does not exist, is empty, or is not of the type asked for.
    """
    require_data_name(name)
    require_version(version)
    require_unsigned(source)
    local: Path | None = None if scheme_of(source) else base / Path(source).expanduser()
    found = _type_of_local(local, source) if local else _type_of_address(work, source, type)
    if type is not None and type != found:
        raise InputError(
            f"{source}: this is of type {found}, not {type}.", hint="Leave --type out, or correct the path."
        )
    if local and found == "mltable":
        require_movable(local)
    request = DataRequest(name, found, local or source, description=description, version=version, datastore=datastore)
    return register(work.connection, request, on_progress=on_bytes)


def address_of(work: DataWork, path: str, *, source: str, datastore: str | None, form: str) -> str:
    """The address of ``path`` in a ``datastore``, in ``databricks`` or ``local``ly.

    Raises :class:`InputError` for a datastore that does not exist and a local path that does not.
    """
    if source == "databricks":
        return databricks_uri(work.settings.databricks, path)
    if source == "local":
        return local_uri(Path(path).expanduser())
    target = find_datastore(work.connection, datastore)
    if form in {"azureml", "azureml-short"}:
        return datastore_uri(work.connection.deployment, target.name, path, short=form == "azureml-short")
    return storage_uri(target, path, form)


def submit_copy(
    work: DataWork, source: str, target: str, *, overwrite: bool, compute: str | None, environment: str | None
) -> SubmittedJob:
    """Submit the job that copies ``source`` to ``target``, a folder. Raises :class:`InputError` for a wrong address."""
    require_unsigned(source)
    require_unsigned(target)
    connection = work.connection
    settings = JobSettings(compute_of(connection.deployment, compute), environment)
    if scheme_of(target) != "azureml":
        raise InputError(
            f"{target}: the target must be a folder in a datastore.",
            hint="Use azureml://datastores/<name>/paths/<path>",
        )
    work.remote.locate(target)
    is_file = False
    if is_storage(source):
        is_file = work.remote.exists(source)
        if not is_file:
            work.remote.require_folder(source)
    else:
        with work.reader() as reader:
            asset = reader.asset(source, None)
        source, is_file = f"azureml:{asset.name}:{asset.version}", asset.type == "uri_file"
    job = copy_job(source, target, overwrite=overwrite, settings=settings, source_is_file=is_file)
    return submit(connection, job)


def submit_inspection(
    work: DataWork, name: str, version: str | None, *, rows: int, compute: str | None, environment: str | None
) -> SubmittedJob:
    """Submit the job that prints an MLTable; raises :class:`InputError` for data that is none."""
    settings = JobSettings(compute_of(work.connection.deployment, compute), environment)
    with work.reader() as reader:
        asset = reader.asset(name, version)
    if asset.type != "mltable":
        raise InputError(
            f"Data asset {asset.name} version {asset.version} is of type {asset.type}; the job shows MLTables.",
            hint="Use --local, which reads files too.",
        )
    return submit(work.connection, inspect_job(f"azureml:{asset.name}:{asset.version}", rows, settings))


def _type_of_local(path: Path, shown: str) -> str:
    if not path.exists():
        raise InputError(f"{shown}: there is no such file or folder.", hint="Check the path.")
    if path.is_file():
        if path.stat().st_size == 0:
            raise InputError(f"{shown}: the file is empty (0 bytes).", hint="Put the data into it.")
        return "uri_file"
    return "mltable" if (path / TABLE_FILE).is_file() else "uri_folder"


def _type_of_address(work: DataWork, uri: str, wanted: str | None) -> str:
    """What is there, for storage; of the web, a file is all that Azure ML takes."""
    if not is_storage(uri):
        return wanted or "uri_file"
    if work.remote.exists(f"{uri.rstrip('/')}/{TABLE_FILE}"):
        # A folder with an MLTable in it may also be registered as the folder that it is.
        return wanted if wanted == "uri_folder" else "mltable"
    if work.remote.exists(uri):
        return "uri_file"
    work.remote.require_folder(uri)
    return "uri_folder"


def _needs_workspace(paths: Sequence[str], *, check: bool) -> bool:
    """Addresses in storage are looked up with the login; datastores are known to the workspace only."""
    return any(scheme_of(path) == "azureml" or (check and is_storage(path)) for path in paths)


def _name_of(paths: Sequence[str]) -> str:
    """A name for a table out of its first path: that of the file or folder, without its ending and wildcards."""
    parts = [part for part in (paths[0] if paths else "").split("?")[0].split("/") if part and "*" not in part]
    last = parts[-1] if parts else "table"
    stem = last.rsplit(".", 1)[0] if ending_of(last) else last
    return (
        "".join(character if character.isalnum() or character in "_-" else "_" for character in stem).strip("_-")
        or "table"
    )
