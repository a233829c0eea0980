"""What does a query answer? A table, and one step after the other over its rows.

The steps are where, project, project-away, extend, summarize, distinct, order (sort), top, take (limit) and count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.monitor.kql.errors import not_served, semantic
from sandbox.monitor.kql.expressions import Expression, Expressions
from sandbox.monitor.kql.tokens import Words
from sandbox.monitor.kql.values import AGGREGATES, Row, percentile, text_of

Aggregate = Callable[[list[Row]], Any]
#: Beginnings of queries that are no table.
_STATEMENTS = ("let", "union", "search", "print", "find", "range", "datatable", "externaldata", "set", "declare")


@dataclass(frozen=True)
class Table:
    """Columns with their types, and rows."""

    columns: Mapping[str, str]
    rows: list[Row]


def answer(query: str, open_table: Callable[[str], Table]) -> Table:
    """The table that a query answers with. ``open_table`` raises :class:`KqlError` for one that does not exist."""
    words = Words(query)
    if words.current.text in _STATEMENTS:
        raise not_served(f"queries that begin with {words.current.text}", ("a table and steps after it",))
    table = open_table(words.name("the name of a table"))
    while words.accept("|"):
        table = _step(words, table)
    words.accept(";")
    if words.current.kind != "end":
        raise words.surprise("expected | or the end")
    return table


def _step(words: Words, table: Table) -> Table:
    name = words.name("the name of an operator")
    if words.current.text == "-" and name == "project":
        words.take()
        name = f"project-{words.name('away')}"
    if name not in _STEPS:
        raise not_served(f"the operator {name}", tuple(_STEPS))
    return _STEPS[name](words, table, Expressions(words, table.columns, name))


def _where(_words: Words, table: Table, expressions: Expressions) -> Table:
    condition = expressions.read()
    return Table(table.columns, [row for row in table.rows if condition.value(row)])


def _project(words: Words, table: Table, expressions: Expressions) -> Table:
    named = _named(words, expressions)
    rows = [{name: one.value(row) for name, one in named.items()} for row in table.rows]
    return Table({name: one.kind for name, one in named.items()}, rows)


def _project_away(words: Words, table: Table, expressions: Expressions) -> Table:
    gone = set(_named(words, expressions))
    columns = {name: kind for name, kind in table.columns.items() if name not in gone}
    return Table(columns, [{name: row.get(name) for name in columns} for row in table.rows])


def _extend(words: Words, table: Table, expressions: Expressions) -> Table:
    named = _named(words, expressions)
    rows = [{**row, **{name: one.value(row) for name, one in named.items()}} for row in table.rows]
    return Table({**table.columns, **{name: one.kind for name, one in named.items()}}, rows)


def _distinct(words: Words, table: Table, expressions: Expressions) -> Table:
    found = _project(words, table, expressions)
    return Table(found.columns, list({tuple(map(text_of, row.values())): row for row in found.rows}.values()))


def _take(words: Words, table: Table, _expressions: Expressions) -> Table:
    return Table(table.columns, table.rows[: _whole(words)])


def _count(_words: Words, table: Table, _expressions: Expressions) -> Table:
    return Table({"Count": "long"}, [{"Count": len(table.rows)}])


def _top(words: Words, table: Table, expressions: Expressions) -> Table:
    most = _whole(words)
    ordered = _order(words, table, expressions)
    return Table(ordered.columns, ordered.rows[:most])


def _order(words: Words, table: Table, expressions: Expressions) -> Table:
    """By several columns, descending unless the query says otherwise; rows without a value come last when descending
    and first when ascending."""
    words.expect("by")
    keys: list[tuple[Expression, bool]] = []
    while not keys or words.accept(","):
        key = expressions.read()
        word = words.accept("asc", "desc")
        keys.append((key, word is not None and word.text == "asc"))
    rows = list(table.rows)
    for key, ascending in reversed(keys):
        rows.sort(key=lambda row, key=key: _rank(key.value(row)), reverse=not ascending)  # type: ignore[misc]
    return Table(table.columns, rows)


def _rank(value: Any) -> tuple[bool, Any]:
    if isinstance(value, dict | list):
        value = text_of(value)
    return (value is not None, value if value is not None else "")


def _summarize(words: Words, table: Table, expressions: Expressions) -> Table:
    aggregates: dict[str, tuple[str, Aggregate]] = {}
    while words.current.kind != "end" and words.current.text not in ("by", "|"):
        if aggregates:
            words.expect(",")
        given = words.take().text if words.follows("=") else ""
        if given:
            words.expect("=")
        name, kind, aggregate = _aggregate(words, expressions)
        aggregates[_free(given or name, aggregates)] = (kind, aggregate)
    by = _named(words, expressions) if words.accept("by") else {}
    if not aggregates and not by:
        raise words.surprise("expected something to summarize")
    groups: dict[tuple[str, ...], tuple[Row, list[Row]]] = {} if by else {(): ({}, list(table.rows))}
    if by:
        for row in table.rows:
            own = {name: one.value(row) for name, one in by.items()}
            groups.setdefault(tuple(map(text_of, own.values())), (own, []))[1].append(row)
    rows = [
        {**own, **{name: aggregate(members) for name, (_, aggregate) in aggregates.items()}}
        for own, members in groups.values()
    ]
    columns = {name: one.kind for name, one in by.items()} | {name: kind for name, (kind, _) in aggregates.items()}
    return Table(columns, rows)


def _aggregate(words: Words, expressions: Expressions) -> tuple[str, str, Aggregate]:
    function = words.name("an aggregation")
    words.expect("(")
    if function == "count":
        words.expect(")")
        return "count_", "long", len
    arguments = expressions.several(")")
    if function == "percentile":
        if len(arguments) != 2:
            raise semantic(f"percentile(): function expects 2 argument(s), got {len(arguments)}")
        value, percent = arguments[0], float(arguments[1].value({}))
        return f"percentile_{value.name}_{percent:g}", value.kind, lambda rows: percentile(_of(value, rows), percent)
    if function not in AGGREGATES:
        raise not_served(f"the aggregation {function}()", ("count", "percentile", *AGGREGATES))
    if len(arguments) != 1:
        raise semantic(f"{function}(): function expects 1 argument(s), got {len(arguments)}")
    kind, aggregate = AGGREGATES[function]
    value = arguments[0]
    return f"{function}_{value.name}", kind or value.kind, lambda rows: aggregate(_of(value, rows))


def _of(value: Expression, rows: list[Row]) -> list[Any]:
    return [value.value(row) for row in rows]


def _named(words: Words, expressions: Expressions) -> dict[str, Expression]:
    """Expressions with names, given (``name = expression``) or their own."""
    found: dict[str, Expression] = {}
    while not found or words.accept(","):
        given = words.take().text if words.current.kind == "name" and words.follows("=") else ""
        if given:
            words.expect("=")
        one = expressions.read()
        found[given or _free(one.name or f"Column{len(found) + 1}", found)] = one
    return found


def _free(name: str, taken: Mapping[str, Any]) -> str:
    number, free = 0, name
    while free in taken:
        number += 1
        free = f"{name}{number}"
    return free


def _whole(words: Words) -> int:
    if words.current.kind != "number" or not isinstance(words.current.value(), int):
        raise words.surprise("expected a whole number")
    return int(words.take().value())


_STEPS: dict[str, Callable[[Words, Table, Expressions], Table]] = {
    "where": _where,
    "filter": _where,
    "project": _project,
    "project-away": _project_away,
    "extend": _extend,
    "summarize": _summarize,
    "distinct": _distinct,
    "order": _order,
    "sort": _order,
    "top": _top,
    "take": _take,
    "limit": _take,
    "count": _count,
}
