"""How is a resource reached without the Internet? Private endpoints, and the DNS zones that find them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from constructs_lib import bindings as tf
from constructs_lib.resource_group import ResourceGroup

#: What a private endpoint leads to -> the zones that name it (Microsoft Learn, "Azure Private Endpoint private DNS
#: zone values", Azure's public cloud).
ZONES: Mapping[str, tuple[str, ...]] = {
    "amlworkspace": ("privatelink.api.azureml.ms", "privatelink.notebooks.azure.net"),
    "blob": ("privatelink.blob.core.windows.net",),
    "file": ("privatelink.file.core.windows.net",),
    "dfs": ("privatelink.dfs.core.windows.net",),
    "vault": ("privatelink.vaultcore.azure.net",),
    "registry": ("privatelink.azurecr.io",),
}
ALL_ZONES = tuple(zone for zones in ZONES.values() for zone in zones)


class PrivateDnsZones(tf.Construct):
    """The private DNS zones, linked to the network. Outputs: ``ids`` (by zone), ``links``."""

    def __init__(
        self, scope: tf.Construct, id: str, *, resource_group: ResourceGroup, virtual_network_id: str, link_name: str
    ) -> None:
        super().__init__(scope, id)
        self.ids: dict[str, str] = {}
        self.links: list[tf.TerraformResource] = []
        for zone_name in ALL_ZONES:
            short = zone_name.removeprefix("privatelink.").replace(".", "_")
            zone = tf.PrivateDnsZone(self, short, name=zone_name, resource_group_name=resource_group.name)
            zone.override_logical_id(short)
            link = tf.PrivateDnsZoneVirtualNetworkLink(
                self,
                f"{short}_link",
                name=link_name,
                private_dns_zone_name=zone.name,
                resource_group_name=resource_group.name,
                virtual_network_id=virtual_network_id,
                registration_enabled=False,
            )
            link.override_logical_id(short)
            self.ids[zone_name] = zone.id
            self.links.append(link)


def existing_zone_ids(resource_group_id: str) -> dict[str, str]:
    """Ids of the zones in a resource group that holds all of them."""
    return {zone: f"{resource_group_id}/providers/Microsoft.Network/privateDnsZones/{zone}" for zone in ALL_ZONES}


def add_private_endpoint(
    scope: tf.Construct,
    id: str,
    *,
    name: str,
    resource_group: ResourceGroup,
    subnet_id: str,
    resource_id: str,
    target: str,
    zone_ids: Mapping[str, str],
    depends_on: Sequence[tf.TerraformResource] = (),
) -> tf.PrivateEndpoint:
    """An endpoint for ``target`` (a key of :data:`ZONES`) of the resource, with its records in the zones."""
    endpoint = tf.PrivateEndpoint(
        scope,
        id,
        name=name,
        location=resource_group.location,
        resource_group_name=resource_group.name,
        subnet_id=subnet_id,
        private_service_connection=tf.PrivateEndpointPrivateServiceConnection(
            name=name,
            is_manual_connection=False,
            private_connection_resource_id=resource_id,
            subresource_names=[target],
        ),
        private_dns_zone_group=tf.PrivateEndpointPrivateDnsZoneGroup(
            name="default", private_dns_zone_ids=[zone_ids[zone] for zone in ZONES[target]]
        ),
        depends_on=list(depends_on) or None,
    )
    endpoint.override_logical_id(id)
    return endpoint
