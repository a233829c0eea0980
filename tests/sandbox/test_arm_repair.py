"""What Resource Manager answers about names, access, quota, services, locks and what was deleted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from sandbox import limits, tokens
from sandbox.arm.routes import routes
from sandbox.cloud import Cloud
from sandbox.identity import SANDBOX_SUBSCRIPTION_ID, Credentials
from sandbox.monitor.platform_logs import PlatformLogs
from sandbox.monitor.records import Records
from sandbox.store import Connections
from sandbox.web import Answer, Call, Refusal
from tests.sandbox.azure import OBJECT_ID, PREFIX, azure, create, delete, group, storage, vault, workspace

GROUP = f"{PREFIX}/resourceGroups/rg"
KEY_VAULT = f"{PREFIX}/providers/Microsoft.KeyVault"
ML = f"{PREFIX}/providers/Microsoft.MachineLearningServices/locations/westeurope"
_KEEP = {"purge_soft_delete_on_destroy": False}


class Portal:
    """Calls the routes as the service does."""

    def __init__(self, folder: Path) -> None:
        login = Credentials("client", "secret", OBJECT_ID, "password")
        nobody = cast(Any, None)
        stores, records = Connections(folder / "store.db"), Records(folder, lambda: ())
        self.cloud = Cloud(stores, nobody, login, nobody, nobody, records, PlatformLogs(stores, records))

    def ask(self, method: str, path: str, body: Any = None, caller: str = OBJECT_ID, **query: str) -> Any:
        token = tokens.issue(audience="arm", client_id="client", object_id=caller)
        headers = {"authorization": f"Bearer {token}"}
        content = json.dumps(body).encode() if body is not None else b""
        found = routes.find(method, path)
        assert found is not None
        route, parameters = found
        call = Call(method, "management.azure.com", path, query, headers, content, parameters)
        answer: Answer = route.handler(self.cloud, call)
        return answer.body if answer.body is not None else answer.status

    def refused(self, code: str, method: str, path: str, body: Any = None, **query: str) -> None:
        with pytest.raises(Refusal, match=code):
            self.ask(method, path, body, **query)


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    with azure(tmp_path) as cloud:
        group(cloud)
    yield Portal(tmp_path)


def test_a_deleted_vault_is_listed_recovered_and_purged(portal: Portal, tmp_path: Path) -> None:
    with azure(tmp_path, key_vault=_KEEP) as cloud:
        made = vault(cloud)
        delete(cloud, "azurerm_key_vault", made)
    (listed,) = portal.ask("GET", f"{KEY_VAULT}/deletedVaults")["value"]
    assert listed["properties"]["vaultId"] == made["id"]
    recovered = portal.ask("PUT", made["id"], {"location": "westeurope", "properties": {"createMode": "recover"}})
    assert recovered["id"] == made["id"]
    assert portal.ask("DELETE", made["id"]) == 200
    assert portal.ask("POST", f"{KEY_VAULT}/locations/westeurope/deletedVaults/vault-01/purge") == 200
    assert portal.ask("GET", f"{KEY_VAULT}/deletedVaults")["value"] == []
    portal.refused("DeletedVaultNotFound", "POST", f"{KEY_VAULT}/locations/westeurope/deletedVaults/vault-01/purge")


def test_a_vault_with_purge_protection_is_not_purged(portal: Portal, tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        delete(cloud, "azurerm_key_vault", vault(cloud, purge_protection_enabled=True))
    portal.refused("MethodNotAllowed", "POST", f"{KEY_VAULT}/locations/westeurope/deletedVaults/vault-01/purge")


def deleted_workspace(folder: Path) -> dict[str, Any]:
    """A workspace that was deleted softly, and everything that it stood on."""
    with azure(folder) as cloud:
        made = workspace(cloud)
        delete(cloud, "azurerm_machine_learning_workspace", made)
    return made


def recovery(made: dict[str, Any], **changes: Any) -> dict[str, Any]:
    properties = {
        "allowRecoverSoftDeletedWorkspace": "True",
        "storageAccount": made["storage_account_id"],
        "keyVault": made["key_vault_id"],
        "applicationInsights": made["application_insights_id"],
    }
    return {"location": "westeurope", "properties": properties | changes}


def test_a_deleted_workspace_comes_back_with_its_identity(portal: Portal, tmp_path: Path) -> None:
    made = deleted_workspace(tmp_path)
    back = portal.ask("PUT", made["id"], recovery(made))
    assert back["identity"]["principalId"] == made["identity"][0]["principal_id"]


def test_a_workspace_with_user_assigned_identities_only_is_deleted_for_good(portal: Portal, tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        made = workspace(cloud)
        body = cloud.store.get(made["id"]) or {}
        cloud.store.put({**body, "identity": {"type": "UserAssigned", "userAssignedIdentities": {"/one": {}}}})
    assert portal.ask("DELETE", made["id"]) == 200
    with azure(tmp_path) as cloud:
        assert cloud.store.deleted("Microsoft.MachineLearningServices/workspaces") == []


def test_a_lock_on_the_group_keeps_what_is_in_a_workspace(portal: Portal, tmp_path: Path) -> None:
    lock = f"{GROUP}/providers/Microsoft.Authorization/locks/keep"
    with azure(tmp_path) as cloud:
        made = workspace(cloud)
        endpoint = f"{made['id']}/batchEndpoints/score"
        kind = "Microsoft.MachineLearningServices/workspaces/batchEndpoints"
        cloud.store.put({"id": endpoint, "type": kind, "name": "score", "properties": {}})
        level = {"level": "CanNotDelete"}
        cloud.store.put({"id": lock, "type": "Microsoft.Authorization/locks", "name": "keep", "properties": level})
    portal.refused("ScopeLocked", "DELETE", endpoint)
    portal.ask("DELETE", lock)
    assert portal.ask("DELETE", endpoint) == 200


def test_without_leave_to_recover_the_name_is_held(portal: Portal, tmp_path: Path) -> None:
    made = deleted_workspace(tmp_path)
    body = recovery(made, allowRecoverSoftDeletedWorkspace="False")
    portal.refused("Soft-deleted workspace exists", "PUT", made["id"], body)


def test_a_workspace_does_not_come_back_without_or_on_other_parts(portal: Portal, tmp_path: Path) -> None:
    made = deleted_workspace(tmp_path)
    portal.refused("cannot change", "PUT", made["id"], recovery(made, storageAccount="/other"))
    with azure(tmp_path) as cloud:
        delete(cloud, "azurerm_storage_account", {"id": made["storage_account_id"]})
    portal.refused("Restore it before the workspace", "PUT", made["id"], recovery(made))


def test_purging_a_deleted_workspace_frees_its_name(portal: Portal, tmp_path: Path) -> None:
    made = deleted_workspace(tmp_path)
    assert portal.ask("DELETE", made["id"], forceToPurge="true") == 200
    assert portal.ask("DELETE", made["id"], forceToPurge="true") == 204
    with azure(tmp_path) as cloud:
        assert cloud.store.deleted() == []


def test_azure_says_nothing_of_what_was_in_a_group_that_is_gone(portal: Portal, tmp_path: Path) -> None:
    made = deleted_workspace(tmp_path)
    with azure(tmp_path) as cloud:
        cloud.store.delete(GROUP)
    assert portal.ask("DELETE", made["id"], forceToPurge="true") == 204
    assert portal.ask("PUT", GROUP, {"location": "West Europe"})["location"] == "westeurope"
    assert portal.ask("DELETE", made["id"], forceToPurge="true") == 200
    assert portal.ask("DELETE", GROUP) == 200


def test_deleted_logs_are_listed_and_come_back(portal: Portal, tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        place = {"location": "westeurope", "resource_group_name": "rg"}
        logs = create(cloud, "azurerm_log_analytics_workspace", name="logs-01", **place)
        delete(cloud, "azurerm_log_analytics_workspace", logs)
    listed = portal.ask("GET", f"{PREFIX}/providers/Microsoft.OperationalInsights/deletedWorkspaces")["value"]
    assert [one["id"] for one in listed] == [logs["id"]]
    assert portal.ask("PUT", logs["id"], {"location": "westeurope"})["name"] == "logs-01"
    assert portal.ask("DELETE", logs["id"], force="true") == 200
    assert portal.ask("GET", f"{GROUP}/providers/Microsoft.OperationalInsights/deletedWorkspaces")["value"] == []


@pytest.mark.parametrize(
    ("service", "kind", "name", "available"),
    [
        ("Microsoft.Storage", "storageAccounts", "free01", True),
        ("Microsoft.Storage", "storageAccounts", "STORAGE01", False),
        ("Microsoft.Storage", "storageAccounts", "storage01", False),
        ("Microsoft.KeyVault", "vaults", "vault-01", False),
        ("Microsoft.KeyVault", "vaults", "-", False),
        ("Microsoft.ContainerRegistry", "registries", "elsewhere01", False),
    ],
)
def test_names_are_checked(
    portal: Portal, tmp_path: Path, *, service: str, kind: str, name: str, available: bool
) -> None:
    with azure(tmp_path, key_vault=_KEEP) as cloud:
        storage(cloud)
        delete(cloud, "azurerm_key_vault", vault(cloud))
        limits.hold_name(cloud.store, "elsewhere01")
    path = f"{PREFIX}/providers/{service}/checkNameAvailability"
    answer = portal.ask("POST", path, {"name": name, "type": f"{service}/{kind}"})
    assert answer["nameAvailable"] is available


def test_services_are_registered_and_unregistered(portal: Portal) -> None:
    path = f"{PREFIX}/providers/Microsoft.KeyVault"
    assert portal.ask("GET", path)["registrationState"] == "NotRegistered"
    assert portal.ask("POST", f"{path}/register")["registrationState"] == "Registered"
    states = {one["namespace"]: one["registrationState"] for one in portal.ask("GET", f"{PREFIX}/providers")["value"]}
    assert states["Microsoft.KeyVault"] == "Registered"
    assert portal.ask("POST", f"{path}/unregister")["registrationState"] == "NotRegistered"
    portal.refused("InvalidResourceNamespace", "POST", f"{PREFIX}/providers/Microsoft.Nothing/register")


def test_locks_are_put_and_lifted_and_keep_things_from_being_deleted(portal: Portal, tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        made = vault(cloud)
    lock = f"{made['id']}/providers/Microsoft.Authorization/locks/keep"
    portal.refused("LockLevelNotSupported", "PUT", lock, {"properties": {"level": "None"}})
    portal.ask("PUT", lock, {"properties": {"level": "CanNotDelete"}})
    portal.refused("ScopeLocked", "DELETE", made["id"])
    listed = portal.ask("GET", f"{made['id']}/providers/Microsoft.Authorization/locks")["value"]
    assert [one["name"] for one in listed] == ["keep"]
    assert portal.ask("DELETE", lock) == 200
    assert portal.ask("DELETE", lock) == 204
    assert portal.ask("DELETE", made["id"]) == 200


def test_the_usage_counts_all_and_each_workspaces_own_cores(portal: Portal, tmp_path: Path) -> None:
    scale = {"min_node_count": 0, "max_node_count": 3, "scale_down_nodes_after_idle_duration": "PT30M"}
    with azure(tmp_path) as cloud:
        made = workspace(cloud)["id"]
        create(
            cloud,
            "azurerm_machine_learning_compute_cluster",
            name="cluster",
            location="westeurope",
            machine_learning_workspace_id=made,
            vm_size="Standard_DS3_v2",
            vm_priority="Dedicated",
            scale_settings=[scale],
        )
        limits.set_quota(cloud.store, "StandardDSv2Family", 20)
    usages = {one["id"]: one for one in portal.ask("GET", f"{ML}/usages")["value"]}
    all_of_it = usages[f"{PREFIX}/usages/StandardDSv2Family"]
    assert (all_of_it["currentValue"], all_of_it["limit"]) == (12, 20)
    assert usages[f"{made}/usages/StandardDSv2Family"]["currentValue"] == 12
    sizes = {one["name"]: one["vCPUs"] for one in portal.ask("GET", f"{ML}/vmSizes")["value"]}
    assert sizes["Standard_DS3_v2"] == 4


def test_what_a_caller_may_do_follows_from_its_roles(portal: Portal, tmp_path: Path) -> None:
    path = f"{GROUP}/providers/Microsoft.Authorization/permissions"
    assert portal.ask("GET", path)["value"][0]["actions"] == ["*"]
    with azure(tmp_path) as cloud:
        made = workspace(cloud)
        principal = made["identity"][0]["principal_id"]
        create(
            cloud, "azurerm_role_assignment", scope=GROUP, principal_id=principal, role_definition_name="Contributor"
        )
    (permission,) = portal.ask("GET", path, caller=principal)["value"]
    assert "Microsoft.Authorization/*/Write" in permission["notActions"]
    assert portal.ask("GET", path, caller="nobody")["value"] == []


def test_assignments_are_found_by_principal_and_roles_by_name(portal: Portal, tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        assignment = create(
            cloud, "azurerm_role_assignment", scope=GROUP, principal_id=OBJECT_ID, role_definition_name="Reader"
        )
    path = f"{GROUP}/providers/Microsoft.Authorization"
    query = {"$filter": f"principalId eq '{OBJECT_ID}'"}
    assert [one["id"] for one in portal.ask("GET", f"{path}/roleAssignments", **query)["value"]] == [assignment["id"]]
    assert portal.ask("GET", f"{path}/roleAssignments", **{"$filter": "principalId eq 'x'"})["value"] == []
    (role,) = portal.ask("GET", f"{path}/roleDefinitions", **{"$filter": "roleName eq 'Reader'"})["value"]
    assert assignment["role_definition_id"].endswith(role["name"])
    portal.refused("NotImplemented", "GET", f"{path}/roleAssignments", **{"$filter": "what eq 'x'"})


def test_a_secret_is_told_without_its_value(portal: Portal, tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        made = vault(cloud)
        policy = {"key_vault_id": made["id"], "tenant_id": made["tenant_id"], "object_id": OBJECT_ID}
        create(cloud, "azurerm_key_vault_access_policy", secret_permissions=["Get", "Set"], **policy)
        secret = create(cloud, "azurerm_key_vault_secret", name="one", value="pl4nted", key_vault_id=made["id"])
    shown = portal.ask("GET", f"{made['id']}/secrets/one")
    assert shown["properties"]["secretUriWithVersion"] == secret["id"]
    assert "pl4nted" not in json.dumps(shown)


def test_another_subscription_is_not_found(portal: Portal) -> None:
    other = PREFIX.replace(SANDBOX_SUBSCRIPTION_ID, "11111111-2222-4333-8444-555555555555")
    portal.refused("SubscriptionNotFound", "GET", f"{other}/providers")
