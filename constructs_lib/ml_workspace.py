"""Where does the team work? The Azure ML workspace."""

from __future__ import annotations

from constructs_lib import bindings as tf
from constructs_lib.encryption import CustomerKey
from constructs_lib.network.managed import ManagedNetworkSettings
from constructs_lib.resource_group import ResourceGroup
from constructs_lib.workspace_identity import WorkspaceIdentity


class MlWorkspace(tf.Construct):
    """An Azure ML workspace with a system-assigned identity, or with an ``identity`` made for it.

    Azure itself gives a system-assigned identity its roles on the resource group, the vault and the blobs of the
    storage account when it creates the workspace; assigning them again fails with RoleAssignmentExists (Microsoft
    Learn, "Set up authentication between Azure Machine Learning and other services"). Where the registry is private,
    Azure cannot build images in it, and ``image_build_compute_name`` names the cluster that does.
    ``compute_subnet_id`` is where jobs without a compute of their own run. Outputs: ``name``, ``id``,
    ``principal_id``.
    """

    def __init__(
        self,
        scope: tf.Construct,
        id: str,
        *,
        name: str,
        resource_group: ResourceGroup,
        storage_account_id: str,
        key_vault_id: str,
        application_insights_id: str,
        container_registry_id: str | None,
        friendly_name: str | None,
        description: str | None,
        high_business_impact: bool,
        public_network_access_enabled: bool,
        identity: WorkspaceIdentity | None = None,
        managed_network: ManagedNetworkSettings | None = None,
        compute_subnet_id: str | None = None,
        image_build_compute_name: str | None = None,
        customer_key: CustomerKey | None = None,
        prevent_destroy: bool = False,
    ) -> None:
        super().__init__(scope, id)
        self.resource = tf.MachineLearningWorkspace(
            self,
            "Default",
            name=name,
            location=resource_group.location,
            resource_group_name=resource_group.name,
            storage_account_id=storage_account_id,
            key_vault_id=key_vault_id,
            application_insights_id=application_insights_id,
            container_registry_id=container_registry_id,
            friendly_name=friendly_name,
            description=description,
            high_business_impact=high_business_impact,
            public_network_access_enabled=public_network_access_enabled,
            managed_network=_managed(managed_network),
            serverless_compute=_serverless(compute_subnet_id),
            image_build_compute_name=image_build_compute_name,
            identity=_identity(identity, customer_key),
            primary_user_assigned_identity=identity.id if identity else None,
            encryption=customer_key.of_workspace() if customer_key else None,
            service_side_encryption_enabled=True if customer_key and customer_key.service_side else None,
            depends_on=[identity.in_force] if identity else None,
            lifecycle=tf.TerraformResourceLifecycle(prevent_destroy=True) if prevent_destroy else None,
        )
        self.name: str = self.resource.name
        self.id: str = self.resource.id
        self.location: str = self.resource.location
        self.principal_id: str = identity.principal_id if identity else self.resource.identity.principal_id


def _identity(own: WorkspaceIdentity | None, customer_key: CustomerKey | None) -> tf.MachineLearningWorkspaceIdentity:
    """The workspace reads a customer-managed key with an identity that must be one of its own."""
    kinds = [] if own else ["SystemAssigned"]
    ids = [*([own.id] if own else []), *([customer_key.identity_id] if customer_key else [])]
    return tf.MachineLearningWorkspaceIdentity(
        type=", ".join([*kinds, *(["UserAssigned"] if ids else [])]), identity_ids=ids or None
    )


def _managed(settings: ManagedNetworkSettings | None) -> tf.MachineLearningWorkspaceManagedNetwork | None:
    if settings is None:
        return None
    return tf.MachineLearningWorkspaceManagedNetwork(
        isolation_mode=settings.isolation_mode, provision_on_creation_enabled=settings.provision_on_creation
    )


def _serverless(subnet_id: str | None) -> tf.MachineLearningWorkspaceServerlessCompute | None:
    if subnet_id is None:
        return None
    return tf.MachineLearningWorkspaceServerlessCompute(subnet_id=subnet_id, public_ip_enabled=False)
