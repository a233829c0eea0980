"""How does an environment's network profile become resources? Access, virtual network, endpoints, outbound rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from constructs_lib import bindings as tf
from constructs_lib.ml_compute import ANYWHERE, ComputeNetwork
from constructs_lib.network.access import NetworkAccess
from constructs_lib.network.managed import (
    FqdnRule,
    ManagedNetworkSettings,
    OutboundRule,
    PrivateEndpointRule,
    ServiceTagRule,
    add_outbound_rules,
)
from constructs_lib.network.private_endpoints import PrivateDnsZones, add_private_endpoint, existing_zone_ids
from constructs_lib.network.virtual_network import Subnets, VirtualNetwork
from constructs_lib.role_assignments import PrincipalType, assign_role
from ezazml.config import network_models as models
from ezazml.config.resource_ids import SUBNET, VIRTUAL_NETWORK, parse_id

if TYPE_CHECKING:
    from stacks.environment import EnvironmentStack

CONNECTION_APPROVER = "Azure AI Enterprise Network Connection Approver"


class EnvironmentNetwork:
    """What the other resources need to know of the network, and the resources that need to know of them.

    ``access`` is the firewall of storage, vault and registry, ``compute`` where computes are. First made, then joined
    to what it leads to with :meth:`connect`.
    """

    def __init__(self, stack: EnvironmentStack) -> None:
        self._stack = stack
        self._settings = stack.settings.network
        self.access = NetworkAccess(public=not self._settings.is_private, allowed_ips=self._settings.allowed_ips)
        self.compute = ANYWHERE
        self.virtual_network_id: str | None = None
        self.endpoints: dict[str, tf.PrivateEndpoint] = {}
        self._ready: list[tf.TerraformResource] = []
        self._approver: tf.RoleAssignment | None = None
        self._endpoint_subnet_id = ""
        self._zone_ids: dict[str, str] = {}
        if self._settings.is_private:
            self._add_private_network()

    @property
    def managed(self) -> ManagedNetworkSettings | None:
        """The workspace's managed network, in profile ``managed``."""
        if self._settings.profile != "managed":
            return None
        managed = self._settings.managed
        return ManagedNetworkSettings(managed.isolation_mode, managed.provision_on_creation)

    @property
    def workspace_is_public(self) -> bool:
        """Whether the workspace has a public endpoint: as its own setting says, else as the profile does."""
        own = self._stack.settings.workspace.public_network_access_enabled
        return not self._settings.is_private if own is None else own

    @property
    def compute_subnet_id(self) -> str | None:
        """Subnet of the computes, in profile ``private``."""
        return self.compute.subnet_id

    def image_build_compute_name(self) -> str | None:
        """Azure builds images in registries that it reaches; in a private one the first cluster does."""
        clusters = self._stack.names.compute_clusters
        return clusters[0].full_name if self._settings.is_private and clusters else None

    def let_approve(self, principal_id: str) -> tf.RoleAssignment:
        """Private endpoints of the managed network are approved by the workspace's identity, ``principal_id``."""
        self._approver = assign_role(
            self._stack,
            "workspace_connections",
            role=CONNECTION_APPROVER,
            scope_id=self._stack.resource_group.id,
            principal_id=principal_id,
            principal_type=PrincipalType.SERVICE_PRINCIPAL,
        )
        return self._approver

    def connect(self) -> None:
        """Add what needs the workspace and its dependencies: private endpoints, or outbound rules."""
        stack = self._stack
        if self._settings.profile == "managed":
            approver = self._approver or self.let_approve(stack.workspace.principal_id)
            rules = [_outbound_rule(rule) for rule in self._settings.managed.outbound_rules]
            add_outbound_rules(stack, workspace_id=stack.workspace.id, rules=rules, after=approver)
            self.compute = ComputeNetwork(public_addresses=False)
        if not self._settings.is_private:
            return
        for target in ("blob", "file", "dfs"):
            self._endpoint("storage", stack.storage.name, stack.storage.id, target)
        self._endpoint("key_vault", stack.key_vault.name, stack.key_vault.id, "vault")
        if stack.registry is not None:
            self._endpoint("registry", stack.registry.name, stack.registry.id, "registry")
        if stack.data_lake is not None:
            for target in ("blob", "dfs"):
                self._endpoint("data_lake", stack.data_lake.name, stack.data_lake.id, target)
        self._endpoint("workspace", stack.workspace.name, stack.workspace.id, "amlworkspace")
        # A machine looks for workspace, storage and registry when it starts, and would not find them.
        waits = (*self._ready, *self.endpoints.values())
        self.compute = ComputeNetwork(self.compute.subnet_id, public_addresses=False, depends_on=waits)

    def _add_private_network(self) -> None:
        existing = self._settings.existing
        compute_subnet_id = existing.compute_subnet_id
        if compute_subnet_id is None or existing.endpoint_subnet_id is None:
            network_id, subnets = self._subnets()
            compute_subnet_id, self._endpoint_subnet_id = subnets.compute_subnet_id, subnets.endpoint_subnet_id
            self._ready += subnets.ready
        else:
            self._endpoint_subnet_id = existing.endpoint_subnet_id
            parse_id(SUBNET, existing.endpoint_subnet_id)
            network_id = existing.endpoint_subnet_id.rsplit("/subnets/", 1)[0]
        self.virtual_network_id = network_id
        self.compute = ComputeNetwork(compute_subnet_id, public_addresses=False)
        if existing.dns_zone_resource_group_id is not None:
            self._zone_ids = existing_zone_ids(existing.dns_zone_resource_group_id)
            return
        zones = PrivateDnsZones(
            self._stack,
            "dns",
            resource_group=self._stack.resource_group,
            virtual_network_id=network_id,
            link_name=f"{self._stack.names.workspace}-link",
        )
        self._zone_ids = zones.ids
        self._ready += zones.links

    def _subnets(self) -> tuple[str, Subnets]:
        stack, own, existing = self._stack, self._settings.virtual_network, self._settings.existing
        if existing.virtual_network_id is not None:
            found = parse_id(VIRTUAL_NETWORK, existing.virtual_network_id)
            network_id, name, group = found.text, found.name, found.resource_group
        else:
            network = VirtualNetwork(
                stack,
                "network",
                name=stack.names.virtual_network,
                resource_group=stack.resource_group,
                address_space=own.address_space,
            )
            network_id, name, group = network.id, network.name, network.resource_group_name
        subnets = Subnets(
            stack,
            "subnets",
            name=stack.names.virtual_network,
            resource_group=stack.resource_group,
            network_name=name,
            network_resource_group_name=group,
            compute_range=own.compute_subnet,
            endpoint_range=own.endpoint_subnet,
            nat_gateway=own.nat_gateway,
        )
        return network_id, subnets

    def _endpoint(self, of: str, name: str, resource_id: str, target: str) -> None:
        id = of if target in ("vault", "registry", "amlworkspace") else f"{of}_{target}"
        self.endpoints[id] = add_private_endpoint(
            self._stack,
            f"endpoint_{id}",
            name=f"{self._name_of(of, name)}-{target}-pe",
            resource_group=self._stack.resource_group,
            subnet_id=self._endpoint_subnet_id,
            resource_id=resource_id,
            target=target,
            zone_ids=self._zone_ids,
            # Until the zones are linked, a machine that asks gets the public address.
            depends_on=self._ready,
        )

    def _name_of(self, of: str, name: str) -> str:
        """The plain name: a reference would hide the endpoint's name from who reads the plan."""
        names = self._stack.names
        plain = {
            "storage": names.storage_account,
            "key_vault": names.key_vault,
            "registry": names.container_registry,
            "data_lake": names.data_lake,
            "workspace": names.workspace,
        }
        return name if not name.startswith("${") else plain[of]


def _outbound_rule(rule: models.OutboundRule) -> OutboundRule:
    if rule.fqdn is not None:
        return FqdnRule(rule.name, rule.fqdn)
    if rule.service_tag is not None:
        return ServiceTagRule(rule.name, rule.service_tag, rule.protocol, rule.port_ranges)
    assert rule.service_resource_id is not None
    assert rule.sub_resource_target is not None
    return PrivateEndpointRule(rule.name, rule.service_resource_id, rule.sub_resource_target, rule.spark_enabled)


def outputs_of(network: EnvironmentNetwork) -> dict[str, str | Sequence[str]]:
    """What later steps need to know of the network; nothing outside of profile ``private``."""
    if network.virtual_network_id is None or network.compute_subnet_id is None:
        return {}
    return {
        "virtual_network_id": network.virtual_network_id,
        "compute_subnet_id": network.compute_subnet_id,
        "private_endpoint_ids": [endpoint.id for endpoint in network.endpoints.values()],
    }
