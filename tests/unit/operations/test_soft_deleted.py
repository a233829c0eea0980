"""What Azure keeps is found and purged, what lives is left alone."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from ezazml.config.environment import Environment
from ezazml.config.loading import load_environment
from ezazml.errors import InputError
from ezazml.operations.recovery import recover, recovery_body
from ezazml.operations.soft_deleted import Kind, SoftDeleted, find_soft_deleted, ids_of, is_workspace_kept, purge
from ezazml.operations.workbench import Workbench
from tests.unit.operations.azure import SUBSCRIPTION, SUBSCRIPTION_ID, FakeAzure

DELETED_VAULTS = f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/deletedVaults"
DELETED_LOGS = f"{SUBSCRIPTION}/providers/Microsoft.OperationalInsights/deletedWorkspaces"


@pytest.fixture
def environment(project: Path) -> Environment:
    return load_environment("dev", root=project, environ={"ARM_SUBSCRIPTION_ID": SUBSCRIPTION_ID})


def keeps(azure: FakeAzure, environment: Environment, *, protected: bool = False) -> None:
    """Azure keeps the vault, the Log Analytics workspace and the workspace."""
    ids = ids_of(environment, azure.apis())
    vault = {"vaultId": ids.vault, "location": "westeurope", "purgeProtectionEnabled": protected}
    azure.arm.lists_at(
        DELETED_VAULTS,
        {"name": "someone-elses", "properties": vault},
        {"name": environment.names.key_vault.upper(), "properties": {**vault, "scheduledPurgeDate": "2026-12-01"}},
    )
    logs = {"name": environment.names.log_analytics_workspace, "id": ids.logs.lower(), "location": "westeurope"}
    azure.arm.lists_at(DELETED_LOGS, {**logs, "id": "/other"}, logs)
    azure.arm.has(f"deleted {ids.workspace}")


def results(azure: FakeAzure, environment: Environment, confirmation: str = "dev") -> dict[str, str]:
    found = find_soft_deleted(environment, azure.apis())
    done = purge(environment, azure.apis(), found, confirmation=confirmation, show=lambda _line: None)
    return {one.item.kind.value: one.result for one in done}


def test_only_the_environments_own_are_found(environment: Environment) -> None:
    azure = FakeAzure()
    keeps(azure, environment)
    found = find_soft_deleted(environment, azure.apis())
    assert [(item.kind, item.certain) for item in found] == [
        (Kind.VAULT, True),
        (Kind.WORKSPACE, False),
        (Kind.LOGS, True),
    ]


def test_a_workspace_that_lives_is_not_among_them(environment: Environment) -> None:
    azure = FakeAzure()
    azure.arm.has(ids_of(environment, azure.apis()).workspace)
    assert find_soft_deleted(environment, azure.apis()) == []


def test_what_is_kept_is_purged(environment: Environment) -> None:
    azure = FakeAzure()
    keeps(azure, environment)
    ids = ids_of(environment, azure.apis())
    azure.arm.has(ids.group)
    assert results(azure, environment) == {"key vault": "purged", "workspace": "purged", "log analytics": "purged"}
    vault = environment.names.key_vault.upper()
    place = f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/{vault}"
    assert azure.arm.asked == [
        f"POST {place}/purge",
        f"DELETE {ids.workspace} forceToPurge=true",
        f"PUT {ids.logs}",
        f"DELETE {ids.logs} force=true",
    ]


def test_a_group_that_is_gone_is_there_for_the_time_of_the_work(environment: Environment) -> None:
    azure = FakeAzure()
    keeps(azure, environment)
    ids = ids_of(environment, azure.apis())
    results(azure, environment)
    assert azure.arm.asked[1:4] == [
        f"PUT {ids.group}",
        f"DELETE {ids.workspace} forceToPurge=true",
        f"DELETE {ids.group}",
    ]
    assert ids.group.lower() not in azure.arm.bodies


def test_a_workspace_that_was_made_meanwhile_is_left_alone(environment: Environment) -> None:
    azure = FakeAzure()
    found = find_soft_deleted(environment, azure.apis())
    azure.arm.has(ids_of(environment, azure.apis()).workspace)
    done = purge(environment, azure.apis(), found, confirmation="dev", show=lambda _line: None)
    assert [one.result for one in done] == ["kept"]
    assert not [asked for asked in azure.arm.asked if "forceToPurge" in asked]


def test_a_workspace_that_azure_lost_track_of_has_a_way_out(environment: Environment) -> None:
    azure = FakeAzure()
    found = find_soft_deleted(environment, azure.apis())
    (done,) = purge(environment, azure.apis(), found, confirmation="dev", show=lambda _line: None)
    assert done.result == "not there"
    assert "set names.workspace to another name" in done.note


def test_a_vault_with_purge_protection_is_told_with_its_date(environment: Environment) -> None:
    azure = FakeAzure()
    keeps(azure, environment, protected=True)
    found = [item for item in find_soft_deleted(environment, azure.apis()) if item.kind is Kind.VAULT]
    (done,) = purge(environment, azure.apis(), found, confirmation="dev", show=lambda _line: None)
    assert (done.result, azure.arm.asked) == ("protected", [])
    assert "2026-12-01" in done.note


@pytest.mark.parametrize("confirmation", ["", "DEV", "prd", "yes"])
def test_without_the_name_nothing_is_purged(environment: Environment, confirmation: str) -> None:
    azure = FakeAzure()
    keeps(azure, environment)
    with pytest.raises(InputError, match="nothing was purged"):
        results(azure, environment, confirmation)
    assert azure.arm.asked == []


def test_what_is_kept_of_a_protected_environment_is_not_purged(environment: Environment) -> None:
    protected = dataclasses.replace(environment, settings=environment.settings.model_copy(update={"protected": True}))
    item = SoftDeleted(Kind.VAULT, "v", "/id", "westeurope")
    azure = FakeAzure()
    with pytest.raises(InputError, match="protected: true"):
        purge(protected, azure.apis(), [item], confirmation="dev", show=lambda _line: None)
    assert azure.arm.asked == []


def test_the_recovery_asks_for_the_workspace_as_it_is_declared() -> None:
    planned = {
        "location": "westeurope",
        "storage_account_id": "/s",
        "key_vault_id": "/k",
        "application_insights_id": "/i",
        "container_registry_id": None,
        "friendly_name": "One",
        "high_business_impact": False,
        "public_network_access_enabled": False,
        "tags": {"a": "b"},
    }
    assert recovery_body(planned) == {
        "location": "westeurope",
        "identity": {"type": "SystemAssigned"},
        "sku": {"name": "Basic", "tier": "Basic"},
        "kind": "Default",
        "tags": {"a": "b"},
        "properties": {
            "allowRecoverSoftDeletedWorkspace": "True",
            "storageAccount": "/s",
            "keyVault": "/k",
            "applicationInsights": "/i",
            "friendlyName": "One",
            "hbiWorkspace": False,
            "publicNetworkAccess": "Disabled",
        },
    }


def test_the_recovery_keeps_identities_and_the_key_that_a_workspace_cannot_change() -> None:
    planned = {
        "location": "westeurope",
        "storage_account_id": "/s",
        "key_vault_id": "/k",
        "application_insights_id": "/i",
        "image_build_compute_name": "builder",
        "identity": [{"type": "SystemAssigned, UserAssigned", "identity_ids": ["/key-reader"]}],
        "encryption": [
            {"key_vault_id": "/k", "key_id": "https://k/keys/one", "user_assigned_identity_id": "/key-reader"}
        ],
    }
    body = recovery_body(planned)
    assert body["identity"] == {"type": "SystemAssigned,UserAssigned", "userAssignedIdentities": {"/key-reader": {}}}
    assert body["properties"]["imageBuildCompute"] == "builder"
    assert body["properties"]["encryption"] == {
        "status": "Enabled",
        "keyVaultProperties": {"keyVaultArmId": "/k", "keyIdentifier": "https://k/keys/one"},
        "identity": {"userAssignedIdentity": "/key-reader"},
    }


def test_the_group_for_the_time_of_the_work_is_known_as_the_environments_own(environment: Environment) -> None:
    azure = FakeAzure()
    results(azure, environment)
    assert azure.arm.sent[0]["tags"] == {"managed_by": "ezazml", "environment": "dev"}


def test_a_workspace_with_an_identity_of_its_own_is_not_recovered(environment: Environment) -> None:
    workspace = environment.settings.workspace.model_copy(update={"identity": "user_assigned"})
    settings = environment.settings.model_copy(update={"workspace": workspace})
    own = dataclasses.replace(environment, settings=settings)
    assert is_workspace_kept(environment)
    assert not is_workspace_kept(own)
    azure = FakeAzure()
    bench = cast("Workbench", SimpleNamespace(environment=own))
    with pytest.raises(InputError, match="a workspace with an identity of its own is not kept"):
        recover(bench, azure.apis(), confirm=lambda _plan: pytest.fail("nothing to confirm"))
    assert azure.arm.asked == []
