"""An MLTable is written by the library, reads what the options say, and is checked before anything is written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner

from ezazml.cli.data import create_mltable
from ezazml.errors import InputError
from jobs.data.create_mltable import CreatedTable, plan_table, write_table
from jobs.data.engine import mltable_library
from jobs.data.table import TableOptions

CSV = "id,name,born\n1,x,2024-01-15\n2,y,2024-02-15\n"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    base = tmp_path / "a v1.2 folder"
    (base / "d" / "sub").mkdir(parents=True)
    (base / "one.csv").write_text(CSV)
    (base / "d" / "a.csv").write_text(CSV)
    (base / "d" / "sub" / "b.csv").write_text("id,name,born\n3,z,2024-03-15\n")
    frame = pd.DataFrame({"id": [1, 2], "name": ["x", "y"]})
    frame.to_parquet(base / "one.parquet")
    frame.to_json(base / "one.jsonl", orient="records", lines=True)
    return base


def make(base: Path, *paths: str, colocated: bool = False, **options: Any) -> CreatedTable:
    plan = plan_table(paths, base=base, options=TableOptions(**options), remote=None)
    return write_table(plan, base / "out", colocated=colocated)


def load(table: CreatedTable) -> pd.DataFrame:
    frame: pd.DataFrame = mltable_library().load(str(table.folder)).to_pandas_dataframe()
    return frame


def content(table: CreatedTable) -> dict[str, Any]:
    result: dict[str, Any] = yaml.safe_load((table.folder / "MLTable").read_text())
    return result


def test_a_csv_with_inferred_types(base: Path) -> None:
    table = make(base, "one.csv")
    assert [str(kind) for kind in load(table).dtypes] == ["int64", "object", "datetime64[ns]"]
    assert table.columns == ("id", "name", "born")
    assert table.rows[0] == {"id": 1, "name": "x", "born": "2024-01-15T00:00:00.000"}
    assert table.is_checked


def test_inference_that_is_off_leaves_text(base: Path) -> None:
    frame = load(make(base, "one.csv", infer_column_types=False))
    assert frame.iloc[0].to_list() == ["1", "x", "2024-01-15"]
    assert {str(kind) for kind in frame.dtypes} == {"object"}


@pytest.mark.parametrize(("paths", "rows"), [(["d"], 3), (["d/**/*.csv"], 3), (["d/*.csv"], 2), (["one.csv", "d"], 5)])
def test_folders_globs_and_several_paths(base: Path, paths: list[str], rows: int) -> None:
    assert len(load(make(base, *paths))) == rows


def test_parquet(base: Path) -> None:
    assert load(make(base, "one.parquet", extension="parquet"))["name"].to_list() == ["x", "y"]


def test_json_lines(base: Path) -> None:
    assert load(make(base, "one.jsonl", extension="json"))["id"].to_list() == [1, 2]


def test_a_delta_table_in_two_states(base: Path) -> None:
    delta(base / "delta", [[1, 2], [3]])
    assert sorted(load(make(base, "delta", extension="delta"))["id"]) == [1, 2, 3]
    assert sorted(load(make(base, "delta", extension="delta", delta_version=0))["id"]) == [1, 2]


def test_columns_that_are_kept_or_dropped(base: Path) -> None:
    assert list(load(make(base, "one.csv", keep_columns=("name", "id"))).columns) == ["id", "name"]
    assert list(load(make(base, "one.csv", drop_columns=("name",))).columns) == ["id", "born"]


def test_a_filter_may_use_a_column_that_is_not_kept(base: Path) -> None:
    table = make(base, "d", filter="col('id') > 1 and name != 'z'", keep_columns=("name",))
    assert load(table).to_dict("list") == {"name": ["y"]}


def test_a_filter_that_leaves_nothing(base: Path) -> None:
    table = make(base, "one.csv", filter="id > 10")
    assert len(load(table)) == 0
    assert table.rows == ()


def test_the_path_column(base: Path) -> None:
    frame = load(make(base, "d", include_path_column=True))
    assert [Path(path).name for path in frame["Path"]] == ["a.csv", "a.csv", "b.csv"]


@pytest.mark.filterwarnings("ignore:Using alternate reader")
def test_header_modes(base: Path) -> None:
    (base / "d" / "sub" / "b.csv").write_text("name,id\nz,3\n")
    assert list(load(make(base, "one.csv", headers="no_header")).iloc[0]) == ["id", "name", "born"]
    different = load(make(base, "d", headers="all_files_different_headers"))
    assert different["name"].to_list() == ["x", "y", "z"]
    first = load(make(base, "d", headers="from_first_file"))
    assert list(first.columns) == ["id", "name", "born"]
    assert list(first["name"]) == ["x", "y", "id", "3"]


def test_a_delimiter_and_an_encoding(base: Path) -> None:
    (base / "german.csv").write_bytes("Größe;Ort\n17;Köln\n".encode("latin-1"))
    table = make(base, "german.csv", delimiter=";", encoding="latin1")
    assert load(table).to_dict("list") == {"Größe": [17], "Ort": ["Köln"]}


def test_local_paths_stay_where_they_are(base: Path) -> None:
    assert content(make(base, "one.csv"))["paths"] == [{"file": "../one.csv"}]


def test_colocated_data_moves_with_the_table(base: Path, tmp_path: Path) -> None:
    table = make(base, "one.csv", "d/**/*.csv", "d", colocated=True)
    assert content(table)["paths"] == [
        {"file": "data/one.csv"},
        {"pattern": "data/d/**/*.csv"},
        {"folder": "data/2-d"},
    ]
    moved = table.folder.rename(tmp_path / "moved")
    assert len(mltable_library().load(str(moved)).to_pandas_dataframe()) == 8


def test_two_files_of_one_name_are_both_colocated(base: Path) -> None:
    (base / "other").mkdir()
    (base / "other" / "one.csv").write_text("id,name,born\n9,q,2024-09-15\n")
    table = make(base, "one.csv", "other/one.csv", colocated=True)
    assert load(table)["id"].to_list() == [1, 2, 9]
    assert load(make(base, "one.csv", "other/one.csv", colocated=True))["id"].to_list() == [1, 2, 9]


def test_remote_paths_are_kept_as_they_are(base: Path) -> None:
    uri = "wasbs://data@acc.blob.core.windows.net/x.csv"
    plan = plan_table(["one.csv", uri], base=base, options=TableOptions(), remote=None, check=False)
    table = write_table(plan, base / "out")
    assert content(table)["paths"] == [{"file": "../one.csv"}, {"file": uri}]
    assert not table.is_checked


@pytest.mark.parametrize(
    ("paths", "options", "message"),
    [
        (["one.csv"], {"keep_columns": ("nope", "id")}, "keep: there is no column 'nope'. The columns are id, name"),
        (["one.csv"], {"drop_columns": ("nope",)}, "drop: there is no column 'nope'"),
        (["one.csv"], {"filter": "nope > 1"}, "filter: there is no column 'nope'"),
        (["one.csv"], {"filter": "col('no pe') == 1"}, "filter: there is no column 'no pe'"),
        (["one.csv"], {"filter": "id & 1"}, "Filter 'id & 1': the filter cannot be understood from '& 1' on"),
        (["one.csv"], {"filter": "id >"}, "the filter cannot be understood"),
        (["one.csv"], {"keep_columns": ("id",), "drop_columns": ("id",)}, "both kept and dropped: id"),
        (["one.csv"], {"delta_version": 1}, "the extension is not delta"),
        (["one.csv"], {"encoding": "klingon"}, "MLTable: .*klingon|encoding"),
        (["fake.parquet"], {"extension": "parquet"}, "a file is not Parquet"),
        (["array.json"], {"extension": "json"}, "every line must be one JSON object"),
        (["bytes.csv"], {}, "no text in the encoding"),
        (["wasbs://c@acc.blob.core.windows.net/a.csv"], {}, "needs the workspace of an environment"),
        (["delta"], {"extension": "delta", "delta_version": 7}, "delta"),
    ],
)
def test_what_is_refused_writes_nothing(base: Path, paths: list[str], options: dict[str, Any], message: str) -> None:
    (base / "fake.parquet").write_text("no parquet")
    (base / "array.json").write_text('[{"a": 1}]')
    (base / "bytes.csv").write_bytes(b"a,b\n\xff\xfe\x00,1\n")
    delta(base / "delta", [[1]])
    with pytest.raises(InputError, match=message):
        make(base, *paths, **options)
    assert not (base / "out").exists()


def test_a_place_that_is_a_file(base: Path) -> None:
    (base / "out").write_text("mine")
    with pytest.raises(InputError, match="this is a file; an MLTable is a folder"):
        make(base, "one.csv")
    assert (base / "out").read_text() == "mine"


def test_the_engine_reports_to_nobody(base: Path) -> None:
    """Every connection of the native engine would go to the proxy, which is a socket of ours."""
    program = """
