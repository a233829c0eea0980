"""Network settings that Azure would refuse, or that contradict each other, are one clear message each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ezazml.config.checks import warnings_for_deployment
from ezazml.config.environment import Environment
from ezazml.config.loading import load_environment
from ezazml.errors import ConfigurationError

PRIVATE: dict[str, Any] = {
    "network": {"profile": "private"},
    "container_registry": {"sku": "Premium"},
    "identities": {"application": {"secret_enabled": False}},
}
GROUP = "/subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/hub"
NETWORK = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/hub"


def load(root: Path, settings: dict[str, Any]) -> Environment:
    (root / "environments").mkdir(exist_ok=True)
    (root / "environments" / "dev.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    return load_environment("dev", root=root, environ={})


def problems(root: Path, settings: dict[str, Any]) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(root, settings)
    return str(caught.value)


def private(**network: Any) -> dict[str, Any]:
    return {**PRIVATE, "network": {"profile": "private", **network}}


def managed(rule: dict[str, Any], mode: str = "AllowOnlyApprovedOutbound") -> dict[str, Any]:
    rules = [{"name": "rule", **rule}]
    return {
        "network": {"profile": "managed", "managed": {"isolation_mode": mode, "outbound_rules": rules}},
        "container_registry": {"sku": "Premium"},
    }


def test_the_default_is_public_and_everything_else_follows_the_profile(tmp_path: Path) -> None:
    assert load(tmp_path, {}).settings.network.profile == "public"
    settings = load(tmp_path, PRIVATE).settings
    assert settings.network.makes_virtual_network
    assert settings.network.makes_dns_zones
    assert settings.workspace.public_network_access_enabled is None


@pytest.mark.parametrize("ips", [["203.0.114.7"], ["198.51.0.0/24", "8.8.8.8"], ["20.0.0.0/30"]])
def test_public_addresses_and_ranges_are_allowed(tmp_path: Path, ips: list[str]) -> None:
    settings = {"network": {"allowed_ips": ips}, "container_registry": {"sku": "Premium"}}
    assert load(tmp_path, settings).settings.network.allowed_ips == tuple(ips)


@pytest.mark.parametrize(
    ("ip", "text"),
    [
        ("10.0.0.0/24", "is not public"),
        ("192.168.1.4", "is not public"),
        ("127.0.0.1", "is not public"),
        ("20.1.2.3/32", "without /31 or /32"),
        ("20.1.2.3/31", "without /31 or /32"),
        ("300.1.1.1", "is not an IPv4 address"),
        ("2001:db8::1", "is not an IPv4 address"),
        ("contoso.com", "is not an IPv4 address"),
    ],
)
def test_an_address_that_azure_refuses_is_named(tmp_path: Path, ip: str, text: str) -> None:
    message = problems(tmp_path, {"network": {"allowed_ips": [ip]}, "container_registry": {"sku": "Premium"}})
    assert "network.allowed_ips[0]" in message
    assert text in message


@pytest.mark.parametrize(
    ("settings", "setting", "text"),
    [
        ({"network": {"allowed_ips": ["20.1.2.3"]}}, "container_registry.sku", "has no network rules"),
        (private(allowed_ips=["20.1.2.3"]), "network.allowed_ips", "contradicts network.profile private"),
        (
            {**PRIVATE, "workspace": {"public_network_access_enabled": True}},
            "workspace.public_network_access_enabled",
            "would have a public endpoint",
        ),
        ({**PRIVATE, "container_registry": {"sku": "Standard"}}, "container_registry.sku", "takes no private endpoint"),
        (
            {**PRIVATE, "container_registry": {"enabled": False, "sku": "Premium"}},
            "container_registry.enabled",
            "would be public",
        ),
        (
            {**PRIVATE, "identities": {"application": {"secret_enabled": True}}},
            "identities.application.secret_enabled",
            "from inside the private network only",
        ),
        ({"network": {"managed": {}}}, "network.managed", "belongs to profile managed"),
        ({"network": {"virtual_network": {}}}, "network.virtual_network", "belongs to profile private"),
        ({"network": {"deployer_inside": True}}, "network.deployer_inside", "belongs to profile private"),
        (
            {"network": {"profile": "managed", "managed": {"isolation_mode": "AllowOnlyApprovedOutbound"}}},
            "container_registry.sku",
            "takes no private endpoint",
        ),
    ],
)
def test_a_profile_that_contradicts_other_settings_is_refused(
    tmp_path: Path, settings: dict[str, Any], setting: str, text: str
) -> None:
    message = problems(tmp_path, settings)
    assert f"{setting}:" in message
    assert text in message


def test_who_deploys_from_inside_may_write_secrets(tmp_path: Path) -> None:
    settings = private(deployer_inside=True)
    settings["identities"] = {"application": {"secret_enabled": True}}
    assert load(tmp_path, settings).settings.network.deployer_inside


@pytest.mark.parametrize(
    ("ranges", "setting", "text"),
    [
        (
            {"compute_subnet": "10.80.4.0/22"},
            "endpoint_subnet",
            "10.80.4.0/24 overlaps compute_subnet 10.80.4.0/22",
        ),
        ({"compute_subnet": "10.80.0.0/16"}, "endpoint_subnet", "overlaps compute_subnet"),
        ({"endpoint_subnet": "10.81.0.0/24"}, "endpoint_subnet", "is not inside"),
        ({"compute_subnet": "10.80.0.1/22"}, "compute_subnet", "Did you mean 10.80.0.0/22?"),
        ({"compute_subnet": "10.80.0.0/28"}, "compute_subnet", "Use a range of at least /27."),
        ({"compute_subnet": "everything"}, "compute_subnet", "is not a range of IPv4 addresses"),
        ({"address_space": ["10.80.0.0/33"]}, "address_space[0]", "is not a range of IPv4 addresses"),
        ({"address_space": []}, "address_space", "is empty"),
        ({"address_space": ["10.80.0.0/16", "10.80.128.0/17"]}, "address_space", "overlap"),
        (
            {"address_space": ["172.17.0.0/16"], "compute_subnet": "172.17.0.0/22", "endpoint_subnet": "172.17.4.0/24"},
            "compute_subnet",
            "Docker's own network",
        ),
    ],
)
def test_ranges_that_cannot_be_are_refused(tmp_path: Path, ranges: dict[str, Any], setting: str, text: str) -> None:
    message = problems(tmp_path, private(virtual_network=ranges))
    assert f"network.virtual_network.{setting}:" in message
    assert text in message


@pytest.mark.parametrize(
    "rule",
    [
        {"fqdn": "pypi.org"},
        {"fqdn": "*.contoso.com"},
        {"service_tag": "Sql", "port_ranges": "1433,11000-11999"},
        {"service_resource_id": f"{GROUP}/providers/Microsoft.KeyVault/vaults/v", "sub_resource_target": "vault"},
    ],
)
def test_a_rule_of_each_kind_is_accepted(tmp_path: Path, rule: dict[str, Any]) -> None:
    assert len(load(tmp_path, managed(rule)).settings.network.managed.outbound_rules) == 1


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ({}, "exactly one of fqdn, service_tag and service_resource_id, not 0"),
        ({"fqdn": "pypi.org", "service_tag": "Sql"}, "service_resource_id, not 2"),
        ({"fqdn": "https://pypi.org"}, "is not a host name"),
        ({"service_tag": "sql"}, "is not a service tag"),
        ({"service_tag": "Sql", "port_ranges": "lots"}, "is not a list of ports"),
        ({"service_resource_id": "storage", "sub_resource_target": "blob"}, "is not a resource id"),
        (
            {"service_resource_id": f"{GROUP}/providers/Microsoft.Sql/servers/s", "sub_resource_target": "blob"},
            "makes no private endpoint rule for Microsoft.Sql",
        ),
        (
            {"service_resource_id": f"{GROUP}/providers/Microsoft.KeyVault/vaults/v", "sub_resource_target": "blob"},
            "Use one of vault.",
        ),
        ({"service_resource_id": f"{GROUP}/providers/Microsoft.KeyVault/vaults/v"}, "sub_resource_target: is missing"),
        ({"name": "a rule", "fqdn": "pypi.org"}, "does not have the form"),
    ],
)
def test_an_outbound_rule_that_azure_refuses_is_refused(tmp_path: Path, rule: dict[str, Any], text: str) -> None:
    message = problems(tmp_path, managed(rule))
    assert "network.managed.outbound_rules[0]" in message
    assert text in message


def test_names_and_services_need_a_network_that_refuses_the_rest(tmp_path: Path) -> None:
    message = problems(tmp_path, managed({"fqdn": "pypi.org"}, mode="AllowInternetOutbound"))
    assert "has no effect with isolation_mode AllowInternetOutbound" in message
    target = {"service_resource_id": f"{GROUP}/providers/Microsoft.KeyVault/vaults/v", "sub_resource_target": "vault"}
    assert load(tmp_path, managed(target, mode="AllowInternetOutbound")).settings.network.profile == "managed"


def test_two_outbound_rules_of_a_name_are_refused(tmp_path: Path) -> None:
    settings = managed({"fqdn": "pypi.org"})
    settings["network"]["managed"]["outbound_rules"].append({"name": "Rule", "fqdn": "contoso.com"})
    assert "is the name of network.managed.outbound_rules[0] already" in problems(tmp_path, settings)


@pytest.mark.parametrize(
    ("existing", "text"),
    [
        ({"virtual_network_id": "hub"}, "is not the id of a virtual network"),
        ({"virtual_network_id": NETWORK.replace("resourceGroups", "resourcegroups")}, "is not the id of a virtual"),
        ({"compute_subnet_id": f"{NETWORK}/subnets/a"}, "endpoint_subnet_id: is missing"),
        ({"endpoint_subnet_id": f"{NETWORK}/subnets/a"}, "compute_subnet_id: is missing"),
        ({"compute_subnet_id": NETWORK, "endpoint_subnet_id": f"{NETWORK}/subnets/b"}, "is not the id of a subnet"),
        (
            {
                "virtual_network_id": NETWORK,
                "compute_subnet_id": f"{NETWORK}/subnets/a",
                "endpoint_subnet_id": f"{NETWORK}/subnets/b",
            },
            "virtual_network_id: is not needed",
        ),
        ({"dns_zone_resource_group_id": NETWORK}, "is not the id of a resource group"),
    ],
)
def test_ids_of_existing_networks_are_checked(tmp_path: Path, existing: dict[str, Any], text: str) -> None:
    assert text in problems(tmp_path, private(existing=existing))


def test_an_allow_list_without_a_network_is_warned_about(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"network": {"allowed_ips": ["20.1.2.3"]}, "container_registry": {"sku": "Premium"}}
    assert warnings_for_deployment("dev", load(tmp_path, settings).settings) == []
    settings["compute"] = {"clusters": [{"name": "cpu"}]}
    (warning,) = warnings_for_deployment("dev", load(tmp_path, settings).settings)
    assert "Use network.profile: managed" in warning
    settings["network"]["profile"] = "managed"
    assert warnings_for_deployment("dev", load(tmp_path, settings).settings) == []
