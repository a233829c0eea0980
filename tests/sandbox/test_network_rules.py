"""Networks, private endpoints, outbound rules, keys and lifecycle policies behave as Azure's do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox.identity import SANDBOX_TENANT_ID
from sandbox.terraform_provider.rules import DATA_SOURCES, RESOURCES
from sandbox.terraform_provider.rules.base import UNKNOWN, Azure, Values
from tests.sandbox.azure import (
    OBJECT_ID,
    PREFIX,
    azure,
    create,
    delete,
    group,
    insights,
    refused,
    storage,
    vault,
    workspace,
)

FQDN = "azurerm_machine_learning_workspace_network_outbound_rule_fqdn"
TO_RESOURCE = "azurerm_machine_learning_workspace_network_outbound_rule_private_endpoint"
IN_GROUP = {"resource_group_name": "rg", "location": "westeurope"}


def network(cloud: Azure, name: str = "network", *spaces: str) -> Values:
    return create(
        cloud, "azurerm_virtual_network", name=name, address_space=list(spaces or ["10.0.0.0/16"]), **IN_GROUP
    )


def subnet(cloud: Azure, address_range: str = "10.0.0.0/24", name: str = "subnet", **values: Any) -> Values:
    arguments = {"virtual_network_name": "network", "resource_group_name": "rg", **values}
    return create(cloud, "azurerm_subnet", name=name, address_prefixes=[address_range], **arguments)


def zone(cloud: Azure, name: str = "privatelink.blob.core.windows.net") -> Values:
    return create(cloud, "azurerm_private_dns_zone", name=name, resource_group_name="rg")


def endpoint(cloud: Azure, target_id: str, part: str, subnet_id: str, name: str = "endpoint", **more: Any) -> Values:
    connection = {
        "name": name,
        "is_manual_connection": False,
        "private_connection_resource_id": target_id,
        "subresource_names": [part],
    }
    values = {"subnet_id": subnet_id, "private_service_connection": [connection], **more}
    return create(cloud, "azurerm_private_endpoint", name=name, **IN_GROUP, **values)


def managed(cloud: Azure, mode: str) -> Values:
    block = {"isolation_mode": mode, "provision_on_creation_enabled": True}
    return workspace(cloud, managed_network=[block])


def reads_back(cloud: Azure, kind: str, state: Values) -> None:
    """What was told at the creation is what a refresh tells: else every plan would show a change."""
    read = RESOURCES[kind].read(cloud, {"id": state["id"]})
    assert read is not None
    assert {name: state[name] for name in read if name in state} == {
        name: value for name, value in read.items() if name in state
    }


@pytest.mark.parametrize(
    ("address_range", "code"),
    [
        ("10.0.0.128/25", "NetcfgSubnetRangesOverlap"),
        ("10.1.0.0/24", "NetcfgSubnetRangeOutsideVnet"),
        ("10.0.1.1/24", "InvalidAddressPrefixFormat"),
    ],
)
def test_a_range_that_azure_refuses_is_refused(tmp_path: Path, address_range: str, code: str) -> None:
    with refused(code), azure(tmp_path) as cloud:
        group(cloud)
        network(cloud)
        subnet(cloud)
        subnet(cloud, address_range, "other")


def test_a_subnet_needs_its_network(tmp_path: Path) -> None:
    with refused("ParentResourceNotFound"), azure(tmp_path) as cloud:
        group(cloud)
        subnet(cloud)


def test_a_private_endpoint_gets_an_address_and_its_records(tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        group(cloud)
        network(cloud)
        inside, account, names = subnet(cloud), storage(cloud), zone(cloud)
        groups = [{"name": "default", "private_dns_zone_ids": [names["id"]]}]
        first = endpoint(cloud, account["id"], "blob", inside["id"], private_dns_zone_group=groups)
        second = endpoint(cloud, account["id"], "file", inside["id"], "second")
        addresses = [one["private_service_connection"][0]["private_ip_address"] for one in (first, second)]
        assert addresses == ["10.0.0.4", "10.0.0.5"]
        (record,) = first["private_dns_zone_configs"][0]["record_sets"]
        assert record["fqdn"] == "storage01.privatelink.blob.core.windows.net"
        assert record["ip_addresses"] == ["10.0.0.4"]
        reads_back(cloud, "azurerm_private_endpoint", first)
        with refused("InUseSubnetCannotBeDeleted"):
            delete(cloud, "azurerm_subnet", inside)
        delete(cloud, "azurerm_private_endpoint", first)
        delete(cloud, "azurerm_private_endpoint", second)
        delete(cloud, "azurerm_subnet", inside)
        assert cloud.store.get(inside["id"]) is None


@pytest.mark.parametrize(
    ("target", "part", "code"),
    [
        ("storage", "vault", "PrivateEndpointInvalidGroupId"),
        ("registry", "registry", "PrivateEndpointFeatureNotSupportedForSku"),
        ("group", "blob", "PrivateEndpointInvalidGroupId"),
        ("gone", "blob", "LinkedResourceNotFound"),
    ],
)
def test_an_endpoint_for_what_takes_none_is_refused(tmp_path: Path, target: str, part: str, code: str) -> None:
    with azure(tmp_path) as cloud:
        outer = group(cloud)
        network(cloud)
        targets = {
            "storage": storage(cloud)["id"],
            "registry": create(cloud, "azurerm_container_registry", name="registry01", sku="Standard", **IN_GROUP)[
                "id"
            ],
            "group": outer["id"],
            "gone": f"{outer['id']}/providers/x/y/gone",
        }
        with refused(code):
            endpoint(cloud, targets[target], part, subnet(cloud)["id"])


def test_a_zone_is_linked_to_a_network_once_and_kept_while_it_is(tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        group(cloud)
        near = network(cloud)
        names = zone(cloud)
        link = {
            "private_dns_zone_name": names["name"],
            "virtual_network_id": near["id"],
            "resource_group_name": "rg",
            "registration_enabled": False,
        }
        kind = "azurerm_private_dns_zone_virtual_network_link"
        made = create(cloud, kind, name="link", **link)
        reads_back(cloud, kind, made)
        with refused("cannot be linked to multiple zones"):
            create(cloud, kind, name="second", **link)
        with refused("CannotDeleteResource"):
            delete(cloud, "azurerm_private_dns_zone", names)
        with refused("ParentResourceNotFound"):
            create(cloud, kind, name="third", **{**link, "private_dns_zone_name": "contoso.com"})


def test_what_a_subnet_uses_stays(tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        group(cloud)
        network(cloud)
        inside = subnet(cloud)
        rules = create(cloud, "azurerm_network_security_group", name="nsg", **IN_GROUP)
        gateway = create(cloud, "azurerm_nat_gateway", name="nat", **IN_GROUP)
        address = create(cloud, "azurerm_public_ip", name="ip", allocation_method="Static", **IN_GROUP)
        arguments = {"subnet_id": inside["id"], "network_security_group_id": rules["id"]}
        joined = create(cloud, "azurerm_subnet_network_security_group_association", **arguments)
        create(cloud, "azurerm_subnet_nat_gateway_association", subnet_id=inside["id"], nat_gateway_id=gateway["id"])
        outbound = {"nat_gateway_id": gateway["id"], "public_ip_address_id": address["id"]}
        addressed = create(cloud, "azurerm_nat_gateway_public_ip_association", **outbound)
        for kind, state, code in (
            ("azurerm_network_security_group", rules, "InUseNetworkSecurityGroupCannotBeDeleted"),
            ("azurerm_nat_gateway", gateway, "InUseNatGatewayCannotBeDeleted"),
            ("azurerm_public_ip", address, "PublicIPAddressCannotBeDeleted"),
        ):
            with refused(code):
                delete(cloud, kind, state)
        with refused("needs to be imported"):
            create(cloud, "azurerm_subnet_network_security_group_association", **arguments)
        # A change of the subnet keeps what is joined to it.
        RESOURCES["azurerm_subnet"].update(cloud, inside, {**inside, "default_outbound_access_enabled": False})
        reads_back(cloud, "azurerm_subnet_network_security_group_association", joined)
        delete(cloud, "azurerm_subnet_network_security_group_association", joined)
        delete(cloud, "azurerm_network_security_group", rules)
        delete(cloud, "azurerm_nat_gateway_public_ip_association", addressed)
        delete(cloud, "azurerm_public_ip", address)
        read = RESOURCES["azurerm_nat_gateway_public_ip_association"].read(cloud, addressed)
        assert read is None


def test_a_standard_address_is_static(tmp_path: Path) -> None:
    with refused("static IP allocation must be used"), azure(tmp_path) as cloud:
        group(cloud)
        create(cloud, "azurerm_public_ip", name="ip", allocation_method="Dynamic", **IN_GROUP)


@pytest.mark.parametrize("mode", ["Disabled", "AllowInternetOutbound"])
def test_a_name_is_no_rule_where_everything_may_go_out(tmp_path: Path, mode: str) -> None:
    with refused("ValidationError"), azure(tmp_path) as cloud:
        group(cloud)
        create(cloud, FQDN, name="rule", workspace_id=managed(cloud, mode)["id"], destination_fqdn="pypi.org")


def test_outbound_rules_are_told_apart_and_go_with_their_workspace(tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        group(cloud)
        state = managed(cloud, "AllowOnlyApprovedOutbound")
        rule = create(cloud, FQDN, name="rule", workspace_id=state["id"], destination_fqdn="pypi.org")
        reads_back(cloud, FQDN, rule)
        assert RESOURCES[TO_RESOURCE].read(cloud, rule) is None
        target = {"service_resource_id": state["storage_account_id"], "sub_resource_target": "blob"}
        create(cloud, TO_RESOURCE, name="data", workspace_id=state["id"], **target)
        with refused("unsupported resource type"):
            create(
                cloud, TO_RESOURCE, name="bad", workspace_id=state["id"], **{**target, "sub_resource_target": "vault"}
            )
        gone = {**target, "service_resource_id": state["storage_account_id"] + "x"}
        with refused("ResourceNotFound"):
            create(cloud, TO_RESOURCE, name="gone", workspace_id=state["id"], **gone)
        delete(cloud, "azurerm_machine_learning_workspace", state)
        assert RESOURCES[FQDN].read(cloud, rule) is None


def test_isolation_is_not_loosened(tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        group(cloud)
        state = managed(cloud, "AllowOnlyApprovedOutbound")
        assert state["managed_network"][0]["provision_on_creation_enabled"] is True
        looser = [{"isolation_mode": "AllowInternetOutbound"}]
        with refused("is not supported"):
            rules = RESOURCES["azurerm_machine_learning_workspace"]
            rules.update(cloud, state, {**state, "managed_network": looser})


def test_a_compute_without_a_public_address_needs_a_network(tmp_path: Path) -> None:
    arguments = {"name": "instance", "virtual_machine_size": "Standard_DS3_v2", "node_public_ip_enabled": False}
    kind = "azurerm_machine_learning_compute_instance"
    with azure(tmp_path) as cloud:
        group(cloud)
        plain = workspace(cloud)
        with refused("`subnet_resource_id` must be set"):
            create(cloud, kind, machine_learning_workspace_id=plain["id"], **arguments)
        with refused("ParentResourceNotFound"):
            gone = f"{PREFIX}/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/a/subnets/b"
            create(cloud, kind, machine_learning_workspace_id=plain["id"], subnet_resource_id=gone, **arguments)
        network(cloud)
        inside = subnet(cloud)["id"]
        create(cloud, kind, machine_learning_workspace_id=plain["id"], subnet_resource_id=inside, **arguments)
        with refused("InUseSubnetCannotBeDeleted"):
            delete(cloud, "azurerm_virtual_network", {"id": inside.rsplit("/subnets/", 1)[0]})


def key_in(cloud: Azure, state: Values, **values: Any) -> Values:
    arguments = {"key_type": "RSA", "key_size": 2048, "key_opts": ["wrapKey", "unwrapKey"], **values}
    return create(cloud, "azurerm_key_vault_key", name="key", key_vault_id=state["id"], **arguments)


def allow(cloud: Azure, state: Values, who: str, *permissions: str) -> None:
    create(
        cloud,
        "azurerm_key_vault_access_policy",
        key_vault_id=state["id"],
        tenant_id=SANDBOX_TENANT_ID,
        object_id=who,
        key_permissions=list(permissions),
    )


def test_a_key_needs_access_and_comes_back_after_a_soft_delete(tmp_path: Path) -> None:
    features = {"purge_soft_deleted_keys_on_destroy": False}
    with azure(tmp_path, key_vault=features) as cloud:
        group(cloud)
        state = vault(cloud, purge_protection_enabled=True)
        with refused("does not have keys create permission"):
            key_in(cloud, state)
        allow(cloud, state, OBJECT_ID, "Get", "Create", "Delete")
        key = key_in(cloud, state)
        assert key["id"] == f"https://vault-01.vault.azure.net/keys/key/{key['version']}"
        assert key["public_key_pem"].startswith("-----BEGIN PUBLIC KEY-----")
        reads_back(cloud, "azurerm_key_vault_key", key)
        with refused("needs to be imported"):
            key_in(cloud, state)
        delete(cloud, "azurerm_key_vault_key", key)
        assert RESOURCES["azurerm_key_vault_key"].read(cloud, key) is None
        assert key_in(cloud, state)["version"] == key["version"]


@pytest.mark.parametrize(
    ("lacks", "code"),
    [
        ("purge protection", "KeyVaultPurgeProtectionNotEnabled"),
        ("access", "KeyVaultAuthenticationFailure"),
        ("key", "KeyVaultEncryptionKeyNotFound"),
        ("identity", "must|customer managed key can only"),
        ("", ""),
    ],
)
def test_a_customer_key_that_azure_could_not_use_is_refused(tmp_path: Path, lacks: str, code: str) -> None:
    with azure(tmp_path) as cloud:
        group(cloud)
        state = vault(cloud, purge_protection_enabled=lacks != "purge protection")
        identity = create(cloud, "azurerm_user_assigned_identity", name="identity", **IN_GROUP)
        allow(cloud, state, OBJECT_ID, "Create")
        allow(
            cloud,
            state,
            identity["principal_id"],
            *(("Get",) if lacks == "access" else ("Get", "WrapKey", "UnwrapKey")),
        )
        key_id = key_in(cloud, state)["versionless_id"] + ("x" if lacks == "key" else "")
        own = [] if lacks == "identity" else [{"type": "UserAssigned", "identity_ids": [identity["id"]]}]
        block = {"key_vault_key_id": key_id, "user_assigned_identity_id": identity["id"]}
        if lacks:
            with refused(code):
                storage(cloud, identity=own, customer_managed_key=[block])
            return
        reads_back(cloud, "azurerm_storage_account", storage(cloud, identity=own, customer_managed_key=[block]))


def test_a_data_lake_keeps_no_versions(tmp_path: Path) -> None:
    with refused("`versioning_enabled` can't be true"), azure(tmp_path) as cloud:
        group(cloud)
        storage(cloud, is_hns_enabled=True, blob_properties=[{"versioning_enabled": True}])


def rule(name: str = "old", **actions: Any) -> Values:
    filters = [{"blob_types": ["blockBlob"], "prefix_match": ["data"]}]
    return {"name": name, "enabled": True, "filters": filters, "actions": [actions]}


def test_a_lifecycle_policy_is_one_for_each_account_and_reads_back(tmp_path: Path) -> None:
    kind = "azurerm_storage_management_policy"
    blobs = {"tier_to_cool_after_days_since_modification_greater_than": 30}
    with azure(tmp_path) as cloud:
        group(cloud)
        account = storage(cloud)["id"]
        made = create(cloud, kind, storage_account_id=account, rule=[rule(base_blob=[blobs])])
        (told,) = made["rule"]
        assert told["actions"][0]["base_blob"][0]["tier_to_cool_after_days_since_modification_greater_than"] == 30
        assert told["actions"][0]["base_blob"][0]["delete_after_days_since_modification_greater_than"] == -1
        reads_back(cloud, kind, made)
        with refused("needs to be imported"):
            create(cloud, kind, storage_account_id=account, rule=[rule(base_blob=[blobs])])
        other = storage(cloud, "storage02")["id"]
        with refused("must have an action"):
            create(cloud, kind, storage_account_id=other, rule=[rule()])
        with refused("must be unique"):
            create(cloud, kind, storage_account_id=other, rule=[rule("a", base_blob=[blobs]), rule("A")])


@pytest.mark.parametrize(
    ("kind", "config", "attribute"),
    [
        ("azurerm_virtual_network", {"name": "network"}, "address_space"),
        ("azurerm_subnet", {"name": "subnet"}, "address_prefixes"),
        ("azurerm_public_ip", {"name": "ip", "allocation_method": "Sometimes"}, "allocation_method"),
        ("azurerm_nat_gateway", {"name": "nat", "idle_timeout_in_minutes": 1}, "idle_timeout_in_minutes"),
        ("azurerm_private_dns_zone", {"name": "local"}, "name"),
        ("azurerm_private_endpoint", {"name": "-endpoint"}, "name"),
        (
            "azurerm_private_endpoint",
            {"name": "endpoint", "private_service_connection": [{"name": "a"}]},
            "private_service_connection.0.private_connection_resource_id",
        ),
        ("azurerm_key_vault_key", {"name": "a_b"}, "name"),
        ("azurerm_key_vault_key", {"name": "key", "key_type": "DSA"}, "key_type"),
        ("azurerm_key_vault_key", {"name": "key", "key_opts": ["open"]}, "key_opts"),
        ("azurerm_key_vault", {"name": "vault", "network_acls": [{"bypass": "All"}]}, "network_acls.0.bypass"),
        (
            "azurerm_storage_account",
            {"name": "storage", "network_rules": [{"ip_rules": ["1.2.3.4/32"]}]},
            "network_rules.0.ip_rules",
        ),
        (
            "azurerm_machine_learning_workspace",
            {"name": "workspace", "managed_network": [{"isolation_mode": "Closed"}]},
            "managed_network.0.isolation_mode",
        ),
    ],
)
def test_a_value_that_the_provider_refuses_is_refused(kind: str, config: Values, attribute: str) -> None:
    assert [finding.attribute for finding in RESOURCES[kind].validate(config)] == [attribute]


def test_rules_of_a_security_group_are_judged_when_they_are_known() -> None:
    rules = RESOURCES["azurerm_network_security_group"]
    assert list(rules.validate({"name": "nsg", "security_rule": UNKNOWN})) == []
    wrong = {"protocol": "Tcp", "access": "Allow", "direction": "Inbound", "priority": 99}
    (finding,) = rules.validate({"name": "nsg", "security_rule": [wrong]})
    assert "(100 - 4096)" in finding.message


def test_a_data_source_tells_what_exists_and_names_what_does_not(tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        group(cloud)
        made = insights(cloud)
        read = DATA_SOURCES["azurerm_application_insights"].read
        told = read(cloud, {"name": "insights", "resource_group_name": "rg"})
        assert (told["id"], told["connection_string"]) == (made["id"], made["connection_string"])
        with refused("ResourceNotFound"):
            read(cloud, {"name": "nothing", "resource_group_name": "rg"})


@pytest.mark.parametrize(
    "setting", [{"encryption": [{"key_vault_key_id": "x"}]}, {"network_rule_set": [{"default_action": "Deny"}]}]
)
def test_a_registrys_key_and_rules_need_the_premium_sku(tmp_path: Path, setting: Values) -> None:
    rules = RESOURCES["azurerm_container_registry"]
    with azure(tmp_path) as cloud:
        with refused("Premium"):
            rules.customize_plan(cloud, None, {"sku": "Standard", **setting})
        rules.customize_plan(cloud, None, {"sku": "Premium", **setting})
