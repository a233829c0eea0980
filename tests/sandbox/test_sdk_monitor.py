"""Azure Monitor with the unmodified azure-monitor-query: what programs and endpoints told comes back in KQL."""

from __future__ import annotations

import gzip
import json
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.core.exceptions import HttpResponseError
from azure.identity import DefaultAzureCredential
from azure.monitor.query import LogsQueryClient

from sandbox.monitor.kql.values import Row
from tests.sandbox.azure import azure
from tests.sandbox.conftest import Served

CATEGORIES = ("AmlOnlineEndpointTrafficLog", "AmlOnlineEndpointConsoleLog", "AmlOnlineEndpointEventLog")


def found(cloud: Served, type_name: str) -> dict[str, Any]:
    """The only resource of a type in the sandbox."""
    with azure(cloud.home.root) as store:
        [body] = store.store.find(type_name)
    return body


def insights(cloud: Served) -> dict[str, Any]:
    return found(cloud, "Microsoft.Insights/components")


def logs(cloud: Served) -> dict[str, Any]:
    return found(cloud, "Microsoft.OperationalInsights/workspaces")


def query(resource: str, text: str, hours: int = 1) -> list[Row]:
    with LogsQueryClient(DefaultAzureCredential()) as client:
        answer: Any = client.query_resource(resource, text, timespan=timedelta(hours=hours))
    [table] = answer.tables
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def send(key: str, *data: dict[str, Any], minutes_ago: int = 0, packed: bool = False) -> requests.Response:
    """Telemetry as Azure's exporters write it."""
    when = (datetime.now(UTC) - timedelta(minutes=minutes_ago)).isoformat()
    tags = {"ai.cloud.role": "passengers", "ai.operation.id": "0af7"}
    lines = [json.dumps({"ver": 1, "time": when, "iKey": key, "tags": tags, "data": one}) for one in data]
    body = "\n".join(lines).encode()
    headers = {"Content-Type": "application/x-json-stream"}
    if packed:
        body, headers = gzip.compress(body), {**headers, "Content-Encoding": "gzip"}
    url = "https://westeurope-0.in.applicationinsights.azure.com/v2.1/track"
    return requests.post(url, data=body, headers=headers, timeout=30)


def trace(message: str, severity: Any = "Warning") -> dict[str, Any]:
    base = {"message": message, "severityLevel": severity, "properties": {"Request Id": "r-1"}}
    return {"baseType": "MessageData", "baseData": base}


def request(name: str, status: str, took: str) -> dict[str, Any]:
    base = {"id": "1", "name": name, "responseCode": status, "duration": took, "success": status == "200"}
    return {"baseType": "RequestData", "baseData": base}


def test_telemetry_is_answered_under_both_names(cloud: Served) -> None:
    component, mark = insights(cloud), uuid.uuid4().hex
    key = component["properties"]["InstrumentationKey"]
    sent = [trace(f"model loaded {mark}"), request(f"/score-{mark}", "200", "0.00:00:00.250")]
    answer = send(key, *sent, packed=True)
    assert answer.json() == {"itemsReceived": 2, "itemsAccepted": 2, "errors": []}
    [row] = query(component["id"], f"traces | where message has '{mark}'")
    assert (row["severityLevel"], row["cloud_RoleName"]) == (2, "passengers")
    assert json.loads(row["customDimensions"]) == {"Request Id": "r-1"}
    assert isinstance(row["timestamp"], datetime)
    [row] = query(component["id"], f"requests | where name endswith '{mark}' | project duration, success, resultCode")
    assert row == {"duration": 250.0, "success": True, "resultCode": "200"}
    # The Log Analytics workspace behind it has the same rows under its own names.
    [row] = query(logs(cloud)["id"], f"AppTraces | where Message has '{mark}' | project Message, _ResourceId")
    assert row == {"Message": f"model loaded {mark}", "_ResourceId": component["id"].lower()}


def test_a_workspace_is_also_asked_by_its_customer_id(cloud: Served) -> None:
    with LogsQueryClient(DefaultAzureCredential()) as client:
        answer: Any = client.query_workspace(
            logs(cloud)["properties"]["customerId"], "AppTraces | count", timespan=None
        )
        assert answer.tables[0].columns == ["Count"]
        with pytest.raises(HttpResponseError) as raised:
            client.query_workspace(str(uuid.uuid4()), "AppTraces", timespan=None)
    assert raised.value.status_code == 404


def test_only_the_asked_time_is_answered(cloud: Served) -> None:
    component, mark = insights(cloud), uuid.uuid4().hex
    send(component["properties"]["InstrumentationKey"], trace(mark), minutes_ago=90)
    text = f"traces | where message == '{mark}'"
    assert query(component["id"], text, hours=1) == []
    assert len(query(component["id"], text, hours=2)) == 1


