"""What happens to the traffic when a check fails, and what a rollback restores."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest

from ezazml.errors import ConfigurationError, EzazmlError, InputError
from jobs.lifecycle import rollout as rolling
from jobs.lifecycle.rollout import Rollout, read_rollout, roll_back, shift
from jobs.lifecycle.scoring import Scorer

KEY = "a-key-that-nobody-may-see"


class Endpoint(BaseHTTPRequestHandler):
    """Answers requests; the status is the request's own."""

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status = sent.get("status", 200)
        if self.headers["Authorization"] != f"Bearer {KEY}":
            status = 401
        body = json.dumps({"asked": self.headers.get("azureml-model-deployment"), "status": status}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        """Says nothing."""


class Endpoints:
    """One endpoint in memory, whose requests are answered by a server of this test."""

    def __init__(self, uri: str, traffic: dict[str, int], tags: dict[str, str] | None = None) -> None:
        self.one = SimpleNamespace(name="e", scoring_uri=uri, traffic=traffic, tags=tags or {})
        self.splits: list[dict[str, int]] = []

    def get(self, _name: str) -> Any:
        return SimpleNamespace(**self.one.__dict__)

    def get_keys(self, _name: str) -> Any:
        return SimpleNamespace(primary_key=KEY)

    def begin_create_or_update(self, endpoint: Any) -> Any:
        self.one = endpoint
        self.splits.append(dict(endpoint.traffic))
        return SimpleNamespace(result=lambda: endpoint)


@pytest.fixture
def uri(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = HTTPServer(("127.0.0.1", 0), Endpoint)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/score"
    server.shutdown()
    server.server_close()


def connection(endpoints: Endpoints, *deployments: str) -> Any:
    listed = [SimpleNamespace(name=name) for name in deployments]
    ml = SimpleNamespace(
        online_endpoints=endpoints, online_deployments=SimpleNamespace(list=lambda endpoint_name: listed)
    )
    return SimpleNamespace(ml=ml, deployment=SimpleNamespace(name="dev"))


def test_the_traffic_moves_in_steps_and_the_split_before_is_kept(uri: str) -> None:
    endpoints = Endpoints(uri, {"blue": 100})
    shift(connection(endpoints), "e", {"green": 100}, Rollout((10, 100), 2, sample={}), lambda _line: None)
    assert endpoints.splits == [{"blue": 90, "green": 10}, {"green": 100}]
    assert json.loads(endpoints.one.tags["ezazml.previous_traffic"]) == {"blue": 100}


@pytest.mark.parametrize("status", [424, 500, 503])
def test_a_check_that_fails_restores_the_split(uri: str, status: int) -> None:
    endpoints = Endpoints(uri, {"blue": 100})
    with pytest.raises(EzazmlError, match="the traffic is back at blue 100 %"):
        shift(connection(endpoints), "e", {"green": 100}, Rollout((10,), 1, sample={"status": status}), print)
    assert endpoints.splits[-1] == {"blue": 100}


def test_a_rollback_restores_the_split_and_can_be_undone(uri: str) -> None:
    tags = {"ezazml.previous_traffic": '{"blue": 100}'}
    endpoints = Endpoints(uri, {"blue": 90, "green": 10}, tags)
    at = connection(endpoints, "blue", "green")
    assert roll_back(at, "e") == ({"blue": 100}, {"blue": 90, "green": 10})
    assert roll_back(at, "e") == ({"blue": 90, "green": 10}, {"blue": 100})


@pytest.mark.parametrize("tags", [{}, {"ezazml.previous_traffic": "{}"}])
def test_without_an_earlier_split_there_is_nothing_to_restore(uri: str, tags: dict[str, str]) -> None:
    endpoints = Endpoints(uri, {"blue": 100}, tags)
    with pytest.raises(InputError, match="keeps no earlier split"):
        roll_back(connection(endpoints, "blue"), "e")
    assert endpoints.splits == []


def test_a_deployment_that_is_gone_cannot_get_traffic_back(uri: str) -> None:
    endpoints = Endpoints(uri, {"green": 100}, {"ezazml.previous_traffic": '{"blue": 100}'})
    with pytest.raises(InputError, match="blue, which is deleted"):
        roll_back(connection(endpoints, "green"), "e")


@pytest.mark.parametrize(("status", "code"), [(400, 2), (422, 2), (401, 1), (424, 1), (500, 1)])
def test_a_refusal_is_one_message_without_the_key(uri: str, status: int, code: int) -> None:
    scorer = Scorer(connection(Endpoints(uri, {})), "e")
    with pytest.raises(EzazmlError) as raised:
        scorer.ask({"status": status}, deployment="blue")
    assert raised.value.exit_code == code
    assert str(status) in str(raised.value)
    assert KEY not in str(raised.value)


def test_an_endpoint_that_cannot_be_reached_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(EzazmlError, match="cannot be reached"):
        Scorer(connection(Endpoints("http://127.0.0.1:9/score", {})), "e").ask({})


def test_a_chosen_deployment_answers(uri: str) -> None:
    assert Scorer(connection(Endpoints(uri, {})), "e").ask({}, deployment="green").body["asked"] == "green"


@pytest.mark.parametrize(
    "text", ["steps: [0]\n", "steps: []\n", "steps: [101]\n", "requests: 0\n", "step: [10]\n", "pause_seconds: -1\n"]
)
def test_a_mistake_in_the_rollout_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "e.rollout.yml"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=r"e\.rollout\.yml"):
        read_rollout(file, label="e.rollout.yml")


def test_a_sample_request_that_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "e.rollout.yml").write_text("sample_request: r.json\n")
    (tmp_path / "r.json").write_text("{")
    with pytest.raises(InputError, match="is not JSON"):
        read_rollout(tmp_path / "e.rollout.yml", label="e.rollout.yml")


def test_without_a_file_the_traffic_moves_at_once(tmp_path: Path) -> None:
    assert read_rollout(tmp_path / "none.yml", label="") == rolling.Rollout()
