"""Diagnostic settings of online endpoints, which Terraform does not make, as Azure Monitor takes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.azure import PREFIX, azure, create, group, workspace
from tests.sandbox.test_arm_repair import Portal

_WORKSPACE = f"{PREFIX}/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/workspace"
ENDPOINT = f"{_WORKSPACE}/onlineEndpoints/scores"
LOG_ANALYTICS = f"{PREFIX}/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/logs-01"
SETTINGS = f"{ENDPOINT}/providers/Microsoft.Insights/diagnosticSettings"
TRAFFIC = {"category": "AmlOnlineEndpointTrafficLog", "enabled": True}


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    with azure(tmp_path) as cloud:
        group(cloud)
        workspace(cloud)
    made = Portal(tmp_path)
    made.ask("PUT", ENDPOINT, {"location": "westeurope", "properties": {"authMode": "Key"}})
    yield made


def body(**properties: Any) -> dict[str, Any]:
    return {"properties": {"workspaceId": LOG_ANALYTICS, "logs": [TRAFFIC], **properties}}


def test_a_setting_is_made_listed_changed_and_deleted(portal: Portal) -> None:
    assert portal.ask("GET", SETTINGS) == {"value": []}
    made = portal.ask("PUT", f"{SETTINGS}/to-logs", body())
    assert made["properties"]["logs"] == [TRAFFIC]
    changed = portal.ask("PUT", f"{SETTINGS}/to-logs", body(metrics=[{"category": "AllMetrics", "enabled": True}]))
    assert portal.ask("GET", SETTINGS) == {"value": [changed]}
    assert portal.ask("GET", f"{SETTINGS}/to-logs") == changed
    assert portal.ask("DELETE", f"{SETTINGS}/to-logs") == 200
    assert portal.ask("DELETE", f"{SETTINGS}/to-logs") == 204


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"logs": [{"category": "AuditEvent", "enabled": True}]}, "Category 'AuditEvent' is not supported"),
        ({"metrics": [{"category": "Transaction", "enabled": True}]}, "Metric category 'Transaction'"),
        ({"logs": [{**TRAFFIC, "enabled": False}]}, "At least one data type"),
        ({"workspaceId": None}, "At least one data sink"),
        ({"workspaceId": f"{LOG_ANALYTICS}-none"}, "ResourceNotFound"),
    ],
)
def test_what_azure_monitor_refuses_is_refused(portal: Portal, properties: dict[str, Any], code: str) -> None:
    portal.refused(code, "PUT", f"{SETTINGS}/to-logs", body(**properties))


def test_a_second_setting_with_the_same_destination_is_refused(portal: Portal) -> None:
    portal.ask("PUT", f"{SETTINGS}/to-logs", body())
    portal.refused("already used in diagnostic setting 'to-logs'", "PUT", f"{SETTINGS}/another", body())


def test_what_is_not_there_has_no_settings(portal: Portal) -> None:
    nowhere = SETTINGS.replace("/scores/", "/none/")
    portal.refused("ResourceNotFound", "GET", nowhere)
    portal.refused("ResourceNotFound", "PUT", f"{nowhere}/to-logs", body())


def test_what_terraform_makes_is_left_to_it(portal: Portal, tmp_path: Path) -> None:
    target = ENDPOINT.split("/onlineEndpoints/", maxsplit=1)[0]
    portal.refused("NotImplemented", "PUT", f"{target}/providers/Microsoft.Insights/diagnosticSettings/x", body())
    with azure(tmp_path) as cloud:
        create(
            cloud,
            "azurerm_monitor_diagnostic_setting",
            name="of-the-stack",
            target_resource_id=target,
            log_analytics_workspace_id=LOG_ANALYTICS,
            enabled_log=[{"category_group": "allLogs", "category": None}],
        )
    # The same destination on the workspace and on its endpoint are two things.
    portal.ask("PUT", f"{SETTINGS}/to-logs", body())
    listed = portal.ask("GET", f"{target}/providers/Microsoft.Insights/diagnosticSettings")
    assert [one["name"] for one in listed["value"]] == ["of-the-stack"]
