"""Keys, existing resources, lifecycle rules and the data lake: contradictions are found before Terraform starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.config.test_network_checks import load, problems

SUBSCRIPTION = "11111111-2222-4333-8444-555555555555"
PROVIDERS = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shared/providers"
VAULT = f"{PROVIDERS}/Microsoft.KeyVault/vaults/shared-01"
IDENTITY = f"{PROVIDERS}/Microsoft.ManagedIdentity/userAssignedIdentities/cmk"
INSIGHTS = f"{PROVIDERS}/Microsoft.Insights/components/shared"
KEY = "https://shared-01.vault.azure.net/keys/cmk/0123456789abcdef0123456789abcdef"


def encrypted(**encryption: Any) -> dict[str, Any]:
    return {
        "on_destroy": "keep",
        "key_vault": {"purge_protection_enabled": True},
        "container_registry": {"sku": "Premium"},
        "encryption": {"customer_managed_key": True, **encryption},
    }


@pytest.mark.parametrize(
    "encryption",
    [
        {"user_assigned_identity": "create"},
        {"user_assigned_identity": IDENTITY, "key_id": KEY, "key_vault_id": VAULT, "service_side": True},
    ],
)
def test_a_key_of_ones_own_or_one_that_exists(tmp_path: Path, encryption: dict[str, Any]) -> None:
    settings = load(tmp_path, encrypted(**encryption)).settings.encryption
    assert settings.makes_identity is (encryption["user_assigned_identity"] == "create")


@pytest.mark.parametrize(
    ("encryption", "text"),
    [
        ({}, "encryption.user_assigned_identity: is missing: customer-managed keys need a user-assigned identity"),
        ({"user_assigned_identity": "somebody"}, "is not the id of a user-assigned identity"),
        ({"user_assigned_identity": IDENTITY}, "no access to the key, which is yet to be made"),
        ({"user_assigned_identity": "create", "key_id": KEY, "key_vault_id": VAULT}, "no access to a key of somebody"),
        ({"user_assigned_identity": IDENTITY, "key_id": KEY}, "encryption.key_vault_id: is missing"),
        ({"user_assigned_identity": IDENTITY, "key_vault_id": VAULT}, "encryption.key_id: is missing"),
        (
            {"user_assigned_identity": IDENTITY, "key_id": KEY.rsplit("/", 1)[0], "key_vault_id": VAULT},
            "is not the id of a version of a key",
        ),
        ({"user_assigned_identity": IDENTITY, "key_id": KEY, "key_vault_id": "vault"}, "is not the id of a key vault"),
    ],
)
def test_a_key_without_what_it_needs_is_refused(tmp_path: Path, encryption: dict[str, Any], text: str) -> None:
    assert text in problems(tmp_path, encrypted(**encryption))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"key_vault": {}}, "key_vault.purge_protection_enabled: must be true"),
        ({"container_registry": {"sku": "Standard"}}, "'Standard' takes no customer-managed key"),
        ({"existing": {"key_vault_id": VAULT}}, "needs encryption.key_id"),
        (
            {"network": {"profile": "private"}, "identities": {"application": {"secret_enabled": False}}},
            "needs to make a key in the key vault, which is reached from inside",
        ),
        (
            {"encryption": {"user_assigned_identity": "create"}},
            "has no effect without encryption.customer_managed_key: true",
        ),
    ],
)
def test_a_key_that_contradicts_other_settings_is_refused(tmp_path: Path, change: dict[str, Any], text: str) -> None:
    assert text in problems(tmp_path, {**encrypted(user_assigned_identity="create"), **change})


@pytest.mark.parametrize(
    ("existing", "text"),
    [
        ({"storage_account_id": "shared01"}, "is not the id of a storage account"),
        (
            {"storage_account_id": f"{PROVIDERS}/Microsoft.Storage/storageAccounts/Shared-01"},
            "is not the id of a storage account",
        ),
        (
            {"container_registry_id": f"{PROVIDERS}/Microsoft.ContainerRegistry/registries/one"},
            "is not the id of a container registry",
        ),
        ({"key_vault_id": f"{PROVIDERS}/Microsoft.KeyVault/vaults/1vault"}, "is not the id of a key vault"),
        ({"key_vault_id": INSIGHTS}, "is not the id of a key vault"),
        ({"application_insights_id": INSIGHTS.lower()}, "is not the id of Application Insights"),
        (
            {"application_insights_id": INSIGHTS.replace(SUBSCRIPTION, SUBSCRIPTION.replace("1", "9"))},
            "Terraform looks it up in the environment's",
        ),
    ],
)
def test_ids_of_existing_resources_are_checked(tmp_path: Path, existing: dict[str, Any], text: str) -> None:
    assert text in problems(tmp_path, {"subscription_id": SUBSCRIPTION, "existing": existing})


def test_existing_resources_need_no_names_that_fit(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"prefix": "a-prefix-much-too-long"}
    assert "storage account name" in problems(tmp_path, settings)
    settings["existing"] = {
        "storage_account_id": f"{PROVIDERS}/Microsoft.Storage/storageAccounts/shared01",
        "key_vault_id": VAULT,
        "container_registry_id": f"{PROVIDERS}/Microsoft.ContainerRegistry/registries/shared01",
    }
    settings["names"] = {"workspace": "workspace"}
    assert load(tmp_path, settings).settings.existing.key_vault_id == VAULT


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ({}, "storage.lifecycle_rules[0]: does nothing"),
        ({"cool_after_days": 30, "delete_after_days": 30}, "30 is not after cool_after_days 30"),
        ({"cool_after_days": 90, "archive_after_days": 30}, "archive_after_days: 30 is not after cool_after_days 90"),
        ({"delete_after_days": -1}, "delete_after_days: -1 is not at least 0"),
        ({"delete_after_days": 5, "prefixes": ["Raw/x"]}, "does not start with the name of a container"),
        ({"name": "a rule", "delete_after_days": 5}, "does not have the form"),
    ],
)
def test_a_lifecycle_rule_that_azure_refuses_is_refused(tmp_path: Path, rule: dict[str, Any], text: str) -> None:
    assert text in problems(tmp_path, {"storage": {"lifecycle_rules": [{"name": "old", **rule}]}})


def test_lifecycle_rules_fit_their_account(tmp_path: Path) -> None:
    archive = {"name": "old", "archive_after_days": 90}
    settings: dict[str, Any] = {"storage": {"replication": "ZRS", "lifecycle_rules": [archive]}}
    assert "accounts with ZRS have no archive tier" in problems(tmp_path, settings)
    settings["storage"]["replication"] = "GRS"
    assert load(tmp_path, settings).settings.storage.lifecycle_rules[0].archive_after_days == 90
    settings["storage"]["lifecycle_rules"] = [archive, archive]
    assert "is the name of another rule already" in problems(tmp_path, settings)
    versions = {"name": "old", "delete_versions_after_days": 90}
    lake = {"data_lake": {"enabled": True, "lifecycle_rules": [versions]}}
    assert "keeps no versions" in problems(tmp_path, lake)


@pytest.mark.parametrize(
    ("containers", "text"),
    [(["Bronze"], "breaks the rule for containers"), (["raw", "raw"], "'raw' stands twice")],
)
def test_containers_of_the_data_lake_are_checked(tmp_path: Path, containers: list[str], text: str) -> None:
    assert text in problems(tmp_path, {"data_lake": {"enabled": True, "containers": containers}})
