"""How do virtual networks, subnets, security groups, NAT gateways and public addresses behave?"""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Iterable
from typing import Any, ClassVar

from sandbox.store import ArmObject
from sandbox.terraform_provider.rules.arm import ArmRules, between, known, one_of
from sandbox.terraform_provider.rules.base import Azure, AzureError, Invalid, Values

VIRTUAL_NETWORKS = "Microsoft.Network/virtualNetworks"
SUBNETS = "Microsoft.Network/virtualNetworks/subnets"
SECURITY_GROUPS = "Microsoft.Network/networkSecurityGroups"
NAT_GATEWAYS = "Microsoft.Network/natGateways"
PUBLIC_ADDRESSES = "Microsoft.Network/publicIPAddresses"
_POLICIES = ("Disabled", "Enabled", "NetworkSecurityGroupEnabled", "RouteTableEnabled")
#: Azure keeps the first four addresses of a subnet and the last (Microsoft Learn, "Azure Virtual Network FAQ").
FIRST_FREE_ADDRESS = 4


class VirtualNetworkRules(ArmRules):
    """azurerm_virtual_network."""

    type_name = "azurerm_virtual_network"
    arm_type = VIRTUAL_NETWORKS
    force_new = frozenset({"name", "location", "resource_group_name", "edge_zone"})
    defaults: ClassVar = {"private_endpoint_vnet_policies": "Disabled"}
    fields: ClassVar = {
        "address_space": "properties.addressSpace.addressPrefixes",
        "bgp_community": "properties.bgpCommunities.virtualNetworkCommunity",
        "flow_timeout_in_minutes": "properties.flowTimeoutInMinutes",
        "private_endpoint_vnet_policies": "properties.privateEndpointVNetPolicies",
    }
    name_pattern = r"[A-Za-z0-9][\w.-]{0,62}\w"
    name_rule = "have 2 to 64 letters, digits, underscores, periods and hyphens"

    def validate(self, config: Values) -> Iterable[Invalid]:
        """Exactly one source of addresses."""
        yield from super().validate(config)
        yield from between(config, "flow_timeout_in_minutes", 4, 30)
        yield from one_of(config, "private_endpoint_vnet_policies", ("Basic", "Disabled"))
        if config.get("address_space") is None and not config.get("ip_address_pool"):
            yield Invalid("address_space", "one of `address_space,ip_address_pool` must be specified")

    def extra_arm(self, azure: Azure, values: Values, body: ArmObject) -> None:  # noqa: ARG002
        """Azure gives the network an id of its own, and takes ranges only."""
        properties = body.setdefault("properties", {})
        properties.setdefault("resourceGuid", str(uuid.uuid4()))
        properties["dhcpOptions"] = {"dnsServers": values.get("dns_servers") or []}
        for text in values.get("address_space") or []:
            _range(text, "address_space")

    def extra_values(self, azure: Azure, body: ArmObject) -> Values:  # noqa: ARG002
        """Computed values. Subnets have a resource type of their own and are not repeated here."""
        properties = body["properties"]
        return {"guid": properties["resourceGuid"], "dns_servers": properties["dhcpOptions"]["dnsServers"]}

    def remove(self, azure: Azure, body: ArmObject) -> None:
        """A network goes with its subnets, unless one is in use."""
        for subnet in azure.store.below(body["id"], SUBNETS):
            require_unused(azure, subnet)
        super().remove(azure, body)


