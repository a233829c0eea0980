"""How do private endpoints and private DNS zones behave?"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any, ClassVar

from sandbox.store import ArmObject
from sandbox.terraform_provider.rules.arm import ArmRules, group_id, known
from sandbox.terraform_provider.rules.base import Azure, AzureError, Invalid, Values
from sandbox.terraform_provider.rules.network import (
    FIRST_FREE_ADDRESS,
    SUBNETS,
    addresses_in_use,
)

ZONES = "Microsoft.Network/privateDnsZones"
LINKS = "Microsoft.Network/privateDnsZones/virtualNetworkLinks"
ENDPOINTS = "Microsoft.Network/privateEndpoints"
#: Types in lower case -> their sub-resources (Microsoft Learn, "Private-link resource").
_TARGETS: dict[str, tuple[str, ...]] = {
    "microsoft.storage/storageaccounts": ("blob", "dfs", "file", "queue", "table", "web"),
    "microsoft.keyvault/vaults": ("vault",),
    "microsoft.containerregistry/registries": ("registry",),
    "microsoft.machinelearningservices/workspaces": ("amlworkspace",),
}
_NAME = r"[A-Za-z\d](?:[\w.-]{0,78}\w)?"


class PrivateDnsZoneRules(ArmRules):
    """azurerm_private_dns_zone."""

    type_name = "azurerm_private_dns_zone"
    arm_type = ZONES
    force_new = frozenset({"name", "resource_group_name", "soa_record"})
    computed_blocks = frozenset({"soa_record"})
    defaults: ClassVar = {
        "soa_record.expire_time": 2419200,
        "soa_record.minimum_ttl": 10,
        "soa_record.refresh_time": 3600,
        "soa_record.retry_time": 300,
        "soa_record.ttl": 3600,
    }
    name_pattern = r"(?=.{1,253}$)[\w-]{1,63}(\.[\w-]{1,63}){1,33}"
    name_rule = "be a domain of 2 to 34 labels"

    def extra_values(self, azure: Azure, body: ArmObject) -> Values:  # noqa: ARG002
        """Azure's limits."""
        return {
            "number_of_record_sets": 1,
            "max_number_of_record_sets": 25000,
            "max_number_of_virtual_network_links": 1000,
            "max_number_of_virtual_network_links_with_registration": 100,
        }

    def remove(self, azure: Azure, body: ArmObject) -> None:
        """Not while a network is linked."""
        links = azure.store.below(body["id"], LINKS)
        if links:
            text = f"Can not delete resource before nested resources are deleted: {links[0]['id']}"
            raise AzureError("CannotDeleteResource", text)
        super().remove(azure, body)


class PrivateDnsZoneLinkRules(ArmRules):
    """azurerm_private_dns_zone_virtual_network_link."""

    type_name = "azurerm_private_dns_zone_virtual_network_link"
    arm_type = LINKS
    force_new = frozenset({"name", "private_dns_zone_name", "resource_group_name", "virtual_network_id"})
    defaults: ClassVar = {"registration_enabled": False}
    references: ClassVar = {"virtual_network_id": "Virtual network"}
    fields: ClassVar = {
        "virtual_network_id": "properties.virtualNetwork.id",
        "registration_enabled": "properties.registrationEnabled",
        "resolution_policy": "properties.resolutionPolicy",
    }
    name_pattern = _NAME
    name_rule = "have 1 to 80 letters, digits, underscores, periods and hyphens"

    def resource_id(self, azure: Azure, values: Values) -> str:
        """A link is below its zone."""
        group = group_id(azure, values["resource_group_name"])
        zone = f"{group}/providers/{ZONES}/{values['private_dns_zone_name']}"
        if azure.store.get(zone) is None:
            text = f"The Resource '{zone}' was not found."
            raise AzureError("ParentResourceNotFound", text, attribute="private_dns_zone_name")
        return f"{zone}/virtualNetworkLinks/{values['name']}"

    def before_create(self, azure: Azure, values: Values, identifier: str) -> None:
        """A network sees one zone of a name."""
        zone_name = values["private_dns_zone_name"].lower()
        for link in azure.store.find(LINKS):
            same = link["id"].split("/privateDnsZones/")[1].split("/")[0].lower() == zone_name
            network = link["properties"]["virtualNetwork"]["id"].lower() == values["virtual_network_id"].lower()
            if same and network and link["id"].lower() != identifier.lower():
                text = (
                    f"A virtual network cannot be linked to multiple zones with overlapping namespaces. You tried to "
                    f"link virtual network with '{zone_name}', and it is linked by {link['id']}."
                )
                raise AzureError("Conflict", text, attribute="virtual_network_id")

    def extra_arm(self, azure: Azure, values: Values, body: ArmObject) -> None:  # noqa: ARG002
        """Zones of private link have a policy of their own."""
        if not values.get("resolution_policy"):
            body["properties"]["resolutionPolicy"] = "Default"

    def extra_values(self, azure: Azure, body: ArmObject) -> Values:  # noqa: ARG002
        """The parent is in the id."""
        return {"private_dns_zone_name": body["id"].split("/privateDnsZones/")[1].split("/")[0]}


