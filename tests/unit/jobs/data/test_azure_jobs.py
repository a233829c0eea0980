"""The jobs that copy and inspect: how they are described to Azure ML, and that their programs work."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ezazml.errors import InputError
from jobs.data.azure_jobs import CODE, JobSettings, compute_of, copy_job, inspect_job
from jobs.data.create_mltable import plan_table, write_table
from jobs.data.table import TableOptions

SETTINGS = JobSettings("cpu")


def deployment(*clusters: str) -> Any:
    """An environment whose file calls its first cluster ``short``."""
    compute = SimpleNamespace(instances=(), clusters=[SimpleNamespace(name="short")] if clusters else [])
    names = SimpleNamespace(
        compute_instances=(), compute_clusters=[SimpleNamespace(index=0, full_name=name) for name in clusters[:1]]
    )
    environment = SimpleNamespace(settings=SimpleNamespace(compute=compute), names=names)
    return SimpleNamespace(name="dev", outputs={"compute_cluster_names": list(clusters)}, environment=environment)


def run(program: str, *arguments: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [program, *arguments])
    runpy.run_path(str(CODE / program), run_name="__main__")


def test_the_job_that_inspects() -> None:
    job = inspect_job("azureml:titanic:3", 7, SETTINGS)
    rest: Any = job._to_job()._to_rest_object().properties
    assert rest.command == "python inspect_data.py --table ${{inputs.table}} --rows ${{inputs.rows}}"
    assert job.compute == "cpu"
    assert (job.inputs["table"].type, job.inputs["table"].path, job.inputs["table"].mode) == (
        "mltable",
        "azureml:titanic:3",
        "eval_mount",
    )
    assert job.inputs["rows"]._data == 7
    assert (Path(str(job.code)) / "inspect_data.py").is_file()
    assert any("mltable" in str(one) for one in job.environment.conda_file["dependencies"])


def test_the_job_that_copies() -> None:
    target = "azureml://datastores/store/paths/copy"
    job = copy_job("azureml:raw:1", target, overwrite=True, settings=SETTINGS, source_is_file=False)
    assert str(job.command).endswith("--target ${{outputs.target}} --overwrite")
    assert (job.inputs["source"].type, job.inputs["source"].mode) == ("uri_folder", "ro_mount")
    assert (job.outputs["target"].path, job.outputs["target"].mode) == (target, "rw_mount")
    plain = copy_job("x", target, overwrite=False, settings=SETTINGS, source_is_file=True)
    assert "--overwrite" not in str(plain.command)
    assert plain.inputs["source"].type == "uri_file"


def test_an_environment_of_ones_own() -> None:
    job = inspect_job("azureml:t:1", 5, JobSettings("cpu", environment="azureml:mine@latest"))
    assert job.environment == "azureml:mine@latest"


def test_the_cluster() -> None:
    assert compute_of(deployment("a", "b"), None) == "a"
    assert compute_of(deployment("a", "b"), "b") == "b"
    assert compute_of(deployment("a", "b"), "short") == "a"
    assert compute_of(deployment(), "attached") == "attached"
    with pytest.raises(InputError, match=r"has no compute cluster 'c'\. It has a, b"):
        compute_of(deployment("a", "b"), "c")
    with pytest.raises(InputError, match="has no compute cluster to run on"):
        compute_of(deployment(), None)


def test_the_program_that_inspects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.csv").write_text("id,name\n1,x\n2,y\n")
    write_table(plan_table(["a.csv"], base=tmp_path, options=TableOptions(), remote=None), tmp_path / "t")
    run("inspect_data.py", "--table", str(tmp_path / "t"), "--rows", "1", monkeypatch=monkeypatch)
    out = capsys.readouterr().out
    assert "file: ../a.csv" in out
    assert "x" in out
    assert "y" not in out.split("rows:")[1]


def test_the_program_that_copies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = tmp_path / "s", tmp_path / "t"
    (source / "sub").mkdir(parents=True)
    (source / "a").write_text("new")
    (source / "sub" / "b").write_text("b")
    target.mkdir()
    (target / "a").write_text("old")
    run("copy_data.py", "--source", str(source), "--target", str(target), monkeypatch=monkeypatch)
    assert capsys.readouterr().out == "1 files copied (1 bytes), 1 left as they were.\n"
    assert ((target / "a").read_text(), (target / "sub" / "b").read_text()) == ("old", "b")
    run("copy_data.py", "--source", str(source / "a"), "--target", str(target), "--overwrite", monkeypatch=monkeypatch)
    assert (target / "a").read_text() == "new"


def test_a_copy_of_nothing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match="there is no file to copy"):
        run("copy_data.py", "--source", str(tmp_path), "--target", str(tmp_path / "t"), monkeypatch=monkeypatch)
