"""As whom does the workspace act, if not as itself? A user-assigned identity with exactly the roles it needs."""

from __future__ import annotations

from collections.abc import Mapping

from constructs_lib import bindings as tf
from constructs_lib.propagation import wait_for
from constructs_lib.resource_group import ResourceGroup

CONTRIBUTOR = "Contributor"
BLOB_CONTRIBUTOR = "Storage Blob Data Contributor"
FILE_PRIVILEGED_CONTRIBUTOR = "Storage File Data Privileged Contributor"
#: Resource -> roles, by the end of their addresses. Microsoft Learn, "Set up authentication between Azure Machine
#: Learning and other services", user-assigned managed identity; the file role is for notebooks and prompt flow on a
#: share without keys ("Compute sessions in prompt flow"). The vault's data is :meth:`KeyVault.grant_workspace`.
ROLES_BEFORE_THE_WORKSPACE: Mapping[str, Mapping[str, str]] = {
    "storage": {"account": CONTRIBUTOR, "blobs": BLOB_CONTRIBUTOR, "files": FILE_PRIVILEGED_CONTRIBUTOR},
    "key_vault": {"vault": CONTRIBUTOR},
    "container_registry": {"registry": CONTRIBUTOR},
    "application_insights": {"insights": CONTRIBUTOR},
}
#: And on the workspace itself, once it is there. It gets no role on the resource group.
ROLE_ON_THE_WORKSPACE = CONTRIBUTOR


class WorkspaceIdentity(tf.Construct):
    """A user-assigned identity for a workspace. Outputs: ``id``, ``principal_id``, ``client_id``.

    Give it its roles, then call :meth:`wait_for_roles`: Azure checks the identity's access when it makes the
    workspace. An existing workspace cannot be moved from its system-assigned identity to this one alone (Microsoft
    Learn, same page), so the choice is made before the first deployment.
    """

    def __init__(self, scope: tf.Construct, id: str, *, name: str, resource_group: ResourceGroup) -> None:
        super().__init__(scope, id)
        self.resource = tf.UserAssignedIdentity(
            self,
            "Default",
            name=name,
            location=resource_group.location,
            resource_group_name=resource_group.name,
        )
        self.id: str = self.resource.id
        self.principal_id: str = self.resource.principal_id
        self.client_id: str = self.resource.client_id
        self.in_force: tf.TerraformResource = self.resource

    def wait_for_roles(self, access: Mapping[str, tf.TerraformResource], *, seconds: int) -> None:
        """From now on :attr:`in_force` is there ``seconds`` after the last of its roles."""
        self.in_force = wait_for(self, "workspace_role_wait", access, seconds=seconds)
