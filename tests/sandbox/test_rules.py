"""The sandbox behaves like Azure where users meet it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox.identity import SANDBOX_TENANT_ID
from sandbox.terraform_provider.rules import RESOURCES
from sandbox.terraform_provider.rules.base import UNKNOWN, AzureError
from tests.sandbox.azure import (
    OBJECT_ID,
    PREFIX,
    application,
    azure,
    create,
    group,
    insights,
    storage,
    vault,
    workspace,
)


def refused(code: str) -> Any:
    return pytest.raises(AzureError, match=code)


def delete(cloud: Any, kind: str, state: dict[str, Any]) -> None:
    RESOURCES[kind].delete(cloud, state)


def test_what_is_created_reads_back_the_same(tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        group(cloud)
        for kind, state in (
            ("azurerm_storage_account", storage(cloud, tags={"a": "b"})),
            ("azurerm_key_vault", vault(cloud)),
            ("azurerm_application_insights", insights(cloud)),
            ("azuread_application", application(cloud)),
        ):
            read = RESOURCES[kind].read(cloud, {"id": state["id"]})
            assert read is not None
            assert {name: state[name] for name in read if name in state} == {
                name: value for name, value in read.items() if name in state
            }


def test_ids_and_addresses_have_azures_form(tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        assert group(cloud)["id"] == f"{PREFIX}/resourceGroups/rg"
        account = storage(cloud)
        assert account["id"] == f"{PREFIX}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/storage01"
        assert account["primary_blob_endpoint"] == "https://storage01.blob.core.windows.net/"
        assert vault(cloud)["vault_uri"] == "https://vault-01.vault.azure.net/"
        assert "IngestionEndpoint=https://westeurope" in insights(cloud)["connection_string"]


def test_a_missing_resource_group_is_named(tmp_path: Path) -> None:
    with refused("ResourceGroupNotFound: Resource group 'rg'"), azure(tmp_path) as cloud:
        storage(cloud)


@pytest.mark.parametrize("missing", ["storage_account_id", "key_vault_id", "application_insights_id"])
def test_a_workspace_needs_what_it_refers_to(tmp_path: Path, missing: str) -> None:
    with refused("ParentResourceNotFound"), azure(tmp_path) as cloud:
        group(cloud)
        workspace(cloud, **{missing: f"{PREFIX}/resourceGroups/rg/providers/x/y/gone"})


def test_what_exists_must_be_imported(tmp_path: Path) -> None:
    with refused("needs to be imported into the State"), azure(tmp_path) as cloud:
        group(cloud)
        group(cloud)


@pytest.mark.parametrize(("make", "code"), [(storage, "StorageAccountAlreadyTaken"), (vault, "VaultAlreadyExists")])
def test_names_are_unique_in_all_of_azure(tmp_path: Path, make: Any, code: str) -> None:
    with refused(code), azure(tmp_path) as cloud:
        group(cloud)
        group(cloud, "other")
        state = make(cloud)
        body = cloud.store.get(state["id"])
        assert body is not None
        cloud.store.put({**body, "id": body["id"].replace("/rg/", "/other/")})
        cloud.store.delete(state["id"])
        make(cloud)


@pytest.mark.parametrize(
    ("kind", "config", "attribute"),
    [
        ("azurerm_storage_account", {"name": "Bad-Name"}, "name"),
        ("azurerm_storage_account", {"name": "ok123", "account_replication_type": "XRS"}, "account_replication_type"),
        ("azurerm_key_vault", {"name": "1vault"}, "name"),
        ("azurerm_key_vault", {"name": "a--b"}, "name"),
        ("azurerm_key_vault", {"name": "vault", "soft_delete_retention_days": 5}, "soft_delete_retention_days"),
        ("azurerm_container_registry", {"name": "a-b"}, "name"),
        ("azurerm_container_registry", {"name": "abcde", "sku": "Gold"}, "sku"),
        ("azurerm_machine_learning_workspace", {"name": "a"}, "name"),
        ("azurerm_machine_learning_compute_instance", {"name": "abc"}, "name"),
        ("azurerm_machine_learning_compute_cluster", {"name": "abc-"}, "name"),
        ("azurerm_machine_learning_compute_cluster", {"name": "abc", "vm_priority": "Spot"}, "vm_priority"),
        ("azurerm_management_lock", {"name": "lock", "lock_level": "Never"}, "lock_level"),
        ("azurerm_role_assignment", {}, "role_definition_name"),
        ("azurerm_log_analytics_workspace", {"name": "logs", "retention_in_days": 10}, "retention_in_days"),
        ("azurerm_application_insights", {"name": "x", "retention_in_days": 31}, "retention_in_days"),
        ("azurerm_key_vault_secret", {"name": "a_b"}, "name"),
        ("azuread_user", {"user_principal_name": "nobody"}, "user_principal_name"),
    ],
)
def test_a_value_that_the_provider_refuses_is_refused(kind: str, config: dict[str, Any], attribute: str) -> None:
    assert [finding.attribute for finding in RESOURCES[kind].validate(config)] == [attribute]


@pytest.mark.parametrize("kind", sorted(RESOURCES))
def test_values_known_only_after_apply_are_not_judged(kind: str) -> None:
    rules = RESOURCES[kind]
    names = {path for path in (*rules.force_new, *rules.defaults, "name") if "." not in path}
    unknown = dict.fromkeys(names, UNKNOWN)
    findings = [one for one in rules.validate(unknown) if "must be specified" not in one.message]
    assert findings == []


def test_a_group_with_content_is_not_deleted(tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        state = group(cloud)
        account = storage(cloud)
        with refused("still contains Resources") as caught:
            delete(cloud, "azurerm_resource_group", state)
        assert account["id"] in str(caught.value)
    with azure(tmp_path, resource_group={"prevent_deletion_if_contains_resources": False}) as cloud:
        delete(cloud, "azurerm_resource_group", state)
        assert cloud.store.find() == []


def test_a_lock_keeps_what_is_under_it_and_around_it(tmp_path: Path) -> None:
    with azure(tmp_path, resource_group={"prevent_deletion_if_contains_resources": False}) as cloud:
        outer, account = group(cloud), storage(cloud)
        lock = create(
            cloud, "azurerm_management_lock", name="lock", scope=account["id"], lock_level="CanNotDelete", notes="x"
        )
        container = create(cloud, "azurerm_storage_container", name="data", storage_account_id=account["id"])
        for kind, state in (
            ("azurerm_storage_account", account),
            ("azurerm_storage_container", container),
            ("azurerm_resource_group", outer),
        ):
            with refused("ScopeLocked"):
                delete(cloud, kind, state)
        delete(cloud, "azurerm_management_lock", lock)
        delete(cloud, "azurerm_storage_account", account)
        assert cloud.store.get(account["id"]) is None


def test_a_read_only_lock_refuses_changes(tmp_path: Path) -> None:
    with refused("ScopeLocked"), azure(tmp_path) as cloud:
        group(cloud)
        account = storage(cloud)
        create(cloud, "azurerm_management_lock", name="lock", scope=account["id"], lock_level="ReadOnly", notes=None)
        RESOURCES["azurerm_storage_account"].update(cloud, account, {**account, "tags": {"a": "b"}})


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


def test_a_vault_with_purge_protection_is_never_purged(tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        group(cloud)
        delete(cloud, "azurerm_key_vault", vault(cloud, purge_protection_enabled=True))
        assert len(cloud.store.deleted()) == 1


def test_a_deleted_workspace_holds_its_name_unless_it_is_purged(tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        group(cloud)
        state = workspace(cloud)
        delete(cloud, "azurerm_machine_learning_workspace", state)
        ids = {name: state[name] for name in ("storage_account_id", "key_vault_id", "application_insights_id")}
        with refused("Soft-deleted workspace exists"):
            workspace(cloud, **ids)
        cloud.store.purge(state["id"])
    with azure(tmp_path, machine_learning={"purge_soft_deleted_workspace_on_destroy": True}) as cloud:
        delete(cloud, "azurerm_machine_learning_workspace", workspace(cloud, **ids))
        assert workspace(cloud, **ids)["id"] == state["id"]


def test_deleting_a_workspace_takes_its_computes(tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        group(cloud)
        state = workspace(cloud)
        instance = create(
            cloud,
            "azurerm_machine_learning_compute_instance",
            name="instance",
            machine_learning_workspace_id=state["id"],
            virtual_machine_size="Standard_DS3_v2",
        )
        delete(cloud, "azurerm_machine_learning_workspace", state)
        assert RESOURCES["azurerm_machine_learning_compute_instance"].read(cloud, instance) is None


def test_instances_and_clusters_are_told_apart(tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        group(cloud)
        state = workspace(cloud)
        instance = create(
            cloud,
            "azurerm_machine_learning_compute_instance",
            name="instance",
            machine_learning_workspace_id=state["id"],
            virtual_machine_size="Standard_DS3_v2",
        )
        assert RESOURCES["azurerm_machine_learning_compute_cluster"].read(cloud, instance) is None
        with refused("ComputeNameTaken"):
            group(cloud, "other")
            create(
                cloud,
                "azurerm_machine_learning_compute_instance",
                name="Instance",
                machine_learning_workspace_id=workspace(
                    cloud,
                    "second",
                    **{k: state[k] for k in ("storage_account_id", "key_vault_id", "application_insights_id")},
                )["id"],
                virtual_machine_size="Standard_DS3_v2",
            )


@pytest.mark.parametrize(
    "kind", [{"is_hns_enabled": True}, {"account_tier": "Premium", "account_kind": "BlockBlobStorage"}]
)
def test_a_workspace_refuses_storage_of_the_wrong_kind(tmp_path: Path, kind: dict[str, Any]) -> None:
    with refused("BadArgument"), azure(tmp_path) as cloud:
        group(cloud)
        workspace(cloud, storage_account_id=storage(cloud, **kind)["id"])


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


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"principal_id": "99999999-0000-4000-8000-000000000000"}, "PrincipalNotFound"),
        ({"role_definition_name": "Emperor"}, "RoleDefinitionDoesNotExist"),
        ({"principal_type": "User"}, "UnmatchedPrincipalType"),
        ({"scope": f"{PREFIX}/resourceGroups/gone"}, "ResourceNotFound"),
        ({"scope": "somewhere"}, "InvalidScope"),
        ({}, "needs to be imported"),
    ],
)
def test_a_role_assignment_that_azure_refuses_is_refused(tmp_path: Path, change: dict[str, Any], code: str) -> None:
    with azure(tmp_path) as cloud:
        group(cloud)
        arguments = {
            "scope": f"{PREFIX}/resourceGroups/rg",
            "role_definition_name": "Reader",
            "principal_id": OBJECT_ID,
        }
        create(cloud, "azurerm_role_assignment", **arguments)
        with refused(code):
            create(cloud, "azurerm_role_assignment", **{**arguments, **change})


def test_a_service_principal_needs_its_application_and_goes_with_it(tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        with refused("NoBackingApplicationObject"):
            create(cloud, "azuread_service_principal", client_id="nobody")
        app = application(cloud)
        principal = create(cloud, "azuread_service_principal", client_id=app["client_id"])
        with refused("SameKeyValue"):
            create(cloud, "azuread_service_principal", client_id=app["client_id"])
        delete(cloud, "azuread_application", app)
        assert RESOURCES["azuread_service_principal"].read(cloud, principal) is None


def test_a_client_secret_is_told_once_and_kept_by_the_state_only(tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        made = create(cloud, "azuread_application_password", application_id=application(cloud)["id"])
        read = RESOURCES["azuread_application_password"].read(cloud, made)
        assert made["value"]
        assert read is not None
        assert "value" not in read
        with refused("ImportNotSupported"):
            RESOURCES["azuread_application_password"].import_state(cloud, made["id"])


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({}, "already exists"),
        ({"user_principal_name": "b@contoso.com"}, "domain portion"),
        ({"user_principal_name": "b@sandbox.onmicrosoft.com", "password": None}, "`password` is required"),
    ],
)
def test_a_user_that_entra_refuses_is_refused(tmp_path: Path, change: dict[str, Any], text: str) -> None:
    with azure(tmp_path) as cloud:
        user = {"user_principal_name": "a@sandbox.onmicrosoft.com", "display_name": "A", "password": "x"}
        create(cloud, "azuread_user", **user)
        with refused(text):
            create(cloud, "azuread_user", **{**user, **change})


def test_changes_behind_our_back_show_in_the_next_read(tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        group(cloud)
        state = storage(cloud)
        body = cloud.store.get(state["id"])
        assert body is not None
        body["tags"] = {"by": "somebody"}
        body["properties"]["minimumTlsVersion"] = "TLS1_0"
        cloud.store.put(body)
        read = RESOURCES["azurerm_storage_account"].read(cloud, state)
        assert read is not None
        assert (read["tags"], read["min_tls_version"]) == ({"by": "somebody"}, "TLS1_0")
        cloud.store.delete(state["id"])
        assert RESOURCES["azurerm_storage_account"].read(cloud, state) is None


@pytest.mark.parametrize(
    ("kind", "identifier"),
    [
        ("azurerm_resource_group", f"{PREFIX}/resourceGroups/gone"),
        ("azurerm_key_vault_access_policy", "nonsense"),
        ("azurerm_key_vault_secret", "nonsense"),
        ("azuread_application", "nonsense"),
        ("azuread_user", "/users/99999999-0000-4000-8000-000000000000"),
    ],
)
def test_importing_what_is_not_there_is_refused(tmp_path: Path, kind: str, identifier: str) -> None:
    with azure(tmp_path) as cloud, pytest.raises(AzureError):
        RESOURCES[kind].import_state(cloud, identifier)


def test_premium_features_of_a_registry_need_the_premium_sku(tmp_path: Path) -> None:
    rules = RESOURCES["azurerm_container_registry"]
    with azure(tmp_path) as cloud:
        with refused("Premium"):
            rules.customize_plan(cloud, None, {"sku": "Standard", "retention_policy_in_days": 7})
        rules.customize_plan(cloud, None, {"sku": "Premium", "retention_policy_in_days": 7})


def test_purge_protection_cannot_be_taken_back(tmp_path: Path) -> None:
    rules = RESOURCES["azurerm_key_vault"]
    with azure(tmp_path) as cloud, refused("Purge Protection"):
        rules.customize_plan(cloud, {"purge_protection_enabled": True}, {"purge_protection_enabled": False})
