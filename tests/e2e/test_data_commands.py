"""The commands about data, as a person calls them, in a workspace of the sandbox through the unmodified SDKs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ezazml.cli import data, data_reading
from ezazml.cli.main import main
from ezazml.config.loading import load_environment
from ezazml.operations.data import DataWork
from jobs.tags import HASH_TAG
from tests.e2e.assets_project import Declared, make_project
from tests.sandbox.conftest import ACCOUNT

pytestmark = pytest.mark.e2e

STORE = "azureml://datastores/workspaceblobstore/paths"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Declared]:
    project = make_project(tmp_path_factory.mktemp("data") / "a project")
    before = dict(os.environ)
    wanted = project.served.home.environ(["sandbox"], before, service=project.served.service)
    os.environ.clear()
    os.environ.update(wanted)
    yield project
    os.environ.clear()
    os.environ.update(before)
    project.served.home.services.stop()


@dataclass
class Called:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)


Call = Callable[..., Called]


@pytest.fixture
def ezazml(served: Declared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> Call:
    """Calls a command in this process and in a folder of its own. What is deployed stands in the store directly."""
    served.forget()
    (tmp_path / "d" / "v1.2").mkdir(parents=True)
    (tmp_path / "d" / "a.csv").write_text("id,name\n1,a\n2,b\n")
    (tmp_path / "d" / "v1.2" / "b.csv").write_text("id,name\n3,c\n")
    monkeypatch.chdir(tmp_path)

    def start_work(environment: str | None) -> DataWork:
        settings = load_environment("sandbox", root=served.root, environ=os.environ).settings
        return DataWork(settings, root=tmp_path, open_deployment=lambda: served.deployment)

    for module in (data, data_reading):
        monkeypatch.setattr(module, "start_work", start_work)

    def call(*arguments: str) -> Called:
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([*arguments])
        out, err = capfd.readouterr()
        return Called(int(ended.value.code or 0), out, err)

    return call


def test_an_upload_and_its_modes(ezazml: Call) -> None:
    upload = ("upload-file-to-datastore", "d", "--target-path", "modes", "-o", "json")
    first = ezazml(*upload).json
    assert first["uploaded"] == ["modes/a.csv", "modes/v1.2/b.csv"]
    assert first["uri"].endswith("/datastores/workspaceblobstore/paths/modes")
    refused = ezazml(*upload)
    assert refused.code == 2
    assert "modes/a.csv, modes/v1.2/b.csv exist already" in refused.err
    Path("d/a.csv").write_text("id,name\n7,z\n")
    assert ezazml(*upload, "--mode", "append").json["kept"] == ["modes/a.csv"]
    again = ezazml(*upload, "--mode", "overwrite").json
    assert (again["uploaded"], again["skipped"]) == (["modes/a.csv"], ["modes/v1.2/b.csv"])
    assert ezazml("get-dataframe", f"{STORE}/modes/a.csv", "-o", "json").json == [{"id": 7, "name": "z"}]
    # Of one file it is the file's own address.
    one = ezazml("upload-file-to-datastore", "d/a.csv", "--target-path", "one", "-o", "json").json
    assert one["uri"].endswith("/paths/one/a.csv")


def test_an_mltable_becomes_a_data_asset_once_per_content(ezazml: Call, served: Declared) -> None:
    make = ("create-mltable", "d/**/*.csv", "--register", "--name", "titanic", "--description", "who", "-o", "json")
    first = ezazml(*make).json
    assert (first["asset"]["version"], first["asset"]["is_new"], first["is_checked"]) == ("1", True, True)
    with served.writes() as writes:
        assert ezazml(*make).json["asset"] == {**first["asset"], "is_new": False}
    assert [line for line in writes if "management.azure.com" in line] == []
    Path("d/a.csv").write_text("id,name\n7,z\n")
    assert ezazml(*make).json["asset"]["version"] == "2"
    assert ezazml("get-dataframe", "titanic", "-o", "json").json == [{"id": 7, "name": "z"}, {"id": 3, "name": "c"}]
    assert len(ezazml("get-dataframe", "titanic", "--version", "1", "-o", "json").json) == 3
    stored = served.stored()["data/titanic/versions/1"]
    assert len(stored["tags"][HASH_TAG]) == 64
    assert (stored["dataType"], stored["description"]) == ("mltable", "who")


def test_a_mixed_mltable(ezazml: Call) -> None:
    ezazml("upload-file-to-datastore", "d", "--target-path", "mixed", "--mode", "overwrite")
    wasbs = ezazml("get-uri", "mixed/v1.2", "--format", "wasbs", "-o", "json").json["uri"]
    paths = (f"{STORE}/mixed/a.csv", wasbs, "d/v1.2")
    made = ezazml("create-mltable", *paths, "--register", "--name", "mixed", "--filter", "id > 1", "-o", "json").json
    assert made["is_checked"] is False
    assert [next(iter(entry)) for entry in made["paths"]] == ["file", "folder", "folder"]
    assert [row["id"] for row in ezazml("get-dataframe", "mixed", "-o", "json").json] == [2, 3, 3]
    local = ezazml("inspect-data", "mixed", "--local", "--rows", "1", "-o", "json").json
    assert (len(local["paths"]), local["columns"], local["rows"]) == (3, ["id", "name"], [{"id": 2, "name": "b"}])
    assert ezazml("get-dataframe", "mixed", "-o", "out.parquet").code == 0
    assert pd.read_parquet("out.parquet")["id"].to_list() == [2, 3, 3]


def test_data_sets_of_every_kind(ezazml: Call) -> None:
    def make(name: str, source: str) -> Any:
        return ezazml("create-dataset", source, "--name", name, "-o", "json").json

    assert make("file", "d/a.csv")["type"] == "uri_file"
    assert make("folder", "d")["type"] == "uri_folder"
    ezazml("create-mltable", "d", "--save-path", "t", "--colocated")
    table = make("table", "t")
    assert (table["type"], table["version"]) == ("mltable", "1")
    assert make("table", table["path"])["version"] == "2"
    assert make("file", f"{table['path']}/data/d/a.csv")["version"] == "2"
    assert len(ezazml("get-dataframe", "table", "-o", "json").json) == 3
    refused = ezazml("create-dataset", "d", "--name", "file")
    assert "Data asset file is of type uri_file, and so are all of its versions" in refused.err


def test_a_datastore_of_the_original_variables(ezazml: Call, served: Declared, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {"ADLS_ACTIVATE": "true", "ABDS_NAME": "lake", "ABDS_ACCOUNT_NAME": ACCOUNT}
    variables |= {"ABDS_CONTAINER_NAME": "data", "ABDS_PROTOCOL": "abfss", "ABDS_DESCRIPTION": "the lake"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    made = ezazml("create-or-update-adls-datastore", "-o", "json").json
    assert made == {
        "name": "lake", "type": "AzureDataLakeGen2", "account": ACCOUNT, "container": "data", "access": "identity",
    }  # fmt: skip
    monkeypatch.setenv("ABDS_PROTOCOL", "https")
    monkeypatch.setenv("ADLS_ACCOUNT_KEY", "UExBTlRFRA==")
    answer = ezazml("create-or-update-adls-datastore", "-o", "json")
    assert (answer.json["type"], answer.json["access"]) == ("AzureBlob", "account key")
    assert "UExBTlRFRA" not in answer.out + answer.err
    assert served.stored()["datastores/lake"]["description"] == "the lake"


def test_addresses(ezazml: Call) -> None:
    assert ezazml("get-uri", "a/b").out.endswith("/workspaces/workspace/datastores/workspaceblobstore/paths/a/b\n")
    assert ezazml("get-uri", "a", "--format", "azureml-short").out == f"{STORE}/a\n"
    assert ezazml("get-uri", "a", "--format", "abfss").out.endswith(f"@{ACCOUNT}.dfs.core.windows.net/a\n")
    assert ezazml("get-uri", "d", "--source", "local").out == f"{Path('d').resolve().as_uri()}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("create-mltable", "nope.csv"), "nope.csv: there is no such file or folder."),
        (("create-mltable", "d/*.txt"), "d/*.txt: no file matches."),
        (("create-mltable", "zero.csv"), "the file is empty (0 bytes)."),
        (("create-mltable", "d/a.csv", "x.parquet"), "The paths mix csv and parquet files"),
        (("create-mltable", "d", "--keep-columns", "id,nope"), "keep: there is no column 'nope'."),
        (("create-mltable", "d", "--drop-columns", "nope"), "drop: there is no column 'nope'."),
        (("create-mltable", "d", "--filter", "id & 1"), "the filter cannot be understood from '& 1' on."),
        (("create-mltable", "d", "--version", "1"), "A version is given, but the MLTable is not registered."),
        (("create-mltable", "d", "--register", "--version", "1.5"), "The version '1.5' is not a whole number"),
        (("create-mltable", "d", "--register", "--name", "a b"), "Azure refuses the name 'a b' for a data asset."),
        (("create-mltable", "d", "--register", "--datastore", "nope"), "has no datastore 'nope'; it has"),
        (("create-mltable", f"{STORE}/nope.csv"), "there is no file of that name."),
        (("create-mltable", "wasbs://data@nosuchaccount1.blob.core.windows.net/a.csv"), "nosuchaccount1"),
        (("create-mltable", "https://example.com/a.csv"), "the server cannot be reached"),
        (("create-dataset", "d", "--name", "x", "--type", "uri_file"), "d: this is of type uri_folder, not uri_file."),
        (("create-dataset", "zero.csv", "--name", "x"), "the file is empty (0 bytes)."),
        (("create-dataset", f"{STORE}/nope", "--name", "x"), "there is no file of that name."),
        (("create-dataset", "outside", "--name", "x"), "which is outside of its folder"),
        (("upload-file-to-datastore", "nope"), "nope: there is no such file or folder."),
        (("upload-file-to-datastore", "d", "--datastore", "nope"), "has no datastore 'nope'"),
        (("upload-file-to-datastore", "d", "--datastore", "workspacefilestore"), "is of type AzureFile"),
        (("create-or-update-adls-datastore",), "ADLS_ACTIVATE"),
        (("create-or-update-adls-datastore", "--name", "a-b", "--container-name", "data"), "Azure refuses the name"),
        (("create-or-update-adls-datastore", "--name", "a", "--container-name", "none"), "does not exist"),
        (("get-dataframe", "nope"), "There is no file or data asset 'nope'."),
        (("get-dataframe", "d/a.csv", "-o", "a.xlsx"), "a.xlsx: a dataframe cannot be written so."),
        (("get-uri", "x", "--source", "databricks"), "DATABRICKS_ACTIVATE"),
        (("get-uri", "nope", "--source", "local"), "nope: there is no such file or folder."),
        (("copy-data", f"{STORE}/nope", f"{STORE}/copy", "--compute", "cpu"), "there is no file of that name."),
        (("copy-data", f"{STORE}/nope", "d", "--compute", "cpu"), "d: the target must be a folder in a datastore."),
        (("inspect-data", "nope"), "has no compute cluster to run on"),
        (("inspect-data", "d", "--local", "--compute", "cpu"), "are of the job; --local runs none."),
    ],
)
def test_mistakes_are_told_in_one_line_and_change_nothing(
    ezazml: Call, served: Declared, arguments: tuple[str, ...], message: str
) -> None:
    Path("zero.csv").touch()
    pd.DataFrame({"id": [1]}).to_parquet("x.parquet")
    Path("outside").mkdir()
    Path("outside/MLTable").write_text("type: mltable\npaths:\n- file: ../d/a.csv\n")
    before = served.stored()
    answer = ezazml(*arguments)
    assert answer.code in {1, 2}
    (line,) = [line for line in answer.err.splitlines() if line.startswith("Error: ")]
    assert message in line
    assert answer.out == ""
    assert "Traceback" not in answer.err
    assert served.stored() == before


def test_a_job_that_azure_does_not_take_is_told(ezazml: Call) -> None:
    ezazml("create-mltable", "d", "--register", "--name", "t")
    answer = ezazml("inspect-data", "t", "--compute", "cpu")
    assert answer.code == 1
    assert "Submitting the job 'inspect data'" in answer.err
