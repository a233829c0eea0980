"""Mistakes that platforms like this one make, each designed out."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.ml_compute import iso_duration
from sandbox.terraform_provider.rules import RESOURCES
from tests.synth.stacks import ROOT, SHIPPED, Stack, addresses, resources, shipped, variation

ROLE = "azurerm_role_assignment"


def roles(stack: Stack) -> list[tuple[str, str, str]]:
    """(role, scope, principal) of every role assignment."""
    return [(one["role_definition_name"], one["scope"], one["principal_id"]) for one in resources(stack, ROLE).values()]


@pytest.mark.parametrize("name", SHIPPED)
def test_the_projects_principal_gets_no_role_outside_its_resource_group(name: str) -> None:
    for _, scope, _ in roles(shipped(name)):
        assert re.fullmatch(r"\$\{azurerm_\w+\.[\w-]+\.id\}", scope), "a scope that this stack does not own"


def test_vault_access_is_for_the_service_principal_not_for_the_application() -> None:
    policy = resources(shipped("dev"), "azurerm_key_vault_access_policy")["vault_application"]
    assert policy["object_id"] == "${azuread_service_principal.application.object_id}"
    assert policy["secret_permissions"] == ["Get", "List", "Set"]
    assert any(
        principal == "${azuread_service_principal.application.object_id}" for _, _, principal in roles(shipped("prd"))
    )


@pytest.mark.parametrize("name", SHIPPED)
def test_the_client_secret_is_delivered_into_the_vault(name: str) -> None:
    secrets = resources(shipped(name), "azurerm_key_vault_secret")
    assert secrets["secret_client_id"]["value"] == "${azuread_application.application.client_id}"
    assert secrets["secret_client_secret"]["value"] == "${azuread_application_password.application.value}"


def test_the_user_is_named_after_the_environment_and_must_change_the_password() -> None:
    stack = shipped("sandbox")
    user = resources(stack, "azuread_user")["user"]
    assert user["user_principal_name"].startswith("ezazml-user-sandbox@")
    assert user["force_password_change"] is True
    assert user["password"] == "${var.user_password}"
    assert stack["variable"]["user_password"]["sensitive"] is True
    assert "default" not in stack["variable"]["user_password"]
    assert set(user["lifecycle"]["ignore_changes"]) == {"password", "force_password_change"}
    granted = {role for role, _, principal in roles(stack) if principal == "${azuread_user.user.object_id}"}
    assert granted == {"AzureML Data Scientist", "AzureML Compute Operator", "Storage Blob Data Contributor"}


@pytest.mark.parametrize(("name", "purge"), [("dev", True), ("uat", True), ("preprod", False), ("prd", False)])
def test_a_destroy_frees_or_keeps_the_names_as_configured(name: str, purge: bool) -> None:
    features = shipped(name)["provider"]["azurerm"][0]["features"][0]
    assert features["key_vault"][0]["purge_soft_delete_on_destroy"] is purge
    assert features["key_vault"][0]["recover_soft_deleted_key_vaults"] is True
    assert features["machine_learning"][0]["purge_soft_deleted_workspace_on_destroy"] is purge
    assert features["log_analytics_workspace"][0]["permanently_delete_on_destroy"] is purge


def test_copies_of_a_compute_have_names_and_sizes_of_their_own(tmp_path: Path) -> None:
    clusters = [{"name": "cpu", "count": 2, "size": "Standard_D2_v2"}, {"name": "gpu", "size": "Standard_NC4as_T4_v3"}]
    made = resources(
        variation(tmp_path, {"compute": {"clusters": clusters}}), "azurerm_machine_learning_compute_cluster"
    )
    assert {name: (one["name"], one["vm_size"]) for name, one in made.items()} == {
        "cpu-w01": ("ezazml-dev-cpu-w01", "Standard_D2_v2"),
        "cpu-w02": ("ezazml-dev-cpu-w02", "Standard_D2_v2"),
        "gpu-w01": ("ezazml-dev-gpu-w01", "Standard_NC4as_T4_v3"),
    }


def test_environments_have_values_and_states_of_their_own() -> None:
    stacks = {name: shipped(name) for name in SHIPPED}
    keys = {json.dumps(stack["terraform"]["backend"]) for stack in stacks.values()}
    assert len(keys) == len(SHIPPED)
    assert stacks["prd"]["terraform"]["backend"]["azurerm"]["key"] == "prd.tfstate"
    assert stacks["prd"]["terraform"]["backend"]["azurerm"]["use_azuread_auth"] is True
    replications = {
        name: resources(stack, "azurerm_storage_account")["storage"]["account_replication_type"]
        for name, stack in stacks.items()
    }
    assert replications == {"dev": "LRS", "uat": "ZRS", "preprod": "ZRS", "prd": "GZRS", "sandbox": "LRS"}


@pytest.mark.parametrize("name", SHIPPED)
def test_storage_and_registry_take_identities_not_keys(name: str) -> None:
    stack = shipped(name)
    storage = resources(stack, "azurerm_storage_account")["storage"]
    assert storage["shared_access_key_enabled"] is False
    assert storage["default_to_oauth_authentication"] is True
    assert storage["min_tls_version"] == "TLS1_2"
    assert storage["allow_nested_items_to_be_public"] is False
    assert storage["blob_properties"]["versioning_enabled"] is True
    assert storage["blob_properties"]["delete_retention_policy"]["days"] >= 7
    assert resources(stack, "azurerm_container_registry")["registry"]["admin_enabled"] is False
    assert stack["provider"]["azurerm"][0]["storage_use_azuread"] is True


@pytest.mark.parametrize("name", SHIPPED)
def test_the_storage_account_needs_no_data_role_to_be_created(name: str) -> None:
    stack = shipped(name)
    assert stack["provider"]["azurerm"][0]["features"][0]["storage"] == [{"data_plane_available": False}]
    assert not {"queue_properties", "static_website"} & set(resources(stack, "azurerm_storage_account")["storage"])
    for container in resources(stack, "azurerm_storage_container").values():
        assert "storage_account_name" not in container


@pytest.mark.parametrize("name", SHIPPED)
def test_a_new_subscription_gets_every_resource_provider_in_use(name: str) -> None:
    stack = shipped(name)
    azurerm = stack["provider"]["azurerm"][0]
    assert azurerm["resource_provider_registrations"] == "core"
    assert set(azurerm["resource_providers_to_register"]) == {
        "Microsoft.MachineLearningServices",
        "Microsoft.ContainerRegistry",
        "Microsoft.KeyVault",
        "microsoft.insights",  # sic: azurerm compares with upper and lower case
        "Microsoft.OperationalInsights",
        "Microsoft.AlertsManagement",
        "Microsoft.PolicyInsights",
        "Microsoft.Cdn",
    }
    # Every service that the stack's resources belong to is among them or in azurerm's "core".
    core = {f"microsoft.{one}" for one in ("authorization", "compute", "managedidentity", "resources", "storage")}
    # Registered in every subscription by default (Microsoft Learn, "Azure resource providers and types").
    by_default = {"microsoft.consumption"}
    named = {one.lower() for one in azurerm["resource_providers_to_register"]} | core | by_default
    used = {
        arm_type.split("/")[0].lower()
        for kind in stack["resource"]
        if (arm_type := getattr(RESOURCES.get(kind), "arm_type", "")) and kind.startswith("azurerm_")
    }
    assert used <= named


@pytest.mark.parametrize("name", SHIPPED)
def test_a_deployment_does_not_wait_for_a_rule_that_azure_may_not_make(name: str) -> None:
    features = shipped(name)["provider"]["azurerm"][0]["features"][0]
    assert "application_insights" not in features
    # The rule must not keep the group from being deleted.
    assert features["resource_group"] == [{"prevent_deletion_if_contains_resources": name == "prd"}]


@pytest.mark.parametrize("name", SHIPPED)
def test_application_insights_has_a_workspace(name: str) -> None:
    insights = resources(shipped(name), "azurerm_application_insights")["insights"]
    assert insights["workspace_id"] == "${azurerm_log_analytics_workspace.logs.id}"


@pytest.mark.parametrize("name", SHIPPED)
def test_every_cluster_identity_can_read_data_and_pull_images(name: str) -> None:
    stack = shipped(name)
    for cluster in resources(stack, "azurerm_machine_learning_compute_cluster"):
        principal = f"${{azurerm_machine_learning_compute_cluster.{cluster}.identity[0].principal_id}}"
        granted = {role for role, _, holder in roles(stack) if holder == principal}
        assert granted == {"Storage Blob Data Contributor", "AcrPull"}


@pytest.mark.parametrize("name", SHIPPED)
def test_the_projects_principal_can_use_data_with_its_identity(name: str) -> None:
    granted = {
        role
        for role, _, principal in roles(shipped(name))
        if principal == "${azuread_service_principal.application.object_id}"
    }
    assert granted >= {"Contributor", "Storage Blob Data Contributor"}


@pytest.mark.parametrize("name", SHIPPED)
def test_new_principals_have_their_kind_on_every_role(name: str) -> None:
    for one in resources(shipped(name), ROLE).values():
        if "data.azurerm_client_config" not in one["principal_id"]:
            assert one["principal_type"] in ("ServicePrincipal", "User")


@pytest.mark.parametrize("name", SHIPPED)
def test_a_workspace_identity_is_not_given_the_role_that_azure_gives_it(name: str) -> None:
    given = {role for role, _, principal in roles(shipped(name)) if ".workspace.identity" in principal}
    assert given == {"Storage File Data Privileged Contributor"}


@pytest.mark.parametrize("name", SHIPPED)
def test_provider_versions_are_exact_and_every_provider_is_used(name: str) -> None:
    stack = shipped(name)
    versions = {provider: one["version"] for provider, one in stack["terraform"]["required_providers"].items()}
    assert versions == {"azurerm": "4.55.0", "azuread": "3.7.0"}
    used = {address.removeprefix("data.").split("_")[0] for address in addresses(stack)}
    assert used - {"terraform"} == set(versions)


def test_the_tenants_domains_are_asked_for_only_when_needed(tmp_path: Path) -> None:
    assert "data.azuread_domains.tenant" not in addresses(shipped("dev"))
    stack = variation(tmp_path, {"user": {"enabled": True, "domain": "contoso.com"}})
    assert "data.azuread_domains.tenant" not in addresses(stack)
    assert resources(stack, "azuread_user")["user"]["user_principal_name"] == "ezazml-user-dev@contoso.com"


def test_make_puts_no_secret_on_a_command_line() -> None:
    text = (ROOT / "Makefile").read_text()
    assert not re.search(r"SECRET|PASSWORD|az login", text)


def test_the_application_is_owned_by_the_deployer() -> None:
    application = resources(shipped("dev"), "azuread_application")["application"]
    assert application["owners"] == ["${data.azurerm_client_config.login.object_id}"]


def test_a_group_deploys_and_who_is_logged_in_owns_the_application(tmp_path: Path) -> None:
    group = "11111111-2222-4333-8444-555555555555"
    deployer = {"object_id": group, "principal_type": "Group"}
    stack = variation(tmp_path, {"identities": {"deployer": deployer}})
    role = resources(stack, ROLE)["role_deployer_blobs"]
    assert (role["principal_id"], role["principal_type"]) == (group, "Group")
    assert resources(stack, "azurerm_key_vault_access_policy")["vault_deployer"]["object_id"] == group
    for kind in ("azuread_application", "azuread_service_principal"):
        one = resources(stack, kind)["application"]
        assert one["owners"] == ["${data.azurerm_client_config.login.object_id}"]
        assert one["lifecycle"]["ignore_changes"] == ["owners"]


def test_secrets_wait_for_the_deployers_policy() -> None:
    for secret in resources(shipped("dev"), "azurerm_key_vault_secret").values():
        assert secret["depends_on"] == ["azurerm_key_vault_access_policy.vault_deployer"]


def test_secrets_wait_until_the_deployers_role_has_propagated() -> None:
    stack = shipped("prd")
    for secret in resources(stack, "azurerm_key_vault_secret").values():
        assert secret["depends_on"] == ["terraform_data.vault_role_wait"]
    wait = resources(stack, "terraform_data")["vault_role_wait"]
    assert wait["provisioner"] == [{"local-exec": {"command": "sleep 120"}}]
    assert f"{ROLE}.role_deployer_secrets" in wait["depends_on"]


def test_a_protected_environment_is_locked_and_terraform_refuses_to_destroy_it() -> None:
    stack = shipped("prd")
    kinds = ("azurerm_storage_account", "azurerm_key_vault", "azurerm_container_registry")
    for kind in (*kinds, "azurerm_machine_learning_workspace"):
        (one,) = resources(stack, kind).values()
        assert one["lifecycle"]["prevent_destroy"] is True
    locks = resources(stack, "azurerm_management_lock")
    assert {lock["scope"].split(".")[0].removeprefix("${") for lock in locks.values()} == set(kinds)
    assert all(lock["lock_level"] == "CanNotDelete" for lock in locks.values())


def test_what_lies_under_a_lock_is_destroyed_after_it() -> None:
    stack = shipped("prd")
    for lock in resources(stack, "azurerm_management_lock").values():
        locked = lock["scope"].removeprefix("${").removesuffix(".id}")
        inside = {
            f"{kind}.{name}"
            for kind, group in stack["resource"].items()
            for name, one in group.items()
            if kind not in ("azurerm_management_lock", "azurerm_machine_learning_workspace")
            and f"${{{locked}.id}}" in (one.get("scope"), one.get("storage_account_id"), one.get("key_vault_id"))
        }
        assert inside | {locked} <= set(lock["depends_on"])


def test_a_lock_lifts_while_what_lies_under_it_is_replaced_or_removed(tmp_path: Path) -> None:
    stack = shipped("prd")
    for lock in resources(stack, "azurerm_management_lock").values():
        assert lock["lifecycle"]["replace_triggered_by"] == [f"{one}.id" for one in sorted(lock["depends_on"])]
        assert len(lock["notes"]) <= 512

    def notes(clusters: int) -> str:
        compute = {"clusters": [{"name": f"cluster-{index}"} for index in range(clusters)]}
        made = variation(tmp_path, {"protected": True, "on_destroy": "keep", "compute": compute})
        text: str = resources(made, "azurerm_management_lock")["lock_storage"]["notes"]
        return text

    # Notes that change replace a lock: the only way to tell it that something is gone.
    assert notes(1) == notes(1) != notes(2)


@pytest.mark.parametrize("name", ["dev", "uat", "preprod"])
def test_an_unprotected_environment_has_no_locks(name: str) -> None:
    assert "azurerm_management_lock" not in shipped(name)["resource"]
    assert "prevent_destroy" not in json.dumps(shipped(name))


@pytest.mark.parametrize("name", SHIPPED)
def test_no_taggable_resource_misses_the_tags(name: str) -> None:
    untaggable = {
        ROLE,
        "azurerm_key_vault_access_policy",
        "azurerm_storage_container",
        "azurerm_management_lock",
        "azurerm_monitor_diagnostic_setting",
        "azurerm_consumption_budget_resource_group",
    }
    for kind, group in shipped(name)["resource"].items():
        if kind.startswith("azurerm_") and kind not in untaggable:
            for one in group.values():
                assert {"environment", "project", "managed_by", "CostCenter"} <= set(one["tags"]), kind


def test_a_changed_tag_does_not_replace_a_compute_instance() -> None:
    instance = resources(shipped("dev"), "azurerm_machine_learning_compute_instance")["instance-w01"]
    assert instance["lifecycle"]["ignore_changes"] == ["tags"]


def test_features_switched_off_leave_a_working_stack(tmp_path: Path) -> None:
    stack = variation(
        tmp_path,
        {
            "identities": {"application": {"enabled": False}},
            "container_registry": {"enabled": False},
            "user": {"enabled": False},
        },
    )
    kinds = set(stack["resource"])
    assert not kinds & {"azuread_application", "azurerm_container_registry", "azuread_user", "azurerm_key_vault_secret"}
    assert "variable" not in stack
    assert "container_registry_id" not in stack["output"]
    assert "application_client_id" not in stack["output"]
    dangling = re.findall(r"\$\{((?:azurerm|azuread)_\w+\.[\w-]+)", json.dumps(stack))
    assert set(dangling) <= set(addresses(stack))


def test_github_logs_in_without_a_secret(tmp_path: Path) -> None:
    github = {"repository": "contoso/ml", "branch": "main"}
    stack = variation(tmp_path, {"identities": {"application": {"secret_enabled": False, "github": github}}})
    (credential,) = resources(stack, "azuread_application_federated_identity_credential").values()
    assert credential["subject"] == "repo:contoso/ml:ref:refs/heads/main"
    assert credential["issuer"] == "https://token.actions.githubusercontent.com"
    assert "azuread_application_password" not in stack["resource"]


@pytest.mark.parametrize("name", SHIPPED)
def test_sensitive_outputs_are_marked(name: str) -> None:
    outputs = shipped(name)["output"]
    assert outputs["application_insights_connection_string"]["sensitive"] is True
    secret = re.compile(r"\.(value|password|primary_\w*key|connection_string|\w*instrumentation_key)\}")
    for output, body in outputs.items():
        assert body.get("sensitive") or not secret.search(json.dumps(body)), output


def test_planted_secrets_do_not_reach_the_synthesised_file(tmp_path: Path) -> None:
    planted = {
        "TF_VAR_user_password": "pl4nted-1",
        "ARM_CLIENT_SECRET": "pl4nted-2",
        "SMTP_PASSWORD": "pl4nted-3",
        "ADLS_ACCOUNT_KEY": "pl4nted-4",
        "DATABRICKS_PAT": "pl4nted-5",
    }
    stack = variation(tmp_path, {"user": {"enabled": True}}, planted)
    assert "pl4nted" not in json.dumps(stack)


def _literals(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in _literals(item)]
    if isinstance(value, list):
        return [text for item in value for text in _literals(item)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("name", SHIPPED)
def test_secret_arguments_are_references(name: str) -> None:
    for kind, argument in (("azurerm_key_vault_secret", "value"), ("azuread_user", "password")):
        for one in resources(shipped(name), kind).values():
            assert one[argument].startswith("${")


@pytest.mark.parametrize(
    ("seconds", "text"), [(30, "PT30S"), (90, "PT1M30S"), (900, "PT15M"), (3600, "PT1H"), (86_400, "P1D"), (0, "PT0S")]
)
def test_idle_times_are_written_as_azure_answers_them(seconds: int, text: str) -> None:
    assert iso_duration(seconds) == text
