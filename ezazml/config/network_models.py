"""Who reaches the environment over which network? The settings below ``network``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ezazml.config.section import Section

IsolationMode = Literal["AllowInternetOutbound", "AllowOnlyApprovedOutbound"]


class OutboundRule(Section):
    """One way out of the managed network: exactly one of ``fqdn``, ``service_tag`` and ``service_resource_id``."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,79}$")
    fqdn: str | None = Field(None, description="Host name such as pypi.org or *.contoso.com.")
    service_tag: str | None = Field(None, description="Azure service such as Sql; a tag of azurerm's list.")
    protocol: Literal["*", "TCP", "UDP", "ICMP"] = Field("TCP", description="Of a service tag.")
    port_ranges: str = Field("443", description="Of a service tag, such as 443 or 80,8080-8089.")
    service_resource_id: str | None = Field(None, description="Resource that gets a private endpoint.")
    sub_resource_target: str | None = Field(None, description="Part of that resource, such as blob or vault.")
    spark_enabled: bool = Field(False, description="Let serverless Spark use the private endpoint.")


class ManagedNetwork(Section):
    """The network that Azure ML keeps for the workspace's computes."""

    isolation_mode: IsolationMode = "AllowInternetOutbound"
    provision_on_creation: bool = Field(
        True, description="Make the network with the workspace; else the first compute waits for it. Set once."
    )
    outbound_rules: tuple[OutboundRule, ...] = Field((), description="Created one after another.")


class VirtualNetwork(Section):
    """The network that a private environment gets."""

    address_space: tuple[str, ...] = ("10.80.0.0/16",)
    compute_subnet: str = Field("10.80.0.0/22", description="Where computes get their addresses.")
    endpoint_subnet: str = Field("10.80.4.0/24", description="Where the private endpoints get theirs.")
    nat_gateway: bool = Field(
        True, description="The computes' way out. Off: yours, such as a firewall; without one no job can start."
    )


class ExistingNetwork(Section):
    """Networks that are there already, by id."""

    virtual_network_id: str | None = Field(None, description="Make the subnets in this network.")
    compute_subnet_id: str | None = Field(None, description="With endpoint_subnet_id: make no network at all.")
    endpoint_subnet_id: str | None = None
    dns_zone_resource_group_id: str | None = Field(
        None, description="Resource group that holds the private DNS zones, linked to the network."
    )


class Network(Section):
    """How the environment is reached, and what its computes reach."""

    profile: Literal["public", "managed", "private"] = "public"
    allowed_ips: tuple[str, ...] = Field(
        (), description="Public IPv4 addresses or ranges that reach storage, vault and registry. Default: all."
    )
    deployer_inside: bool = Field(
        False, description="Who deploys reaches the private network, for example from a runner inside it."
    )
    managed: ManagedNetwork = ManagedNetwork()
    virtual_network: VirtualNetwork = VirtualNetwork()
    existing: ExistingNetwork = ExistingNetwork()

    @property
    def is_private(self) -> bool:
        """Whether nothing is reached from the Internet."""
        return self.profile == "private"

    @property
    def makes_subnets(self) -> bool:
        """Whether the environment has subnets of its own."""
        return self.is_private and self.existing.endpoint_subnet_id is None

    @property
    def makes_virtual_network(self) -> bool:
        """Whether the environment has a virtual network of its own."""
        return self.makes_subnets and self.existing.virtual_network_id is None

    @property
    def makes_dns_zones(self) -> bool:
        """Whether the environment has private DNS zones of its own."""
        return self.is_private and self.existing.dns_zone_resource_group_id is None
