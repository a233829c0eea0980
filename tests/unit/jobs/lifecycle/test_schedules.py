"""Which files declare schedules and monitors, and what is asked of Azure ML for them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError

from ezazml.errors import ConfigurationError, InputError
from jobs.lifecycle import schedules
from jobs.lifecycle.monitoring import Applied, collection
from jobs.lifecycle.monitoring import apply_monitoring as apply_everything
from tests.unit.jobs.assets.conftest import SCHEMAS, Project

TRIGGER = """
    trigger:
      type: cron
      expression: "0 4 * * *"
    """
MONITOR = f"""
    $schema: http://azureml/sdk-2-0/Schedule.json
    name: watch
    {TRIGGER.strip()}
    create_monitor:
      compute: {{instance_type: standard_e4s_v3, runtime_version: "3.4"}}
      monitoring_target: {{ml_task: classification, endpoint_deployment_id: "azureml:scores:blue"}}
      alert_notification: {{emails: [a@example.com]}}
    """
RETRAIN = f"""
    $schema: {SCHEMAS}/schedule.schema.json
    name: retrain
    {TRIGGER.strip()}
    create_job: pipeline.yml
    """
PIPELINE = f"""
    $schema: {SCHEMAS}/pipelineJob.schema.json
    type: pipeline
    settings: {{default_compute: "azureml:cpu"}}
    jobs:
      train: {{type: command, command: echo, environment: "azureml:env@latest"}}
    """


class Operations:
    """The workspace's schedules, by name; remembers what is asked for."""

    def __init__(self) -> None:
        self.there: dict[str, Any] = {}
        self.asked: list[tuple[str, str]] = []

    def get(self, name: str) -> Any:
        if name not in self.there:
            raise ResourceNotFoundError("no such schedule")
        return self.there[name]

    def list(self, **_options: Any) -> list[Any]:
        return list(self.there.values())

    def begin_create_or_update(self, entity: Any) -> Any:
        self.asked.append(("put", entity.name))
        self.there[entity.name] = entity
        return SimpleNamespace(result=lambda: SimpleNamespace(is_enabled=entity._is_enabled))

    def begin_enable(self, name: str) -> Any:
        return self._switch(name, on=True)

    def begin_disable(self, name: str) -> Any:
        return self._switch(name, on=False)

    def _switch(self, name: str, *, on: bool) -> Any:
        self.asked.append(("enable" if on else "disable", name))
        self.there[name]._is_enabled = on
        return SimpleNamespace(result=lambda: None)


def workspace(project: Project, *, collects: bool = True, retraining: str = "false") -> tuple[Any, Operations]:
    project.write("environments/dev.yaml", f"lifecycle: {{folder: ml, retraining: {{enabled: {retraining}}}}}\n")
    project.write("ml/pipeline.yml", PIPELINE)
    operations = Operations()
    on = {"model_inputs": SimpleNamespace(enabled="True"), "model_outputs": SimpleNamespace(enabled="False")}
    blue = SimpleNamespace(name="blue", data_collector=SimpleNamespace(collections=on) if collects else None)
    ml = SimpleNamespace(
        schedules=operations,
        online_endpoints=SimpleNamespace(list=lambda: [SimpleNamespace(name="scores")]),
        online_deployments=SimpleNamespace(list=lambda endpoint_name: [blue]),
    )
    return SimpleNamespace(ml=ml, deployment=project.deployment(), credential=None), operations


def apply_monitoring(connection: Any) -> list[Applied]:
    """What was applied, without the logs of the endpoint, which test_endpoint_signals.py is about."""
    return [one for one in apply_everything(connection) if one.what != "endpoint logs"]


@pytest.mark.parametrize(
    "schema", ["http://azureml/sdk-2-0/Schedule.json", f"{SCHEMAS}/monitorSchedule.schema.json", "none-of-ours", ""]
)
def test_a_monitor_is_known_by_what_it_does(project: Project, schema: str) -> None:
    line = f"$schema: {schema}" if schema else "# no schema"
    project.write("ml/any/watch.yaml", MONITOR.replace("$schema: http://azureml/sdk-2-0/Schedule.json", line))
    project.write("ml/retrain.yml", RETRAIN)
    connection, _ = workspace(project)
    assert [one.data["name"] for one in schedules.declared_schedules(connection, monitors=True)] == ["watch"]
    assert [one.data["name"] for one in schedules.declared_schedules(connection, monitors=False)] == ["retrain"]


