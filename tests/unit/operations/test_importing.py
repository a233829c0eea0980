"""What exists of a plan's creations is found by name, also through what it refers to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ezazml.azure.arm import version_of
from ezazml.errors import InputError
from ezazml.operations.azure_ids import FINDERS, KINDS, MAIN, import_id
from ezazml.operations.importing import (
    FILE,
    Existing,
    ImportBlock,
    existing_creations,
    import_blocks,
    references_of,
    with_dependencies,
)
from ezazml.operations.takeover import Selection
from sandbox.terraform_provider.rules import RESOURCES
from tests.unit.operations.azure import SUBSCRIPTION, FakeAzure

GROUP = f"{SUBSCRIPTION}/resourceGroups/rg"
STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/store01"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/vault-01"
AUTHORIZATION = "providers/Microsoft.Authorization"
ROLE = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"


def stack(**more: Any) -> dict[str, Any]:
    """As cdktf writes it: references as expressions."""
    resources: dict[str, Any] = {
        "azurerm_resource_group": {"group": {"name": "rg"}},
        "azurerm_storage_account": {
            "storage": {"name": "store01", "resource_group_name": "${azurerm_resource_group.group.name}"}
        },
        "azurerm_storage_container": {
            "data": {"name": "data", "storage_account_id": "${azurerm_storage_account.storage.id}"}
        },
    }
    return {"resource": resources | more}


def plan(document: dict[str, Any], **after: dict[str, Any]) -> dict[str, Any]:
    """Everything is planned to be created; ``after`` (by name) has what Terraform knows already."""
    changes = [
        {
            "address": f"{kind}.{name}",
            "type": kind,
            "mode": "managed",
            "change": {"actions": ["create"], "after": after.get(name, _known(body))},
        }
        for kind, bodies in document["resource"].items()
        for name, body in bodies.items()
    ]
    return {"resource_changes": changes}


def _known(body: dict[str, Any]) -> dict[str, Any]:
    values = {name: value for name, value in body.items() if "${" not in str(value)}
    return values | ({"resource_group_name": "rg"} if "resource_group_name" in body else {})


def found(existing: Existing) -> dict[str, str]:
    return {block.address: block.id for block in existing.blocks}


def test_what_exists_is_found_by_its_name() -> None:
    azure, document = FakeAzure(), stack()
    azure.arm.has(GROUP)
    azure.arm.has(STORAGE)
    assert found(existing_creations(plan(document), document, azure.apis())) == {
        "azurerm_resource_group.group": GROUP,
        "azurerm_storage_account.storage": STORAGE,
    }


def test_a_child_is_found_though_its_parent_is_not_in_the_state() -> None:
    azure, document = FakeAzure(), stack()
    azure.arm.has(STORAGE)
    azure.arm.has(f"{STORAGE}/blobServices/default/containers/data")
    ids = found(existing_creations(plan(document), document, azure.apis()))
    assert ids["azurerm_storage_container.data"] == f"{STORAGE}/blobServices/default/containers/data"


def test_a_child_of_what_does_not_exist_is_not_looked_up() -> None:
    azure, document = FakeAzure(), stack()
    assert found(existing_creations(plan(document), document, azure.apis())) == {}


def test_only_planned_creations_are_looked_at() -> None:
    azure, document = FakeAzure(), stack()
    azure.arm.has(GROUP)
    document_plan = plan(document)
    document_plan["resource_changes"][0]["change"]["actions"] = ["update"]
    assert found(existing_creations(document_plan, document, azure.apis())) == {}


def test_a_given_id_counts_instead_of_the_name() -> None:
    azure, document = FakeAzure(), stack()
    other = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/other"
    azure.arm.has(other)
    ids = {"azurerm_storage_account.storage": other}
    assert found(existing_creations(plan(document), document, azure.apis(), ids=ids)) == ids


def test_a_given_id_that_azure_does_not_know_is_told() -> None:
    document = stack()
    existing = existing_creations(
        plan(document), document, FakeAzure().apis(), ids={"azurerm_storage_account.storage": STORAGE}
    )
    assert f"nothing in Azure with the id {STORAGE}" in existing.unimportable["azurerm_storage_account.storage"]


def test_a_role_is_found_by_scope_principal_and_role() -> None:
    principal = "${azurerm_machine_learning_workspace.ws.identity[0].principal_id}"
    document = stack(
        azurerm_machine_learning_workspace={"ws": {"name": "ws", "resource_group_name": "rg"}},
        azurerm_role_assignment={
            "blobs": {
                "scope": "${azurerm_storage_account.storage.id}",
                "principal_id": principal,
                "role_definition_name": "Storage Blob Data Contributor",
            }
        },
    )
    azure = FakeAzure()
    azure.arm.has(STORAGE)
    workspace = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/ws"
    azure.arm.has(workspace, identity={"principalId": "p-1"})
    role = f"{STORAGE}/{AUTHORIZATION}/roleDefinitions?roleName eq 'Storage Blob Data Contributor'"
    azure.arm.lists_at(role, {"name": ROLE})
    assignments = f"{STORAGE}/{AUTHORIZATION}/roleAssignments?principalId eq 'p-1'"
    mine = f"{STORAGE}/{AUTHORIZATION}/roleAssignments/mine"
    azure.arm.lists_at(
        assignments,
        {"id": f"{GROUP}/{AUTHORIZATION}/roleAssignments/above", "properties": {"roleDefinitionId": f"x/{ROLE}"}},
        {"id": f"{STORAGE}/{AUTHORIZATION}/roleAssignments/other", "properties": {"roleDefinitionId": "x/other"}},
        {"id": mine, "properties": {"roleDefinitionId": f"x/{ROLE}", "scope": STORAGE}},
    )
    ids = found(existing_creations(plan(document), document, azure.apis()))
    assert ids["azurerm_role_assignment.blobs"] == mine


def test_a_managed_identitys_access_and_key_are_found_by_its_principal() -> None:
    document = stack(
        azurerm_user_assigned_identity={"reader": {"name": "reader", "resource_group_name": "rg"}},
        azurerm_key_vault={"kv": {"name": "vault-01", "resource_group_name": "rg"}},
        azurerm_key_vault_key={"k": {"name": "one", "key_vault_id": "${azurerm_key_vault.kv.id}"}},
        azurerm_key_vault_access_policy={
            "p": {
                "key_vault_id": "${azurerm_key_vault.kv.id}",
                "object_id": "${azurerm_user_assigned_identity.reader.principal_id}",
            }
        },
    )
    azure = FakeAzure()
    identity = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/reader"
    azure.arm.has(identity, properties={"principalId": "p-1", "clientId": "c-1"})
    azure.arm.has(VAULT, properties={"accessPolicies": [{"objectId": "p-1"}]})
    key = "https://vault-01.vault.azure.net/keys/one/v1"
    azure.arm.has(f"{VAULT}/keys/one", properties={"keyUriWithVersion": key})
    ids = found(existing_creations(plan(document), document, azure.apis()))
    assert ids["azurerm_key_vault_access_policy.p"] == f"{VAULT}/objectId/p-1"
    assert ids["azurerm_key_vault_key.k"] == key


def test_a_secret_is_found_without_its_value() -> None:
    document = stack(
        azurerm_key_vault={"kv": {"name": "vault-01", "resource_group_name": "rg"}},
        azurerm_key_vault_secret={"s": {"name": "one", "key_vault_id": "${azurerm_key_vault.kv.id}", "value": "x"}},
        azurerm_key_vault_access_policy={"p": {"key_vault_id": "${azurerm_key_vault.kv.id}", "object_id": "O-1"}},
    )
    azure = FakeAzure()
    azure.arm.has(VAULT, properties={"accessPolicies": [{"objectId": "o-1"}]})
    address = "https://vault-01.vault.azure.net/secrets/one/v1"
    azure.arm.has(f"{VAULT}/secrets/one", properties={"secretUriWithVersion": address})
    ids = found(existing_creations(plan(document), document, azure.apis()))
    assert ids["azurerm_key_vault_secret.s"] == address
    assert ids["azurerm_key_vault_access_policy.p"] == f"{VAULT}/objectId/O-1"


def test_a_diagnostic_setting_is_found_at_a_service_of_what_exists() -> None:
    setting = {"name": "logs", "target_resource_id": "${azurerm_storage_account.storage.id}/blobServices/default"}
    document = stack(azurerm_monitor_diagnostic_setting={"blobs": setting})
    azure = FakeAzure()
    azure.arm.has(STORAGE)
    azure.arm.has(f"{STORAGE}/blobServices/default/providers/Microsoft.Insights/diagnosticSettings/logs")
    ids = found(existing_creations(plan(document), document, azure.apis()))
    assert ids["azurerm_monitor_diagnostic_setting.blobs"] == f"{STORAGE}/blobServices/default|logs"


def test_what_joins_two_resources_is_found_only_where_they_are_joined() -> None:
    network = f"{GROUP}/providers/Microsoft.Network"
    subnet, gateway, address = f"{network}/virtualNetworks/vn/subnets/s", f"{network}/natGateways/g", f"{network}/a"
    document = stack(
        azurerm_subnet_nat_gateway_association={"nat": {"subnet_id": subnet, "nat_gateway_id": gateway}},
        azurerm_subnet_network_security_group_association={
            "nsg": {"subnet_id": subnet, "network_security_group_id": f"{network}/networkSecurityGroups/n"}
        },
        azurerm_nat_gateway_public_ip_association={"ip": {"nat_gateway_id": gateway, "public_ip_address_id": address}},
    )
    azure = FakeAzure()
    other = {"id": f"{network}/networkSecurityGroups/another"}
    azure.arm.has(subnet, properties={"natGateway": {"id": gateway.upper()}, "networkSecurityGroup": other})
    azure.arm.has(gateway, properties={"publicIpAddresses": [{"id": address}]})
    ids = found(existing_creations(plan(document), document, azure.apis()))
    assert ids == {
        "azurerm_subnet_nat_gateway_association.nat": subnet,
        "azurerm_nat_gateway_public_ip_association.ip": f"{gateway}|{address}",
    }


def test_a_role_given_by_its_id_is_not_looked_up_by_name() -> None:
    definition = f"{SUBSCRIPTION}/{AUTHORIZATION}/roleDefinitions/{ROLE}"
    assignment = {"scope": GROUP, "principal_id": "p-1", "role_definition_id": definition}
    document = stack(azurerm_role_assignment={"custom": assignment})
    azure = FakeAzure()
    properties = {"scope": GROUP, "principalId": "p-1", "roleDefinitionId": definition}
    identifier = f"{GROUP}/{AUTHORIZATION}/roleAssignments/1"
    azure.arm.lists_at(
        f"{GROUP}/{AUTHORIZATION}/roleAssignments?principalId eq 'p-1'",
        {"id": identifier, "properties": properties},
    )
    assert found(existing_creations(plan(document), document, azure.apis())) == {
        "azurerm_role_assignment.custom": identifier
    }


@pytest.mark.parametrize(
    ("identifier", "version"),
    [
        (GROUP, "2022-09-01"),
        (f"{GROUP}/providers/Microsoft.Network/privateDnsZones/z/virtualNetworkLinks/l", "2020-06-01"),
        (f"{GROUP}/providers/Microsoft.Network/virtualNetworks/v", "2023-11-01"),
        (f"{VAULT}/providers/Microsoft.Insights/diagnosticSettings/d", "2021-05-01-preview"),
        (f"{GROUP}/{AUTHORIZATION}/locks/keep", "2020-05-01"),
    ],
)
def test_each_type_is_asked_in_its_own_api_version(identifier: str, version: str) -> None:
    assert version_of(identifier) == {"api-version": version}


def test_the_directory_is_asked_by_name_and_then_by_what_was_found() -> None:
    document = stack(
        azuread_application={"app": {"display_name": "it's ours"}},
        azuread_service_principal={"app": {"client_id": "${azuread_application.app.client_id}"}},
        azuread_application_federated_identity_credential={
            "gh": {"application_id": "${azuread_application.app.id}", "display_name": "github"}
        },
        azuread_application_password={"app": {"application_id": "${azuread_application.app.id}"}},
    )
    azure = FakeAzure()
    azure.graph.lists_at("/v1.0/applications?displayName eq 'it''s ours'", {"id": "a-1", "appId": "c-1"})
    azure.graph.lists_at("/v1.0/servicePrincipals?appId eq 'c-1'", {"id": "sp-1"})
    azure.graph.lists_at("/v1.0/applications/a-1/federatedIdentityCredentials", {"id": "f-1", "name": "github"})
    existing = existing_creations(plan(document, app={"display_name": "it's ours"}), document, azure.apis())
    ids = found(existing)
    assert ids["azuread_application.app"] == "/applications/a-1"
    assert ids["azuread_application_federated_identity_credential.gh"] == "a-1/federatedIdentityCredential/f-1"
    assert "never tells a client secret again" in existing.unimportable["azuread_application_password.app"]


def test_two_applications_of_a_name_are_not_guessed_between() -> None:
    document = stack(azuread_application={"app": {"display_name": "twice"}})
    azure = FakeAzure()
    azure.graph.lists_at("/v1.0/applications?displayName eq 'twice'", {"id": "1"}, {"id": "2"})
    existing = existing_creations(plan(document), document, azure.apis())
    assert "2 applications" in existing.unimportable["azuread_application.app"]


def test_what_a_resource_needs_is_followed_to_the_end() -> None:
    document = stack()
    assert references_of(document, "azurerm_storage_container.data") == {"azurerm_storage_account.storage"}
    assert with_dependencies(document, ["azurerm_storage_container.data"]) == {
        "azurerm_storage_container.data",
        "azurerm_storage_account.storage",
        "azurerm_resource_group.group",
    }


def test_import_blocks_stand_beside_the_stack_only_while_they_are_used(tmp_path: Path) -> None:
    block = ImportBlock("azurerm_resource_group.group", "azurerm_resource_group", GROUP)
    with pytest.raises(RuntimeError), import_blocks(tmp_path, [block]):
        content = json.loads((tmp_path / FILE).read_text())
        assert content == {"import": [{"to": "azurerm_resource_group.group", "id": GROUP}]}
        raise RuntimeError
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(kind="vault"), "'vault' is unknown. Give an address in the stack, or choose from resource-group"),
        (Selection(id=GROUP), "--id needs --resource"),
        (Selection(kind="storage", everything=True), "exclude each other"),
    ],
)
def test_a_selection_that_makes_no_sense_is_refused(selection: Selection, expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        selection.types()


def test_every_kind_has_a_name_of_its_own() -> None:
    assert len(KINDS) == len(FINDERS)
    assert set(Selection().types()) == set(MAIN)
    assert set(Selection(everything=True).types()) == set(FINDERS)
    assert list(Selection(kind="key-vault").types()) == ["azurerm_key_vault"]


def test_one_of_several_of_a_kind_is_named_by_its_address() -> None:
    both = ["azurerm_subnet.compute", "azurerm_subnet.endpoints"]
    one = Selection(kind="azurerm_subnet.compute")
    assert list(one.types()) == ["azurerm_subnet"]
    assert one.chosen(both) == ["azurerm_subnet.compute"]
    assert Selection(kind="subnet").chosen(both) == both
    assert Selection(everything=True).chosen(both) == both
    with pytest.raises(InputError, match=r"'azurerm_nothing\.one' is unknown"):
        Selection(kind="azurerm_nothing.one").types()


def test_everything_that_a_stack_can_have_can_be_imported() -> None:
    assert RESOURCES.keys() - FINDERS.keys() == set()


@pytest.mark.parametrize("provider", ["Microsoft.Insights", "microsoft.insights"])
def test_a_refused_diagnostic_setting_is_imported_by_its_target_and_name(provider: str) -> None:
    told = f"{VAULT}/providers/{provider}/diagnosticSettings/logs"
    assert import_id("azurerm_monitor_diagnostic_setting", told) == f"{VAULT}|logs"
    assert import_id("azurerm_key_vault", VAULT) == VAULT
