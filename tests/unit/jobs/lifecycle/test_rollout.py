"""What happens to the traffic when a check fails, and what a rollback restores."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

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
        if "model_status" in sent:
            self.send_header("ms-azureml-model-error-statuscode", str(sent["model_status"]))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        """Says nothing."""


class Endpoints:
    """One endpoint in memory, whose requests are answered by a server of this test."""

    def __init__(self, uri: str, traffic: dict[str, int], tags: dict[str, str] | None = None) -> None:
        self.one = SimpleNamespace(name="e", scoring_uri=uri, traffic=traffic, tags=tags or {}, mirror_traffic={})
        self.splits: list[dict[str, int]] = []
        #: Splits that Azure does not take any more.
        self.refused: list[dict[str, int]] = []

    def get(self, _name: str) -> Any:
        return SimpleNamespace(**self.one.__dict__)

    def get_keys(self, _name: str) -> Any:
        return SimpleNamespace(primary_key=KEY)

    def begin_create_or_update(self, endpoint: Any) -> Any:
        if endpoint.traffic in self.refused:
            raise HttpResponseError("Azure is busy")
        self.one = endpoint
        self.splits.append(dict(endpoint.traffic))
        return SimpleNamespace(result=lambda: endpoint)


@pytest.fixture
def uri(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = HTTPServer(("127.0.0.1", 0), Endpoint)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
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


def test_when_even_the_way_back_fails_it_is_told_where_the_traffic_is(uri: str) -> None:
    endpoints = Endpoints(uri, {"blue": 100})
    endpoints.refused = [{"blue": 100}]
    with pytest.raises(EzazmlError) as raised:
        shift(connection(endpoints), "e", {"green": 100}, Rollout((10,), 1, sample={"status": 500}), print)
    assert "The traffic is still blue 90 %, green 10 %: it could not be set back to blue 100 %" in str(raised.value)
    assert "Azure is busy" in str(raised.value)
    assert raised.value.hint == "Restore it: ezazml endpoint rollback dev e"
    assert json.loads(endpoints.one.tags["ezazml.previous_traffic"]) == {"blue": 100}


def test_a_step_that_azure_refuses_leaves_the_step_before_and_says_so(uri: str) -> None:
    endpoints = Endpoints(uri, {"blue": 100})
    endpoints.refused = [{"green": 100}]
    with pytest.raises(EzazmlError, match="stays at blue 90 %, green 10 %"):
        shift(connection(endpoints), "e", {"green": 100}, Rollout((10,), 1, sample={}), print)
    assert endpoints.splits == [{"blue": 90, "green": 10}]


def test_an_interrupt_between_two_steps_says_where_the_traffic_stays(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_arguments: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(rolling, "check", interrupt)
    endpoints = Endpoints(uri, {"blue": 100})
    with pytest.raises(KeyboardInterrupt) as raised:
        shift(connection(endpoints), "e", {"green": 100}, Rollout((10,), 1, sample={}), print)
    assert raised.value.__notes__ == [
        "The traffic of endpoint e stays at blue 90 %, green 10 %. Restore blue 100 %: ezazml endpoint rollback dev e"
    ]


def test_mirrored_traffic_is_set_once_and_moves_nobody(uri: str) -> None:
    endpoints = Endpoints(uri, {"blue": 100})
    told: list[str] = []
    for _ in range(2):
        rolling.mirror(connection(endpoints), "e", {"green": 10}, told.append)
    assert endpoints.one.mirror_traffic == {"green": 10}
    assert endpoints.splits == [{"blue": 100}]
    assert told == ["mirrored: green 10 %"]


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


@pytest.mark.parametrize(("by_model", "code"), [(400, 2), (422, 2), (500, 1)])
def test_what_the_model_itself_refuses_is_wrong_input(uri: str, by_model: int, code: int) -> None:
    scorer = Scorer(connection(Endpoints(uri, {})), "e")
    with pytest.raises(EzazmlError) as raised:
        scorer.ask({"status": 424, "model_status": by_model})
    assert raised.value.exit_code == code
    assert f"(424, the model said {by_model})" in str(raised.value)


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
