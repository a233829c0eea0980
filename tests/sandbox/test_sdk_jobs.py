"""Jobs that really run, with the unmodified azure-ai-ml: submitted, streamed, downloaded, cancelled, failed."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.identity import DefaultAzureCredential

from tests.sandbox.conftest import Served, made_once
from tests.sandbox.test_sdk_assets import refused
from tests.waiting import eventually

pytestmark = pytest.mark.runtime

TRAIN = """
import argparse, os, pathlib, sys
import mlflow
parser = argparse.ArgumentParser()
parser.add_argument("--data"); parser.add_argument("--rate", type=float); parser.add_argument("--out")
parser.add_argument("--note", default="none")
arguments = parser.parse_args()
print("reading", pathlib.Path(arguments.data).name)
print("note", arguments.note)
print("secret", os.environ["AZURE_CLIENT_SECRET"])
rows = pathlib.Path(arguments.data).read_text().splitlines()
with mlflow.start_run() as run:
    mlflow.log_param("rate", arguments.rate)
    for step in range(3):
        mlflow.log_metric("loss", arguments.rate / (step + 1), step=step)
    mlflow.log_text("hello", "notes/hello.txt")
    print("run", run.info.run_id, os.environ["AZUREML_RUN_ID"])
pathlib.Path(arguments.out, "rows.txt").write_text(str(len(rows)))
"""


@made_once
def code(running: Served, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with scripts, and an environment whose packages the runtime has."""
    from azure.ai.ml.entities import AmlCompute, BuildContext, Environment

    folder = tmp_path_factory.mktemp("train code")
    (folder / "train.py").write_text(TRAIN)
    (folder / "fails.py").write_text("import sys\nprint('before')\nsys.exit('no such column: age')\n")
    (folder / "sleeps.py").write_text("import time\nprint('started', flush=True)\ntime.sleep(600)\n")
    conda = folder / "conda.yml"
    conda.write_text("name: a\ndependencies:\n- python=3.11\n- pandas>=2\n- pip:\n  - mlflow>=2\n  - azureml-mlflow\n")
    environment = Environment(name="train-env", version="1", image="mcr.microsoft.com/a:1", conda_file=str(conda))
    running.ml().environments.create_or_update(environment)
    (folder / "image").mkdir()
    (folder / "image" / "Dockerfile").write_text("FROM python:3.11\nRUN pip install anything\n")
    built = Environment(name="built-env", version="1", build=BuildContext(path=str(folder / "image")))
    running.ml().environments.create_or_update(built)
    # It can be declared: only what would run on it is refused.
    gpus = AmlCompute(name="gpu-cluster", size="Standard_NC4as_T4_v3", max_instances=1)
    running.ml().compute.begin_create_or_update(gpus).result()
    return folder


def submit(cloud: Served, code: Path, line: str, **values: Any) -> Any:
    from azure.ai.ml import command

    arguments = {"environment": "azureml:train-env:1", "compute": "cpu-cluster", **values}
    job = command(code=str(code), command=line, **arguments)
    return cloud.ml().jobs.create_or_update(job)


def ended(cloud: Served, name: str) -> Any:
    """The job when it has ended."""

    def job() -> Any:
        found = cloud.ml().jobs.get(name)
        return found if found.status in ("Completed", "Failed", "Canceled") else None

    return eventually(job)


def log_of(cloud: Served, name: str) -> str:
    """The job's log, as run history names it."""
    token = DefaultAzureCredential().get_token("https://management.azure.com/.default").token
    url = f"https://westeurope.api.azureml.ms/history/v1.0{cloud.id}/runs/{name}/details"
    details = requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=30).json()
    [address] = details["logFiles"].values()
    return requests.get(address, timeout=30).text