def test_telemetry_of_nobody_and_of_unknown_kinds_is_refused(cloud: Served) -> None:
    key = insights(cloud)["properties"]["InstrumentationKey"]
    answer = send(str(uuid.uuid4()), trace("lost"))
    assert (answer.status_code, answer.json()["errors"][0]["message"]) == (400, "Invalid instrumentation key")
    answer = send(key, trace("kept"), {"baseType": "PageViewData", "baseData": {}})
    assert (answer.status_code, answer.json()["itemsAccepted"]) == (206, 1)
    assert "PageViewData" in answer.json()["errors"][0]["message"]


def test_secrets_are_not_kept(cloud: Served) -> None:
    component, mark = insights(cloud), uuid.uuid4().hex
    secret = cloud.home.credentials.client_secret
    send(component["properties"]["InstrumentationKey"], trace(f"{mark} {secret}"))
    [row] = query(component["id"], f"traces | where message has '{mark}'")
    assert row["message"] == f"{mark} *****"
    assert all(secret not in file.read_text() for file in (cloud.home.root / "telemetry").rglob("*.jsonl"))


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("nothing | take 1", "SemanticError", "named 'nothing'"),
        ("traces | where colour == 'red'", "SemanticError", "named 'colour'"),
        ("traces | where (", "SyntaxError", "could not be parsed"),
        ("traces | join requests on operation_Id", "NotSupportedInSandbox", "the operator join"),
    ],
)
def test_a_wrong_query_is_refused_as_azure_does(cloud: Served, text: str, kind: str, said: str) -> None:
    with pytest.raises(HttpResponseError) as raised:
        query(insights(cloud)["id"], text)
    assert raised.value.status_code == 400
    error: Any = raised.value.error
    assert error.code == "BadArgumentError"
    assert error.innererror["code"] == kind
    assert said in error.innererror["innererror"]["message"]


def test_without_a_token_nothing_is_answered(cloud: Served) -> None:
    url = f"https://api.loganalytics.io/v1{insights(cloud)['id']}/query"
    assert requests.post(url, json={"query": "traces"}, timeout=30).status_code == 401


def setting(cloud: Served, endpoint: str, categories: tuple[str, ...] = CATEGORIES) -> requests.Response:
    """Sends an endpoint's logs to the Log Analytics workspace."""
    token = DefaultAzureCredential().get_token("https://management.azure.com/.default").token
    path = f"{cloud.id}/onlineEndpoints/{endpoint}/providers/Microsoft.Insights/diagnosticSettings/to-log-analytics"
    chosen: list[Any] = [{"category": category, "enabled": True} for category in categories]
    return requests.put(
        f"https://management.azure.com{path}?api-version=2021-05-01-preview",
        json={"properties": {"workspaceId": logs(cloud)["id"], "logs": chosen}},
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
    )


def test_a_diagnostic_setting_needs_an_endpoint_and_its_categories(cloud: Served) -> None:
    from azure.ai.ml.entities import ManagedOnlineEndpoint

    assert setting(cloud, "nobody").status_code == 404
    ml = cloud.ml()
    ml.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name="told", auth_mode="key")).result()
    answer = setting(cloud, "told", ("SomethingElse",))
    assert (answer.status_code, "SomethingElse" in answer.text) == (400, True)
    assert setting(cloud, "told").status_code == 200


def test_requests_to_an_endpoint_are_logged_where_its_setting_says(cloud: Served, tmp_path: Path) -> None:
    from azure.ai.ml.entities import ManagedOnlineEndpoint

    ml = cloud.ml()
    ml.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name="logged", auth_mode="key")).result()
    key = ml.online_endpoints.get_keys("logged").primary_key
    uri = ml.online_endpoints.get("logged").scoring_uri

    def ask(token: str) -> int:
        headers = {"Authorization": f"Bearer {token}", "x-request-id": "r-7"}
        return requests.post(uri, data=b"{}", headers=headers, timeout=30).status_code

    assert ask(str(key)) == 404  # before the setting: logged nowhere
    assert setting(cloud, "logged").status_code == 200
    assert [ask(str(key)), ask("wrong")] == [404, 401]
    text = "AmlOnlineEndpointTrafficLog | where EndpointName == 'logged' | order by TimeGenerated asc "
    text += "| project ResponseCode, ResponseCodeReason, Method, Path, XRequestId"
    rows = query(logs(cloud)["id"], text)
    assert [tuple(row.values()) for row in rows] == [
        (404, "NoTraffic", "POST", "/score", "r-7"),
        (401, "key_auth_access_denied", "POST", "/score", "r-7"),
    ]
    # Asked by the endpoint itself, too; and nothing of it holds the key.
    assert query(f"{cloud.id}/onlineEndpoints/logged", "AmlOnlineEndpointTrafficLog | count") == [{"Count": 2}]
    assert str(key) not in "".join(file.read_text() for file in (cloud.home.root / "telemetry").rglob("*.jsonl"))
