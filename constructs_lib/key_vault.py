"""Where are the secrets, and who may read them? The workspace's key vault."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from constructs_lib import bindings as tf
from constructs_lib.network.access import OPEN, NetworkAccess
from constructs_lib.resource_group import ResourceGroup
from constructs_lib.role_assignments import PrincipalType, assign_role

#: What the original gives the project's principal, and what Terraform itself needs to manage secrets.
READ_WRITE = ("Get", "List", "Set")
MANAGE = ("Get", "List", "Set", "Delete", "Recover", "Purge", "Backup", "Restore")
#: Role in rbac mode (Microsoft Learn, "Provide access to Key Vault with Azure role-based access control").
SECRETS_OFFICER = "Key Vault Secrets Officer"
#: Who writes the secrets: the identity that runs Terraform.
DEPLOYER = "deployer"


#: What storage, registry and workspace do with a customer-managed key, and what its maker does.
USE_KEY = ("Get", "WrapKey", "UnwrapKey")
MANAGE_KEYS = ("Get", "List", "Create", "Update", "Delete", "Recover", "Purge", "GetRotationPolicy")
CRYPTO_USER = "Key Vault Crypto Service Encryption User"
CRYPTO_OFFICER = "Key Vault Crypto Officer"


class KeyVault(tf.Construct):
    """A key vault in one of two modes: ``access_policies``, or ``rbac`` (Azure roles).

    In rbac mode a new role counts only after it has propagated, which takes up to minutes; secrets therefore wait
    ``role_wait_seconds``. A vault with an ``existing_id`` is not made: its access and its secrets are.
    Outputs: ``name``, ``id``, ``uri``, ``resource`` (``None`` for an existing vault).
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
        access: NetworkAccess = OPEN,
        existing_id: str | None = None,
        prevent_destroy: bool = False,
    ) -> None:
        super().__init__(scope, id)
        self._authorization = authorization
        self._tenant_id = tenant_id
        self._role_wait_seconds = role_wait_seconds
        self._access: dict[str, tf.KeyVaultAccessPolicy | tf.RoleAssignment] = {}
        self._wait: tf.TerraformResource | None = None
        self.secrets: list[tf.TerraformResource] = []
        self.resource: tf.KeyVault | None = None
        self.name: str = name
        self.id: str = existing_id or ""
        self.uri: str = f"https://{name.lower()}.vault.azure.net/"
        if existing_id is not None:
            return
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
            public_network_access_enabled=access.public_network_access_enabled,
            network_acls=access.of_key_vault(),
            lifecycle=tf.TerraformResourceLifecycle(prevent_destroy=True) if prevent_destroy else None,
        )
        self.name = self.resource.name
        self.id = self.resource.id
        self.uri = self.resource.vault_uri

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

    def grant_key_use(self, who: str, *, object_id: str, principal_type: PrincipalType) -> None:
        """Let a principal encrypt with the vault's keys, and the deploying identity make them."""
        deployer = self._access[DEPLOYER]
        if isinstance(deployer, tf.KeyVaultAccessPolicy):
            # A vault has one policy for each principal.
            deployer.key_permissions = list(MANAGE_KEYS)
            policy = tf.KeyVaultAccessPolicy(
                self,
                f"{who}_policy",
                key_vault_id=self.id,
                tenant_id=self._tenant_id,
                object_id=object_id,
                key_permissions=list(USE_KEY),
            )
            policy.override_logical_id(f"vault_{who}")
            self._access[who] = policy
            return
        self._access[f"{DEPLOYER}_keys"] = assign_role(
            self,
            f"{DEPLOYER}_keys",
            role=CRYPTO_OFFICER,
            scope_id=self.id,
            principal_id=deployer.principal_id_input or "",
            principal_type=PrincipalType(deployer.principal_type_input) if deployer.principal_type_input else None,
        )
        self._access[who] = assign_role(
            self,
            f"{who}_keys",
            role=CRYPTO_USER,
            scope_id=self.id,
            principal_id=object_id,
            principal_type=principal_type,
        )

    def add_key(self, id: str, *, name: str) -> tf.KeyVaultKey:
        """A key to wrap other keys with, made after everybody's access is there."""
        access: list[tf.TerraformResource] = [self._access_in_force()]
        if self._authorization == "access_policies":
            access = list(self._access.values())
        key = tf.KeyVaultKey(
            self,
            id,
            name=name,
            key_vault_id=self.id,
            key_type="RSA",
            key_size=3072,
            key_opts=["wrapKey", "unwrapKey"],
            depends_on=access,
        )
        key.override_logical_id(f"key_{id}")
        self.secrets.append(key)
        return key

    def add_secret(self, id: str, *, name: str, value: str, content_type: str) -> None:
        """Put a secret into the vault, after everybody's access is there. ``value`` must be a reference."""
        secret = tf.KeyVaultSecret(
            self,
            id,
            name=name,
            value=value,
            content_type=content_type,
            key_vault_id=self.id,
            depends_on=self._access_of_secrets(),
        )
        secret.override_logical_id(f"secret_{id}")
        self.secrets.append(secret)

    def _access_of_secrets(self) -> list[tf.TerraformResource] | None:
        """``None`` where somebody else gave the deploying identity its access."""
        return [self._access_in_force()] if self._access or self.resource is not None else None

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
