"""How does Application Insights hear of a program? By the envelopes that Azure Monitor's exporters send.

The protocol is that of ``v2/track`` (github.com/microsoft/ApplicationInsights-Home, "EndpointSpecs").
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sandbox.cloud import Cloud
from sandbox.monitor.tables import APPLICATION, TIME
from sandbox.store import ArmObject
from sandbox.web import Answer, Call, Refusal, Routes

COMPONENTS = "Microsoft.Insights/components"
_SEVERITIES = {"verbose": 0, "information": 1, "warning": 2, "error": 3, "critical": 4}
_PERIOD = re.compile(r"(?:(\d+)\.)?(\d+):(\d+):(\d+(?:\.\d+)?)")
_TAGS = {
    "OperationName": "ai.operation.name",
    "OperationId": "ai.operation.id",
    "ParentId": "ai.operation.parentId",
    "AppRoleName": "ai.cloud.role",
    "AppRoleInstance": "ai.cloud.roleInstance",
    "SDKVersion": "ai.internal.sdkVersion",
}
Fields = dict[str, Any]
routes = Routes()


@routes.on("POST", "/v2/track", "Take telemetry")
@routes.on("POST", "/v2.1/track", "Take telemetry (version 2.1)")
def track(cloud: Cloud, call: Call) -> Answer:
    """Keep what belongs to an Application Insights resource; say of the rest why not."""
    envelopes = _envelopes(call)
    with cloud.stores.reading() as store:
        known = {str(body["properties"]["InstrumentationKey"]).lower(): body for body in store.find(COMPONENTS)}
    errors: list[dict[str, Any]] = []
    kept = 0
    for index, envelope in enumerate(envelopes):
        component = known.get(str(envelope.get("iKey") or envelope.get("instrumentationKey")).lower())
        table, read = _READERS.get(str((envelope.get("data") or {}).get("baseType")), (None, None))
        if component is None:
            errors.append({"index": index, "statusCode": 400, "message": "Invalid instrumentation key"})
        elif table is None or read is None:
            text = f"The sandbox keeps no telemetry of the type {(envelope.get('data') or {}).get('baseType')}"
            errors.append({"index": index, "statusCode": 400, "message": text})
        else:
            rows = [_row(envelope, component, table, fields) for fields in read(envelope["data"].get("baseData") or {})]
            cloud.records.add(str(component["properties"]["InstrumentationKey"]), table, rows)
            kept += 1
    status = 200 if kept == len(envelopes) else 206 if kept else 400
    return Answer(status, {"itemsReceived": len(envelopes), "itemsAccepted": kept, "errors": errors})


def _envelopes(call: Call) -> list[dict[str, Any]]:
    try:
        content = gzip.decompress(call.content) if call.headers.get("content-encoding") == "gzip" else call.content
        text = content.decode("utf-8").strip()
        found = json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines() if line]
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise Refusal(400, "InvalidRequestContent", f"The telemetry cannot be read: {error}") from error
    if not all(isinstance(one, dict) for one in found):
        raise Refusal(400, "InvalidRequestContent", "The telemetry must be JSON objects.")
    return list(found)


def _row(envelope: Fields, component: ArmObject, table: str, fields: Fields) -> Fields:
    tags = envelope.get("tags") or {}
    row = {name: tags.get(tag, "") for name, tag in _TAGS.items()}
    row |= {TIME: _time(envelope.get("time")), "IKey": component["properties"]["InstrumentationKey"], "ItemCount": 1}
    row |= {**fields, "Type": table, "_ResourceId": component["id"].lower()}
    return {name: value for name, value in row.items() if name in APPLICATION[table]}


def _time(text: Any) -> str:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        moment = datetime.now(UTC)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _properties(data: Fields) -> Fields:
    numbers = data.get("measurements") or {}
    return {"Properties": {**(data.get("properties") or {}), **numbers}}


def _severity(value: Any) -> int | None:
    return value if isinstance(value, int) else _SEVERITIES.get(str(value).lower())


def _milliseconds(period: Any) -> float | None:
    found = _PERIOD.fullmatch(str(period or ""))
    if found is None:
        return None
    seconds = ((int(found[1] or 0) * 24 + int(found[2])) * 60 + int(found[3])) * 60 + float(found[4])
    return round(seconds * 1000, 4)


def _message(data: Fields) -> list[Fields]:
    return [
        {**_properties(data), "Message": data.get("message"), "SeverityLevel": _severity(data.get("severityLevel"))}
    ]


def _call(data: Fields) -> Fields:
    return {
        **_properties(data),
        "Id": data.get("id"),
        "Name": data.get("name"),
        "Success": data.get("success"),
        "ResultCode": str(data.get("responseCode") or data.get("resultCode") or ""),
        "DurationMs": _milliseconds(data.get("duration")),
    }


def _request(data: Fields) -> list[Fields]:
    return [{**_call(data), "Url": data.get("url")}]


def _dependency(data: Fields) -> list[Fields]:
    own = {"Target": data.get("target"), "Data": data.get("data"), "DependencyType": data.get("type")}
    return [{**_call(data), **own}]


def _exception(data: Fields) -> list[Fields]:
    details = data.get("exceptions") or [{}]
    return [
        {
            **_properties(data),
            "ExceptionType": details[0].get("typeName"),
            "OuterMessage": details[0].get("message"),
            "ProblemId": data.get("problemId"),
            "SeverityLevel": _severity(data.get("severityLevel")),
            "Details": details,
        }
    ]


def _event(data: Fields) -> list[Fields]:
    return [{**_properties(data), "Name": data.get("name")}]


def _metrics(data: Fields) -> list[Fields]:
    return [
        {
            **_properties(data),
            "Name": one.get("name"),
            "Sum": one.get("value"),
            "Min": one.get("min", one.get("value")),
            "Max": one.get("max", one.get("value")),
            "ItemCount": one.get("count") or 1,
        }
        for one in data.get("metrics") or []
    ]


#: What an envelope holds -> its table, and who reads it.
_READERS: dict[str, tuple[str, Callable[[Fields], list[Fields]]]] = {
    "MessageData": ("AppTraces", _message),
    "RequestData": ("AppRequests", _request),
    "RemoteDependencyData": ("AppDependencies", _dependency),
    "ExceptionData": ("AppExceptions", _exception),
    "EventData": ("AppEvents", _event),
    "MetricData": ("AppMetrics", _metrics),
}
