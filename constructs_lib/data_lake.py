"""Where is the team's data, apart from the workspace's? A data lake: storage with a hierarchical namespace."""

from __future__ import annotations

from collections.abc import Sequence

from constructs_lib import bindings as tf
from constructs_lib.encryption import CustomerKey
from constructs_lib.network.access import OPEN, NetworkAccess
from constructs_lib.resource_group import ResourceGroup


class DataLake(tf.Construct):
    """A general-purpose v2 account with folders (Data Lake Storage Gen2), TLS 1.2 and soft delete, for identities only.

    Such an account keeps no versions (Microsoft Learn, "Blob versioning") and cannot be a workspace's own. Its
    containers are made through Azure Resource Manager: ``azurerm_storage_data_lake_gen2_filesystem`` would need a role
    on the data and a way to it. Outputs: ``name``, ``id``, ``dfs_endpoint``, ``container_names``.
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
            is_hns_enabled=True,
            min_tls_version="TLS1_2",
            https_traffic_only_enabled=True,
            allow_nested_items_to_be_public=False,
            cross_tenant_replication_enabled=False,
            shared_access_key_enabled=False,
            default_to_oauth_authentication=True,
            local_user_enabled=False,
            public_network_access_enabled=access.public_network_access_enabled,
            network_rules=access.of_storage_account(),
            identity=customer_key.storage_identity() if customer_key else None,
            customer_managed_key=customer_key.of_storage_account() if customer_key else None,
            blob_properties=tf.StorageAccountBlobProperties(
                delete_retention_policy=tf.StorageAccountBlobPropertiesDeleteRetentionPolicy(days=soft_delete_days),
                container_delete_retention_policy=tf.StorageAccountBlobPropertiesContainerDeleteRetentionPolicy(
                    days=soft_delete_days
                ),
            ),
            lifecycle=tf.TerraformResourceLifecycle(prevent_destroy=True) if prevent_destroy else None,
        )
        self.name: str = self.resource.name
        self.id: str = self.resource.id
        self.dfs_endpoint: str = self.resource.primary_dfs_endpoint
        self.container_names = list(containers)
        self.containers = [self._container(container) for container in containers]

    def _container(self, name: str) -> tf.StorageContainer:
        container = tf.StorageContainer(
            self, name, name=name, storage_account_id=self.id, container_access_type="private"
        )
        container.override_logical_id(f"lake_{name}")
        return container
