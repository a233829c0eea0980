"""Vaults and their secrets: who may read them, and who holds their names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox.identity import SANDBOX_TENANT_ID
from sandbox.terraform_provider.rules import RESOURCES
from tests.sandbox.azure import OBJECT_ID, PREFIX, azure, create, delete, group, refused, vault


def test_a_deleted_vault_holds_its_name_unless_it_is_purged(tmp_path: Path) -> None:
    with azure(tmp_path, key_vault={"purge_soft_delete_on_destroy": False}) as cloud:
        group(cloud)
        delete(cloud, "azurerm_key_vault", vault(cloud))
        assert [one["name"] for one in cloud.store.deleted()] == ["vault-01"]
    with (
        azure(tmp_path, key_vault={"recover_soft_deleted_key_vaults": False}) as cloud,
        refused("soft-deleted Key Vault"),
    ):
        vault(cloud)
    with azure(tmp_path) as cloud:
        recovered = vault(cloud, tags={"a": "b"})
        assert recovered["tags"] == {"a": "b"}
        assert cloud.store.deleted() == []
        delete(cloud, "azurerm_key_vault", recovered)
        assert cloud.store.deleted() == []


@pytest.mark.parametrize("change", [{"location": "northeurope"}, {"resource_group_name": "other"}])
def test_a_deleted_vault_is_recovered_where_it_was_only(tmp_path: Path, change: dict[str, str]) -> None:
    with azure(tmp_path, key_vault={"purge_soft_delete_on_destroy": False}) as cloud:
        group(cloud)
        group(cloud, "other")
        state = vault(cloud)
        delete(cloud, "azurerm_key_vault", state)
        arguments = {name: state[name] for name in ("name", "resource_group_name", "sku_name", "tenant_id")}
        with refused("VaultAlreadyExists"):
            create(cloud, "azurerm_key_vault", **{**arguments, "location": "westeurope", **change})
        assert create(cloud, "azurerm_key_vault", **arguments, location="West Europe")["id"] == state["id"]


def test_the_days_of_soft_delete_are_set_once(tmp_path: Path) -> None:
    with azure(tmp_path) as cloud, refused("cannot be modified"):
        group(cloud)
        state = vault(cloud)
        RESOURCES["azurerm_key_vault"].update(cloud, state, {**state, "soft_delete_retention_days": 30})


def test_a_vault_with_purge_protection_is_never_purged(tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        group(cloud)
        delete(cloud, "azurerm_key_vault", vault(cloud, purge_protection_enabled=True))
        assert len(cloud.store.deleted()) == 1


def test_a_secret_needs_access_to_the_vault(tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        group(cloud)
        key_vault = vault(cloud)
        secret = {"name": "secret", "key_vault_id": key_vault["id"], "value": "pl4nted"}
        with refused("Forbidden.*secrets set permission"):
            create(cloud, "azurerm_key_vault_secret", **secret)
        create(
            cloud,
            "azurerm_key_vault_access_policy",
            key_vault_id=key_vault["id"],
            tenant_id=SANDBOX_TENANT_ID,
            object_id=OBJECT_ID,
            secret_permissions=["Get", "Set"],
        )
        made = create(cloud, "azurerm_key_vault_secret", **secret)
        assert made["id"].startswith("https://vault-01.vault.azure.net/secrets/secret/")
        changed = RESOURCES["azurerm_key_vault_secret"].update(cloud, made, {**made, "value": "new"})
        assert changed["version"] != made["version"]
        assert changed["versionless_id"] == made["versionless_id"]
        with refused("Forbidden.*secrets delete permission"):
            delete(cloud, "azurerm_key_vault_secret", made)
        assert "pl4nted" not in str(cloud.store.find())


def test_in_rbac_mode_a_role_gives_access_to_secrets(tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        group(cloud)
        key_vault = vault(cloud, rbac_authorization_enabled=True)
        secret = {"name": "secret", "key_vault_id": key_vault["id"], "value": "x"}
        with refused("Forbidden"):
            create(cloud, "azurerm_key_vault_secret", **secret)
        create(
            cloud,
            "azurerm_role_assignment",
            scope=f"{PREFIX}/resourceGroups/rg",
            role_definition_name="Key Vault Secrets Officer",
            principal_id=OBJECT_ID,
        )
        assert create(cloud, "azurerm_key_vault_secret", **secret)["value"] == "x"


@pytest.mark.parametrize("rbac", [False, True])
def test_a_refresh_reads_secrets_and_needs_access_too(tmp_path: Path, rbac: bool) -> None:
    rules = RESOURCES["azurerm_key_vault_secret"]
    with azure(tmp_path) as cloud:
        group(cloud)
        key_vault = vault(cloud, rbac_authorization_enabled=rbac)

        def give(permission: str, role: str) -> tuple[str, Any]:
            if rbac:
                kind = "azurerm_role_assignment"
                return kind, create(
                    cloud, kind, scope=key_vault["id"], role_definition_name=role, principal_id=OBJECT_ID
                )
            kind = "azurerm_key_vault_access_policy"
            ids = {"key_vault_id": key_vault["id"], "tenant_id": SANDBOX_TENANT_ID, "object_id": OBJECT_ID}
            return kind, create(cloud, kind, **ids, secret_permissions=[permission])

        writing = give("Set", "Key Vault Secrets Officer")
        made = create(cloud, "azurerm_key_vault_secret", name="secret", key_vault_id=key_vault["id"], value="x")
        delete(cloud, *writing)
        with refused("Forbidden.*secrets get permission"):
            rules.read(cloud, made)
        give("Get", "Key Vault Secrets User")
        assert (rules.read(cloud, made) or {})["value"] == "x"
        with refused("Forbidden.*secrets set permission"):
            rules.update(cloud, made, {**made, "value": "y"})
        delete(cloud, "azurerm_key_vault", key_vault)
        assert rules.read(cloud, made) is None


def test_purge_protection_cannot_be_taken_back(tmp_path: Path) -> None:
    rules = RESOURCES["azurerm_key_vault"]
    with azure(tmp_path) as cloud, refused("Purge Protection"):
        rules.customize_plan(cloud, {"purge_protection_enabled": True}, {"purge_protection_enabled": False})
