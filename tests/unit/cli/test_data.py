"""The commands about data without a workspace: variables, light start, numbers for people."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ezazml.cli.data_work import byte_progress, size_text, split
from ezazml.cli.main import main


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is no project, and no variable of an environment."""
    for name in ("TF_WORKSPACE", "DATA_PATH"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "a.csv").write_text("id,name,x\n1,a,5\n2,b,6\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ezazml(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main([*arguments])
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def test_the_original_variables_make_an_mltable(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    variables = {
        "DATA_PATH": "a.csv, a.csv",
        "DATA_INPUTS_EXTENSION": "csv",
        "DATA_MLTABLE_SAVE_PATH": "tables/mine",
        "DATA_HEADERS": "from_first_file",
        "DATA_INFER_COLUMN_TYPES_CSV": "false",
        "DATA_INPUT_KEEP_COLUMNS": "id,x",
        "DATA_INPUT_DROP_COLUMNS": "",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    code, out, err = ezazml(capsys, "create-mltable", "-o", "json")
    assert code == 0, err
    assert json.loads(out)["rows"][0] == {"id": "1", "x": "5"}
    table: dict[str, Any] = yaml.safe_load((here / "tables" / "mine" / "MLTable").read_text())
    assert [entry["file"] for entry in table["paths"]] == ["../../a.csv", "../../a.csv"]
    assert table["transformations"][0]["read_delimited"]["header"] == "from_first_file"
    assert table["transformations"][1:] == [{"keep_columns": ["id", "x"]}]


def test_local_data_needs_no_environment(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = ezazml(capsys, "get-dataframe", "a.csv", "--rows", "1", "-o", "json")
    assert (code, json.loads(out)) == (0, [{"id": 1, "name": "a", "x": 5}])


@pytest.mark.parametrize(
    "arguments",
    [
        ("get-dataframe", "titanic"),
        ("upload-file-to-datastore", "a.csv"),
        ("create-mltable", "a.csv", "--register"),
        ("create-mltable", "azureml://datastores/x/paths/a.csv"),
        ("inspect-data", "titanic"),
        ("copy-data", "azureml:a:1", "azureml://datastores/x/paths/y"),
        ("get-uri", "a"),
    ],
)
def test_what_needs_a_workspace_says_so(
    here: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    code, _, err = ezazml(capsys, *arguments)
    assert code == 2
    assert "no environment is named. Add --env, or set TF_WORKSPACE." in err
    assert not (here / "mltables").exists()


@pytest.mark.parametrize("module", ["data", "data_reading"])
def test_the_help_imports_no_sdk(module: str) -> None:
    program = (
        f"import sys, ezazml.cli.{module}; "
        "print(sorted({'azure', 'mltable', 'azureml', 'pandas', 'cdktf', 'requests'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 bytes"), (1023, "1023 bytes"), (1024, "1.0 KiB"), (5 * 2**30, "5.0 GiB")]
)
def test_sizes(size: int, text: str) -> None:
    assert size_text(size) == text


def test_lists() -> None:
    assert split(" a, b ,,c") == ("a", "b", "c")
    assert split(None) == split("") == ()


def test_the_last_line_of_an_upload_is_always_shown() -> None:
    lines: list[str] = []
    on_bytes = byte_progress(lines.append)
    for done in range(1, 1001):
        on_bytes(done, 1000)
    assert lines[-1] == "1000 bytes of 1000 bytes"
    assert len(lines) < 1000
