"""How are subnets joined to security groups and gateways, and gateways to addresses?"""

from __future__ import annotations

from typing import ClassVar

from sandbox.store import ArmObject
from sandbox.terraform_provider.rules.arm import already_exists
from sandbox.terraform_provider.rules.base import Azure, AzureError, ResourceRules, Values
from sandbox.terraform_provider.rules.network import NAT_GATEWAYS, PUBLIC_ADDRESSES, SECURITY_GROUPS, SUBNETS


class _SubnetAssociation(ResourceRules):
    """A property of a subnet that has a Terraform type of its own; its id is the subnet's."""

    attribute: ClassVar[str]
    place: ClassVar[str]
    other_type: ClassVar[str]

    def create(self, azure: Azure, values: Values) -> Values:
        """Join what exists; a subnet has one of each at most."""
        subnet = _existing(azure, values["subnet_id"], SUBNETS, "subnet_id")
        other = _existing(azure, values[self.attribute], self.other_type, self.attribute)
        if subnet["properties"].get(self.place):
            raise already_exists(self.type_name, subnet["id"])
        subnet["properties"][self.place] = {"id": other["id"]}
        azure.store.put(subnet)
        return {"id": subnet["id"], "subnet_id": subnet["id"], self.attribute: other["id"]}

    def read(self, azure: Azure, state: Values) -> Values | None:
        """What the subnet has now."""
        subnet = azure.store.get(state["id"])
        joined = subnet["properties"].get(self.place) if subnet else None
        if subnet is None or not joined:
            return None
        return {"id": subnet["id"], "subnet_id": subnet["id"], self.attribute: joined["id"]}

    def update(self, azure: Azure, prior: Values, values: Values) -> Values:  # noqa: ARG002
        """Every argument forces a new one: only timeouts change here."""
        return {**values, "id": prior["id"]}

    def delete(self, azure: Azure, state: Values) -> None:
        """Part them."""
        subnet = azure.store.get(state["id"])
        if subnet is not None:
            subnet["properties"].pop(self.place, None)
            azure.store.put(subnet)

    def import_state(self, azure: Azure, identifier: str) -> Values:
        """The id is the subnet's."""
        if self.read(azure, {"id": identifier}) is None:
            raise AzureError("ResourceNotFound", f"The subnet {identifier!r} has no {self.place}.")
        return {"id": identifier}


class SubnetSecurityGroupRules(_SubnetAssociation):
    """azurerm_subnet_network_security_group_association."""

    type_name = "azurerm_subnet_network_security_group_association"
    force_new = frozenset({"subnet_id", "network_security_group_id"})
    attribute = "network_security_group_id"
    place = "networkSecurityGroup"
    other_type = SECURITY_GROUPS


class SubnetNatGatewayRules(_SubnetAssociation):
    """azurerm_subnet_nat_gateway_association."""

    type_name = "azurerm_subnet_nat_gateway_association"
    force_new = frozenset({"subnet_id", "nat_gateway_id"})
    attribute = "nat_gateway_id"
    place = "natGateway"
    other_type = NAT_GATEWAYS


class NatGatewayPublicIpRules(ResourceRules):
    """azurerm_nat_gateway_public_ip_association: its id is the gateway's, then |, then the address's."""

    type_name = "azurerm_nat_gateway_public_ip_association"
    force_new = frozenset({"nat_gateway_id", "public_ip_address_id"})

    def create(self, azure: Azure, values: Values) -> Values:
        """Join what exists."""
        gateway = _existing(azure, values["nat_gateway_id"], NAT_GATEWAYS, "nat_gateway_id")
        address = _existing(azure, values["public_ip_address_id"], PUBLIC_ADDRESSES, "public_ip_address_id")
        identifier = f"{gateway['id']}|{address['id']}"
        if self.read(azure, {"id": identifier}) is not None:
            raise already_exists(self.type_name, identifier)
        gateway["properties"]["publicIpAddresses"].append({"id": address["id"]})
        azure.store.put(gateway)
        return {"id": identifier, "nat_gateway_id": gateway["id"], "public_ip_address_id": address["id"]}

    def read(self, azure: Azure, state: Values) -> Values | None:
        """Whether the gateway still has the address."""
        gateway_id, _, address_id = state["id"].partition("|")
        gateway = azure.store.get(gateway_id)
        if gateway is None or address_id not in [one["id"] for one in gateway["properties"]["publicIpAddresses"]]:
            return None
        return {"id": state["id"], "nat_gateway_id": gateway_id, "public_ip_address_id": address_id}

    def update(self, azure: Azure, prior: Values, values: Values) -> Values:  # noqa: ARG002
        """Every argument forces a new one: only timeouts change here."""
        return {**values, "id": prior["id"]}

    def delete(self, azure: Azure, state: Values) -> None:
        """Part them."""
        gateway_id, _, address_id = state["id"].partition("|")
        gateway = azure.store.get(gateway_id)
        if gateway is not None:
            kept = [one for one in gateway["properties"]["publicIpAddresses"] if one["id"] != address_id]
            gateway["properties"]["publicIpAddresses"] = kept
            azure.store.put(gateway)

    def import_state(self, azure: Azure, identifier: str) -> Values:
        """Both must exist and be joined."""
        if self.read(azure, {"id": identifier}) is None:
            text = f"There is no association {identifier!r}; expected <NAT gateway id>|<public address id>."
            raise AzureError("ResourceNotFound", text)
        return {"id": identifier}


def _existing(azure: Azure, identifier: str, kind: str, attribute: str) -> ArmObject:
    body = azure.store.get(identifier)
    if body is None or body["type"].lower() != kind.lower():
        raise AzureError("ResourceNotFound", f"The Resource '{identifier}' was not found.", attribute=attribute)
    return body
