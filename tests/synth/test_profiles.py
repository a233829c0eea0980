"""A network profile reaches every resource, and nothing of another profile."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.network.private_endpoints import ALL_ZONES
from tests.synth.stacks import PROFILES, Stack, addresses, profile, resources, shipped, variation

SUBSCRIPTION = "11111111-2222-4333-8444-555555555555"
SHARED = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shared"
PROVIDERS = f"{SHARED}/providers"
ACCOUNT = f"{PROVIDERS}/Microsoft.Storage/storageAccounts/shared01"
VAULT = f"{PROVIDERS}/Microsoft.KeyVault/vaults/Shared-01"
REGISTRY = f"{PROVIDERS}/Microsoft.ContainerRegistry/registries/Shared01"
INSIGHTS = f"{PROVIDERS}/Microsoft.Insights/components/shared"
IDENTITY = f"{PROVIDERS}/Microsoft.ManagedIdentity/userAssignedIdentities/cmk"
KEY = "https://shared-01.vault.azure.net/keys/cmk/0123456789abcdef0123456789abcdef"
ENDPOINT = "azurerm_private_endpoint"
RULE = "azurerm_machine_learning_workspace_network_outbound_rule"


def only(stack: Stack, kind: str, name: str = "") -> dict[str, Any]:
    found = resources(stack, kind)
    one: dict[str, Any] = found[name] if name else next(iter(found.values()))
    return one


def existing(**more: Any) -> dict[str, Any]:
    ids = {
        "storage_account_id": ACCOUNT,
        "key_vault_id": VAULT,
        "container_registry_id": REGISTRY,
        "application_insights_id": INSIGHTS,
    }
    clusters = {"clusters": [{"name": "cpu"}]}
    return {"subscription_id": SUBSCRIPTION, "existing": {**ids, **more}, "compute": clusters}


def test_nothing_of_a_private_environment_has_a_public_endpoint() -> None:
    stack = profile("private")
    kinds = ("azurerm_key_vault", "azurerm_container_registry", "azurerm_machine_learning_workspace")
    for kind in ("azurerm_storage_account", *kinds):
        for one in resources(stack, kind).values():
            assert one["public_network_access_enabled"] is False, kind
    for account in resources(stack, "azurerm_storage_account").values():
        assert account["network_rules"]["default_action"] == "Deny"
    assert only(stack, "azurerm_key_vault")["network_acls"]["default_action"] == "Deny"


def test_every_part_of_a_private_environment_has_its_endpoint_and_its_zones() -> None:
    stack = profile("private")
    reached: dict[str, set[str]] = {}
    for one in resources(stack, ENDPOINT).values():
        connection, zones = one["private_service_connection"], one["private_dns_zone_group"]["private_dns_zone_ids"]
        target = connection["private_connection_resource_id"].removeprefix("${").removesuffix(".id}")
        reached.setdefault(target, set()).update(connection["subresource_names"])
        assert zones
        assert one["subnet_id"] == "${azurerm_subnet.endpoints.id}"
    assert reached == {
        "azurerm_storage_account.storage": {"blob", "file", "dfs"},
        "azurerm_storage_account.data_lake": {"blob", "dfs"},
        "azurerm_key_vault.key_vault": {"vault"},
        "azurerm_container_registry.registry": {"registry"},
        "azurerm_machine_learning_workspace.workspace": {"amlworkspace"},
    }
    assert {one["name"] for one in resources(stack, "azurerm_private_dns_zone").values()} == set(ALL_ZONES)
    for link in resources(stack, "azurerm_private_dns_zone_virtual_network_link").values():
        assert link["virtual_network_id"] == "${azurerm_virtual_network.network.id}"


def test_computes_of_a_private_environment_wait_for_their_network_and_have_no_public_address() -> None:
    stack = profile("private")
    for kind in ("compute_cluster", "compute_instance"):
        one = only(stack, f"azurerm_machine_learning_{kind}")
        assert one["subnet_resource_id"] == "${azurerm_subnet.compute.id}"
        assert one["node_public_ip_enabled"] is False
        assert {f"{ENDPOINT}.endpoint_workspace", f"{ENDPOINT}.endpoint_storage_blob"} <= set(one["depends_on"])
        assert "azurerm_subnet_nat_gateway_association.compute" in one["depends_on"]
    workspace = only(stack, "azurerm_machine_learning_workspace")
    assert workspace["image_build_compute_name"] == "ezazml-private-cpu-w01"
    assert workspace["serverless_compute"] == {"public_ip_enabled": False, "subnet_id": "${azurerm_subnet.compute.id}"}


def test_no_data_of_a_private_environment_is_written_from_outside() -> None:
    assert not {"azurerm_key_vault_secret", "azurerm_key_vault_key"} & set(profile("private")["resource"])
    for container in resources(profile("private"), "azurerm_storage_container").values():
        assert "storage_account_name" not in container


def test_every_subnet_is_behind_a_security_group_without_a_default_way_out() -> None:
    stack = profile("private")
    for name, subnet in resources(stack, "azurerm_subnet").items():
        assert subnet["default_outbound_access_enabled"] is False
        association = only(stack, "azurerm_subnet_network_security_group_association", name)
        assert association["subnet_id"] == f"${{azurerm_subnet.{name}.id}}"


def test_outbound_rules_are_made_one_after_another() -> None:
    stack = profile("managed")
    chain = ["fqdn.outbound_packages", "fqdn.outbound_files", "service_tag.outbound_database"]
    chain.append("private_endpoint.outbound_landing")
    for before, after in zip([None, *chain], chain, strict=False):
        kind, name = after.split(".")
        rule = only(stack, f"{RULE}_{kind}", name)
        assert rule["workspace_id"] == "${azurerm_machine_learning_workspace.workspace.id}"
        assert rule["depends_on"] == [
            f"{RULE}_{before}" if before else "azurerm_role_assignment.role_workspace_connections"
        ]
    network = only(stack, "azurerm_machine_learning_workspace")["managed_network"]
    assert network == {"isolation_mode": "AllowOnlyApprovedOutbound", "provision_on_creation_enabled": True}
    for kind in ("compute_cluster", "compute_instance"):
        assert only(stack, f"azurerm_machine_learning_{kind}")["node_public_ip_enabled"] is False


def test_an_allow_list_reaches_every_service_in_its_own_form() -> None:
    stack = profile("public")
    for account in resources(stack, "azurerm_storage_account").values():
        assert account["network_rules"]["ip_rules"] == ["203.0.114.7", "198.51.0.0/24"]
        assert account["network_rules"]["bypass"] == ["AzureServices"]
    ranges = ["203.0.114.7/32", "198.51.0.0/24"]
    assert only(stack, "azurerm_key_vault")["network_acls"]["ip_rules"] == ranges
    (rules,) = only(stack, "azurerm_container_registry")["network_rule_set"]
    assert rules["default_action"] == "Deny"
    assert [rule["ip_range"] for rule in rules["ip_rule"]] == ranges


@pytest.mark.parametrize("name", ["dev", "prd"])
def test_an_environment_without_network_settings_stays_as_it_was(name: str) -> None:
    text = json.dumps(shipped(name))
    for word in ("network_rules", "network_acls", "azurerm_private", "azurerm_subnet", "managed_network", "outbound_"):
        assert word not in text


@pytest.mark.parametrize("name", PROFILES)
def test_no_taggable_resource_of_a_profile_misses_the_tags(name: str) -> None:
    for kind in (
        "virtual_network",
        "private_endpoint",
        "private_dns_zone",
        "nat_gateway",
        "public_ip",
        "key_vault_key",
    ):
        for one in resources(profile(name), f"azurerm_{kind}").values():
            assert one["tags"]["environment"] == name


def test_a_customer_key_encrypts_workspace_storage_and_registry() -> None:
    stack = profile("managed")
    key, identity = "${azurerm_key_vault_key.key_customer_key", "${azurerm_user_assigned_identity.encryption"
    storage = only(stack, "azurerm_storage_account")
    assert storage["customer_managed_key"]["key_vault_key_id"] == f"{key}.versionless_id}}"
    assert storage["identity"] == {"type": "UserAssigned", "identity_ids": [f"{identity}.id}}"]}
    (encryption,) = only(stack, "azurerm_container_registry")["encryption"]
    assert encryption["identity_client_id"] == f"{identity}.client_id}}"
    workspace = only(stack, "azurerm_machine_learning_workspace")
    assert workspace["encryption"]["key_id"] == f"{key}.id}}"
    assert f"{identity}.id}}" in workspace["identity"]["identity_ids"]
    policy = only(stack, "azurerm_key_vault_access_policy", "vault_encryption")
    assert policy["key_permissions"] == ["Get", "WrapKey", "UnwrapKey"]
    waits = only(stack, "azurerm_key_vault_key")["depends_on"]
    assert set(waits) == {f"azurerm_key_vault_access_policy.vault_{who}" for who in ("deployer", "encryption")}


def test_with_roles_a_key_waits_until_they_have_propagated(tmp_path: Path) -> None:
    settings = {
        "on_destroy": "keep",
        "protected": True,
        "key_vault": {"authorization": "rbac", "purge_protection_enabled": True},
        "container_registry": {"enabled": False},
        "encryption": {"customer_managed_key": True, "user_assigned_identity": "create"},
    }
    stack = variation(tmp_path, settings)
    roles = {name: one["role_definition_name"] for name, one in resources(stack, "azurerm_role_assignment").items()}
    assert roles["role_encryption_keys"] == "Key Vault Crypto Service Encryption User"
    assert roles["role_deployer_keys"] == "Key Vault Crypto Officer"
    assert only(stack, "azurerm_key_vault_key")["depends_on"] == ["terraform_data.vault_role_wait"]
    wait = only(stack, "terraform_data", "vault_role_wait")["depends_on"]
    assert {f"azurerm_role_assignment.{name}" for name in ("role_encryption_keys", "role_deployer_keys")} <= set(wait)
    lock = only(stack, "azurerm_management_lock", "lock_key_vault")
    assert "azurerm_key_vault_key.key_customer_key" in lock["depends_on"]


def test_a_key_that_exists_is_used_and_not_made(tmp_path: Path) -> None:
    encryption = {
        "customer_managed_key": True,
        "key_id": KEY,
        "key_vault_id": VAULT,
        "user_assigned_identity": IDENTITY,
    }
    settings = {
        "subscription_id": SUBSCRIPTION,
        "encryption": {**encryption, "service_side": True},
        "container_registry": {"sku": "Premium"},
    }
    stack = variation(tmp_path, settings)
    assert not {"azurerm_key_vault_key", "azurerm_user_assigned_identity"} & set(stack["resource"])
    workspace = only(stack, "azurerm_machine_learning_workspace")
    assert workspace["encryption"] == {"key_id": KEY, "key_vault_id": VAULT, "user_assigned_identity_id": IDENTITY}
    assert workspace["service_side_encryption_enabled"] is True
    # Without its version: storage follows the key's rotation.
    storage = only(stack, "azurerm_storage_account")
    assert storage["customer_managed_key"]["key_vault_key_id"] == KEY.rsplit("/", 1)[0]


def test_existing_resources_are_used_by_id_and_not_made(tmp_path: Path) -> None:
    stack = variation(tmp_path, existing())
    made = {"azurerm_storage_account", "azurerm_key_vault", "azurerm_container_registry", "azurerm_storage_container"}
    made |= {"azurerm_application_insights", "azurerm_log_analytics_workspace"}
    assert not made & set(stack["resource"])
    workspace = only(stack, "azurerm_machine_learning_workspace")
    assert workspace["storage_account_id"] == ACCOUNT
    assert (workspace["key_vault_id"], workspace["container_registry_id"]) == (VAULT, REGISTRY)
    assert workspace["application_insights_id"] == INSIGHTS
    outputs = {name: one["value"] for name, one in stack["output"].items()}
    assert outputs["storage_blob_endpoint"] == "https://shared01.blob.core.windows.net/"
    assert outputs["key_vault_uri"] == "https://shared-01.vault.azure.net/"
    assert outputs["container_registry_login_server"] == "shared01.azurecr.io"
    insights = "${data.azurerm_application_insights.insights.workspace_id}"
    assert outputs["log_analytics_workspace_id"] == insights
    dangling = re.findall(r"\$\{((?:data\.)?azure\w+\.[\w-]+)", json.dumps(stack))
    assert set(dangling) <= set(addresses(stack))


@pytest.mark.parametrize("assign", [True, False])
def test_roles_on_existing_resources_are_given_by_option(tmp_path: Path, assign: bool) -> None:
    stack = variation(tmp_path, existing(assign_roles=assign))
    scopes = {one["scope"] for one in resources(stack, "azurerm_role_assignment").values()}
    assert ({ACCOUNT, REGISTRY} <= scopes) is assign
    assert bool({ACCOUNT, REGISTRY} & scopes) is assign
    assert ("azurerm_key_vault_access_policy" in stack["resource"]) is assign
    secrets = resources(stack, "azurerm_key_vault_secret").values()
    assert [secret.get("depends_on") is not None for secret in secrets] == [assign, assign]


def test_what_others_made_is_not_locked(tmp_path: Path) -> None:
    stack = variation(tmp_path, {**existing(), "protected": True, "on_destroy": "keep"})
    assert "azurerm_management_lock" not in stack["resource"]


def test_subnets_go_into_a_network_that_exists(tmp_path: Path) -> None:
    network = f"{PROVIDERS}/Microsoft.Network/virtualNetworks/hub"
    settings = {
        "subscription_id": SUBSCRIPTION,
        "network": {"profile": "private", "existing": {"virtual_network_id": network}},
        "identities": {"application": {"enabled": False}},
        "container_registry": {"sku": "Premium"},
    }
    stack = variation(tmp_path, settings)
    assert "azurerm_virtual_network" not in stack["resource"]
    for subnet in resources(stack, "azurerm_subnet").values():
        assert (subnet["virtual_network_name"], subnet["resource_group_name"]) == ("hub", "shared")
    link = only(stack, "azurerm_private_dns_zone_virtual_network_link")
    assert link["virtual_network_id"] == network


def test_subnets_and_zones_that_exist_are_used(tmp_path: Path) -> None:
    network = f"{PROVIDERS}/Microsoft.Network/virtualNetworks/hub/subnets"
    found = {"compute_subnet_id": f"{network}/ml", "endpoint_subnet_id": f"{network}/endpoints"}
    settings = {
        "network": {"profile": "private", "existing": {**found, "dns_zone_resource_group_id": SHARED}},
        "identities": {"application": {"enabled": False}},
        "container_registry": {"sku": "Premium"},
        "compute": {"clusters": [{"name": "cpu"}]},
    }
    stack = variation(tmp_path, settings)
    assert not [
        kind for kind in stack["resource"] if re.match("azurerm_(virtual_network|subnet|private_dns|nat_)", kind)
    ]
    assert only(stack, "azurerm_machine_learning_compute_cluster")["subnet_resource_id"] == f"{network}/ml"
    endpoint = only(stack, ENDPOINT, "endpoint_workspace")
    assert endpoint["subnet_id"] == f"{network}/endpoints"
    zones = [f"{PROVIDERS}/Microsoft.Network/privateDnsZones/{zone}" for zone in ALL_ZONES[:2]]
    assert endpoint["private_dns_zone_group"]["private_dns_zone_ids"] == zones


def test_the_data_lake_has_folders_and_a_lock_over_all_of_it(tmp_path: Path) -> None:
    lake = {"enabled": True, "lifecycle_rules": [{"name": "old", "delete_after_days": 30}]}
    stack = variation(tmp_path, {"data_lake": lake, "protected": True, "on_destroy": "keep"})
    account = only(stack, "azurerm_storage_account", "data_lake")
    assert account["is_hns_enabled"] is True
    assert account["shared_access_key_enabled"] is False
    assert "versioning_enabled" not in account["blob_properties"]
    workspace = only(stack, "azurerm_machine_learning_workspace")
    assert workspace["storage_account_id"] == "${azurerm_storage_account.storage.id}"
    locked = set(only(stack, "azurerm_management_lock", "lock_data_lake")["depends_on"])
    containers = {f"azurerm_storage_container.lake_{name}" for name in ("bronze", "silver", "gold")}
    assert containers | {"azurerm_storage_management_policy.data_lake_lifecycle"} <= locked


def test_lifecycle_rules_say_what_happens_and_when() -> None:
    policy = only(profile("public"), "azurerm_storage_management_policy", "storage_lifecycle")
    (rule,) = policy["rule"]
    assert rule["filters"] == {"blob_types": ["blockBlob"], "prefix_match": ["data/raw", "data/interim"]}
    assert rule["actions"]["base_blob"] == {
        "tier_to_cool_after_days_since_modification_greater_than": 30,
        "tier_to_archive_after_days_since_modification_greater_than": 180,
        "delete_after_days_since_modification_greater_than": 720,
    }
    assert rule["actions"]["version"] == {"delete_after_days_since_creation": 90}
