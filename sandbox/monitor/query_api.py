"""What does Azure Monitor answer to queries? Tables of Application Insights and Log Analytics, asked in KQL.

The API is that of Microsoft Learn, "Azure Monitor Log Analytics API": one Application Insights resource, one Log
Analytics workspace, or what any other resource sent to one.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import isodate

from sandbox.cloud import Cloud
from sandbox.monitor.ingestion import COMPONENTS
from sandbox.monitor.kql.errors import KqlError, semantic
from sandbox.monitor.kql.query import Table, answer
from sandbox.monitor.kql.tokens import moment
from sandbox.monitor.kql.values import Row
from sandbox.monitor.tables import APPLICATION, CLASSIC, PLATFORM, TIME
from sandbox.store import ArmObject, Store
from sandbox.web import Answer, Call, Routes

WORKSPACES = "Microsoft.OperationalInsights/workspaces"
_OUTER = {"SyntaxError": "A syntax error occurred.", "SemanticError": "A semantic error occurred."}
Interval = tuple[datetime | None, datetime | None]
routes = Routes()


@routes.on("POST", "/v1/workspaces/{id}/query", "Ask a Log Analytics workspace, by its customer id")
def ask_workspace(cloud: Cloud, call: Call) -> Answer:
    """The workspace with that customer id."""
    wanted = call.parameters["id"].lower()
    with cloud.stores.reading() as store:
        found = [body for body in store.find(WORKSPACES) if body["properties"]["customerId"].lower() == wanted]
        return _answer(cloud, store, found[0] if found else None, call)


@routes.on("POST", "/v1/{resource*}/query", "Ask what a resource told: Application Insights, Log Analytics, any other")
def ask_resource(cloud: Cloud, call: Call) -> Answer:
    """The resource with that id."""
    with cloud.stores.reading() as store:
        return _answer(cloud, store, store.get("/" + call.parameters["resource"].strip("/")), call)


def _answer(cloud: Cloud, store: Store, resource: ArmObject | None, call: Call) -> Answer:
    if resource is None:
        return _refused(404, "PathNotFoundError", "The requested path does not exist")
    sent = call.json()
    query = sent.get("query")
    if not isinstance(query, str) or not query.strip():
        return _refused(400, "BadArgumentError", "The field 'query' is required.")
    source = _Source(cloud, store, resource)
    try:
        interval = _interval(sent.get("timespan"))
        found = answer(query, lambda name: source.table(name, interval))
    except KqlError as error:
        inner = {"code": error.code, "message": error.message}
        middle = {"code": error.kind, "message": _OUTER.get(error.kind, error.message), "innererror": inner}
        return _refused(400, "BadArgumentError", "The request had some invalid properties", innererror=middle)
    columns = [{"name": name, "type": kind} for name, kind in found.columns.items()]
    rows = [[_cell(row.get(name), kind) for name, kind in found.columns.items()] for row in found.rows]
    return Answer(body={"tables": [{"name": "PrimaryResult", "columns": columns, "rows": rows}]})


class _Source:
    """The tables that one resource shows."""

    def __init__(self, cloud: Cloud, store: Store, resource: ArmObject) -> None:
        self._cloud = cloud
        self._store = store
        self._resource = resource
        self._kind = str(resource["type"]).lower()

    def table(self, name: str, interval: Interval) -> Table:
        """A table's rows in the interval. Raises :class:`KqlError` for a table that the resource does not have."""
        if self._kind == COMPONENTS.lower() and name in CLASSIC:
            whole, names = CLASSIC[name]
            table = Table(APPLICATION[whole], self._rows(whole, interval))
            rows = [{own: row.get(given) for own, given in names.items()} for row in table.rows]
            return Table({own: table.columns[given] for own, given in names.items()}, rows)
        known = dict(APPLICATION) if self._kind == COMPONENTS.lower() else {**APPLICATION, **PLATFORM}
        if name not in known:
            names_ = ", ".join(sorted({*known, *(CLASSIC if self._kind == COMPONENTS.lower() else ())}))
            text = f"'where' operator: Failed to resolve table or column expression named '{name}'"
            raise semantic(f"{text}. The sandbox has {names_} here.")
        return Table(known[name], self._rows(name, interval))

    def _rows(self, name: str, interval: Interval) -> list[Row]:
        rows: list[Row] = []
        for owner in self._owners(name):
            for row in self._cloud.records.rows(owner, name):
                row[TIME] = moment(row[TIME])
                if (interval[0] or row[TIME]) <= row[TIME] <= (interval[1] or row[TIME]):
                    rows.append(row)
        if self._kind not in (COMPONENTS.lower(), WORKSPACES.lower()):
            own = self._resource["id"].lower()
            rows = [row for row in rows if f"{row['_ResourceId']}/".lower().startswith(f"{own}/")]
        return rows

    def _owners(self, name: str) -> Iterator[str]:
        if self._kind == COMPONENTS.lower():
            yield self._resource["properties"]["InstrumentationKey"]
            return
        everywhere = self._kind != WORKSPACES.lower()
        if name in APPLICATION:
            for body in self._store.find(COMPONENTS):
                linked = str(body["properties"].get("WorkspaceResourceId") or "").lower()
                if everywhere or linked == self._resource["id"].lower():
                    yield body["properties"]["InstrumentationKey"]
            return
        workspaces = self._store.find(WORKSPACES) if everywhere else [self._resource]
        yield from (body["properties"]["customerId"] for body in workspaces)


def _interval(text: str | None) -> Interval:
    """An interval of ISO 8601: a period up to now, a beginning with a period, or a beginning and an end."""
    if not text:
        return None, None
    first, _, second = text.partition("/")
    if not second:
        return datetime.now(UTC) - _period(first), None
    start = moment(first)
    return start, start + _period(second) if second.startswith("P") else moment(second)


def _period(text: str) -> timedelta:
    try:
        found = isodate.parse_duration(text)
    except isodate.ISO8601Error as error:
        raise KqlError("BadArgument", "InvalidTimespan", f"'{text}' is no period of ISO 8601.") from error
    return found if isinstance(found, timedelta) else found.totimedelta(start=datetime.now(UTC))


def _cell(value: Any, kind: str) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, dict | list):
        return json.dumps(value)
    return str(value) if kind == "string" and value is not None else value


def _refused(status: int, code: str, message: str, **more: Any) -> Answer:
    return Answer(status, {"error": {"message": message, "code": code, "correlationId": str(uuid.uuid4()), **more}})
