"""Where are the secrets, and who may read them? The workspace's key vault."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from constructs_lib import bindings as tf
from constructs_lib.resource_group import ResourceGroup
from constructs_lib.role_assignments import PrincipalType, assign_role

#: What the original gives the project's principal, and what Terraform itself needs to manage secrets.
READ_WRITE = ("Get", "List", "Set")
MANAGE = ("Get", "List", "Set", "Delete", "Recover", "Purge", "Backup", "Restore")
#: Role in rbac mode (Microsoft Learn, "Provide access to Key Vault with Azure role-based access control").
SECRETS_OFFICER = "Key Vault Secrets Officer"
#: Who writes the secrets: the identity that runs Terraform.
DEPLOYER = "deployer"


class KeyVault(tf.Construct):
    """A key vault in one of two modes: ``access_policies``, or ``rbac`` (Azure roles).

    In rbac mode a new role counts only after it has propagated, which takes up to minutes; secrets therefore wait
    ``role_wait_seconds``. Outputs: ``name``, ``id``, ``uri``.
    """

    def __init__(
        self,
        scope: tf.Construct,
        id: str,
        *,
        name: str,
        resource_group: ResourceGroup,
        tenant_id: str,
        sku: str,
        authorization: Literal["access_policies", "rbac"],
        soft_delete_days: int,
        purge_protection_enabled: bool,
        role_wait_seconds: int = 0,
        prevent_destroy: bool = False,
    ) -> None:
        super().__init__(scope, id)
        self._authorization = authorization
        self._tenant_id = tenant_id
        self._role_wait_seconds = role_wait_seconds
        self._access: dict[str, tf.KeyVaultAccessPolicy | tf.RoleAssignment] = {}
        self._wait: tf.TerraformResource | None = None
        self.secrets: list[tf.TerraformResource] = []
        self.resource = tf.KeyVault(
            self,
            "Default",
            name=name,
            location=resource_group.location,
            resource_group_name=resource_group.name,
            tenant_id=tenant_id,
            sku_name=sku,
            rbac_authorization_enabled=authorization == "rbac",
            soft_delete_retention_days=soft_delete_days,
            purge_protection_enabled=purge_protection_enabled,
            lifecycle=tf.TerraformResourceLifecycle(prevent_destroy=True) if prevent_destroy else None,
        )
        self.name: str = self.resource.name
        self.id: str = self.resource.id
        self.uri: str = self.resource.vault_uri

    @property
    def access(self) -> Sequence[tf.TerraformResource]:
        """Access policies or role assignments on the vault."""
        return list(self._access.values())

    def grant_secrets(
        self, who: str, *, object_id: str, principal_type: PrincipalType | None, manage: bool = False
    ) -> None:
        """Let a principal read and write secrets; ``manage`` adds deleting and purging.

        ``object_id`` is that of the user or service principal (not of the application: a policy on the
        application's object id is accepted and has no effect).
        """
        if self._authorization == "rbac":
            self._access[who] = assign_role(
                self,
                f"{who}_secrets",
                role=SECRETS_OFFICER,
                scope_id=self.id,
                principal_id=object_id,
                principal_type=principal_type,
            )
            return
        policy = tf.KeyVaultAccessPolicy(
            self,
            f"{who}_policy",
            key_vault_id=self.id,
            tenant_id=self._tenant_id,
            object_id=object_id,
            secret_permissions=list(MANAGE if manage else READ_WRITE),
        )
        policy.override_logical_id(f"vault_{who}")
        self._access[who] = policy

    def add_secret(self, id: str, *, name: str, value: str, content_type: str) -> None:
        """Put a secret into the vault, after everybody's access is there. ``value`` must be a reference."""
        secret = tf.KeyVaultSecret(
            self,
            id,
            name=name,
            value=value,
            content_type=content_type,
            key_vault_id=self.id,
            depends_on=[self._access_in_force()],
        )
        secret.override_logical_id(f"secret_{id}")
        self.secrets.append(secret)

    def _access_in_force(self) -> tf.TerraformResource:
        """What a secret waits for: the deployer's policy, or the end of the wait for the roles."""
        if DEPLOYER not in self._access:
            raise ValueError("Grant the deploying identity access before adding secrets.")
        if self._authorization == "access_policies":
            return self._access[DEPLOYER]
        if self._wait is None:
            # Roles take minutes to propagate; Terraform would fail on the first secret otherwise.
            # Not cdktf's DataResource: it runs `terraform version` at every synthesis.
            self._wait = tf.TerraformResource(
                self,
                "role_wait",
                terraform_resource_type="terraform_data",
                depends_on=list(self._access.values()),
                provisioners=[tf.LocalExecProvisioner(type="local-exec", command=f"sleep {self._role_wait_seconds}")],
            )
            self._wait.add_override("triggers_replace", {who: access.id for who, access in self._access.items()})
            self._wait.override_logical_id("vault_role_wait")
        return self._wait
