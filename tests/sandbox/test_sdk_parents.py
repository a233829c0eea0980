"""Jobs made of jobs, with the unmodified azure-ai-ml: batch scoring, pipelines, sweeps and schedules run by hand."""

from __future__ import annotations

import csv
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sandbox.compute.runtime import folder as runtime_folder
from sandbox.compute.runtime import python_of
from tests.sandbox.conftest import Served, made_once
from tests.sandbox.test_sdk_assets import refused
from tests.sandbox.test_sdk_jobs import ended, log_of, metrics

pytestmark = pytest.mark.runtime

SCORE = """
import os, pathlib, pandas
def init():
    print("model", os.listdir(os.environ["AZUREML_MODEL_DIR"]))
def run(mini_batch):
    print("batch of", len(mini_batch))
    tables = []
    for name in mini_batch:
        table = pandas.read_csv(name)
        if "a" not in table:
            raise ValueError(f"{pathlib.Path(name).name} has no column a")
        tables.append(pandas.DataFrame({"file": pathlib.Path(name).name, "score": table["a"] * 2}))
    return pandas.concat(tables)
"""
STEP = """
import pathlib, sys
mode, source, target = sys.argv[1:4]
rows = pathlib.Path(source, "rows.txt").read_text()
if mode == "fail":
    sys.exit("the step fails")
pathlib.Path(target, "rows.txt").write_text(rows + mode + "\\n")
"""
LINEAR = """
import sys, mlflow.sklearn, pandas
from sklearn.linear_model import LinearRegression
rows = pandas.DataFrame({"a": [1.0, 2.0, 3.0]})
model = LinearRegression().fit(rows, [2.0, 4.0, 6.0])
signature = mlflow.models.infer_signature(rows, model.predict(rows))
mlflow.sklearn.save_model(model, sys.argv[1], signature=signature, pip_requirements=["scikit-learn", "pandas"])
"""
TRIAL = """
import sys, mlflow
with mlflow.start_run():
    mlflow.log_metric("score", -(float(sys.argv[1]) - 2) ** 2)
"""


