"""The part of the Kusto Query Language that the sandbox answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.monitor.kql.errors import KqlError, semantic
from sandbox.monitor.kql.query import Table, answer

NOW = datetime.now(UTC)
COLUMNS = {"Time": "datetime", "Name": "string", "Code": "int", "Took": "real", "More": "dynamic"}
ROWS: list[dict[str, Any]] = [
    {"Time": NOW - timedelta(minutes=1), "Name": "Blue answer", "Code": 200, "Took": 10.0, "More": {"by": "blue"}},
    {"Time": NOW - timedelta(minutes=2), "Name": "green-answer", "Code": 424, "Took": 30.0, "More": {"by": "green"}},
    {"Time": NOW - timedelta(hours=3), "Name": "blueish", "Code": 200, "Took": 20.0, "More": {"by": "blue", "n": 1}},
    {"Time": NOW - timedelta(days=2), "Name": "", "Code": 502, "Took": None, "More": {}},
]


def ask(query: str) -> list[tuple[Any, ...]]:
    def open_table(name: str) -> Table:
        if name != "Requests":
            raise semantic(f"no table {name}")
        # As old as it says when it is asked, however long ago this module was loaded.
        late = datetime.now(UTC) - NOW
        return Table(COLUMNS, [{**row, "Time": row["Time"] + late} for row in ROWS])

    found = answer(query, open_table)
    return [tuple(row[name] for name in found.columns) for row in found.rows]


def codes(condition: str) -> list[int]:
    return [row[0] for row in ask(f"Requests | where {condition} | project Code | order by Code asc")]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("Code == 200", [200, 200]),
        ("Code != 200 and Took > 20", [424]),
        ("Code == 424 or Code >= 500", [424, 502]),
        ("not(Code == 200)", [424, 502]),
        ("(Code == 200 or Code == 424) and Time > ago(1h)", [200, 424]),
        ("Time < ago(1d)", [502]),
        ("Time between (ago(4h) .. ago(90s))", [200, 424]),
        ("Name has 'blue'", [200]),
        ("Name !has 'blue'", [200, 424, 502]),
        ("Name contains 'BLUE'", [200, 200]),
        ("Name startswith 'green'", [424]),
        ("Name =~ 'BLUEISH'", [200]),
        ("Code in (424, 502)", [424, 502]),
        ("Code !in (424, 502)", [200, 200]),
        ("tostring(More.by) == 'blue'", [200, 200]),
        ("More['by'] == \"green\"", [424]),
        ("isempty(Name) // nobody\n", [502]),
        ("toint(Code) - 24 == 2 * 200", [424]),
    ],
)
def test_rows_are_chosen_by_a_condition(condition: str, found: list[int]) -> None:
    assert codes(condition) == found


def test_columns_are_chosen_named_and_calculated() -> None:
    rows = ask("Requests | where Code == 424 | extend Seconds = Took / 1000 | project Name, Took, s = Seconds")
    assert rows == [("green-answer", 30.0, 0.03)]
    assert ask("Requests | project-away Time, Name, Took, More | take 1") == [(200,)]


def test_rows_are_counted_and_summarized_in_groups() -> None:
    assert ask("Requests | count") == [(4,)]
    rows = ask("Requests | summarize count(), avg(Took), Slowest = max(Took) by Code | order by Code asc")
    assert rows == [(200, 2, 15.0, 20.0), (424, 1, 30.0, 30.0), (502, 1, None, None)]
    assert ask("Requests | summarize countif(Code >= 400), dcount(Code), percentile(Took, 95)") == [(2, 3, 30.0)]
    assert sorted(ask("Requests | distinct Code")) == [(200,), (424,), (502,)]


def test_times_are_put_into_bins() -> None:
    rows = ask("Requests | summarize n = count() by bin(Time, 1d)")
    assert {time.hour for time, _ in rows} == {0}
    assert sum(n for _, n in rows) == 4


def test_nothing_to_summarize_is_one_row_without_groups_and_none_with() -> None:
    assert ask("Requests | where Code == 1 | summarize count()") == [(0,)]
    assert ask("Requests | where Code == 1 | summarize count() by Name") == []


def test_rows_are_ordered_and_the_first_are_taken() -> None:
    assert ask("Requests | order by Took | project Took") == [(30.0,), (20.0,), (10.0,), (None,)]
    assert ask("Requests | sort by Code asc, Took desc | project Code, Took | take 2") == [(200, 20.0), (200, 10.0)]
    assert ask("Requests | top 1 by Time asc | project Code") == [(502,)]


def test_the_queries_of_the_alert_rules_are_answered() -> None:
    rows = ask("Requests | where toint(Code) >= 500 or toint(Code) == 424 | project Time, Name")
    assert len(rows) == 2
    rows = ask("Requests | summarize Latency = percentile(todouble(Took), 95) by Name, bin(Time, 15m)")
    assert {row[-1] for row in rows} == {10.0, 20.0, 30.0, None}


@pytest.mark.parametrize(
    ("query", "code", "said"),
    [
        ("Nothing | take 1", "SEM0100", "no table Nothing"),
        (
            "Requests | where Colour == 'x'",
            "SEM0100",
            "'where' operator: Failed to resolve scalar expression named 'Co",
        ),
        ("Requests | where", "SYN0002", "expected a value, found the end"),
        ("Requests | where Code ==", "SYN0002", "expected a value"),
        ("Requests | take x", "SYN0002", "expected a whole number"),
        ("Requests | where (Code == 1", "SYN0002", "expected )"),
        ("Requests where Code", "SYN0002", "expected | or the end, found 'where'"),
        ("Requests | where Name == 'x", "SYN0002", "unexpected '''"),
        ("Requests | where Time > datetime(2020-99-01)", "SYN0002", "is no time"),
        ("Requests | where ago() > Time", "SEM0100", "expects 1 argument(s), got 0"),
        ("Requests | where Code.inner == 1", "SEM0100", "has no member 'inner'"),
        ("Requests | where Took > datetime(2020-01-01)", "SEM0100", "Cannot compare values of types real and datetime"),
        ("Requests | join Requests on Code", "NotSupportedInSandbox", "does not answer the operator join; it knows"),
        ("Requests | where geo_distance(1) > 2", "NotSupportedInSandbox", "the function geo_distance()"),
        ("Requests | summarize make_list(Code)", "NotSupportedInSandbox", "the aggregation make_list()"),
        ("let x = 1; Requests", "NotSupportedInSandbox", "queries that begin with let"),
        ("", "SYN0002", "expected the name of a table, found the end"),
    ],
)
def test_a_wrong_query_is_refused_with_its_reason(query: str, code: str, said: str) -> None:
    with pytest.raises(KqlError) as raised:
        ask(query)
    assert raised.value.code == code
    assert said in raised.value.message
