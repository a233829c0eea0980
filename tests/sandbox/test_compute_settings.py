"""Idle times and schedules of compute instances, as the sandbox's Azure Resource Manager takes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.azure import PREFIX, azure, create, group, storage, workspace
from tests.sandbox.test_arm_repair import Portal

STOP = {"status": "Enabled", "action": "Stop", "triggerType": "Cron", "cron": {"expression": "0 19 * * *"}}


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    with azure(tmp_path) as cloud:
        group(cloud)
        made = workspace(cloud, storage_account_id=storage(cloud)["id"])
        common: dict[str, Any] = {"location": "westeurope", "machine_learning_workspace_id": made["id"]}
        create(
            cloud,
            "azurerm_machine_learning_compute_instance",
            name="instance",
            virtual_machine_size="Standard_DS3_v2",
            machine_learning_workspace_id=made["id"],
        )
        scale = [{"min_node_count": 0, "max_node_count": 1, "scale_down_nodes_after_idle_duration": "PT2M"}]
        create(
            cloud,
            "azurerm_machine_learning_compute_cluster",
            name="cluster",
            vm_size="Standard_DS3_v2",
            vm_priority="Dedicated",
            scale_settings=scale,
            **common,
        )
    yield Portal(tmp_path)


def path(name: str, action: str = "") -> str:
    base = f"{PREFIX}/resourceGroups/rg"
    return f"{base}/providers/Microsoft.MachineLearningServices/workspaces/workspace/computes/{name}{action}"


def settings(portal: Portal) -> dict[str, Any]:
    inner: dict[str, Any] = portal.ask("GET", path("instance"))["properties"]["properties"]
    return inner


def test_idle_time_and_schedules_are_kept(portal: Portal) -> None:
    portal.ask("POST", path("instance", "/updateIdleShutdownSetting"), {"idleTimeBeforeShutdown": "PT45M"})
    portal.ask("POST", path("instance", "/updateSchedules"), {"computeStartStop": [STOP]})
    assert settings(portal)["idleTimeBeforeShutdown"] == "PT45M"
    [schedule] = settings(portal)["schedules"]["computeStartStop"]
    assert (schedule["action"], schedule["provisioningStatus"]) == ("Stop", "Completed")
    portal.ask("POST", path("instance", "/updateSchedules"), {"computeStartStop": []})
    assert settings(portal)["schedules"]["computeStartStop"] == []


@pytest.mark.parametrize("period", ["PT10M", "P4D", "45 minutes", None])
def test_an_idle_time_is_15_minutes_to_3_days(portal: Portal, period: str | None) -> None:
    portal.refused(
        "BadRequest", "POST", path("instance", "/updateIdleShutdownSetting"), {"idleTimeBeforeShutdown": period}
    )


@pytest.mark.parametrize("schedules", [[STOP] * 5, [{**STOP, "action": "Sleep"}], [{**STOP, "cron": None}]])
def test_schedules_that_azure_does_not_take(portal: Portal, schedules: list[Any]) -> None:
    portal.refused("BadRequest", "POST", path("instance", "/updateSchedules"), {"computeStartStop": schedules})


def test_only_instances_have_them(portal: Portal) -> None:
    portal.refused("BadRequest", "POST", path("cluster", "/updateSchedules"), {"computeStartStop": [STOP]})
    portal.refused("ResourceNotFound", "POST", path("none", "/updateSchedules"), {"computeStartStop": [STOP]})


def test_writing_an_instance_anew_does_not_change_them(portal: Portal) -> None:
    portal.ask("POST", path("instance", "/updateIdleShutdownSetting"), {"idleTimeBeforeShutdown": "PT45M"})
    body = portal.ask("GET", path("instance"))
    del body["properties"]["properties"]["idleTimeBeforeShutdown"]
    portal.ask("PUT", path("instance"), body)
    assert settings(portal)["idleTimeBeforeShutdown"] == "PT45M"
    body["properties"]["properties"]["idleTimeBeforeShutdown"] = "PT15M"
    portal.refused("BadRequest", "PUT", path("instance"), body)
