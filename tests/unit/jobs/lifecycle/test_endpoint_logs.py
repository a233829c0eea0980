"""Diagnostic settings of online endpoints: what is sent, and when nothing is."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from jobs.lifecycle import endpoint_logs
from jobs.lifecycle.endpoint_logs import CATEGORIES, sends_all
from tests.unit.jobs.assets.conftest import Project

SINK = "/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/logs"
ENDPOINT = (
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/onlineEndpoints/e"
)
ALL = [{"category": category, "enabled": True} for category in CATEGORIES]


def setting(logs: list[Any], sink: str = SINK, name: str = "mine") -> dict[str, Any]:
    return {"name": name, "properties": {"workspaceId": sink, "logs": logs, "metrics": []}}


class Arm:
    """Azure Resource Manager with an endpoint's settings; remembers what is put."""

    def __init__(self, *settings: dict[str, Any]) -> None:
        self.settings = list(settings)
        self.put_: list[tuple[str, Any]] = []

    def list(self, _path: str, **_query: str) -> Any:
        return self.settings

    def put(self, path: str, body: Any, **_query: str) -> None:
        self.put_.append((path, body["properties"]))


def send(project: Project, arm: Arm, monkeypatch: pytest.MonkeyPatch, *, on: str = "true") -> list[str]:
    project.write("environments/dev.yaml", f"diagnostics: {{enabled: {on}}}\n")
    monkeypatch.setattr(endpoint_logs, "RestClient", lambda *_arguments: arm)
    deployment = replace(project.deployment(), outputs={"log_analytics_workspace_id": SINK})
    endpoints = SimpleNamespace(list=lambda: [SimpleNamespace(name="e", id=ENDPOINT)])
    connection: Any = SimpleNamespace(
        deployment=deployment, credential=None, ml=SimpleNamespace(online_endpoints=endpoints)
    )
    return [result for _, result in endpoint_logs.send_endpoint_logs(connection, show=lambda _line: None)]


def test_an_endpoint_without_a_setting_gets_one(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    arm = Arm(setting([], sink="/elsewhere"))
    assert send(project, arm, monkeypatch) == ["created"]
    path = f"{ENDPOINT}/providers/Microsoft.Insights/diagnosticSettings/to-log-analytics"
    assert arm.put_ == [(path, {"workspaceId": SINK, "logs": ALL})]


@pytest.mark.parametrize("logs", [ALL, [{"categoryGroup": "allLogs", "enabled": True}]])
def test_one_that_sends_everything_stays(project: Project, monkeypatch: pytest.MonkeyPatch, logs: list[Any]) -> None:
    arm = Arm(setting(logs, sink=SINK.upper()))
    assert send(project, arm, monkeypatch) == ["unchanged"]
    assert arm.put_ == []


def test_one_of_another_name_is_completed(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    # Azure refuses two settings with the same sink.
    arm = Arm(setting(ALL[:1]))
    assert send(project, arm, monkeypatch) == ["updated"]
    [(path, properties)] = arm.put_
    assert path.endswith("/mine")
    assert properties == {"workspaceId": SINK, "logs": ALL, "metrics": []}


def test_without_diagnostics_nothing_is_sent(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    arm = Arm()
    assert send(project, arm, monkeypatch, on="false") == []
    assert arm.put_ == []


def test_a_category_that_is_switched_off_is_not_sent() -> None:
    assert not sends_all(setting([{**one, "enabled": one is not ALL[0]} for one in ALL]))
