"""What becomes of a query, and what is told when Azure Monitor refuses it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import azure.monitor.query
import pytest
from azure.core.exceptions import HttpResponseError
from azure.monitor.query import LogsQueryStatus

from ezazml.errors import EzazmlError, InputError
from jobs.lifecycle.log_queries import run_query

INSIGHTS = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Insights/components/i"


class Client:
    """Answers one query; remembers what was asked."""

    asked: tuple[str, str, float]

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def query_resource(self, resource: str, query: str, *, timespan: Any) -> Any:
        Client.asked = (resource, query, timespan.total_seconds())
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def ask(monkeypatch: pytest.MonkeyPatch, answer: Any, insights: str | None = INSIGHTS, **options: Any) -> Any:
    monkeypatch.setattr(azure.monitor.query, "LogsQueryClient", lambda _credential: Client(answer))
    workspaces = SimpleNamespace(get=lambda _name: SimpleNamespace(application_insights=insights))
    connection: Any = SimpleNamespace(
        credential=None, ml=SimpleNamespace(workspaces=workspaces), deployment=SimpleNamespace(workspace="ws")
    )
    return run_query(connection, "traces", hours=2, **options)


def answered(*tables: Any, status: Any = LogsQueryStatus.SUCCESS, **more: Any) -> Any:
    return SimpleNamespace(status=status, tables=list(tables), **more)


def refusal(status: int, body: Any) -> HttpResponseError:
    """An error as azure-core makes it of an answer."""
    text = json.dumps(body)
    response: Any = SimpleNamespace(
        status_code=status, reason="Bad", headers={}, text=lambda *_arguments: text, content_type="application/json"
    )
    return HttpResponseError(response=response)


def test_times_are_told_in_iso_8601(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    table = SimpleNamespace(columns=["timestamp", "n"], rows=[[moment, 3]])
    assert ask(monkeypatch, answered(table)) == (["timestamp", "n"], [["2026-01-02T03:04:05Z", 3]])
    assert Client.asked == (INSIGHTS, "traces", 7200.0)


def test_another_resource_is_asked_where_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(monkeypatch, answered(), resource_id="/subscriptions/s/other") == ([], [])
    assert Client.asked[0] == "/subscriptions/s/other"


def test_the_innermost_reason_of_a_refusal_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    inner = {"code": "SEM0100", "message": "'where' operator: Failed to resolve 'x'"}
    middle = {"code": "SemanticError", "message": "A semantic error occurred.", "innererror": inner}
    body = {"error": {"code": "BadArgumentError", "message": "Some invalid properties", "innererror": middle}}
    with pytest.raises(InputError, match="Azure Monitor refuses the query: 'where' operator: Failed to resolve 'x'"):
        ask(monkeypatch, refusal(400, body))


def test_a_resource_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    body = {"error": {"code": "PathNotFoundError", "message": "The requested path does not exist"}}
    with pytest.raises(InputError, match=r"knows no /subscriptions/s/other\. Check --resource-id"):
        ask(monkeypatch, refusal(404, body), resource_id="/subscriptions/s/other")


def test_a_resource_id_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="my-insights is no id of a resource"):
        ask(monkeypatch, answered(), resource_id="my-insights")


def test_a_workspace_without_application_insights(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="no Application Insights"):
        ask(monkeypatch, answered(), insights=None)


def test_an_answer_in_part_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = answered(status=LogsQueryStatus.PARTIAL, partial_error=SimpleNamespace(message="too many rows"))
    with pytest.raises(EzazmlError, match=r"in part only: too many rows\. Ask for fewer hours"):
        ask(monkeypatch, answer)