import socket, sys, threading, time
from pathlib import Path
server = socket.create_server(("127.0.0.1", 0))
asked = []
def listen():
    while True:
        connection, _ = server.accept()
        asked.append(connection.recv(200))
        connection.close()
threading.Thread(target=listen, daemon=True).start()
import atexit, os
# The engine sends what it has to say when the program ends; handlers run in reverse order.
atexit.register(lambda: print(asked))
for name in ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy", "ALL_PROXY"):
    os.environ[name] = f"http://127.0.0.1:{server.getsockname()[1]}"
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "localhost,::1"
from jobs.data.engine import mltable_library, first_rows
library = mltable_library()
frame = first_rows(library.from_delimited_files([{"file": sys.argv[1]}]), None, what="it")
try:
    first_rows(library.from_delimited_files([{"file": "/nowhere.csv"}]), None, what="it")
except Exception as error:
    print(error)
print(len(frame), os.environ["NO_PROXY"])
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(base / "one.csv")],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[4])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "it: a file that the table names does not exist.\n2 localhost,::1\n[]\n"
    assert done.stderr == ""


def delta(folder: Path, commits: list[list[int]]) -> None:
    """A Delta table with one commit for each list of ids, written by hand after the protocol."""
    log = folder / "_delta_log"
    log.mkdir(parents=True, exist_ok=True)
    schema = {"type": "struct", "fields": [{"name": "id", "type": "long", "nullable": True, "metadata": {}}]}
    head = [
        {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}},
        {
            "metaData": {
                "id": "00000000-0000-4000-8000-000000000001",
                "format": {"provider": "parquet", "options": {}},
                "schemaString": json.dumps(schema),
                "partitionColumns": [],
                "configuration": {},
                "createdTime": 1700000000000,
            }
        },
    ]
    for number, ids in enumerate(commits):
        file = folder / f"part-{number}.parquet"
        pd.DataFrame({"id": ids}).to_parquet(file, index=False)
        add = {
            "path": file.name,
            "partitionValues": {},
            "size": file.stat().st_size,
            "modificationTime": 1700000000000 + number,
            "dataChange": True,
        }
        actions = [*(head if number == 0 else []), {"add": add}]
        (log / f"{number:020d}.json").write_text("\n".join(json.dumps(action) for action in actions) + "\n")


