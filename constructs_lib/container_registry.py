"""Where are the images? The workspace's container registry."""

from __future__ import annotations

from constructs_lib import bindings as tf
from constructs_lib.encryption import CustomerKey
from constructs_lib.network.access import OPEN, NetworkAccess
from constructs_lib.resource_group import ResourceGroup


class ContainerRegistry(tf.Construct):
    """A registry without the admin user: images are pulled with identities. Outputs: ``name``, ``id``,
    ``login_server``."""

    def __init__(
        self,
        scope: tf.Construct,
        id: str,
        *,
        name: str,
        resource_group: ResourceGroup,
        sku: str,
        access: NetworkAccess = OPEN,
        customer_key: CustomerKey | None = None,
        prevent_destroy: bool = False,
    ) -> None:
        super().__init__(scope, id)
        self.resource = tf.ContainerRegistry(
            self,
            "Default",
            name=name,
            location=resource_group.location,
            resource_group_name=resource_group.name,
            sku=sku,
            admin_enabled=False,
            public_network_access_enabled=access.public_network_access_enabled,
            network_rule_set=access.of_container_registry(),
            identity=customer_key.registry_identity() if customer_key else None,
            encryption=customer_key.of_container_registry() if customer_key else None,
            lifecycle=tf.TerraformResourceLifecycle(prevent_destroy=True) if prevent_destroy else None,
        )
        self.name: str = self.resource.name
        self.id: str = self.resource.id
        self.login_server: str = self.resource.login_server
