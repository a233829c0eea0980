"""Plain files as dataframes, and dataframes as files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from ezazml.errors import InputError
from jobs.data.frames import read_files, records, write_frame

FRAME = pd.DataFrame({"id": [1, 2, 3], "name": ["x", "y", None], "born": pd.to_datetime(["2024-01-15"] * 3)})


@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a.json", "a.jsonl"])
def test_what_is_written_is_read(tmp_path: Path, name: str) -> None:
    write_frame(FRAME, tmp_path / name)
    frame = read_files([tmp_path / name], None)
    assert frame["id"].to_list() == [1, 2, 3]
    assert frame["name"].isna().to_list() == [False, False, True]
    assert list(frame.columns) == ["id", "name", "born"]


@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a.json", "a.jsonl"])
@pytest.mark.parametrize("rows", [0, 1, 2, 99])
def test_the_first_rows(tmp_path: Path, name: str, rows: int) -> None:
    write_frame(FRAME, tmp_path / name)
    assert read_files([tmp_path / name], rows)["id"].to_list() == [1, 2, 3][:rows]


def test_rows_of_several_files_and_no_more_files_than_needed(tmp_path: Path) -> None:
    files = [tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "missing.csv"]
    for file in files[:2]:
        write_frame(FRAME, file)
    assert read_files(iter(files), 5)["id"].to_list() == [1, 2, 3, 1, 2]


def test_tabs(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("a\tb\n1\t2\n")
    assert read_files([tmp_path / "a.tsv"], None).to_dict("list") == {"a": [1], "b": [2]}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", r"the file is empty \(0 bytes\)"),
        ("a.csv", b"a,b\n1,2\n1,2,3,4\n", "this is not csv"),
        ("a.csv", b"a,b\n\xff\xfe,1\n", "this is not csv"),
        ("a.parquet", b"text", "this is not parquet"),
        ("a.json", b"[1, 2", "this is not json"),
        ("a.jsonl", b"text", "this is not json"),
        ("a.txt", b"text", "its ending does not tell what it is. Known: .csv"),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_files([tmp_path / name], None)


def test_what_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be written so\. Use one of \.csv"):
        write_frame(FRAME, tmp_path / "a.xlsx")
    with pytest.raises(InputError, match="cannot be written"):
        write_frame(FRAME, tmp_path / "missing" / "a.csv")


def test_rows_for_programs() -> None:
    assert records(FRAME)[2] == {"id": 3, "name": None, "born": "2024-01-15T00:00:00.000"}