def test_monitors_are_on_and_retraining_is_off_until_the_environment_says_so(project: Project) -> None:
    project.write("ml/watch.yml", MONITOR)
    project.write("ml/retrain.yml", RETRAIN)
    connection, operations = workspace(project)
    done = {one.name: (one.what, one.result, one.note) for one in apply_monitoring(connection)}
    assert done["watch"] == ("monitor", "created", "")
    assert done["retrain"] == ("schedule", "created", "off: lifecycle.retraining.enabled is false")
    assert {name: one._is_enabled for name, one in operations.there.items()} == {"watch": True, "retrain": False}
    operations.asked.clear()
    assert {one.result for one in apply_monitoring(connection)} == {"unchanged"}
    assert operations.asked == []

    on, _ = workspace(project, retraining="true")
    on.ml.schedules = operations
    assert {one.name: one.result for one in apply_monitoring(on)} == {"watch": "unchanged", "retrain": "updated"}
    assert operations.there["retrain"]._is_enabled is True


def test_a_changed_schedule_is_put_again(project: Project) -> None:
    project.write("ml/retrain.yml", RETRAIN)
    connection, operations = workspace(project)
    apply_monitoring(connection)
    project.write("ml/retrain.yml", RETRAIN.replace("0 4", "0 5"))
    assert [one.result for one in apply_monitoring(connection)] == ["updated"]
    assert operations.there["retrain"].trigger.expression == "0 5 * * *"


def test_a_monitor_of_a_deployment_that_collects_nothing_is_put_with_a_note(project: Project) -> None:
    project.write("ml/watch.yml", MONITOR)
    connection, _ = workspace(project, collects=False)
    [one] = apply_monitoring(connection)
    assert one.note == "scores/blue collects no data: add data_collector to it"
    assert collection(connection) == [{"deployment": "scores/blue", "collects": "nothing"}]


def test_a_monitor_of_a_deployment_that_does_not_exist_is_refused_before_anything_is_put(project: Project) -> None:
    project.write("ml/retrain.yml", RETRAIN)
    project.write("ml/watch.yml", MONITOR.replace("scores:blue", "scores:green"))
    connection, operations = workspace(project)
    with pytest.raises(InputError, match=r"ml/watch.yml:\d+: there is no online deployment scores/green. Deployed: s"):
        apply_monitoring(connection)
    assert operations.asked == []


def test_a_monitor_that_the_sdk_does_not_understand_is_refused(project: Project) -> None:
    project.write("ml/watch.yml", MONITOR.replace("ml_task: classification", "ml_task: guessing"))
    with pytest.raises(ConfigurationError, match=r"ml/watch\.yml"):
        apply_monitoring(workspace(project)[0])


def test_single_schedules_are_switched(project: Project) -> None:
    project.write("ml/retrain.yml", RETRAIN)
    connection, operations = workspace(project)
    with pytest.raises(InputError, match=r"Retraining is off in dev: schedule retrain stays off"):
        schedules.enable(connection, "retrain", show=lambda _line: None)
    with pytest.raises(InputError, match=r"no schedule 'nobody'\. Known: retrain"):
        schedules.disable(connection, "nobody")
    on, _ = workspace(project, retraining="true")
    on.ml.schedules = operations
    assert schedules.enable(on, "retrain", show=lambda _line: None) == "created"
    assert schedules.disable(on, "retrain") == "updated"
    assert schedules.disable(on, "retrain") == "unchanged"
    assert operations.asked == [("put", "retrain"), ("disable", "retrain")]


def test_what_is_declared_and_not_there_is_listed_too(project: Project) -> None:
    project.write("ml/watch.yml", MONITOR)
    connection, _ = workspace(project)
    [one] = schedules.list_schedules(connection)
    assert (one.name, one.what, one.state, one.is_enabled) == ("watch", "monitor", "declared only", False)
