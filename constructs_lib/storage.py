"""Where is the data? The workspace's storage account and its containers."""

from __future__ import annotations

from collections.abc import Sequence

from constructs_lib import bindings as tf
from constructs_lib.encryption import CustomerKey
from constructs_lib.network.access import OPEN, NetworkAccess
from constructs_lib.resource_group import ResourceGroup


class StorageAccount(tf.Construct):
    """A general-purpose v2 account with TLS 1.2, no anonymous access, versioning and soft delete.

    ``shared_access_key_enabled`` false leaves only Entra identities; ``soft_delete_days`` applies to blobs and
    containers. A workspace's account must not have a hierarchical namespace nor be premium (Microsoft Learn,
    "Manage Azure Machine Learning workspaces"), so neither is offered. Outputs: ``name``, ``id``,
    ``blob_endpoint``, ``container_names``, ``container_id(name)``.
    """

    def __init__(
        self,
        scope: tf.Construct,
        id: str,
        *,
        name: str,
        resource_group: ResourceGroup,
        replication: str,
        containers: Sequence[str],
        shared_access_key_enabled: bool,
        versioning_enabled: bool,
        soft_delete_days: int,
        access: NetworkAccess = OPEN,
        customer_key: CustomerKey | None = None,
        prevent_destroy: bool = False,
    ) -> None:
        super().__init__(scope, id)
        self.resource = tf.StorageAccount(
            self,
            "Default",
            name=name,
            location=resource_group.location,
            resource_group_name=resource_group.name,
            account_kind="StorageV2",
            account_tier="Standard",
            account_replication_type=replication,
            min_tls_version="TLS1_2",
            https_traffic_only_enabled=True,
            allow_nested_items_to_be_public=False,
            cross_tenant_replication_enabled=False,
            shared_access_key_enabled=shared_access_key_enabled,
            default_to_oauth_authentication=not shared_access_key_enabled,
            local_user_enabled=False,
            public_network_access_enabled=access.public_network_access_enabled,
            network_rules=access.of_storage_account(),
            identity=customer_key.storage_identity() if customer_key else None,
            customer_managed_key=customer_key.of_storage_account() if customer_key else None,
            blob_properties=tf.StorageAccountBlobProperties(
                versioning_enabled=versioning_enabled,
                delete_retention_policy=tf.StorageAccountBlobPropertiesDeleteRetentionPolicy(days=soft_delete_days),
                container_delete_retention_policy=tf.StorageAccountBlobPropertiesContainerDeleteRetentionPolicy(
                    days=soft_delete_days
                ),
            ),
            lifecycle=tf.TerraformResourceLifecycle(prevent_destroy=True) if prevent_destroy else None,
        )
        self.name: str = self.resource.name
        self.id: str = self.resource.id
        self.blob_endpoint: str = self.resource.primary_blob_endpoint
        self.container_names = list(containers)
        self.containers = {container: self._container(container) for container in containers}

    def container_id(self, name: str) -> str:
        """Resource id of one of the containers. Raises ``KeyError`` for a name that is none of them."""
        container_id: str = self.containers[name].id
        return container_id

    def _container(self, name: str) -> tf.StorageContainer:
        # By the account's id: through Azure Resource Manager, which needs no right on the data itself.
        container = tf.StorageContainer(
            self, name, name=name, storage_account_id=self.id, container_access_type="private"
        )
        container.override_logical_id(f"container_{name}")
        return container
