"""Where an online endpoint sends its logs: made once, kept as wanted, told when the login may not."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import yaml

from ezazml.config.loading import load_environment
from jobs.connection import Connection
from jobs.deployment import Deployment
from jobs.endpoint_signals import LOGS, NAME, TRAFFIC_LOG, EndpointSignals, wanted_by

LOG_ANALYTICS = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/logs"
ALL = {"diagnostics": {"enabled": True}}
ALERTS = {"alerts": {"enabled": True, "emails": ["a@contoso.com"]}}


class Monitor:
    """Azure Monitor, with the diagnostic settings of one endpoint."""

    def __init__(self, *settings: dict[str, Any], refuses: tuple[str, ...] = (), exists: bool = True) -> None:
        self.settings = {one["name"]: one for one in settings}
        self.refuses = refuses
        self.exists = exists
        self.asked: list[str] = []

    def send(self, method: str, path: str, body: Any = None, *, query: Any, accept: frozenset[int]) -> Any:
        assert query == {"api-version": "2021-05-01-preview"}
        assert "/workspaces/ws/onlineEndpoints/scores/providers/Microsoft.Insights/diagnosticSettings" in path
        self.asked.append(method)
        if method in self.refuses:
            assert 403 in accept
            return SimpleNamespace(status_code=403)
        if not self.exists:
            assert 404 in accept
            return SimpleNamespace(status_code=404)
        if method == "GET":
            return SimpleNamespace(status_code=200, json=lambda: {"value": list(self.settings.values())})
        name = path.rsplit("/", 1)[-1]
        if method == "DELETE":
            self.settings.pop(name, None)
        else:
            self.settings[name] = {"name": name, **body}
        return SimpleNamespace(status_code=200)


def deployment(folder: Path, settings: dict[str, Any], **outputs: Any) -> Deployment:
    (folder / "environments").mkdir(exist_ok=True)
    (folder / "environments" / "dev.yaml").write_text(yaml.safe_dump(settings))
    environment = load_environment("dev", root=folder, environ={})
    known = {"workspace_name": "ws", "log_analytics_workspace_id": LOG_ANALYTICS, **outputs}
    return Deployment(environment, known, "s", None, "rg", "ws")


def signals(folder: Path, settings: dict[str, Any], monitor: Monitor, **outputs: Any) -> EndpointSignals:
    made = EndpointSignals(Connection(deployment(folder, settings, **outputs), environ={}))
    made.__dict__["_arm"] = cast(Any, monitor)
    return made


def setting(name: str, *logs: str, workspace: str = LOG_ANALYTICS, metrics: bool = True, group: str = "") -> Any:
    entries = [{"category": one, "enabled": True} for one in logs]
    entries += [{"categoryGroup": group, "enabled": True}] if group else []
    # Azure answers with every category, also those that are off.
    entries += [{"category": one, "enabled": False} for one in LOGS if one not in logs]
    return {
        "name": name,
        "properties": {
            "workspaceId": workspace,
            "logs": entries,
            "metrics": [{"category": "AllMetrics", "enabled": metrics}],
        },
    }


@pytest.mark.parametrize(
    ("settings", "logs", "metrics"),
    [(ALL, LOGS, True), ({**ALL, **ALERTS}, LOGS, True), (ALERTS, (TRAFFIC_LOG,), False)],
)
def test_alerts_need_the_traffic_and_diagnostics_send_everything(
    tmp_path: Path, settings: dict[str, Any], logs: tuple[str, ...], metrics: bool
) -> None:
    wanted = wanted_by(deployment(tmp_path, settings))
    assert wanted is not None
    assert (wanted.workspace_id, wanted.logs, wanted.metrics) == (LOG_ANALYTICS, logs, metrics)


def test_without_either_nothing_is_sent(tmp_path: Path) -> None:
    assert wanted_by(deployment(tmp_path, {})) is None
    assert wanted_by(deployment(tmp_path, ALL, log_analytics_workspace_id=None)) is None


@pytest.mark.parametrize("settings", [ALL, ALERTS])
def test_a_setting_is_made_once(tmp_path: Path, settings: dict[str, Any]) -> None:
    monitor = Monitor()
    endpoint = signals(tmp_path, settings, monitor)
    assert endpoint.difference("scores") == ("nothing", f"{', '.join(endpoint.wanted.logs)} to Log Analytics")  # type: ignore[union-attr]
    assert endpoint.settle("scores") == ""
    sent = monitor.settings[NAME]["properties"]
    assert sent["workspaceId"] == LOG_ANALYTICS
    assert TRAFFIC_LOG in [one["category"] for one in sent["logs"]]
    monitor.asked.clear()
    assert endpoint.difference("scores") is None
    assert endpoint.settle("scores") == ""
    assert "PUT" not in monitor.asked


@pytest.mark.parametrize(
    "there",
    [
        setting("by-policy", group="allLogs", metrics=False),
        setting("by-policy", *LOGS),
        setting(NAME, *LOGS, workspace=LOG_ANALYTICS.upper()),
    ],
)
def test_what_sends_the_same_already_is_left_alone(tmp_path: Path, there: dict[str, Any]) -> None:
    monitor = Monitor(there)
    assert signals(tmp_path, ALL, monitor).settle("scores") == ""
    assert monitor.asked == ["GET"]


@pytest.mark.parametrize(
    "there",
    [
        setting("by-policy", TRAFFIC_LOG),
        setting("by-policy", *LOGS, workspace="/another"),
        setting(NAME, *LOGS, workspace="/another"),
        setting(NAME, *LOGS, metrics=False),
        setting(NAME, TRAFFIC_LOG),
    ],
)
def test_what_sends_less_or_elsewhere_does_not_count(tmp_path: Path, there: dict[str, Any]) -> None:
    monitor = Monitor(there)
    endpoint = signals(tmp_path, ALL, monitor)
    assert endpoint.settle("scores") == ""
    assert monitor.asked == ["GET", "PUT"]
    assert endpoint.difference("scores") is None


def test_somebody_elses_setting_with_our_destination_is_completed(tmp_path: Path) -> None:
    # Azure refuses a second setting with the same destination.
    monitor = Monitor(setting("policy", LOGS[0], metrics=False))
    made = signals(tmp_path, ALL, monitor)
    assert made.settle("scores") == ""
    assert monitor.settings.keys() == {"policy"}
    assert made.difference("scores") is None
    assert monitor.settings["policy"]["properties"]["metrics"] == [{"category": "AllMetrics", "enabled": False}]


def test_switched_off_our_own_setting_goes_and_others_stay(tmp_path: Path) -> None:
    monitor = Monitor(setting(NAME, *LOGS), setting("by-policy", *LOGS, workspace="/another"))
    endpoint = signals(tmp_path, {}, monitor)
    assert endpoint.difference("scores") == (", ".join(LOGS), "nothing")
    assert endpoint.settle("scores") == ""
    assert list(monitor.settings) == ["by-policy"]


def test_an_endpoint_that_is_yet_to_be_made_has_none(tmp_path: Path) -> None:
    assert signals(tmp_path, {}, Monitor(exists=False)).difference("scores") is None


@pytest.mark.parametrize("refuses", [("GET",), ("PUT",)])
def test_a_login_that_may_not_is_a_warning_and_no_failure(tmp_path: Path, refuses: tuple[str, ...]) -> None:
    endpoint = signals(tmp_path, ALERTS, Monitor(refuses=refuses))
    warning = endpoint.settle("scores")
    assert "no alert watches it" in warning
    assert "Contributor on the resource group" in warning
    if refuses == ("GET",):
        assert endpoint.difference("scores") is None


def test_where_nothing_is_wanted_a_login_that_may_not_look_is_not_bothered(tmp_path: Path) -> None:
    assert signals(tmp_path, {}, Monitor(refuses=("GET",))).settle("scores") == ""


def test_a_workspace_of_others_is_not_touched(tmp_path: Path) -> None:
    monitor = Monitor()
    endpoint = signals(tmp_path, ALL, monitor, workspace_name="another")
    assert endpoint.difference("scores") is None
    assert endpoint.settle("scores") == ""
    endpoint.forget("scores")
    assert monitor.asked == []


def test_the_setting_goes_before_its_endpoint(tmp_path: Path) -> None:
    monitor = Monitor(setting(NAME, *LOGS))
    signals(tmp_path, ALL, monitor).forget("scores")
    assert monitor.settings == {}
