"""With which key is data encrypted? A customer-managed key and the identity that reads it."""

from __future__ import annotations

from dataclasses import dataclass

from constructs_lib import bindings as tf
from constructs_lib.key_vault import KeyVault
from constructs_lib.resource_group import ResourceGroup
from constructs_lib.role_assignments import PrincipalType

KEY_NAME = "customer-managed-key"


@dataclass(frozen=True)
class CustomerKey:
    """A key and who reads it.

    ``key_id`` names a version of the key, as a workspace needs it; ``versionless_key_id`` lets storage and registry
    follow the key's rotation.
    """

    identity_id: str
    identity_client_id: str
    key_vault_id: str
    key_id: str
    versionless_key_id: str
    service_side: bool = False

    def storage_identity(self) -> tf.StorageAccountIdentity:
        """The identity of a storage account that reads the key."""
        return tf.StorageAccountIdentity(type="UserAssigned", identity_ids=[self.identity_id])

    def of_storage_account(self) -> tf.StorageAccountCustomerManagedKey:
        """A storage account's key."""
        return tf.StorageAccountCustomerManagedKey(
            key_vault_key_id=self.versionless_key_id, user_assigned_identity_id=self.identity_id
        )

    def registry_identity(self) -> tf.ContainerRegistryIdentity:
        """The identity of a registry that reads the key."""
        return tf.ContainerRegistryIdentity(type="UserAssigned", identity_ids=[self.identity_id])

    def of_container_registry(self) -> list[tf.ContainerRegistryEncryption]:
        """A registry's key."""
        return [
            tf.ContainerRegistryEncryption(
                key_vault_key_id=self.versionless_key_id, identity_client_id=self.identity_client_id
            )
        ]

    def of_workspace(self) -> tf.MachineLearningWorkspaceEncryption:
        """A workspace's key."""
        return tf.MachineLearningWorkspaceEncryption(
            key_vault_id=self.key_vault_id, key_id=self.key_id, user_assigned_identity_id=self.identity_id
        )


class OwnKey(tf.Construct):
    """A key in the environment's vault, and an identity that may wrap and unwrap with it. Output: ``key``."""

    def __init__(
        self,
        scope: tf.Construct,
        id: str,
        *,
        identity_name: str,
        resource_group: ResourceGroup,
        key_vault: KeyVault,
        service_side: bool,
    ) -> None:
        super().__init__(scope, id)
        identity = tf.UserAssignedIdentity(
            self,
            "identity",
            name=identity_name,
            location=resource_group.location,
            resource_group_name=resource_group.name,
        )
        identity.override_logical_id("encryption")
        key_vault.grant_key_use(
            "encryption", object_id=identity.principal_id, principal_type=PrincipalType.SERVICE_PRINCIPAL
        )
        key = key_vault.add_key("customer_key", name=KEY_NAME)
        self.key = CustomerKey(
            identity_id=identity.id,
            identity_client_id=identity.client_id,
            key_vault_id=key_vault.id,
            key_id=key.id,
            versionless_key_id=key.versionless_id,
            service_side=service_side,
        )


class ExistingKey(tf.Construct):
    """A key of another vault, and an identity that may use it already. Output: ``key``."""

    def __init__(
        self,
        scope: tf.Construct,
        id: str,
        *,
        identity_id: str,
        identity_name: str,
        identity_resource_group: str,
        key_id: str,
        key_vault_id: str,
        service_side: bool,
    ) -> None:
        super().__init__(scope, id)
        identity = tf.DataAzurermUserAssignedIdentity(
            self, "identity", name=identity_name, resource_group_name=identity_resource_group
        )
        identity.override_logical_id("encryption")
        self.key = CustomerKey(
            identity_id=identity_id,
            identity_client_id=identity.client_id,
            key_vault_id=key_vault_id,
            key_id=key_id,
            versionless_key_id=key_id.rsplit("/", 1)[0],
            service_side=service_side,
        )
