"""What is said about jobs, above all those that consist of jobs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError

from ezazml.errors import EzazmlError, InputError
from jobs.lifecycle import metrics, runs


def job(name: str, *, type_: str = "command", status: str = "Completed", created: int = 1, **more: Any) -> Any:
    at = SimpleNamespace(isoformat=lambda **_options: f"2026-01-0{created}")
    values = {
        "display_name": name,
        "experiment_name": "e",
        "tags": {},
        "properties": {},
        "inputs": {},
        "outputs": {},
        "creation_context": SimpleNamespace(created_at=at),
        **more,
    }
    return SimpleNamespace(name=name, type=type_, status=status, **values)


class PipelineValue:
    """As azure-ai-ml's inputs of pipelines: one that is a plain value raises when it is asked for a path."""

    def __init__(self, data: Any) -> None:
        self._data = data

    @property
    def path(self) -> str:
        if not hasattr(self._data, "path"):
            raise TypeError("no path")
        return str(self._data.path)


PIPELINE = job(
    "p",
    type_="pipeline",
    inputs={"data": PipelineValue(SimpleNamespace(path="rows:1")), "rate": PipelineValue("0.5")},
    outputs={"model": PipelineValue(SimpleNamespace(path="azureml://model")), "plain": PipelineValue(object())},
)
STEPS = [job("s2", display_name="train", created=2), job("s1", display_name="prepare", created=1)]
LOGS = {
    "p": {"logs/azureml/executionlogs.txt": "the pipeline\n", "logs/azureml/other.txt": "nobody's\n"},
    "s1": {"user_logs/std_log.txt": "prepared\n"},
    "s2": {"user_logs/std_log.txt": "trained\n", "system_logs/x.log": "the system's\n"},
}


class Workspace:
    """A workspace's jobs, logs and metrics."""

    def __init__(self, *jobs: Any, steps: Any = ()) -> None:
        self._jobs = {one.name: one for one in [*jobs, *steps]}
        self._steps = list(steps)
        self._runs_operations = SimpleNamespace(get_run_details=self._details)
        self.error: Any = None
        self.connection: Any = SimpleNamespace(
            ml=SimpleNamespace(jobs=self), deployment=SimpleNamespace(name="dev", workspace="ws")
        )

    def get(self, name: str) -> Any:
        if name not in self._jobs:
            raise ResourceNotFoundError("no such job")
        return self._jobs[name]

    def list(self, parent_job_name: str | None = None) -> Any:
        # A step has none of its own.
        return self._steps if parent_job_name not in {one.name for one in self._steps} else []

    def _details(self, name: str) -> Any:
        return SimpleNamespace(log_files={file: f"{name}/{file}" for file in LOGS.get(name, {})}, error=self.error)


@pytest.fixture(autouse=True)
def _answers(monkeypatch: pytest.MonkeyPatch) -> None:
    def get(address: str, **_options: Any) -> Any:
        name, _, file = address.partition("/")
        return SimpleNamespace(ok=True, text=LOGS[name][file])

    monkeypatch.setattr("requests.get", get)
    values = {"s1": {"rows": 3.0}, "s2": {"accuracy": 0.9}, "t0": {"auc": 0.7}, "t1": {"auc": 0.9}}
    monkeypatch.setattr(metrics, "_metrics_of_run", lambda _connection, run: dict(values.get(run, {})))


def test_a_pipeline_is_shown_with_its_steps_and_plain_values() -> None:
    shown = runs.describe(Workspace(PIPELINE, steps=STEPS).connection, "p")
    assert shown["inputs"] == {"data": "rows:1", "rate": "0.5"}
    assert shown["outputs"] == {"model": "azureml://model", "plain": ""}
    assert list(shown["steps"].items()) == [("prepare", "Completed (s1)"), ("train", "Completed (s2)")]
    assert shown["metrics"] == {"accuracy": 0.9, "rows": 3.0}
    assert shown["failure"] is None


def test_the_log_of_a_pipeline_has_those_of_its_steps_in_their_order() -> None:
    log = runs.log_of(Workspace(PIPELINE, steps=STEPS).connection, "p")
    assert log.splitlines() == [
        "the pipeline",
        "--- prepare (s1): Completed",
        "prepared",
        "--- train (s2): Completed",
        "trained",
    ]


def test_a_failed_pipeline_is_told_with_the_log_of_the_step_that_failed() -> None:
    failed = [STEPS[1], job("s2", display_name="train", status="Failed", created=2)]
    workspace = Workspace(job("p", type_="pipeline", status="Failed"), steps=failed)
    workspace.error = SimpleNamespace(error=SimpleNamespace(message="The step 'train' failed."))
    assert runs.failure_of(workspace.connection, "p") == "The step 'train' failed.\n  trained"
    with pytest.raises(EzazmlError, match=r"Job p \(p\) ended as Failed: The step 'train' failed") as raised:
        runs.require_completed(workspace.connection, runs.get_run(workspace.connection, "p"))
    assert raised.value.exit_code == 1
    assert raised.value.hint == "Its log: ezazml jobs stream dev p"


def test_a_sweep_counts_by_its_best_trial() -> None:
    best = job("t1", outputs={"model": SimpleNamespace(path="")})
    sweep = job("s", type_="sweep", properties={"best_child_run_id": "t1"}, outputs={})
    workspace = Workspace(sweep, steps=[job("t0"), best])
    assert metrics.metrics_of(workspace.connection, "s") == {"auc": 0.9}
    assert runs.output_path(workspace.connection, "s", "model") == "azureml://jobs/t1/outputs/model/paths/"


def test_an_output_that_a_job_does_not_have_is_told_with_those_that_it_has() -> None:
    with pytest.raises(InputError, match=r"Job p has no output 'rows'. Its outputs: model, plain"):
        runs.output_path(Workspace(PIPELINE).connection, "p", "rows")


def test_a_job_that_does_not_exist() -> None:
    with pytest.raises(InputError, match=r"no job 'none'. Run: ezazml jobs list dev"):
        runs.describe(Workspace().connection, "none")
