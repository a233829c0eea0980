"""What the alert rules ask can be asked of what endpoints really send, and answers as the rules mean it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sandbox.monitor.kql.query import Table, answer
from sandbox.monitor.tables import PLATFORM, TIME

STACK = json.loads((Path(__file__).resolve().parents[1] / "golden" / "sandbox.json").read_text(encoding="utf-8"))
RULES = STACK["resource"]["azurerm_monitor_scheduled_query_rules_alert_v2"]
#: In the middle of a quarter of an hour: all rows fall into one.
NOW = datetime(2026, 11, 21, 12, 7, tzinfo=UTC)


def asked(rule: str, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    """The answer to a rule's query, by endpoint."""
    (criterion,) = RULES[rule]["criteria"]

    def open_table(name: str) -> Table:
        return Table(PLATFORM[name], [{**dict.fromkeys(PLATFORM[name]), TIME: NOW, **row} for row in rows])

    found = answer(criterion["query"], open_table)
    (dimension,) = criterion["dimension"]
    assert dimension["name"] in found.columns
    assert criterion.get("metric_measure_column", TIME) in found.columns
    return sorted(found.rows, key=lambda row: str(row[dimension["name"]]))


@pytest.mark.parametrize(
    ("code", "is_failure"),
    [(200, False), (401, False), (404, False), (429, False), (424, True), (500, True), (504, True)],
)
def test_failures_are_those_of_the_service_and_the_model_not_of_callers(code: int, is_failure: bool) -> None:
    rows = asked("alert_endpoint_errors", {"EndpointName": "scores", "ResponseCode": code})
    assert [row["EndpointName"] for row in rows] == (["scores"] if is_failure else [])


def test_latency_is_the_95th_percentile_of_each_endpoint() -> None:
    quick = [{"EndpointName": "quick", "TotalDurationMs": 10} for _ in range(100)]
    mixed = [{"EndpointName": "slow", "TotalDurationMs": 10 if number < 90 else 5000} for number in range(100)]
    rows = asked("alert_endpoint_latency", *quick, *mixed)
    assert [(row["EndpointName"], row["Latency"]) for row in rows] == [("quick", 10), ("slow", 5000)]


def test_an_endpoint_without_traffic_raises_nothing() -> None:
    assert asked("alert_endpoint_errors") == asked("alert_endpoint_latency") == []
