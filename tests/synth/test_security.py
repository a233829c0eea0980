"""Least privilege and signals, as they stand in the synthesised stacks."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.diagnostics import SIGNALS, WITHOUT
from ezazml.config.roles import BUNDLES, RoleBundle
from jobs.endpoint_signals import TRAFFIC_LOG
from tests.synth.stacks import PROFILES, SHIPPED, Stack, addresses, profile, resources, shipped, variation

ROLE = "azurerm_role_assignment"
APPLICATION = "${azuread_service_principal.application.object_id}"
IDENTITY = "${azurerm_user_assigned_identity.workspace_identity.principal_id}"
ID = "11111111-2222-4333-8444-555555555555"


def granted(stack: Stack, principal: str) -> set[tuple[str, str]]:
    """(role, type of the scope) of one principal."""
    return {
        (one["role_definition_name"], one["scope"].removeprefix("${").split(".")[0])
        for one in resources(stack, ROLE).values()
        if one["principal_id"] == principal
    }


@pytest.mark.parametrize(
    ("bundle", "expected", "vault"),
    [
        (
            "trainer",
            {
                ("AzureML Data Scientist", "azurerm_machine_learning_workspace"),
                ("AzureML Compute Operator", "azurerm_machine_learning_workspace"),
                ("Storage Blob Data Contributor", "azurerm_storage_account"),
            },
            ["Get", "List"],
        ),
        (
            "inference",
            {
                ("AzureML Data Scientist", "azurerm_machine_learning_workspace"),
                ("Storage Blob Data Reader", "azurerm_storage_account"),
            },
            None,
        ),
        (
            "reader",
            {
                ("Reader", "azurerm_machine_learning_workspace"),
                ("Storage Blob Data Reader", "azurerm_storage_account"),
                ("Log Analytics Reader", "azurerm_log_analytics_workspace"),
            },
            None,
        ),
    ],
)
def test_a_bundle_gives_its_roles_and_no_more(
    tmp_path: Path, bundle: str, expected: set[tuple[str, str]], vault: list[str] | None
) -> None:
    stack = variation(tmp_path, {"identities": {"application": {"role": bundle}}})
    assert granted(stack, APPLICATION) == expected
    policy = resources(stack, "azurerm_key_vault_access_policy").get("vault_application")
    assert (policy["secret_permissions"] if policy else None) == vault


def test_a_user_gets_no_access_to_the_vault(tmp_path: Path) -> None:
    stack = variation(tmp_path, {"user": {"enabled": True, "role": "contributor"}})
    assert "vault_user" not in resources(stack, "azurerm_key_vault_access_policy")


@pytest.mark.parametrize("bundle", list(RoleBundle))
def test_no_bundle_lets_its_holder_give_roles(bundle: RoleBundle) -> None:
    refused = {"Owner", "User Access Administrator", "Role Based Access Control Administrator"}
    assert not {grant.role for grant in BUNDLES[bundle].grants} & refused


@pytest.mark.parametrize("authorization", ["access_policies", "rbac"])
def test_the_workspaces_own_identity_has_the_documented_roles(tmp_path: Path, authorization: str) -> None:
    settings = {"workspace": {"identity": "user_assigned"}, "key_vault": {"authorization": authorization}}
    stack = variation(tmp_path, settings)
    expected = {
        ("Contributor", "azurerm_storage_account"),
        ("Storage Blob Data Contributor", "azurerm_storage_account"),
        ("Storage File Data Privileged Contributor", "azurerm_storage_account"),
        ("Contributor", "azurerm_key_vault"),
        ("Contributor", "azurerm_container_registry"),
        ("Contributor", "azurerm_application_insights"),
        ("Contributor", "azurerm_machine_learning_workspace"),
    }
    if authorization == "rbac":
        expected.add(("Key Vault Administrator", "azurerm_key_vault"))
    else:
        policy = resources(stack, "azurerm_key_vault_access_policy")["vault_workspace"]
        assert policy["object_id"] == IDENTITY
        permissions = json.dumps({name: value for name, value in policy.items() if name.endswith("_permissions")})
        assert "Get" in permissions
        assert "Purge" not in permissions
    assert granted(stack, IDENTITY) == expected
    assert ("Contributor", "azurerm_resource_group") not in expected


def test_the_workspace_waits_for_its_identitys_roles(tmp_path: Path) -> None:
    stack = variation(tmp_path, {"workspace": {"identity": "user_assigned", "identity_role_wait_seconds": 77}})
    (workspace,) = resources(stack, "azurerm_machine_learning_workspace").values()
    assert workspace["identity"]["type"] == "UserAssigned"
    assert workspace["primary_user_assigned_identity"] == "${azurerm_user_assigned_identity.workspace_identity.id}"
    assert workspace["depends_on"] == ["terraform_data.workspace_role_wait"]
    wait = resources(stack, "terraform_data")["workspace_role_wait"]
    assert wait["provisioner"] == [{"local-exec": {"command": "sleep 77"}}]
    before = {f"{ROLE}.{name}" for name, one in resources(stack, ROLE).items() if one["principal_id"] == IDENTITY}
    assert before - {f"{ROLE}.role_workspace_itself"} <= set(wait["depends_on"])
    assert "azurerm_key_vault_access_policy.vault_workspace" in wait["depends_on"]


def test_roles_that_are_settings_name_principal_kind_and_scope(tmp_path: Path) -> None:
    entries = [
        {"role": "AzureML Data Scientist", "group": "data science", "scope": "workspace"},
        {"role": "Reader", "group": "data science", "scope": "resource_group"},
        {"role": "Storage Blob Data Reader", "email": "ada@contoso.com", "scope": "storage"},
        {"role_id": ID, "object_id": ID, "principal_type": "ServicePrincipal", "scope": "key_vault"},
    ]
    stack = variation(tmp_path, {"role_assignments": entries, "subscription_id": ID})
    made = {name: one for name, one in resources(stack, ROLE).items() if name.startswith("role_given_")}
    assert {(one["principal_type"], one["principal_id"], one["scope"].split(".")[0]) for one in made.values()} == {
        ("Group", "${data.azuread_group.group_data_science.object_id}", "${azurerm_machine_learning_workspace"),
        ("Group", "${data.azuread_group.group_data_science.object_id}", "${azurerm_resource_group"),
        ("User", "${data.azuread_user.user_ada_contoso_com.object_id}", "${azurerm_storage_account"),
        ("ServicePrincipal", ID, "${azurerm_key_vault"),
    }
    (by_id,) = [one for one in made.values() if "role_definition_id" in one]
    assert by_id["role_definition_id"] == (
        f"/subscriptions/{ID}/providers/Microsoft.Authorization/roleDefinitions/{ID}"
    )
    assert stack["data"]["azuread_user"]["user_ada_contoso_com"]["mail"] == "ada@contoso.com"
    # An entry less leaves the others where they are.
    fewer = variation(tmp_path, {"role_assignments": entries[1:], "subscription_id": ID})
    assert set(addresses(stack)) - set(addresses(fewer)) == {
        f"{ROLE}.role_given_azureml_data_scientist_workspace_group_data_science"
    }


@pytest.mark.parametrize("name", SHIPPED)
def test_the_projects_principal_has_no_access_to_the_state_account(name: str, tmp_path: Path) -> None:
    text = json.dumps(shipped(name)["resource"])
    assert "changemetfstate" not in text
    assert "tfstate" not in text
    for one in resources(shipped(name), ROLE).values():
        assert "azurerm_storage_account.storage" in one["scope"] or "storageAccounts" not in one["scope"]


@pytest.mark.parametrize("name", ["sandbox", "preprod", "prd"])
def test_every_resource_that_tells_something_is_heard(name: str) -> None:
    stack = shipped(name)
    targets = {one["target_resource_id"] for one in resources(stack, "azurerm_monitor_diagnostic_setting").values()}
    expected = {
        f"${{{kind}.{resource}.id}}{signals.below}"
        for kind, several in SIGNALS.items()
        for resource in resources(stack, kind)
        for signals in several
    }
    assert targets == expected
    for one in resources(stack, "azurerm_monitor_diagnostic_setting").values():
        assert one["log_analytics_workspace_id"] == "${azurerm_log_analytics_workspace.logs.id}"
        assert "metric" not in one


def test_every_type_in_use_has_diagnostics_or_a_reason_for_none() -> None:
    # Alerts, and what lies inside another resource and so has no tags, send no signals of their own.
    parts = ("azurerm_monitor_", "azurerm_key_vault_")
    stacks = [*map(shipped, SHIPPED), *map(profile, PROFILES)]
    tagged = {
        kind for stack in stacks for kind, made in stack["resource"].items() if "tags" in next(iter(made.values()))
    }
    own = {kind for kind in tagged if not kind.startswith(parts)}
    assert own <= set(SIGNALS) | set(WITHOUT)
    assert not set(SIGNALS) & set(WITHOUT)


def test_diagnostics_of_what_is_locked_are_destroyed_after_the_lock() -> None:
    locks = resources(shipped("prd"), "azurerm_management_lock")
    for lock, setting in (
        ("lock_storage", "diagnostics_storage_account_storage_blob"),
        ("lock_key_vault", "diagnostics_key_vault"),
        ("lock_registry", "diagnostics_container_registry_registry"),
    ):
        assert f"azurerm_monitor_diagnostic_setting.{setting}" in locks[lock]["depends_on"]


def test_signals_that_cost_are_off_in_dev() -> None:
    kinds = set(shipped("dev")["resource"])
    assert not {kind for kind in kinds if kind.startswith(("azurerm_monitor_", "azurerm_consumption_"))}


def test_every_alert_tells_the_action_group() -> None:
    stack = shipped("sandbox")
    group = "${azurerm_monitor_action_group.alerts.id}"
    kinds = ("metric_alert", "scheduled_query_rules_alert_v2", "activity_log_alert")
    rules = [one for kind in kinds for one in resources(stack, f"azurerm_monitor_{kind}").values()]
    assert len(rules) == 7
    assert all(group in json.dumps(rule["action"]) for rule in rules)
    (made,) = resources(stack, "azurerm_monitor_action_group").values()
    assert [one["email_address"] for one in made["email_receiver"]] == ["ml-team@example.com"]
    assert len(made["short_name"]) <= 12


def test_alerts_without_a_region_go_and_come_back_with_their_group() -> None:
    stack = shipped("sandbox")
    for kind in ("action_group", "metric_alert", "activity_log_alert"):
        for one in resources(stack, f"azurerm_monitor_{kind}").values():
            assert one["lifecycle"]["replace_triggered_by"] == ["azurerm_resource_group.resource_group.id"]


def test_alerts_watch_for_what_the_settings_say(tmp_path: Path) -> None:
    alerts: dict[str, Any] = {"enabled": True, "emails": ["a@b.de"], "failed_jobs": 3, "endpoint_latency_ms": 250}
    stack = variation(tmp_path, {"alerts": alerts})
    jobs = resources(stack, "azurerm_monitor_metric_alert")["alert_failed_jobs"]["criteria"][0]
    assert (jobs["metric_name"], jobs["threshold"]) == ("Failed Runs", 3)
    latency = resources(stack, "azurerm_monitor_scheduled_query_rules_alert_v2")["alert_endpoint_latency"]
    assert latency["criteria"][0]["threshold"] == 250


def test_endpoint_alerts_read_what_endpoints_send_and_judge_each_by_itself() -> None:
    rules = resources(shipped("sandbox"), "azurerm_monitor_scheduled_query_rules_alert_v2")
    assert set(rules) == {"alert_endpoint_errors", "alert_endpoint_latency"}
    for rule in rules.values():
        (criterion,) = rule["criteria"]
        assert criterion["query"].split(" | ")[0] == TRAFFIC_LOG
        assert criterion["dimension"] == [{"name": "EndpointName", "operator": "Include", "values": ["*"]}]
        assert "EndpointName" in criterion["query"].split(" | ")[-1]
        assert rule["scopes"] == ["${azurerm_log_analytics_workspace.logs.id}"]


def test_a_budgets_start_is_a_month_and_stays(tmp_path: Path) -> None:
    (budget,) = resources(shipped("sandbox"), "azurerm_consumption_budget_resource_group").values()
    start = budget["time_period"]["start_date"]
    assert start == "${formatdate(\"YYYY-MM-01'T'00:00:00'Z'\", plantimestamp())}"
    assert budget["lifecycle"]["ignore_changes"] == ["time_period"]
    assert {(one["threshold"], one["threshold_type"]) for one in budget["notification"]} == {
        (50, "Actual"),
        (80, "Actual"),
        (100, "Actual"),
        (100, "Forecasted"),
    }
    settings = {"budget": {"monthly_amount": 10, "forecast_percent": None, "thresholds_percent": [90]}}
    (own,) = resources(variation(tmp_path, settings), "azurerm_consumption_budget_resource_group").values()
    assert [one["threshold"] for one in own["notification"]] == [90]


def test_the_commit_tags_the_resource_group_alone(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    commit = ["-c", "user.name=a", "-c", "user.email=a@b.de", "commit", "-q", "--allow-empty", "-m", "first"]
    subprocess.run(["git", *commit], cwd=tmp_path, check=True)
    stack = variation(tmp_path, {"tag_git_commit": True})
    (group,) = resources(stack, "azurerm_resource_group").values()
    assert len(group["tags"]["git_commit"].removesuffix("-dirty")) == 12
    assert group["tags"]["environment"] == "dev"
    assert json.dumps(stack).count("git_commit") == 1


def test_write_only_secrets_have_a_version_that_changes_with_them(tmp_path: Path) -> None:
    stack = variation(tmp_path, {"key_vault": {"write_only_secrets": True}})
    secret = resources(stack, "azurerm_key_vault_secret")["secret_client_secret"]
    assert "value" not in secret
    assert secret["value_wo"] == "${azuread_application_password.application.value}"
    assert "azuread_application_password.application.key_id" in secret["value_wo_version"]


def test_the_vaults_copy_ends_with_the_secret_and_a_new_one_comes_before_the_old_one_goes() -> None:
    stack = shipped("dev")
    secret = resources(stack, "azurerm_key_vault_secret")["secret_client_secret"]
    assert "azuread_application_password.application.end_date" in secret["expiration_date"]
    password = resources(stack, "azuread_application_password")["application"]
    assert password["lifecycle"]["create_before_destroy"] is True
    assert "rotate_when_changed" not in password


def test_another_rotation_makes_a_new_secret(tmp_path: Path) -> None:
    stack = variation(tmp_path, {"identities": {"application": {"secret_rotation": "2026-11"}}})
    password = resources(stack, "azuread_application_password")["application"]
    assert password["rotate_when_changed"] == {"rotation": "2026-11"}
