"""Where does the team work? The Azure ML workspace."""

from __future__ import annotations

from constructs_lib import bindings as tf
from constructs_lib.resource_group import ResourceGroup
from constructs_lib.workspace_identity import WorkspaceIdentity


class MlWorkspace(tf.Construct):
    """An Azure ML workspace with a system-assigned identity, or with an ``identity`` made for it.

    Azure itself gives a system-assigned identity its roles on the resource group, the vault and the blobs of the
    storage account when it creates the workspace; assigning them again fails with RoleAssignmentExists (Microsoft
    Learn, "Set up authentication between Azure Machine Learning and other services"). Outputs: ``name``, ``id``,
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
        prevent_destroy: bool = False,
    ) -> None:
        super().__init__(scope, id)
        acts_as = tf.MachineLearningWorkspaceIdentity(type="SystemAssigned")
        if identity is not None:
            acts_as = tf.MachineLearningWorkspaceIdentity(type="UserAssigned", identity_ids=[identity.id])
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
            identity=acts_as,
            primary_user_assigned_identity=identity.id if identity else None,
            depends_on=[identity.in_force] if identity else None,
            lifecycle=tf.TerraformResourceLifecycle(prevent_destroy=True) if prevent_destroy else None,
        )
        self.name: str = self.resource.name
        self.id: str = self.resource.id
        self.location: str = self.resource.location
        self.principal_id: str = identity.principal_id if identity else self.resource.identity.principal_id