class SubnetRules(ArmRules):
    """azurerm_subnet."""

    type_name = "azurerm_subnet"
    arm_type = SUBNETS
    force_new = frozenset({"name", "resource_group_name", "virtual_network_name"})
    defaults: ClassVar = {
        "default_outbound_access_enabled": True,
        "private_endpoint_network_policies": "Disabled",
        "private_link_service_network_policies_enabled": True,
    }
    fields: ClassVar = {
        "address_prefixes": "properties.addressPrefixes",
        "default_outbound_access_enabled": "properties.defaultOutboundAccess",
        "private_endpoint_network_policies": "properties.privateEndpointNetworkPolicies",
        "sharing_scope": "properties.sharingScope",
    }
    name_pattern = r"[A-Za-z0-9](?:[\w.-]{0,78}\w)?"
    name_rule = "have 1 to 80 letters, digits, underscores, periods and hyphens"

    def validate(self, config: Values) -> Iterable[Invalid]:
        """Value rules of the provider."""
        yield from super().validate(config)
        yield from one_of(config, "private_endpoint_network_policies", _POLICIES)
        yield from one_of(config, "sharing_scope", ("Tenant",))
        if config.get("address_prefixes") is None and not config.get("ip_address_pool"):
            yield Invalid("address_prefixes", "one of `address_prefixes,ip_address_pool` must be specified")

    def customize_plan(self, azure: Azure, prior: Values | None, planned: Values) -> None:  # noqa: ARG002
        """A shared subnet has no default way out."""
        if planned.get("sharing_scope") and planned.get("default_outbound_access_enabled"):
            text = "`sharing_scope` cannot be set if `default_outbound_access_enabled` is set to `true`"
            raise AzureError("InvalidConfiguration", text, attribute="sharing_scope")

    def resource_id(self, azure: Azure, values: Values) -> str:
        """A subnet is below its network."""
        group = f"/subscriptions/{azure.subscription_id}/resourceGroups/{values['resource_group_name']}"
        network = f"{group}/providers/{VIRTUAL_NETWORKS}/{values['virtual_network_name']}"
        if azure.store.get(network) is None:
            text = f"The Resource '{VIRTUAL_NETWORKS}/{values['virtual_network_name']}' was not found."
            raise AzureError("ParentResourceNotFound", text, attribute="virtual_network_name")
        return f"{network}/subnets/{values['name']}"

    def extra_arm(self, azure: Azure, values: Values, body: ArmObject) -> None:
        """Ranges lie in the network's and not over another subnet's."""
        body.pop("tags", None)
        enabled = values.get("private_link_service_network_policies_enabled") is not False
        properties = body.setdefault("properties", {})
        properties["privateLinkServiceNetworkPolicies"] = "Enabled" if enabled else "Disabled"
        properties["serviceEndpoints"] = [{"service": one} for one in values.get("service_endpoints") or []]
        network = azure.store.get(body["id"].rsplit("/subnets/", 1)[0]) or {}
        spaces = [_range(text, "address_space") for text in network["properties"]["addressSpace"]["addressPrefixes"]]
        others = [one for one in azure.store.below(network["id"], SUBNETS) if one["id"].lower() != body["id"].lower()]
        for text in values.get("address_prefixes") or []:
            wanted = _range(text, "address_prefixes")
            if not any(wanted.subnet_of(space) for space in spaces):
                message = (
                    f"Subnet '{body['name']}' is not valid because its IP address range is outside the IP address "
                )
                message += f"range of virtual network '{network['name']}'."
                raise AzureError("NetcfgSubnetRangeOutsideVnet", message, attribute="address_prefixes")
            for other in others:
                if any(wanted.overlaps(_range(one, "")) for one in other["properties"]["addressPrefixes"]):
                    message = (
                        f"Subnet '{body['name']}' is not valid because its IP address range overlaps with that of "
                    )
                    message += f"an existing subnet '{other['name']}' in virtual network '{network['name']}'."
                    raise AzureError("NetcfgSubnetRangesOverlap", message, attribute="address_prefixes")

    def extra_values(self, azure: Azure, body: ArmObject) -> Values:  # noqa: ARG002
        """The parent, and switches."""
        properties = body["properties"]
        return {
            "virtual_network_name": body["id"].split("/virtualNetworks/")[1].split("/")[0],
            "private_link_service_network_policies_enabled": properties["privateLinkServiceNetworkPolicies"]
            == "Enabled",
            "service_endpoints": [one["service"] for one in properties["serviceEndpoints"]] or None,
        }

    def remove(self, azure: Azure, body: ArmObject) -> None:
        """Not while something has an address in it."""
        require_unused(azure, body)
        super().remove(azure, body)