def test_a_job_runs_streams_its_log_and_leaves_outputs_and_metrics(
    cloud: Served, code: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from azure.ai.ml import Input, Output

    data = tmp_path / "rows.csv"
    data.write_text("a\n1\n2\n")
    job = submit(
        cloud,
        code,
        "python train.py --data ${{inputs.data}} --rate ${{inputs.rate}} --out ${{outputs.out}} "
        "$[[--note ${{inputs.note}}]]",
        inputs={"data": Input(type="uri_file", path=str(data)), "rate": 0.5},
        outputs={"out": Output(type="uri_folder", name="trained-rows")},
        experiment_name="training",
    )
    assert job.status in ("Queued", "Preparing", "Running")
    cloud.ml().jobs.stream(job.name)
    printed = capsys.readouterr().out
    assert "reading rows.csv" in printed
    assert "note none" in printed
    assert f"run {job.name} {job.name}" in printed
    assert "azureml-mlflow is left out" in printed
    assert os.environ["AZURE_CLIENT_SECRET"] not in printed
    assert "secret *****" in printed
    assert ended(cloud, job.name).status == "Completed"
    cloud.ml().jobs.download(job.name, download_path=tmp_path / "got", all=True)
    assert (tmp_path / "got" / "named-outputs" / "out" / "rows.txt").read_text() == "3"
    assert (tmp_path / "got" / "artifacts" / "notes" / "hello.txt").read_text() == "hello"
    assert "reading rows.csv" in (tmp_path / "got" / "artifacts" / "user_logs" / "std_log.txt").read_text()
    assert cloud.ml().data.get("trained-rows", version="1").type == "uri_folder"
    assert metrics(cloud, job.name) == {"loss": pytest.approx(0.5 / 3)}


def metrics(cloud: Served, name: str) -> dict[str, float]:
    """A run's metrics by MLflow's REST API, where the workspace says that it is."""
    base = cloud.ml().workspaces.get("workspace").mlflow_tracking_uri.replace("azureml://", "https://")
    token = DefaultAzureCredential().get_token("https://management.azure.com/.default").token
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{base}/api/2.0/mlflow/runs/get?run_id={name}"
    run = requests.get(url, headers=headers, timeout=30).json()["run"]
    return {metric["key"]: metric["value"] for metric in run["data"]["metrics"]}


def test_a_script_that_fails_fails_the_job_and_its_log_says_why(cloud: Served, code: Path) -> None:
    from azure.ai.ml.exceptions import JobException

    job = submit(cloud, code, "python fails.py")
    with pytest.raises(JobException, match="exit code 1"):
        cloud.ml().jobs.stream(job.name)
    assert ended(cloud, job.name).status == "Failed"
    assert "no such column: age" in log_of(cloud, job.name)


def test_a_job_whose_input_is_missing_fails_with_the_name_of_the_input(cloud: Served, code: Path) -> None:
    from azure.ai.ml import Input

    path = "azureml://datastores/workspaceblobstore/paths/nowhere.csv"
    job = submit(cloud, code, "cat ${{inputs.data}}", inputs={"data": Input(type="uri_file", path=path)})
    assert ended(cloud, job.name).status == "Failed"
    assert re.search(r"The input 'data' cannot be read: There is nothing at .*nowhere\.csv", log_of(cloud, job.name))


def test_a_cancelled_job_ends_with_its_processes(cloud: Served, code: Path) -> None:
    job = submit(cloud, code, "python sleeps.py")
    while "started" not in log_of(cloud, job.name):
        time.sleep(0.1)
    cloud.ml().jobs.begin_cancel(job.name).result()
    assert ended(cloud, job.name).status == "Canceled"
    assert refused(lambda: cloud.ml().jobs.begin_cancel(job.name).result()).status_code == 400


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"instance_count": 2}, "2 nodes"),
        ({"distribution": {"type": "pytorch", "process_count_per_instance": 1}}, "distributed jobs"),
        ({"compute": "gpu-cluster"}, "the compute 'gpu-cluster' has Standard_NC4as_T4_v3"),
        ({"compute": "serverless", "instance_type": "Standard_ND40rs_v2"}, "jobs on GPUs (Standard_ND40rs_v2)"),
        ({"environment": "azureml:built-env:1"}, "environments that a Dockerfile builds ('built-env')"),
    ],
)
def test_what_one_machine_cannot_do_is_refused(cloud: Served, code: Path, values: dict[str, Any], text: str) -> None:
    error = refused(lambda: submit(cloud, code, "python train.py", **values))
    assert text in error.message


def test_a_job_that_names_a_missing_input_or_data_version_is_refused(cloud: Served, code: Path) -> None:
    from azure.ai.ml import Input

    data = Input(type="uri_file", path="azureml:no-such-data:7")
    error = refused(lambda: submit(cloud, code, "cat ${{inputs.data}}", inputs={"data": data}))
    assert "no-such-data" in error.message