class PrivateEndpointRules(ArmRules):
    """azurerm_private_endpoint."""

    type_name = "azurerm_private_endpoint"
    arm_type = ENDPOINTS
    force_new = frozenset(
        {
            "name",
            "location",
            "resource_group_name",
            "subnet_id",
            "custom_network_interface_name",
            "private_service_connection.name",
            "private_service_connection.is_manual_connection",
            "private_service_connection.private_connection_resource_id",
            "private_service_connection.private_connection_resource_alias",
            "private_service_connection.subresource_names",
            "ip_configuration.name",
            "ip_configuration.private_ip_address",
            "ip_configuration.subresource_name",
            "ip_configuration.member_name",
        }
    )
    references: ClassVar = {"subnet_id": "Subnet"}
    fields: ClassVar = {
        "subnet_id": "properties.subnet.id",
        "custom_network_interface_name": "properties.customNetworkInterfaceName",
    }
    name_pattern = _NAME
    name_rule = "have 1 to 80 letters, digits, underscores, periods and hyphens"

    def validate(self, config: Values) -> Iterable[Invalid]:
        """Exactly one target."""
        yield from super().validate(config)
        for block in config.get("private_service_connection") or []:
            given = [block.get(f"private_connection_resource_{name}") for name in ("id", "alias")]
            if sum(value is not None for value in given) != 1:
                text = "one of `private_connection_resource_alias,private_connection_resource_id` must be specified"
                yield Invalid("private_service_connection.0.private_connection_resource_id", text)
            message = block.get("request_message")
            if known(message) and not 1 <= len(message) <= 140:
                text = "expected length of request_message to be in the range (1 - 140)"
                yield Invalid("private_service_connection.0.request_message", text)

    def before_create(self, azure: Azure, values: Values, identifier: str) -> None:  # noqa: ARG002
        """The target exists, has that part, and takes endpoints; the zones exist."""
        connection = values["private_service_connection"][0]
        target_id, parts = connection["private_connection_resource_id"], connection.get("subresource_names") or []
        target = azure.store.get(target_id)
        attribute = "private_service_connection.0.private_connection_resource_id"
        if target is None:
            text = f"Resource '{target_id}' referenced by the private endpoint was not found."
            raise AzureError("LinkedResourceNotFound", text, attribute=attribute)
        allowed = _TARGETS.get(target["type"].lower(), ())
        if len(parts) != 1 or parts[0] not in allowed:
            text = f"{parts} is not one of the group ids of {target['type']}: {list(allowed)}."
            raise AzureError("PrivateEndpointInvalidGroupId", text, attribute=attribute)
        if target.get("sku", {}).get("name") in ("Basic", "Standard") and parts == ["registry"]:
            text = "Private endpoints are supported for registries of the Premium SKU only."
            raise AzureError("PrivateEndpointFeatureNotSupportedForSku", text, attribute=attribute)
        for zone_id in _zone_ids(values):
            if (azure.store.get(zone_id) or {}).get("type") != ZONES:
                text = f"Call to Microsoft.Network/privateDnsZones failed: the zone '{zone_id}' was not found."
                raise AzureError("PrivateDnsZoneNotFound", text, attribute="private_dns_zone_group")

    def extra_arm(self, azure: Azure, values: Values, body: ArmObject) -> None:
        """An address of the subnet."""
        properties = body.setdefault("properties", {})
        connection = values["private_service_connection"][0]
        manual = bool(connection["is_manual_connection"])
        properties["manual"] = manual
        properties["privateLinkServiceConnection"] = {
            "name": connection["name"],
            "privateLinkServiceId": connection["private_connection_resource_id"],
            "groupIds": connection.get("subresource_names") or [],
            "requestMessage": connection.get("request_message"),
        }
        groups = values.get("private_dns_zone_group") or []
        properties["privateDnsZoneGroup"] = (
            {"name": groups[0]["name"], "zoneIds": list(groups[0]["private_dns_zone_ids"])} if groups else None
        )
        if "privateIPAddress" not in properties:
            properties["privateIPAddress"] = _free_address(azure, values["subnet_id"])

    def extra_values(self, azure: Azure, body: ArmObject) -> Values:  # noqa: ARG002
        """Connection, network interface, address and records."""
        properties = body["properties"]
        connection, address = properties["privateLinkServiceConnection"], properties["privateIPAddress"]
        interface = f"{body['name']}.nic"
        group = body["id"].split("/providers/")[0]
        return {
            "network_interface": [
                {"id": f"{group}/providers/Microsoft.Network/networkInterfaces/{interface}", "name": interface}
            ],
            "private_service_connection": [
                {
                    "name": connection["name"],
                    "is_manual_connection": properties["manual"],
                    "private_connection_resource_id": connection["privateLinkServiceId"],
                    "private_connection_resource_alias": None,
                    "subresource_names": connection["groupIds"],
                    "request_message": connection["requestMessage"],
                    "private_ip_address": address,
                }
            ],
            "custom_dns_configs": [],
            **_dns_values(body),
        }


