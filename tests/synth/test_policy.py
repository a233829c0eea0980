"""What holds for every environment of a project, whatever its settings: add the rules of your organisation here."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from tests.synth.stacks import SHIPPED, resources, shipped

#: Types of azurerm that take no tags.
UNTAGGABLE = {
    "azurerm_consumption_budget_resource_group",
    "azurerm_key_vault_access_policy",
    "azurerm_machine_learning_workspace_network_outbound_rule_fqdn",
    "azurerm_machine_learning_workspace_network_outbound_rule_private_endpoint",
    "azurerm_machine_learning_workspace_network_outbound_rule_service_tag",
    "azurerm_management_lock",
    "azurerm_monitor_diagnostic_setting",
    "azurerm_nat_gateway_public_ip_association",
    "azurerm_role_assignment",
    "azurerm_storage_container",
    "azurerm_storage_management_policy",
    "azurerm_subnet",
    "azurerm_subnet_nat_gateway_association",
    "azurerm_subnet_network_security_group_association",
}


@pytest.mark.parametrize("name", SHIPPED)
def test_every_resource_says_what_it_belongs_to(name: str) -> None:
    for kind, group in shipped(name)["resource"].items():
        if kind.startswith("azurerm_") and kind not in UNTAGGABLE:
            for one in group.values():
                assert one["tags"]["environment"] == name, kind
                assert one["tags"]["managed_by"] == "ezazml", kind


@pytest.mark.parametrize("name", SHIPPED)
def test_data_is_reached_by_identity_over_tls(name: str) -> None:
    for account in resources(shipped(name), "azurerm_storage_account").values():
        assert account["shared_access_key_enabled"] is False
        assert account["allow_nested_items_to_be_public"] is False
        assert account["min_tls_version"] == "TLS1_2"
        assert account["https_traffic_only_enabled"] is True
    for registry in shipped(name)["resource"].get("azurerm_container_registry", {}).values():
        assert not registry.get("admin_enabled")


@pytest.mark.parametrize("name", SHIPPED)
def test_no_secret_stands_in_a_stack(name: str) -> None:
    for kind, arguments in (("azurerm_key_vault_secret", ("value", "value_wo")), ("azuread_user", ("password",))):
        for one in shipped(name)["resource"].get(kind, {}).values():
            (secret,) = [one[argument] for argument in arguments if argument in one]
            assert re.fullmatch(r"\$\{[\w.-]+\}", secret), f"{kind}: a literal secret"


@pytest.mark.parametrize("name", SHIPPED)
def test_a_protected_environment_keeps_what_holds_data(name: str) -> None:
    stack = shipped(name)
    keeps = [
        one.get("lifecycle", {}).get("prevent_destroy") for one in resources(stack, "azurerm_storage_account").values()
    ]
    locked = "azurerm_management_lock" in stack["resource"]
    assert set(keeps) == ({True} if locked else {None})


def test_environments_share_neither_names_nor_states() -> None:
    states = Counter(json.dumps(shipped(name)["terraform"]["backend"]) for name in SHIPPED)
    kinds = ("azurerm_resource_group", "azurerm_storage_account")
    names = Counter(
        (kind, one["name"]) for name in SHIPPED for kind in kinds for one in resources(shipped(name), kind).values()
    )
    for found in (states, names):
        assert [what for what, count in found.items() if count > 1] == []
