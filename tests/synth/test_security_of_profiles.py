"""Identities, roles and alerts reach what network profiles, the data lake and existing resources add."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ezazml.errors import ConfigurationError
from tests.synth.stacks import Stack, resources, variation
from tests.synth.test_profiles import ACCOUNT, INSIGHTS, REGISTRY, SUBSCRIPTION, VAULT, existing

ROLE = "azurerm_role_assignment"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/ops/providers/Microsoft.Insights/actionGroups/on-call"
ELSEWHERE = VAULT.replace(SUBSCRIPTION, "99999999-2222-4333-8444-555555555555")
MAILS = {"enabled": True, "emails": ["ops@example.com"]}
OWN_IDENTITY = {"identity": "user_assigned", "identity_role_wait_seconds": 30}


def roles_on(stack: Stack, text: str) -> set[tuple[str, str]]:
    found = resources(stack, ROLE)
    return {(name, one["role_definition_name"]) for name, one in found.items() if text in one["scope"]}


def test_whoever_works_with_the_data_works_with_the_data_lake(tmp_path: Path) -> None:
    person = {"role": "Storage Blob Data Reader", "email": "ada@contoso.com", "scope": "data_lake"}
    identities = {"application": {"role": "inference"}}
    stack = variation(
        tmp_path, {"data_lake": {"enabled": True}, "role_assignments": [person], "identities": identities}
    )
    assert roles_on(stack, "azurerm_storage_account.data_lake.id") == {
        ("role_application_lake", "Storage Blob Data Reader"),
        ("role_deployer_lake", "Storage Blob Data Contributor"),
        ("role_given_storage_blob_data_reader_data_lake_user_ada_contoso_com", "Storage Blob Data Reader"),
    }


def test_a_role_on_a_data_lake_that_is_not_made_is_a_problem(tmp_path: Path) -> None:
    person = {"role": "Storage Blob Data Reader", "email": "ada@contoso.com", "scope": "data_lake"}
    with pytest.raises(ConfigurationError, match="'data_lake' does not exist in this environment"):
        variation(tmp_path, {"role_assignments": [person]})


def test_the_workspaces_own_identity_reads_the_customer_managed_key_with_the_other(tmp_path: Path) -> None:
    settings: dict[str, Any] = {
        "workspace": OWN_IDENTITY,
        "encryption": {"customer_managed_key": True, "user_assigned_identity": "create"},
        "key_vault": {"purge_protection_enabled": True, "authorization": "rbac"},
        "container_registry": {"sku": "Premium"},
        "on_destroy": "keep",
    }
    (workspace,) = resources(variation(tmp_path, settings), "azurerm_machine_learning_workspace").values()
    own, key = (f"${{azurerm_user_assigned_identity.{name}.id}}" for name in ("workspace_identity", "encryption"))
    assert workspace["identity"] == {"type": "UserAssigned", "identity_ids": [own, key]}
    assert workspace["primary_user_assigned_identity"] == own
    assert workspace["encryption"]["user_assigned_identity_id"] == key
    assert workspace["depends_on"] == ["terraform_data.workspace_role_wait"]


def test_a_workspaces_own_identity_may_approve_endpoints_before_the_managed_network_is_made(tmp_path: Path) -> None:
    stack = variation(tmp_path, {"workspace": OWN_IDENTITY, "network": {"profile": "managed"}})
    approver = resources(stack, ROLE)["role_workspace_connections"]
    assert approver["principal_id"] == "${azurerm_user_assigned_identity.workspace_identity.principal_id}"
    waits = resources(stack, "terraform_data")["workspace_role_wait"]["depends_on"]
    assert f"{ROLE}.role_workspace_connections" in waits


def test_a_workspaces_own_identity_gets_its_roles_on_what_exists(tmp_path: Path) -> None:
    stack = variation(tmp_path, {**existing(), "workspace": OWN_IDENTITY})
    for resource_id, role in (
        (ACCOUNT, "role_workspace_files"),
        (VAULT, "role_workspace_vault"),
        (REGISTRY, "role_workspace_registry"),
        (INSIGHTS, "role_workspace_insights"),
    ):
        assert role in dict(roles_on(stack, resource_id))


def test_nobody_gets_a_role_on_what_exists_where_others_give_them(tmp_path: Path) -> None:
    settings = {**existing(assign_roles=False), "workspace": OWN_IDENTITY}
    stack = variation(tmp_path, {**settings, "identities": {"application": {"role": "reader"}}})
    for resource_id in (ACCOUNT, VAULT, REGISTRY, INSIGHTS, "data.azurerm_application_insights"):
        assert not roles_on(stack, resource_id)
    assert "azurerm_key_vault_access_policy" not in stack["resource"]


def test_alerts_tell_an_action_group_that_exists(tmp_path: Path) -> None:
    alerts = {"enabled": True, "action_group_id": GROUP}
    stack = variation(tmp_path, {"alerts": alerts, "subscription_id": SUBSCRIPTION})
    assert "azurerm_monitor_action_group" not in stack["resource"]
    for rule in resources(stack, "azurerm_monitor_metric_alert").values():
        assert [action["action_group_id"] for action in rule["action"]] == [GROUP]


@pytest.mark.parametrize(
    ("alerts", "message"),
    [
        ({**MAILS, "action_group_id": GROUP}, "contradicts alerts.emails"),
        ({"enabled": True, "action_group_id": GROUP.lower()}, "not the id of an action group"),
        ({"enabled": True}, "nobody would get the mails"),
    ],
)
def test_an_action_group_that_cannot_be_told_is_a_problem(tmp_path: Path, alerts: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        variation(tmp_path, {"alerts": alerts})


def test_alerts_watch_a_vault_that_exists_in_a_group_of_others(tmp_path: Path) -> None:
    stack = variation(tmp_path, {**existing(), "alerts": MAILS})
    (denied,) = [one for one in resources(stack, "azurerm_monitor_metric_alert").values() if "vault" in one["name"]]
    changed = resources(stack, "azurerm_monitor_activity_log_alert")["alert_vault_changed"]
    assert denied["scopes"] == [VAULT]
    assert changed["scopes"] == [changed["criteria"]["resource_id"]] == [VAULT]


def test_a_vault_of_another_subscription_is_left_to_its_owners_alerts(tmp_path: Path) -> None:
    settings = {**existing(key_vault_id=ELSEWHERE), "alerts": MAILS}
    stack = variation(tmp_path, settings)
    for kind in ("metric_alert", "activity_log_alert"):
        assert not [name for name in resources(stack, f"azurerm_monitor_{kind}") if "vault" in name]
