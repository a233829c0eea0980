"""The data collector of a deployment: what it takes, where it writes, what it leaves out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from sandbox.compute.collector import Collector
from sandbox.compute.errors import ComputeError
from sandbox.compute.files import Place
from sandbox.compute.process import Log

DEPLOYMENT = "/workspaces/w/onlineEndpoints/scores/deployments/blue"


class Blobs:
    """Keeps what is uploaded, by its path; fails when it is told to."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.broken = False

    def upload(self, file: Path, place: Place) -> None:
        if self.broken:
            raise ComputeError("there is no container")
        self.kept[place.path] = file.read_text()

    def events(self, collection: str) -> list[dict[str, Any]]:
        found = [text for path, text in self.kept.items() if f"/{collection}/" in path]
        return [json.loads(line) for text in found for line in text.splitlines()]


@pytest.fixture
def blobs() -> Blobs:
    return Blobs()


@pytest.fixture
def make(blobs: Blobs, tmp_path: Path) -> Iterator[Any]:
    """Makes a collector of a deployment with these collections."""
    made: list[Collector] = []

    def collector(rolling: str | None = "Hour", **collections: Any) -> Collector:
        context: Any = SimpleNamespace(
            files=blobs,
            secrets=lambda: {"top-secret"},
            place=lambda _workspace, uri: Place("account", "container", uri.partition("/paths/")[2]),
        )
        settings = {"collections": collections, "rollingRate": rolling}
        body = {"id": DEPLOYMENT, "properties": {"dataCollector": settings}}
        log = Log(tmp_path / "log.txt", lambda: ())
        made.append(Collector(context, {}, body, tmp_path / "collected", log))
        made[-1].environ()
        return made[-1]

    yield collector
    for one in made:
        one.close()


def on(**more: Any) -> dict[str, Any]:
    return {"dataCollectionMode": "Enabled", **more}


def headers(name: str) -> dict[str, str]:
    return {"ce-type": f"azureml.inference.{name}", "content-type": "application/json", "ce-x-request-id": "r-1"}


def test_the_package_is_told_what_is_on_and_where_to_send_it(make: Any, blobs: Blobs) -> None:
    collector = make(model_inputs=on(samplingRate=0.25), other={"dataCollectionMode": "Disabled"})
    environ = collector.environ()
    config = json.loads(Path(environ["AZUREML_MDC_CONFIG_PATH"]).read_text())
    assert config["collections"] == {"model_inputs": {"enabled": True, "sampleRatePercentage": 25}}
    url = f"http://{environ['AZUREML_MDC_HOST']}:{environ['AZUREML_MDC_PORT']}/modeldata/log"
    sent = requests.post(url, data='[{"a": 1}]', headers=headers("model_inputs"), timeout=10)
    assert sent.status_code == 200
    assert requests.post(url, data="[]", headers=headers("other"), timeout=10).status_code == 400
    assert requests.post(f"{url}s", data="[]", headers=headers("model_inputs"), timeout=10).status_code == 404
    collector.close()
    [event] = blobs.events("model_inputs")
    assert (event["data"], event["correlationid"], event["source"]) == ([{"a": 1}], "r-1", DEPLOYMENT)


@pytest.mark.parametrize(
    ("rolling", "pattern"),
    [
        ("Year", r"\d{4}"),
        ("Day", r"\d{4}/\d\d/\d\d"),
        ("Hour", r"\d{4}/\d\d/\d\d/\d\d"),
        (None, r"\d{4}/\d\d/\d\d/\d\d"),
        ("Minute", r"\d{4}/\d\d/\d\d/\d\d/\d\d"),
    ],
)
def test_blobs_roll_as_declared(
    make: Any, blobs: Blobs, monkeypatch: pytest.MonkeyPatch, rolling: str | None, pattern: str
) -> None:
    clock = SimpleNamespace(now=lambda _zone: datetime(2026, 3, 4, 5, 6, tzinfo=UTC))
    monkeypatch.setattr("sandbox.compute.collector.datetime", clock)
    collector = make(rolling, model_inputs=on())
    collector.take(headers("model_inputs"), b"[]")
    collector.take(headers("model_inputs"), b"[]")
    collector.close()
    [path] = blobs.kept
    assert re.fullmatch(rf"modelDataCollector/scores/blue/model_inputs/{pattern}/[0-9a-f-]{{36}}\.jsonl", path)
    assert len(blobs.events("model_inputs")) == 2


def test_a_declared_data_asset_says_where(make: Any, blobs: Blobs) -> None:
    collector = make(model_inputs=on(dataId="azureml://datastores/mine/paths/elsewhere/model_inputs"))
    collector.take(headers("model_inputs"), b"[]")
    collector.close()
    assert next(iter(blobs.kept)).startswith("elsewhere/model_inputs/")


def exchange(collector: Collector, sent: bytes, answered: bytes = b"[1]", kind: str = "application/json") -> None:
    collector.exchange(path="/score", sent=sent, answered=answered, status=200, identifier="r-2", content_type=kind)


def test_requests_and_answers_are_kept_only_where_declared(make: Any, blobs: Blobs) -> None:
    collector = make(response=on())
    exchange(collector, b'{"data": [1]}')
    collector.close()
    assert blobs.events("request") == []
    assert [(event["data"], event["statuscode"]) for event in blobs.events("response")] == [([1], 200)]


def test_none_of_nothing_is_sampled(make: Any, blobs: Blobs) -> None:
    collector = make(request=on(samplingRate=0.0), response=on(samplingRate=1.0))
    for _ in range(20):
        exchange(collector, b"{}")
    collector.close()
    assert (len(blobs.events("request")), len(blobs.events("response"))) == (0, 20)


@pytest.mark.parametrize(
    ("sent", "kind", "kept"),
    [
        (b"{not json", "application/json", ("{not json", "text/plain")),
        (b"a,b", "text/csv; charset=utf-8", ("a,b", "text/csv")),
        (b'{"key": "top-secret"}', "application/json", ({"key": "*****"}, "application/json")),
    ],
)
def test_what_is_no_json_is_text_and_secrets_are_hidden(
    make: Any, blobs: Blobs, sent: bytes, kind: str, kept: tuple[Any, str]
) -> None:
    collector = make(request=on())
    exchange(collector, sent, kind=kind)
    collector.close()
    [event] = blobs.events("request")
    assert (event["data"], event["datacontenttype"]) == kept
    assert event["contentrange"] == f"bytes 0-{len(sent) - 1}/{len(sent)}"


def test_what_cannot_be_written_is_told_in_the_deployments_log(make: Any, blobs: Blobs, tmp_path: Path) -> None:
    blobs.broken = True
    collector = make(request=on())
    exchange(collector, b"{}")
    collector.close()
    assert "Collected data of 'request' is lost: there is no container" in (tmp_path / "log.txt").read_text()