class NetworkSecurityGroupRules(ArmRules):
    """azurerm_network_security_group."""

    type_name = "azurerm_network_security_group"
    arm_type = SECURITY_GROUPS
    force_new = frozenset({"name", "location", "resource_group_name"})
    name_pattern = r"[A-Za-z0-9](?:[\w.-]{0,78}\w)?"
    name_rule = "have 1 to 80 letters, digits, underscores, periods and hyphens"

    def validate(self, config: Values) -> Iterable[Invalid]:
        """Value rules of the rules in it."""
        yield from super().validate(config)
        rules = config.get("security_rule")
        for rule in rules if known(rules) else []:
            for finding in (
                *one_of(rule, "protocol", ("*", "Tcp", "Udp", "Icmp", "Ah", "Esp")),
                *one_of(rule, "access", ("Allow", "Deny")),
                *one_of(rule, "direction", ("Inbound", "Outbound")),
                *between(rule, "priority", 100, 4096),
            ):
                yield Invalid("security_rule", finding.message)

    def extra_arm(self, azure: Azure, values: Values, body: ArmObject) -> None:  # noqa: ARG002
        """Rules are kept as they are configured; two of a direction must not share a priority."""
        rules = values.get("security_rule") or []
        places = [(rule["direction"], rule["priority"]) for rule in rules]
        if len(set(places)) != len(places):
            text = "Rules cannot have the same Priority and Direction."
            raise AzureError("SecurityRuleConflict", text, attribute="security_rule")
        body.setdefault("properties", {})["securityRules"] = rules

    def extra_values(self, azure: Azure, body: ArmObject) -> Values:  # noqa: ARG002
        """Its rules."""
        return {"security_rule": body["properties"]["securityRules"]}

    def remove(self, azure: Azure, body: ArmObject) -> None:
        """Not while a subnet has it."""
        _require_no_subnet_has(azure, "networkSecurityGroup", body, "InUseNetworkSecurityGroupCannotBeDeleted")
        super().remove(azure, body)


class PublicIpRules(ArmRules):
    """azurerm_public_ip."""

    type_name = "azurerm_public_ip"
    arm_type = PUBLIC_ADDRESSES
    force_new = frozenset(
        {
            "name",
            "location",
            "resource_group_name",
            "edge_zone",
            "ip_version",
            "sku",
            "sku_tier",
            "public_ip_prefix_id",
            "ip_tags",
            "zones",
        }
    )
    defaults: ClassVar = {
        "ddos_protection_mode": "VirtualNetworkInherited",
        "ip_version": "IPv4",
        "sku": "Standard",
        "sku_tier": "Regional",
        "idle_timeout_in_minutes": 4,
    }
    fields: ClassVar = {
        "allocation_method": "properties.publicIPAllocationMethod",
        "ddos_protection_mode": "properties.ddosSettings.protectionMode",
        "ip_version": "properties.publicIPAddressVersion",
        "idle_timeout_in_minutes": "properties.idleTimeoutInMinutes",
        "sku": "sku.name",
        "sku_tier": "sku.tier",
        "zones": "zones",
    }
    name_pattern = r"[A-Za-z0-9](?:[\w.-]{0,78}\w)?"
    name_rule = "have 1 to 80 letters, digits, underscores, periods and hyphens"

    def validate(self, config: Values) -> Iterable[Invalid]:
        """Value rules of the provider."""
        yield from super().validate(config)
        yield from one_of(config, "allocation_method", ("Static", "Dynamic"))
        yield from one_of(config, "sku", ("Basic", "Standard"))
        yield from one_of(config, "ip_version", ("IPv4", "IPv6"))
        yield from between(config, "idle_timeout_in_minutes", 4, 30)

    def before_create(self, azure: Azure, values: Values, identifier: str) -> None:  # noqa: ARG002
        """A standard address does not change."""
        if values["sku"] == "Standard" and values["allocation_method"] != "Static":
            text = "static IP allocation must be used when creating Standard SKU public IP addresses"
            raise AzureError("InvalidConfiguration", text, attribute="allocation_method")

    def extra_arm(self, azure: Azure, values: Values, body: ArmObject) -> None:  # noqa: ARG002
        """An address of the block that is set aside for documentation (RFC 5737)."""
        taken = len(azure.store.find(PUBLIC_ADDRESSES))
        body.setdefault("properties", {}).setdefault("ipAddress", f"203.0.113.{taken % 254 + 1}")

    def extra_values(self, azure: Azure, body: ArmObject) -> Values:  # noqa: ARG002
        """The address."""
        return {"ip_address": body["properties"]["ipAddress"], "fqdn": ""}

    def remove(self, azure: Azure, body: ArmObject) -> None:
        """Not while a gateway has it."""
        for gateway in azure.store.find(NAT_GATEWAYS):
            if body["id"] in [one["id"] for one in gateway["properties"]["publicIpAddresses"]]:
                text = f"Public IP address {body['id']} can not be deleted since it is in use by {gateway['id']}."
                raise AzureError("PublicIPAddressCannotBeDeleted", text)
        super().remove(azure, body)


