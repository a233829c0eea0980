"""In which network are computes and private endpoints? A virtual network, its two subnets and the way out."""

from __future__ import annotations

from collections.abc import Sequence

from constructs_lib import bindings as tf
from constructs_lib.resource_group import ResourceGroup


class VirtualNetwork(tf.Construct):
    """A virtual network. Outputs: ``name``, ``id``, ``resource_group_name``."""

    def __init__(
        self, scope: tf.Construct, id: str, *, name: str, resource_group: ResourceGroup, address_space: Sequence[str]
    ) -> None:
        super().__init__(scope, id)
        network = tf.VirtualNetwork(
            self,
            "Default",
            name=name,
            location=resource_group.location,
            resource_group_name=resource_group.name,
            address_space=list(address_space),
        )
        self.name: str = network.name
        self.id: str = network.id
        self.resource_group_name: str = resource_group.name


class Subnets(tf.Construct):
    """A subnet for computes and one for private endpoints, behind a network security group.

    The group has Azure's default rules only: nothing comes in from the Internet. Computes have no public address and
    Azure gives new networks no default way out, so that jobs need the NAT gateway (or a firewall of your own) to reach
    Azure ML and package indexes (Microsoft Learn, "Default outbound access in Azure"). Outputs:
    ``compute_subnet_id``, ``endpoint_subnet_id``, ``ready`` (what a compute waits for).
    """

    def __init__(
        self,
        scope: tf.Construct,
        id: str,
        *,
        name: str,
        resource_group: ResourceGroup,
        network_name: str,
        network_resource_group_name: str,
        compute_range: str,
        endpoint_range: str,
        nat_gateway: bool,
    ) -> None:
        super().__init__(scope, id)
        self._name = name
        self._resource_group = resource_group
        self._network_name = network_name
        self._network_group = network_resource_group_name
        self._security_group = tf.NetworkSecurityGroup(
            self,
            "security_group",
            name=f"{name}-nsg",
            location=resource_group.location,
            resource_group_name=resource_group.name,
        )
        self._security_group.override_logical_id("subnets")
        self.ready: list[tf.TerraformResource] = []
        self.compute_subnet_id = self._subnet("compute", compute_range)
        self.endpoint_subnet_id = self._subnet("endpoints", endpoint_range)
        if nat_gateway:
            self._add_nat_gateway()

    def _subnet(self, purpose: str, address_range: str) -> str:
        subnet = tf.Subnet(
            self,
            purpose,
            name=f"snet-{purpose}",
            resource_group_name=self._network_group,
            virtual_network_name=self._network_name,
            address_prefixes=[address_range],
            default_outbound_access_enabled=False,
        )
        subnet.override_logical_id(purpose)
        association = tf.SubnetNetworkSecurityGroupAssociation(
            self,
            f"{purpose}_security_group",
            subnet_id=subnet.id,
            network_security_group_id=self._security_group.id,
        )
        association.override_logical_id(purpose)
        self.ready.append(association)
        subnet_id: str = subnet.id
        return subnet_id

    def _add_nat_gateway(self) -> None:
        address = tf.PublicIp(
            self,
            "address",
            name=f"{self._name}-nat-ip",
            location=self._resource_group.location,
            resource_group_name=self._resource_group.name,
            allocation_method="Static",
            sku="Standard",
        )
        address.override_logical_id("outbound")
        gateway = tf.NatGateway(
            self,
            "gateway",
            name=f"{self._name}-nat",
            location=self._resource_group.location,
            resource_group_name=self._resource_group.name,
            sku_name="Standard",
        )
        gateway.override_logical_id("outbound")
        addressed = tf.NatGatewayPublicIpAssociation(
            self, "gateway_address", nat_gateway_id=gateway.id, public_ip_address_id=address.id
        )
        addressed.override_logical_id("outbound")
        joined = tf.SubnetNatGatewayAssociation(
            self, "compute_gateway", subnet_id=self.compute_subnet_id, nat_gateway_id=gateway.id
        )
        joined.override_logical_id("compute")
        self.ready += [addressed, joined]
