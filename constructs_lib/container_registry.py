"""Where are the images? The workspace's container registry."""

from __future__ import annotations

from constructs_lib import bindings as tf
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
            lifecycle=tf.TerraformResourceLifecycle(prevent_destroy=True) if prevent_destroy else None,
        )
        self.name: str = self.resource.name
        self.id: str = self.resource.id
        self.login_server: str = self.resource.login_server