@pytest.mark.parametrize("delimiter", ["", "||", r"\t"])
def test_a_delimiter_is_one_character(base: Path, delimiter: str) -> None:
    with pytest.raises(InputError, match="is not one character"):
        make(base, "one.csv", delimiter=delimiter)


@pytest.mark.parametrize("filter_", ["id > 1", "col('id') == -1", "born > datetime(2024, 2, 1)"])
def test_text_is_not_compared_with_what_is_no_text(base: Path, filter_: str) -> None:
    with pytest.raises(InputError, match="without inferred column types every column is text"):
        make(base, "one.csv", filter=filter_, infer_column_types=False)
    assert len(load(make(base, "one.csv", filter="id > '1'", infer_column_types=False))) == 1
    assert len(load(make(base, "one.csv", filter=filter_))) < 2


@pytest.mark.parametrize("options", [(), ("--delimiter", r"\t")])
def test_tabs_are_understood_on_the_command_line(
    base: Path, options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(base)
    monkeypatch.delenv("TF_WORKSPACE", raising=False)
    (base / "one.tsv").write_text(CSV.replace(",", "\t"))
    arguments = ["one.tsv", "--save-path", "out", "--output", "json", *options]
    result = CliRunner().invoke(create_mltable, arguments, catch_exceptions=False)
    assert json.loads(result.stdout)["columns"] == ["id", "name", "born"]


@pytest.mark.parametrize(
    ("extension", "option"),
    [("json", ("--headers", "no_header")), ("json", ("--no-infer-column-types",)), ("parquet", ("--encoding", "utf8"))],
)
def test_an_option_that_would_do_nothing_is_refused(
    base: Path, extension: str, option: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(base)
    monkeypatch.delenv("TF_WORKSPACE", raising=False)
    file = {"json": "one.jsonl", "parquet": "one.parquet"}[extension]
    arguments = [file, "--extension", extension, "--save-path", "out", *option]
    with pytest.raises(InputError, match=f"{option[0].replace('no-', '')} does nothing for {extension}"):
        CliRunner().invoke(create_mltable, arguments, catch_exceptions=False)
    # In a variable it is a default for the CSV files among others.
    monkeypatch.setenv("DATA_HEADERS", "no_header")
    result = CliRunner().invoke(create_mltable, arguments[:5], catch_exceptions=False)
    assert result.exit_code == 0
