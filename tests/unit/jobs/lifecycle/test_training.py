"""What is said about a job file before anything is sent."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError

from ezazml.errors import ConfigurationError, InputError
from jobs.lifecycle.training import load_job
from tests.unit.jobs.assets.conftest import SCHEMAS, Project

JOB = f"""
    $schema: {SCHEMAS}/commandJob.schema.json
    type: command
    display_name: train
    code: train
    command: python train.py ${{{{inputs.rate}}}} ${{{{inputs.data}}}}
    inputs:
      rate: 1.0
      data: {{type: uri_file, path: azureml:numbers@latest}}
    environment: azureml:env@latest
    """


class Data:
    """The registered data: numbers, versions 1 and 2."""

    def get(self, name: str, version: str | None = None, label: str | None = None) -> Any:
        if name != "numbers" or version not in {None, "1", "2"}:
            raise ResourceNotFoundError("no such data")
        return SimpleNamespace(name=name, version=version or "2", type="uri_file")

    def list(self, name: str | None = None) -> list[Any]:
        return [SimpleNamespace(name="numbers", version=version) for version in ("1", "2")]


def connection(project: Project, clusters: tuple[str, ...] = ("cpu",)) -> Any:
    deployment = project.deployment()
    deployment = type(deployment)(
        deployment.environment, {"compute_cluster_names": list(clusters)}, "sub", None, "rg", "ws"
    )
    return SimpleNamespace(deployment=deployment, ml=SimpleNamespace(data=Data()))


def load(project: Project, text: str = JOB, **options: Any) -> Any:
    return load_job(project.write("ml/job.yml", text), connection(project), **options)


def test_a_job_says_for_ever_which_data_it_read(project: Project) -> None:
    job = load(project)
    assert job.tags["ezazml.data"] == "numbers:2"
    assert job.inputs["data"].path == "numbers:2"


def test_a_job_without_a_compute_runs_on_the_first_cluster(project: Project) -> None:
    assert load(project).compute == "cpu"


def test_a_declared_compute_stays(project: Project) -> None:
    assert load(project, JOB.replace("code: train", "code: train\n    compute: azureml:gpu")).compute == "gpu"


def test_without_any_cluster_the_next_step_is_said(project: Project) -> None:
    path = project.write("ml/job.yml", JOB)
    with pytest.raises(InputError, match="no compute cluster"):
        load_job(path, connection(project, ()))


def test_inputs_are_set_from_the_command_line(project: Project) -> None:
    job = load(project, settings=["inputs.rate=0.5", "inputs.data=azureml:numbers:1", "display_name=other"])
    assert job.display_name == "other"
    assert str(job._to_dict()["inputs"]["rate"]) == "0.5"
    assert job.tags["ezazml.data"] == "numbers:1"


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("inputs.speed=1", "ml/job.yml has no input 'speed'. It has rate, data"),
        ("inputs.rate", "not name=value"),
        ("=1", "not name=value"),
        ("display_name.x=1", "has no group"),
        ("inputs.rate=[1", "not valid YAML"),
    ],
)
def test_a_wrong_setting_is_wrong_input(project: Project, setting: str, said: str) -> None:
    with pytest.raises(InputError) as raised:
        load(project, settings=[setting])
    assert said in str(raised.value)
    assert raised.value.exit_code == 2


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("numbers@latest", "numbers:7", "no version 7 of the data asset 'numbers'. There is 1, 2"),
        ("numbers@latest", "letters@latest", "no data asset 'letters'"),
    ],
)
def test_missing_data_is_told_with_what_there_is(project: Project, old: str, new: str, said: str) -> None:
    with pytest.raises(InputError) as raised:
        load(project, JOB.replace(old, new))
    assert said in str(raised.value)


def test_an_input_that_the_command_uses_and_nobody_declares(project: Project) -> None:
    with pytest.raises(ConfigurationError, match=r"ml/job.yml:5: command: uses \$\{\{inputs.rat\}\}"):
        load(project, JOB.replace("${{inputs.rate}}", "${{inputs.rat}}"))


def test_code_that_does_not_exist(project: Project) -> None:
    with pytest.raises(ConfigurationError, match=r"code: ml/trian does not exist"):
        load(project, JOB.replace("code: train", "code: trian"))


def test_a_file_that_declares_something_else(project: Project) -> None:
    with pytest.raises(ConfigurationError, match="declares a data, not a job"):
        load(project, JOB.replace("commandJob", "data"))


def test_what_the_sdk_refuses_is_named_with_its_line(project: Project) -> None:
    with pytest.raises(ConfigurationError, match=r"ml/job.yml"):
        load(project, JOB.replace("environment: azureml:env@latest", "environment: 5"))


def test_a_file_that_is_not_there(project: Project, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no file"):
        load_job(tmp_path / "none.yml", connection(project))


def test_the_same_job_has_the_same_fingerprint_until_its_code_changes(project: Project) -> None:
    first = load(project).tags["ezazml.hash"]
    assert load(project).tags["ezazml.hash"] == first
    project.write("ml/train/train.py", "print('changed')\n")
    assert load(project).tags["ezazml.hash"] != first
