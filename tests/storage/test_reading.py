"""Dataframes of what is in storage, on the web and here: the right rows, and no more read than they need."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ezazml.errors import EzazmlError, InputError
from jobs.azure_errors import AzureError
from jobs.data.create_mltable import plan_table, write_table
from jobs.data.dataframe import DataReader
from jobs.data.remote import Location, RemoteData
from jobs.data.sources import Source, SourceKind
from jobs.data.table import TableOptions
from jobs.data.upload import UploadMode, upload
from tests.storage.workspace import SUBSCRIPTION, FakeConnection

FULL = f"azureml://subscriptions/{SUBSCRIPTION}/resourcegroups/rg/workspaces/ws/datastores/store/paths"


@pytest.fixture
def remote(connection: FakeConnection, tmp_path: Path) -> RemoteData:
    return RemoteData(connection, tmp_path / "cache")  # type: ignore[arg-type]


@pytest.fixture
def reader(connection: FakeConnection, tmp_path: Path) -> DataReader:
    (tmp_path / "scratch").mkdir()
    return DataReader(lambda: connection, cache=tmp_path / "cache", folder=tmp_path / "scratch")  # type: ignore[arg-type, return-value]


@pytest.fixture
def filled(connection: FakeConnection) -> FakeConnection:
    for name, text in {
        "raw/1.csv": "id,name\n1,a\n2,b\n",
        "raw/2.csv": "id,name\n3,c\n",
        "raw/sub/3.csv": "id,name\n4,d\n",
        "raw/readme.md": "text",
        "raw2/x.csv": "id,name\n9,z\n",
    }.items():
        connection.container.upload_blob(name, text)
    return connection


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """A plain web server with some files."""
    folder = tmp_path / "web"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.csv").write_text("id,name\n7,w\n")
    (folder / "sub" / "a.csv").write_text("id,name\n8,v\n")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def cached(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "cache" / "files").rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("uri", "location"),
    [
        ("wasbs://c1@acc.blob.core.windows.net/a/b%20c.csv", Location("acc", "c1", "a/b c.csv")),
        ("abfss://c1@acc.dfs.core.windows.net/a", Location("acc", "c1", "a")),
        ("https://acc.blob.core.windows.net/c1/a/b.csv", Location("acc", "c1", "a/b.csv")),
        ("https://acc.dfs.core.windows.net/c1/", Location("acc", "c1", "")),
    ],
)
def test_addresses_of_storage(remote: RemoteData, uri: str, location: Location) -> None:
    assert remote.locate(uri) == location


@pytest.mark.parametrize("uri", ["azureml://datastores/store/paths/a/b.csv", f"{FULL}/a/b.csv"])
def test_addresses_of_datastores(remote: RemoteData, connection: FakeConnection, uri: str) -> None:
    assert remote.locate(uri) == Location("acc", connection.container.container_name, "a/b.csv")
    assert remote.full_uri(uri) == f"{FULL}/a/b.csv"


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("azureml://datastores/nope/paths/a", "has no datastore 'nope'; it has share, store"),
        ("azureml://datastores/share/paths/a", "is of type AzureFile"),
        ("azureml://datastores/store", "not the address of a datastore"),
        (FULL.replace("/ws/", "/other/") + "/a", "this is another workspace; dev works in ws"),
        ("wasbs://acc.blob.core.windows.net/a", "no container is named"),
        ("wasbs://c@example.com/a", "no storage account is named"),
    ],
)
def test_addresses_that_lead_nowhere(remote: RemoteData, uri: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        remote.locate(uri)


@pytest.mark.parametrize(
    ("kind", "path", "names"),
    [
        (SourceKind.FILE, "raw/1.csv", ["raw/1.csv"]),
        (SourceKind.FOLDER, "raw", ["raw/1.csv", "raw/2.csv", "raw/readme.md", "raw/sub/3.csv"]),
        (SourceKind.PATTERN, "raw/*.csv", ["raw/1.csv", "raw/2.csv"]),
        (SourceKind.PATTERN, "raw/**/*.csv", ["raw/1.csv", "raw/2.csv", "raw/sub/3.csv"]),
        (SourceKind.PATTERN, "raw/[2-9].csv", ["raw/2.csv"]),
        (SourceKind.PATTERN, "raw?/x.csv", ["raw2/x.csv"]),
    ],
)
def test_files_of_an_entry(
    remote: RemoteData, filled: FakeConnection, kind: SourceKind, path: str, names: list[str]
) -> None:
    found = remote.files(Source(kind, f"{FULL}/{path}"))
    assert [file.location.path for file in found] == names
    assert [file.uri for file in found] == [f"{FULL}/{name}" for name in names]


def test_an_entry_without_files(remote: RemoteData, filled: FakeConnection) -> None:
    with pytest.raises(InputError, match="there is no file of that name"):
        remote.files(Source(SourceKind.FOLDER, f"{FULL}/ra"))


def test_a_file_is_downloaded_once_until_it_changes(
    remote: RemoteData, filled: FakeConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Source(SourceKind.FILE, f"{FULL}/raw/1.csv")
    (first,) = remote.download(remote.files(source))
    inode = first.stat().st_ino
    assert remote.download(remote.files(source))[0].stat().st_ino == inode
    filled.container.upload_blob("raw/1.csv", "id,name\n5,e\n", overwrite=True)
    (changed,) = remote.download(remote.files(source))
    assert changed.read_text() == "id,name\n5,e\n"


def test_only_the_owner_reads_the_cache(remote: RemoteData, filled: FakeConnection, tmp_path: Path) -> None:
    remote.download(remote.files(Source(SourceKind.FILE, f"{FULL}/raw/1.csv")))
    assert (tmp_path / "cache").stat().st_mode & 0o077 == 0


def test_a_file_and_a_folder_as_dataframes(reader: DataReader, filled: FakeConnection) -> None:
    assert reader.read(f"{FULL}/raw/1.csv")["id"].to_list() == [1, 2]
    assert reader.read("wasbs://" + filled.container.container_name + "@acc.blob.core.windows.net/raw")[
        "id"
    ].to_list() == [1, 2, 3, 4]


def test_a_few_rows_need_few_files(reader: DataReader, filled: FakeConnection, tmp_path: Path) -> None:
    assert reader.read(f"{FULL}/raw", rows=2)["id"].to_list() == [1, 2]
    assert cached(tmp_path) == ["1.csv"]
    assert reader.read(f"{FULL}/raw", rows=3)["id"].to_list() == [1, 2, 3]
    assert cached(tmp_path) == ["1.csv", "2.csv"]


def test_data_assets_of_every_type(reader: DataReader, filled: FakeConnection) -> None:
    filled.data.add("file", "uri_file", f"{FULL}/raw/2.csv")
    filled.data.add("file", "uri_file", f"{FULL}/raw/1.csv")
    filled.data.add("folder", "uri_folder", f"{FULL}/raw")
    assert reader.read("file")["id"].to_list() == [1, 2]
    assert reader.read("file", version="1")["id"].to_list() == [3]
    assert reader.read("azureml:file:1")["id"].to_list() == [3]
    assert reader.read("azureml:file@latest")["id"].to_list() == [1, 2]
    assert len(reader.read("folder")) == 4


@pytest.mark.parametrize(
    ("source", "version", "message"),
    [
        ("nope", None, "There is no file or data asset 'nope'. The data assets are file"),
        ("file", "7", "There is no version 7 of the data asset 'file'. Its versions are 1"),
        ("./nope.csv", None, r"nope\.csv: there is no such file or folder"),
        (f"{FULL}/nothing/here", None, "there is no file of that name"),
        (f"{FULL}/raw/readme.md", None, "its ending does not tell"),
    ],
)
def test_data_that_is_not_there(
    reader: DataReader, filled: FakeConnection, source: str, version: str | None, message: str
) -> None:
    filled.data.add("file", "uri_file", f"{FULL}/raw/1.csv")
    with pytest.raises(InputError, match=message):
        reader.read(source, version=version)


def table(connection: FakeConnection, remote: RemoteData | None, base: Path, *paths: str, **options: Any) -> str:
    """An MLTable in storage; returns its address."""
    plan = plan_table(paths, base=base, options=TableOptions(**options), remote=remote)
    made = write_table(plan, base / "made", colocated=True)
    upload(made.folder, container=connection.container, prefix="t", mode=UploadMode.OVERWRITE)
    connection.data.add("table", "mltable", f"{FULL}/t")
    return f"{FULL}/t"


def test_an_mltable_with_its_data_beside_it(reader: DataReader, connection: FakeConnection, tmp_path: Path) -> None:
    (tmp_path / "local.csv").write_text("id,name\n1,a\n2,b\n")
    uri = table(connection, None, tmp_path, "local.csv", filter="id > 1")
    assert reader.read("table").to_dict("list") == {"id": [2], "name": ["b"]}
    assert reader.read(uri).to_dict("list") == {"id": [2], "name": ["b"]}
    assert reader.paths("table") == [f"{FULL}/t/data/local.csv"]


def test_an_mltable_of_everything_at_once(
    reader: DataReader, remote: RemoteData, filled: FakeConnection, tmp_path: Path, web: str
) -> None:
    (tmp_path / "local.csv").write_text("id,name\n0,l\n")
    short = "azureml://datastores/store/paths/raw/*.csv"
    wasbs = f"wasbs://{filled.container.container_name}@acc.blob.core.windows.net/raw2/"
    paths = ("local.csv", short, wasbs, f"{web}/a.csv", f"{web}/sub/a.csv")
    table(filled, remote, tmp_path, *paths, include_path_column=True)
    frame = reader.read("table")
    assert frame["id"].to_list() == [0, 1, 2, 3, 9, 7, 8]
    assert frame["Path"].to_list() == [
        f"{FULL}/t/data/local.csv",
        f"{FULL}/raw/1.csv",
        f"{FULL}/raw/1.csv",
        f"{FULL}/raw/2.csv",
        f"{wasbs}x.csv",
        f"{web}/a.csv",
        f"{web}/sub/a.csv",
    ]


def test_a_few_rows_of_an_mltable_need_few_files(
    reader: DataReader, remote: RemoteData, filled: FakeConnection, tmp_path: Path
) -> None:
    table(filled, remote, tmp_path, f"{FULL}/raw/**/*.csv", filter="id > 1")
    assert reader.read("table", rows=1)["id"].to_list() == [2]
    assert [name for name in cached(tmp_path) if name != "MLTable"] == ["1.csv"]
    assert reader.read("table", rows=2)["id"].to_list() == [2, 3]
    assert reader.read("table")["id"].to_list() == [2, 3, 4]


def test_a_step_that_looks_at_all_rows_needs_every_file(
    reader: DataReader, remote: RemoteData, filled: FakeConnection, tmp_path: Path
) -> None:
    uri = table(filled, remote, tmp_path, f"{FULL}/raw/**/*.csv")
    text = filled.container.download_blob("t/MLTable").readall().decode()
    filled.container.upload_blob("t/MLTable", text.replace("type: mltable", "- skip: 2\ntype: mltable"), overwrite=True)
    assert reader.read(uri, rows=1)["id"].to_list() == [3]


@pytest.mark.filterwarnings("ignore:Using alternate reader")
def test_columns_of_different_headers_come_together(
    reader: DataReader, remote: RemoteData, filled: FakeConnection, tmp_path: Path
) -> None:
    filled.container.upload_blob("raw/sub/4.csv", "id,extra\n5,x\n")
    table(filled, remote, tmp_path, f"{FULL}/raw/**/*.csv", headers="all_files_different_headers")
    assert list(reader.read("table").columns) == ["id", "name", "extra"]


def test_a_folder_that_is_called_an_mltable_but_is_none(reader: DataReader, filled: FakeConnection) -> None:
    filled.data.add("table", "mltable", f"{FULL}/raw")
    with pytest.raises(InputError, match="holds no file named MLTable"):
        reader.read("table")
    filled.container.upload_blob("raw/MLTable", "just text")
    with pytest.raises(InputError, match="is not an MLTable: it must be YAML with `paths`"):
        reader.read("table")


def test_files_on_the_web(reader: DataReader, web: str) -> None:
    assert reader.read(f"{web}/a.csv")["id"].to_list() == [7]
    with pytest.raises(InputError, match=r"nope\.csv: the server answers 404"):
        reader.read(f"{web}/nope.csv")


def test_a_url_is_looked_at_before_an_mltable_names_it(tmp_path: Path, web: str) -> None:
    plan = plan_table([f"{web}/a.csv"], base=tmp_path, options=TableOptions(), remote=None)
    assert not plan.is_checked
    with pytest.raises(InputError, match=r"nope\.csv: the server answers 404"):
        plan_table([f"{web}/nope.csv"], base=tmp_path, options=TableOptions(), remote=None)
    with pytest.raises(EzazmlError, match="the server cannot be reached"):
        plan_table(["http://127.0.0.1:1/a.csv"], base=tmp_path, options=TableOptions(), remote=None)


def test_an_address_is_looked_at_before_an_mltable_names_it(
    remote: RemoteData, filled: FakeConnection, tmp_path: Path
) -> None:
    plan = plan_table(["azureml://datastores/store/paths/raw"], base=tmp_path, options=TableOptions(), remote=remote)
    assert [source.uri for source in plan.sources] == [f"{FULL}/raw"]
    with pytest.raises(InputError, match="there is no file of that name"):
        plan_table([f"{FULL}/nope.csv"], base=tmp_path, options=TableOptions(), remote=remote)
    with pytest.raises(AzureError, match="container does not exist"):
        plan_table(
            ["wasbs://nocontainer@acc.blob.core.windows.net/a.csv"],
            base=tmp_path,
            options=TableOptions(),
            remote=remote,
        )


def test_a_folder_that_is_named_like_a_file(remote: RemoteData, connection: FakeConnection, tmp_path: Path) -> None:
    connection.container.upload_blob("spark.csv/part-0", "id\n1\n")
    plan = plan_table([f"{FULL}/spark.csv"], base=tmp_path, options=TableOptions(), remote=remote)
    assert plan.sources[0].kind is SourceKind.FOLDER


def test_a_local_mltable_and_a_local_folder_need_no_workspace(tmp_path: Path) -> None:
    def refuse() -> Any:
        raise AssertionError("the workspace was opened")

    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a.csv").write_text("id\n1\n")
    pd.DataFrame({"id": [2]}).to_parquet(tmp_path / "d" / "b.parquet")
    write_table(plan_table(["d/a.csv"], base=tmp_path, options=TableOptions(), remote=None), tmp_path / "t")
    reader = DataReader(refuse, cache=tmp_path / "cache", folder=tmp_path)
    assert reader.read(str(tmp_path / "t"))["id"].to_list() == [1]
    assert reader.read(str(tmp_path / "d"))["id"].to_list() == [1, 2]
