"""What a path on the command line means, and which are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ezazml.config.models import EnvironmentModel
from ezazml.errors import InputError
from ezazml.operations.data import DataWork, make_dataset, submit_copy
from jobs.data.dataframe import DataReader
from jobs.data.sources import SourceKind, ending_of, is_storage, parse_source, parse_sources, unsigned


@pytest.fixture
def base(tmp_path: Path) -> Path:
    for name in ("one.csv", "d/a.csv", "d/sub/b.csv", "v1.2/a.csv", "mix/a.csv", "mix/b.parquet", "plain/part-0000"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a\n1\n")
    (tmp_path / "empty").mkdir()
    (tmp_path / "zero.csv").touch()
    (tmp_path / "table" / "_delta_log").mkdir(parents=True)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("one.csv", SourceKind.FILE),
        ("./d/../one.csv", SourceKind.FILE),
        ("d", SourceKind.FOLDER),
        ("d/", SourceKind.FOLDER),
        ("v1.2", SourceKind.FOLDER),
        ("plain", SourceKind.FOLDER),
        ("d/**/*.csv", SourceKind.PATTERN),
        ("*/a.csv", SourceKind.PATTERN),
    ],
)
def test_local_paths(base: Path, text: str, kind: SourceKind) -> None:
    source = parse_source(text, "csv", base)
    assert source.kind is kind
    assert source.is_local
    assert source.uri.startswith(str(base))


def test_a_file_url_is_a_local_path(base: Path) -> None:
    assert parse_source((base / "one.csv").as_uri(), "csv", base).uri == str(base / "one.csv")


def test_a_name_with_brackets_is_that_file(base: Path) -> None:
    (base / "[a].csv").write_text("a\n1\n")
    assert parse_source("[a].csv", "csv", base).kind is SourceKind.FILE


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("https://example.com/data.csv", SourceKind.FILE),
        ("https://example.com/download?id=7", SourceKind.FILE),
        ("wasbs://data@acc.blob.core.windows.net/a.csv", SourceKind.FILE),
        ("wasbs://data@acc.blob.core.windows.net/v1.2", SourceKind.FOLDER),
        ("abfss://data@acc.dfs.core.windows.net/raw/", SourceKind.FOLDER),
        ("abfss://data@acc.dfs.core.windows.net/raw/**/*.csv", SourceKind.PATTERN),
        ("azureml://datastores/x/paths/raw/a.csv", SourceKind.FILE),
        ("azureml://datastores/x/paths/raw.d/", SourceKind.FOLDER),
        ("https://acc.blob.core.windows.net/data/*.csv", SourceKind.PATTERN),
    ],
)
def test_addresses(base: Path, text: str, kind: SourceKind) -> None:
    source = parse_source(text, "csv", base)
    assert (source.kind, source.uri, source.is_local) == (kind, text, False)


def test_a_folder_with_other_files_means_those_of_the_extension(base: Path) -> None:
    (base / "d" / "_SUCCESS").touch()
    (base / "d" / "readme.md").write_text("text")
    source = parse_source("d", "csv", base)
    assert (source.kind, source.uri) == (SourceKind.PATTERN, str(base / "d" / "**" / "*.csv"))


def test_a_delta_table_is_a_folder(base: Path) -> None:
    source = parse_source("table", "delta", base)
    assert source.entry() == {"folder": str(base / "table")}


@pytest.mark.parametrize(
    ("text", "extension", "message"),
    [
        ("", "csv", "A path is empty"),
        ("missing.csv", "csv", "there is no such file or folder"),
        ("d/*.txt", "csv", "no file matches"),
        ("empty", "csv", "the folder holds no file"),
        ("zero.csv", "csv", r"zero\.csv: the file is empty \(0 bytes\)"),
        ("*.csv", "csv", r"zero\.csv: the file is empty \(0 bytes\)"),
        ("one.csv", "parquet", "a csv file cannot be read as parquet. Use --extension csv"),
        ("d", "json", "a csv file cannot be read as json"),
        ("mix", "csv", "the folder mixes csv and parquet files"),
        ("d", "delta", "no Delta table"),
        ("one.csv", "delta", "cannot be read|Delta table is a folder"),
        ("ftp://example.com/a.csv", "csv", "ftp:// is not read by MLTable"),
        ("https://example.com/a.parquet", "csv", "a parquet file cannot be read as csv"),
    ],
)
def test_what_is_refused(base: Path, text: str, extension: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_source(text, extension, base)


def test_a_signed_url_is_refused_without_showing_the_signature(base: Path) -> None:
    with pytest.raises(InputError, match="carries a signature") as caught:
        parse_source("https://acc.blob.core.windows.net/c/a.csv?sv=2024&sig=PLANTED", "csv", base)
    assert "PLANTED" not in str(caught.value)


def test_paths_of_several_kinds_may_be_mixed(base: Path) -> None:
    texts = ["one.csv", "d", "d/*.csv", "https://example.com/a.csv", "wasbs://c@acc.blob.core.windows.net/x/"]
    assert len(parse_sources(texts, "csv", base)) == 5


def test_extensions_may_not_be_mixed(base: Path) -> None:
    with pytest.raises(InputError, match="The paths mix csv and parquet files"):
        parse_sources(["one.csv", "mix/b.parquet"], "csv", base)


def test_no_path_at_all(base: Path) -> None:
    with pytest.raises(InputError, match="No path is given"):
        parse_sources([], "csv", base)


def test_two_delta_tables(base: Path) -> None:
    with pytest.raises(InputError, match="one path"):
        parse_sources(["table", "table"], "delta", base)


@pytest.mark.parametrize(
    ("name", "extension"),
    [("a.csv", "csv"), ("a.TSV", "csv"), ("a.jsonl", "json"), ("a.pq", "parquet"), ("v1.2", None), ("a.csv.d", None)],
)
def test_endings(name: str, extension: str | None) -> None:
    assert ending_of(name) == extension


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("azureml://datastores/x/paths/y", True),
        ("https://acc.blob.core.windows.net/c/a", True),
        ("https://acc.dfs.core.windows.net/c/a", True),
        ("https://example.com/a", False),
        ("https://evil.example/acc.blob.core.windows.net/", False),
        ("relative/path", False),
    ],
)
def test_what_is_azure_storage(uri: str, expected: bool) -> None:
    assert is_storage(uri) is expected


@pytest.mark.parametrize("url", ["https://contoso.blob.core.windows.net/c/f.csv", "https://example.com/f.csv"])
def test_a_signature_is_neither_registered_nor_shown(tmp_path: Path, url: str) -> None:
    signed = f"{url}?sv=2024-08-04&sig=planted"
    assert unsigned(signed) == url
    assert unsigned(f"{url}?page=1") == f"{url}?page=1"

    def unused() -> Any:
        raise AssertionError("the workspace is asked")

    work = DataWork(EnvironmentModel(), root=tmp_path, open_deployment=unused)
    options: dict[str, Any] = dict.fromkeys(("type", "description", "version", "datastore"))
    with pytest.raises(InputError, match="carries a signature") as raised:
        make_dataset(work, signed, base=tmp_path, name="x", **options)
    assert "planted" not in str(raised.value)
    with pytest.raises(InputError, match="carries a signature"):
        submit_copy(work, signed, "azureml://datastores/d/paths/x", overwrite=False, compute=None, environment=None)


def test_a_signed_address_of_storage_is_not_read(tmp_path: Path) -> None:
    def unused() -> Any:
        raise AssertionError("the workspace is asked")

    reader = DataReader(unused, cache=tmp_path, folder=tmp_path)
    for read in (reader.read, reader.paths):
        with pytest.raises(InputError, match="carries a signature") as raised:
            read("abfss://c@contoso.dfs.core.windows.net/f.csv?sv=1&sig=planted")
        assert "planted" not in str(raised.value)