@made_once
def code(running: Served, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with scripts, a model and an environment."""
    from azure.ai.ml.entities import Environment, Model

    folder = tmp_path_factory.mktemp("parents")
    for name, text in (("score.py", SCORE), ("step.py", STEP), ("trial.py", TRIAL)):
        (folder / name).write_text(text)
    running.ml().models.create_or_update(Model(name="batch-model", version="1", path=str(folder / "score.py")))
    running.ml().environments.create_or_update(
        Environment(name="batch-env", version="1", image="mcr.microsoft.com/a:1")
    )
    return folder


@made_once
def scorer(running: Served, code: Path) -> str:
    """A batch endpoint with a default deployment; returns its name."""
    from azure.ai.ml.constants import BatchDeploymentOutputAction
    from azure.ai.ml.entities import (
        BatchEndpoint,
        CodeConfiguration,
        ModelBatchDeployment,
        ModelBatchDeploymentSettings,
    )

    ml = running.ml()
    ml.batch_endpoints.begin_create_or_update(BatchEndpoint(name="scorer")).result()
    deployment = ModelBatchDeployment(
        name="only",
        endpoint_name="scorer",
        model="azureml:batch-model:1",
        environment="azureml:batch-env:1",
        code_configuration=CodeConfiguration(code=str(code), scoring_script="score.py"),
        compute="cpu-cluster",
        settings=ModelBatchDeploymentSettings(
            mini_batch_size=3, output_action=BatchDeploymentOutputAction.APPEND_ROW, error_threshold=0
        ),
    )
    ml.batch_deployments.begin_create_or_update(deployment).result()
    endpoint = ml.batch_endpoints.get("scorer")
    endpoint.defaults.deployment_name = "only"
    ml.batch_endpoints.begin_create_or_update(endpoint).result()
    return "scorer"


def test_a_batch_deployment_scores_ten_thousand_rows(cloud: Served, scorer: str, tmp_path: Path) -> None:
    from azure.ai.ml import Input

    data = tmp_path / "data"
    data.mkdir()
    for number in range(10):
        lines = [str(number * 1000 + row) for row in range(1000)]
        (data / f"part-{number}.csv").write_text("a\n" + "\n".join(lines) + "\n")
    job = cloud.ml().batch_endpoints.invoke(scorer, input=Input(type="uri_folder", path=str(data)))
    assert ended(cloud, job.name).status == "Completed"
    cloud.ml().jobs.download(job.name, download_path=tmp_path / "got", output_name="score")
    [file] = (tmp_path / "got").rglob("predictions.csv")
    rows = [line.split(" ") for line in file.read_text().splitlines()]
    assert len(rows) == 10_000
    assert {name for name, _ in rows} == {f"part-{number}.csv" for number in range(10)}
    assert sum(int(score) for _, score in rows) == 2 * sum(range(10_000))
    assert next(iter(cloud.ml().batch_endpoints.list_jobs(scorer))).name == job.name


def test_a_model_of_mlflow_needs_no_script_and_writes_azures_columns(cloud: Served, code: Path, tmp_path: Path) -> None:
    from azure.ai.ml import Input
    from azure.ai.ml.entities import BatchEndpoint, Model, ModelBatchDeployment, ModelBatchDeploymentSettings

    folder, data = tmp_path / "linear", tmp_path / "data"
    program = [str(python_of(runtime_folder())), "-c", LINEAR, str(folder)]
    subprocess.run(program, capture_output=True, check=True)
    data.mkdir()
    for name, lines in (("one.csv", "a\n1\n2\n"), ("two.csv", "a\n10\n")):
        (data / name).write_text(lines)
    ml = cloud.ml()
    ml.models.create_or_update(Model(name="batch-linear", version="1", path=str(folder), type="mlflow_model"))
    ml.batch_endpoints.begin_create_or_update(BatchEndpoint(name="no-script")).result()
    deployment = ModelBatchDeployment(
        name="only",
        endpoint_name="no-script",
        model="azureml:batch-linear:1",
        compute="cpu-cluster",
        settings=ModelBatchDeploymentSettings(mini_batch_size=1),
    )
    ml.batch_deployments.begin_create_or_update(deployment).result()
    source = Input(type="uri_folder", path=str(data))
    job = ml.batch_endpoints.invoke("no-script", deployment_name="only", input=source)
    assert ended(cloud, job.name).status == "Completed"
    ml.jobs.download(job.name, download_path=tmp_path / "got", output_name="score")
    [file] = (tmp_path / "got").rglob("predictions.csv")
    rows = list(csv.reader(file.open()))
    assert [(row, name) for row, _, name in rows] == [("0", "one.csv"), ("1", "one.csv"), ("0", "two.csv")]
    assert [float(value) for _, value, _ in rows] == pytest.approx([2, 4, 20])


def test_a_batch_run_with_more_failures_than_allowed_fails(cloud: Served, scorer: str, tmp_path: Path) -> None:
    from azure.ai.ml import Input

    (tmp_path / "wrong.csv").write_text("b\n1\n")
    job = cloud.ml().batch_endpoints.invoke(scorer, input=Input(type="uri_folder", path=str(tmp_path)))
    assert ended(cloud, job.name).status == "Failed"
    [child] = list(cloud.ml().jobs.list(parent_job_name=job.name))
    assert "wrong.csv has no column a" in log_of(cloud, child.name)
    assert "1 files failed; error_threshold allows 0" in log_of(cloud, child.name)


def pipeline(code: Path, data: Path, last: str = "b") -> Any:
    from azure.ai.ml import Input, Output, command, dsl

    def step(name: str) -> Any:
        return command(
            name=name,
            code=str(code),
            command="python step.py ${{inputs.mode}} ${{inputs.source}} ${{outputs.target}}",
            environment="azureml:batch-env:1",
            inputs={"mode": Input(type="string"), "source": Input(type="uri_folder")},
            outputs={"target": Output(type="uri_folder")},
        )

    def two_steps(source):  # type: ignore[no-untyped-def]
        first = step("first")(mode="a", source=source)
        second = step("second")(mode=last, source=first.outputs.target)
        return {"result": second.outputs.target}

    two_steps.__annotations__["source"] = Input  # the SDK wants the type itself, not its name
    made = dsl.pipeline(two_steps)(source=Input(type="uri_folder", path=str(data)))
    assert made.settings is not None
    made.settings.default_compute = "cpu-cluster"
    made.experiment_name = "steps"
    return made


def test_steps_of_a_pipeline_pass_their_outputs_on(cloud: Served, code: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "rows.txt").write_text("start\n")
    job = cloud.ml().jobs.create_or_update(pipeline(code, data))
    assert ended(cloud, job.name).status == "Completed"
    children = {child.display_name: child for child in cloud.ml().jobs.list(parent_job_name=job.name)}
    assert set(children) == {"first", "second"}
    for name, output in ((children["second"].name, "target"), (job.name, "result")):
        cloud.ml().jobs.download(name, download_path=tmp_path / output, output_name=output)
        [file] = (tmp_path / output).rglob("rows.txt")
        assert file.read_text() == "start\na\nb\n"


def test_a_step_that_fails_fails_the_pipeline_by_name(cloud: Served, code: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "rows.txt").write_text("start\n")
    job = cloud.ml().jobs.create_or_update(pipeline(code, data, last="fail"))
    assert ended(cloud, job.name).status == "Failed"
    assert "The step 'second'" in log_of(cloud, job.name)


def test_a_model_of_a_jobs_output_can_be_downloaded(cloud: Served, code: Path, tmp_path: Path) -> None:
    from azure.ai.ml import Output, command
    from azure.ai.ml.entities import Model

    job = command(
        command="echo 7 > ${{outputs.made}}/weights.txt",
        code=str(code),
        environment="azureml:batch-env:1",
        outputs={"made": Output(type="custom_model")},
        compute="cpu-cluster",
    )
    name = cloud.ml().jobs.create_or_update(job).name
    assert ended(cloud, name).status == "Completed"
    path = f"azureml://jobs/{name}/outputs/made/paths/"
    made = cloud.ml().models.create_or_update(Model(name="of-a-job", version="1", path=path, type="custom_model"))
    assert "/datastores/workspaceblobstore/paths/" in made.path
    cloud.ml().models.download("of-a-job", "1", download_path=tmp_path)
    [file] = tmp_path.rglob("weights.txt")
    assert file.read_text() == "7\n"
    # The same once more is the same.
    cloud.ml().models.create_or_update(Model(name="of-a-job", version="1", path=path, type="custom_model"))
    missing = Model(name="of-a-job", version="2", path=path.replace("made", "missing"))
    assert "has no output 'missing'" in refused(lambda: cloud.ml().models.create_or_update(missing)).message


def test_a_sweep_finds_the_best_trial(cloud: Served, code: Path) -> None:
    from azure.ai.ml import command
    from azure.ai.ml.sweep import Choice

    base = command(
        code=str(code),
        command="python trial.py ${{inputs.x}}",
        environment="azureml:batch-env:1",
        inputs={"x": 0.0},
        compute="cpu-cluster",
    )
    sweep = base(x=Choice([1.0, 2.0])).sweep(
        sampling_algorithm="grid", primary_metric="score", goal="Maximize", compute="cpu-cluster"
    )
    sweep.set_limits(max_total_trials=2, max_concurrent_trials=1)
    job = ended(cloud, cloud.ml().jobs.create_or_update(sweep).name)
    assert job.status == "Completed"
    assert metrics(cloud, job.properties["best_child_run_id"]) == {"score": 0}


def test_steps_of_other_kinds_are_refused(cloud: Served, code: Path, tmp_path: Path) -> None:
    from azure.ai.ml import command
    from azure.ai.ml.sweep import Uniform

    base = command(
        code=str(code), command="python trial.py ${{inputs.x}}", environment="azureml:batch-env:1", inputs={"x": 0.0}
    )
    sweep = base(x=Uniform(0.0, 1.0)).sweep(
        sampling_algorithm="bayesian", primary_metric="score", goal="Maximize", compute="cpu-cluster"
    )
    sweep.set_limits(max_total_trials=1)
    assert "bayesian sampling" in refused(lambda: cloud.ml().jobs.create_or_update(sweep)).message.lower()
