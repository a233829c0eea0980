"""Idle times and schedules of compute instances: what is sent, and when nothing is."""

from __future__ import annotations

from typing import Any

import pytest

from ezazml.errors import InputError
from jobs.azure_errors import AzureError
from jobs.lifecycle import compute_instances
from tests.unit.jobs.assets.conftest import Project

SETTINGS = """
    compute:
      instances:
        - name: ci
          idle_minutes: 60
          schedules:
            - {action: stop, cron: "0 19 * *  1-5", time_zone: W. Europe Standard Time}
        - name: other
    """
STOP = {
    "status": "Enabled",
    "action": "Stop",
    "triggerType": "Cron",
    "cron": {"expression": "0 19 * * 1-5", "timeZone": "W. Europe Standard Time"},
}


class Arm:
    """Azure Resource Manager with one instance; remembers what is posted."""

    def __init__(self, **properties: Any) -> None:
        self.properties = properties
        self.posted: list[tuple[str, Any, str]] = []
        self.exists = True
        self.failure: AzureError | None = None

    def get(self, path: str, **_query: str) -> Any:
        assert path.endswith("-ci-w01")
        return {"id": path, "properties": {"properties": self.properties}} if self.exists else None

    def post(self, path: str, body: Any, **query: str) -> Any:
        if self.failure is not None:
            raise self.failure
        self.posted.append((path.rsplit("/", 1)[-1], body, query["api-version"]))
        return {}


def apply(project: Project, arm: Arm, monkeypatch: pytest.MonkeyPatch, settings: str = SETTINGS) -> list[str]:
    project.write("environments/dev.yaml", settings)
    monkeypatch.setattr(compute_instances, "RestClient", lambda *_arguments: arm)
    connection: Any = type("C", (), {"deployment": project.deployment(), "credential": None})
    return [result for _, result in compute_instances.set_instances(connection, show=lambda _line: None)]


def test_idle_time_and_schedules_have_a_request_each(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    arm = Arm()
    assert apply(project, arm, monkeypatch) == ["updated"]
    assert arm.posted == [
        ("updateIdleShutdownSetting", {"idleTimeBeforeShutdown": "PT60M"}, "2021-07-01"),
        ("updateSchedules", {"computeStartStop": [STOP]}, "2021-03-01-preview"),
    ]


@pytest.mark.parametrize("idle", ["PT60M", "PT1H", "P0DT1H0M0S"])
def test_what_is_set_already_is_not_sent_again(project: Project, monkeypatch: pytest.MonkeyPatch, idle: str) -> None:
    arm = Arm(idleTimeBeforeShutdown=idle, schedules={"computeStartStop": [{**STOP, "id": "1"}]})
    assert apply(project, arm, monkeypatch) == ["unchanged"]
    assert arm.posted == []


@pytest.mark.parametrize(
    "present",
    [
        [{**STOP, "action": "Start"}],
        [{**STOP, "status": "Disabled"}],
        [{**STOP, "cron": {**STOP["cron"], "timeZone": "UTC"}}],  # type: ignore[dict-item]
        [{**STOP, "cron": None, "triggerType": "Recurrence", "recurrence": {"frequency": "Day"}}],
        [STOP, {**STOP, "action": "Start"}],
    ],
)
def test_schedules_that_differ_are_replaced(
    project: Project, monkeypatch: pytest.MonkeyPatch, present: list[Any]
) -> None:
    arm = Arm(idleTimeBeforeShutdown="PT1H", schedules={"computeStartStop": present})
    assert apply(project, arm, monkeypatch) == ["updated"]
    assert [name for name, *_ in arm.posted] == ["updateSchedules"]


def test_what_is_not_declared_is_left_as_it_is(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    arm = Arm(idleTimeBeforeShutdown="PT30M", schedules={"computeStartStop": [STOP]})
    assert apply(project, arm, monkeypatch, "compute: {instances: [{name: ci}]}\n") == []
    assert apply(project, arm, monkeypatch, "compute: {instances: [{name: ci, idle_minutes: 30}]}\n") == ["unchanged"]
    assert arm.posted == []


def test_an_empty_list_removes_the_schedules(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    arm = Arm(schedules={"computeStartStop": [STOP]})
    assert apply(project, arm, monkeypatch, "compute: {instances: [{name: ci, schedules: []}]}\n") == ["updated"]
    assert arm.posted == [("updateSchedules", {"computeStartStop": []}, "2021-03-01-preview")]


def test_an_instance_that_does_not_exist(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    arm = Arm()
    arm.exists = False
    with pytest.raises(InputError, match=r"no compute instance .*-ci-w01.*Run: ezazml deploy dev"):
        apply(project, arm, monkeypatch)


def test_an_unknown_time_zone_is_told_before_anything_is_sent(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    arm = Arm()
    with pytest.raises(InputError, match="'Europe/Berlin', which is unknown"):
        apply(project, arm, monkeypatch, SETTINGS.replace("W. Europe Standard Time", "Europe/Berlin"))
    assert arm.posted == []


def test_a_refusal_names_the_instance_and_another_way(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    arm = Arm()
    arm.failure = AzureError("NotFound: no such operation.")
    with pytest.raises(AzureError, match=r"Compute instance .*-ci-w01.*no such operation.*in the studio"):
        apply(project, arm, monkeypatch)