class NatGatewayRules(ArmRules):
    """azurerm_nat_gateway."""

    type_name = "azurerm_nat_gateway"
    arm_type = NAT_GATEWAYS
    force_new = frozenset({"name", "location", "resource_group_name", "zones"})
    defaults: ClassVar = {"idle_timeout_in_minutes": 4, "sku_name": "Standard"}
    fields: ClassVar = {
        "idle_timeout_in_minutes": "properties.idleTimeoutInMinutes",
        "sku_name": "sku.name",
        "zones": "zones",
    }
    name_pattern = r"[A-Za-z0-9](?:[\w.-]{0,78}\w)?"
    name_rule = "have 1 to 80 letters, digits, underscores, periods and hyphens"

    def validate(self, config: Values) -> Iterable[Invalid]:
        """Value rules of the provider."""
        yield from super().validate(config)
        yield from one_of(config, "sku_name", ("Standard",))
        yield from between(config, "idle_timeout_in_minutes", 4, 120)

    def extra_arm(self, azure: Azure, values: Values, body: ArmObject) -> None:  # noqa: ARG002
        """Addresses are associated separately."""
        properties = body.setdefault("properties", {})
        properties.setdefault("resourceGuid", str(uuid.uuid4()))
        properties.setdefault("publicIpAddresses", [])

    def extra_values(self, azure: Azure, body: ArmObject) -> Values:  # noqa: ARG002
        """Computed values."""
        return {"resource_guid": body["properties"]["resourceGuid"]}

    def remove(self, azure: Azure, body: ArmObject) -> None:
        """Not while a subnet has it."""
        _require_no_subnet_has(azure, "natGateway", body, "InUseNatGatewayCannotBeDeleted")
        super().remove(azure, body)


def addresses_in_use(azure: Azure, subnet_id: str) -> dict[str, str]:
    """Private addresses of a subnet that are taken -> who has them."""
    found: dict[str, str] = {}
    for body in azure.store.find("Microsoft.Network/privateEndpoints"):
        if body["properties"]["subnet"]["id"].lower() == subnet_id.lower():
            found[body["properties"]["privateIPAddress"]] = body["id"]
    return found


def require_unused(azure: Azure, subnet: ArmObject) -> None:
    """Raise InUseSubnetCannotBeDeleted while private endpoints or computes are in a subnet."""
    users = list(addresses_in_use(azure, subnet["id"]).values())
    for compute in azure.store.find("Microsoft.MachineLearningServices/workspaces/computes"):
        inner: dict[str, Any] = compute["properties"].get("properties") or {}
        if ((inner.get("subnet") or {}).get("id") or "").lower() == subnet["id"].lower():
            users.append(compute["id"])
    if users:
        text = f"Subnet {subnet['name']} is in use by {users[0]} and cannot be deleted."
        raise AzureError("InUseSubnetCannotBeDeleted", text)


def _require_no_subnet_has(azure: Azure, place: str, body: ArmObject, code: str) -> None:
    for subnet in azure.store.find(SUBNETS):
        if (subnet["properties"].get(place) or {}).get("id", "").lower() == body["id"].lower():
            raise AzureError(code, f"{body['id']} cannot be deleted because it is in use by {subnet['id']}.")


def _range(text: str, attribute: str) -> ipaddress.IPv4Network:
    try:
        return ipaddress.IPv4Network(text)
    except ValueError as error:
        raise AzureError("InvalidAddressPrefixFormat", f"{text!r}: {error}", attribute=attribute) from None
