"""Where are the secrets, and who may read them? The workspace's key vault."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from constructs_lib import bindings as tf
from constructs_lib.network.access import OPEN, NetworkAccess
from constructs_lib.propagation import wait_for
from constructs_lib.resource_group import ResourceGroup
from constructs_lib.role_assignments import PrincipalType, assign_role

#: What the original gives the project's principal, and what Terraform itself needs to manage secrets.
READ_WRITE = ("Get", "List", "Set")
MANAGE = ("Get", "List", "Set", "Delete", "Recover", "Purge", "Backup", "Restore")
READ = ("Get", "List")
_KEYS_WITHOUT_PURGE = (
    "Get", "List", "Update", "Create", "Import", "Delete", "Recover", "Backup", "Restore", "Decrypt", "Encrypt",
    "UnwrapKey", "WrapKey", "Verify", "Sign", "Release", "Rotate", "GetRotationPolicy", "SetRotationPolicy",
)  # fmt: skip
_CERTIFICATES_WITHOUT_PURGE = (
    "Get", "List", "Update", "Create", "Import", "Delete", "Recover", "Backup", "Restore", "ManageContacts",
    "ManageIssuers", "GetIssuers", "ListIssuers", "SetIssuers", "DeleteIssuers",
)  # fmt: skip
#: Roles in rbac mode (Microsoft Learn, "Provide access to Key Vault with Azure role-based access control").
SECRETS_OFFICER = "Key Vault Secrets Officer"
SECRETS_USER = "Key Vault Secrets User"
ADMINISTRATOR = "Key Vault Administrator"
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
    ``role_wait_seconds``. ``write_only_secrets`` keeps their values out of the secrets' state (Terraform and OpenTofu
    1.11). A vault with an ``existing_id`` is not made: its access and its secrets are. Outputs: ``name``, ``id``,
    ``uri``, ``resource`` (``None`` for an existing vault).
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
        write_only_secrets: bool = False,
        access: NetworkAccess = OPEN,
        existing_id: str | None = None,
        prevent_destroy: bool = False,
    ) -> None:
        super().__init__(scope, id)
        self._authorization = authorization
        self._tenant_id = tenant_id
        self._role_wait_seconds = role_wait_seconds
        self._write_only_secrets = write_only_secrets
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
        self,
        who: str,
        *,
        object_id: str,
        principal_type: PrincipalType | None,
        access: Literal["read", "read_write", "manage"] = "read_write",
    ) -> None:
        """Let a principal read secrets, also write them, or also delete and purge them (``manage``).

        ``object_id`` is that of the user or service principal (not of the application: a policy on the
        application's object id is accepted and has no effect).
        """
        if self._authorization == "rbac":
            self._access[who] = assign_role(
                self,
                f"{who}_secrets",
                role=SECRETS_USER if access == "read" else SECRETS_OFFICER,
                scope_id=self.id,
                principal_id=object_id,
                principal_type=principal_type,
            )
            return
        permissions = {"read": READ, "read_write": READ_WRITE, "manage": MANAGE}[access]
        self._access[who] = self._policy(who, object_id, secret_permissions=list(permissions))

    def grant_workspace(self, who: str, *, object_id: str) -> tf.TerraformResource:
        """Give an Azure ML workspace's own identity what it needs: everything inside the vault but purging.

        Microsoft Learn, "Set up authentication between Azure Machine Learning and other services", user-assigned
        managed identity: Key Vault Administrator, or every permission of a policy other than purge.
        """
        if self._authorization == "rbac":
            self._access[who] = assign_role(
                self,
                f"{who}_vault_data",
                role=ADMINISTRATOR,
                scope_id=self.id,
                principal_id=object_id,
                principal_type=PrincipalType.SERVICE_PRINCIPAL,
            )
        else:
            self._access[who] = self._policy(
                who,
                object_id,
                secret_permissions=[one for one in MANAGE if one != "Purge"],
                key_permissions=list(_KEYS_WITHOUT_PURGE),
                certificate_permissions=list(_CERTIFICATES_WITHOUT_PURGE),
            )
        return self._access[who]

    def add_secret(
        self, id: str, *, name: str, value: str, content_type: str, version: str, expires: str | None = None
    ) -> None:
        """Put a secret into the vault, after everybody's access is there. ``value`` must be a reference.

        ``version`` is an expression that changes with the value: Terraform cannot see that a write-only value changed.
        """
        secret = tf.KeyVaultSecret(
            self,
            id,
            name=name,
            value=None if self._write_only_secrets else value,
            value_wo=value if self._write_only_secrets else None,
            content_type=content_type,
            expiration_date=expires,
            key_vault_id=self.id,
            depends_on=self._access_of_secrets(),
        )
        if self._write_only_secrets:
            # A number from 1 on; seven digits of a hash tell versions apart.
            secret.add_override("value_wo_version", f"${{parseint(substr(md5({version}), 0, 7), 16) + 1}}")
        secret.override_logical_id(f"secret_{id}")
        self.secrets.append(secret)

    def _policy(
        self,
        who: str,
        object_id: str,
        *,
        secret_permissions: list[str] | None = None,
        key_permissions: list[str] | None = None,
        certificate_permissions: list[str] | None = None,
    ) -> tf.KeyVaultAccessPolicy:
        policy = tf.KeyVaultAccessPolicy(
            self,
            f"{who}_policy",
            key_vault_id=self.id,
            tenant_id=self._tenant_id,
            object_id=object_id,
            secret_permissions=secret_permissions,
            key_permissions=key_permissions,
            certificate_permissions=certificate_permissions,
        )
        policy.override_logical_id(f"vault_{who}")
        return policy

    def grant_key_use(self, who: str, *, object_id: str, principal_type: PrincipalType) -> None:
        """Let a principal encrypt with the vault's keys, and the deploying identity make them."""
        deployer = self._access[DEPLOYER]
        if isinstance(deployer, tf.KeyVaultAccessPolicy):
            # A vault has one policy for each principal.
            deployer.key_permissions = list(MANAGE_KEYS)
            self._access[who] = self._policy(who, object_id, key_permissions=list(USE_KEY))
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
            self._wait = wait_for(self, "vault_role_wait", self._access, seconds=self._role_wait_seconds)
        return self._wait