def _dns_values(body: ArmObject) -> Values:
    """The group of zones, and the records that Azure writes into them."""
    group = body["properties"]["privateDnsZoneGroup"]
    if group is None:
        return {"private_dns_zone_group": [], "private_dns_zone_configs": []}
    group_path = f"{body['id']}/privateDnsZoneGroups/{group['name']}"
    target = body["properties"]["privateLinkServiceConnection"]["privateLinkServiceId"].rsplit("/", 1)[1].lower()
    address = body["properties"]["privateIPAddress"]
    configs: list[dict[str, Any]] = []
    for zone_id in group["zoneIds"]:
        zone = zone_id.rsplit("/", 1)[1]
        record = {"name": target, "type": "A", "fqdn": f"{target}.{zone}", "ttl": 10, "ip_addresses": [address]}
        configs.append(
            {
                "name": zone,
                "id": f"{group_path}/privateDnsZoneConfigs/{zone}",
                "private_dns_zone_id": zone_id,
                "record_sets": [record],
            }
        )
    return {
        "private_dns_zone_group": [{"id": group_path, "name": group["name"], "private_dns_zone_ids": group["zoneIds"]}],
        "private_dns_zone_configs": configs,
    }


def _zone_ids(values: Values) -> list[str]:
    return [zone for group in values.get("private_dns_zone_group") or [] for zone in group["private_dns_zone_ids"]]


def _free_address(azure: Azure, subnet_id: str) -> str:
    subnet = azure.store.get(subnet_id)
    assert subnet is not None
    assert subnet["type"] == SUBNETS
    taken = addresses_in_use(azure, subnet_id)
    for prefix in subnet["properties"]["addressPrefixes"]:
        network = ipaddress.IPv4Network(prefix)
        for offset in range(FIRST_FREE_ADDRESS, network.num_addresses - 1):
            if str(network[offset]) not in taken:
                return str(network[offset])
    raise AzureError("SubnetIsFull", f"Subnet {subnet['name']} has no free address.", attribute="subnet_id")
