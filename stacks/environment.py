"""What does one environment consist of? The stack that puts the constructs together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from constructs_lib import bindings as tf
from constructs_lib.addresses import address_of
from constructs_lib.application_identity import ApplicationIdentity
from constructs_lib.container_registry import ContainerRegistry
from constructs_lib.diagnostics import add_diagnostics
from constructs_lib.entra_user import EntraUser
from constructs_lib.key_vault import DEPLOYER, KeyVault
from constructs_lib.ml_compute import ComputeCluster, ComputeInstance
from constructs_lib.ml_workspace import MlWorkspace
from constructs_lib.protection import lock_against_deletion
from constructs_lib.resource_group import ResourceGroup
from constructs_lib.role_assignments import PrincipalType as Kind
from constructs_lib.role_assignments import assign_role
from constructs_lib.storage import StorageAccount
from ezazml.config.access import PrincipalType
from ezazml.config.environment import Environment
from ezazml.config.models import AzurermBackend
from ezazml.config.resource_ids import KEY_VAULT, parse_id
from ezazml.config.roles import BUNDLES
from stacks.access import add_role_assignments, grant_bundle, make_workspace_identity
from stacks.dependencies import add_customer_key, add_data_lake, add_monitoring, add_registry, add_storage
from stacks.network import EnvironmentNetwork
from stacks.outputs import add_outputs
from stacks.policy import tag_and_check
from stacks.providers import add_providers
from stacks.signals import add_alerts, add_budget

BLOB_CONTRIBUTOR = "Storage Blob Data Contributor"
FILE_PRIVILEGED_CONTRIBUTOR = "Storage File Data Privileged Contributor"


class EnvironmentStack(tf.TerraformStack):
    """All resources of one environment; the stack's id is the environment's name."""

    def __init__(self, scope: tf.Construct, environment: Environment) -> None:
        super().__init__(scope, environment.name)
        self.environment = environment
        self.settings = environment.settings
        self.names = environment.names
        self.roles_on: defaultdict[str, list[tf.RoleAssignment]] = defaultdict(list)
        #: What lies under a lock besides the resource itself, its roles and its containers.
        self.under_locks: defaultdict[str, list[tf.TerraformResource]] = defaultdict(list)
        self._add_backend()
        self.providers = add_providers(self, self.settings)
        self.resource_group = ResourceGroup(
            self, "resource_group", name=self.names.resource_group, location=self.settings.location
        )
        self.network = EnvironmentNetwork(self)
        self.monitoring = add_monitoring(self)
        self.key_vault = self._key_vault()
        self.customer_key = add_customer_key(self)
        self.storage = add_storage(self)
        self.registry = add_registry(self)
        self.data_lake = add_data_lake(self)
        self.workspace_identity = make_workspace_identity(self)
        self.workspace = self._workspace()
        self.network.connect()
        self.instances = self._instances()
        self.clusters = self._clusters()
        self.application = self._application()
        self.user = self._user()
        self._grant_data_access()
        add_role_assignments(self)
        add_alerts(self)
        add_budget(self)
        # After everything that has something to tell, before the locks that cover it.
        self.diagnostics = self._diagnostics()
        self._protect()
        add_outputs(self)
        self.policy = tag_and_check(self, self._tags(), required_tags=self.settings.required_tags)

    def _add_backend(self) -> None:
        backend = self.settings.backend
        if isinstance(backend, AzurermBackend):
            tf.AzurermBackend(
                self,
                resource_group_name=backend.resource_group_name,
                storage_account_name=backend.storage_account_name or "",
                container_name=backend.container_name,
                key=backend.key or f"{self.environment.name}.tfstate",
                subscription_id=backend.subscription_id or self.settings.subscription_id,
                tenant_id=self.settings.tenant_id,
                use_azuread_auth=True,
            )
        else:
            state = self.environment.root / ".ezazml" / "state" / f"{self.environment.name}.tfstate"
            tf.LocalBackend(self, path=str(self.environment.root / (backend.path or state)))

    def _key_vault(self) -> KeyVault:
        vault, existing = self.settings.key_vault, self.settings.existing
        existing_id = existing.key_vault_id
        key_vault = KeyVault(
            self,
            "key_vault",
            name=parse_id(KEY_VAULT, existing_id).name if existing_id else self.names.key_vault,
            existing_id=existing_id,
            access=self.network.access,
            resource_group=self.resource_group,
            tenant_id=self.providers.tenant_id,
            sku=vault.sku,
            authorization=vault.authorization,
            role_wait_seconds=vault.role_wait_seconds,
            write_only_secrets=vault.write_only_secrets,
            soft_delete_days=vault.soft_delete_days,
            purge_protection_enabled=vault.purge_protection_enabled,
            prevent_destroy=self.settings.protected,
        )
        if existing_id is None or existing.assign_roles:
            key_vault.grant_secrets(
                DEPLOYER,
                object_id=self.providers.deployer_object_id,
                principal_type=self.deployer_kind(),
                access="manage",
            )
        return key_vault

    def _workspace(self) -> MlWorkspace:
        workspace = self.settings.workspace
        return MlWorkspace(
            self,
            "workspace",
            name=self.names.workspace,
            resource_group=self.resource_group,
            storage_account_id=self.storage.id,
            key_vault_id=self.key_vault.id,
            application_insights_id=self.monitoring.application_insights_id,
            container_registry_id=self.registry.id if self.registry else None,
            friendly_name=workspace.friendly_name,
            description=workspace.description,
            high_business_impact=workspace.high_business_impact,
            public_network_access_enabled=self.network.workspace_is_public,
            managed_network=self.network.managed,
            compute_subnet_id=self.network.compute_subnet_id,
            image_build_compute_name=self.network.image_build_compute_name(),
            customer_key=self.customer_key,
            identity=self.workspace_identity,
            prevent_destroy=self.settings.protected,
        )

    def _instances(self) -> list[ComputeInstance]:
        made = []
        for compute in self.names.compute_instances:
            setting = self.settings.compute.instances[compute.index]
            made.append(
                ComputeInstance(
                    self,
                    compute.construct_id,
                    name=compute.full_name,
                    workspace=self.workspace,
                    size=setting.size,
                    tenant_id=self.providers.tenant_id,
                    assigned_user_object_id=setting.assigned_user_object_id,
                    description=setting.description,
                    network=self.network.compute,
                )
            )
        return made

    def _clusters(self) -> dict[str, ComputeCluster]:
        made = {}
        for compute in self.names.compute_clusters:
            setting = self.settings.compute.clusters[compute.index]
            made[compute.construct_id] = ComputeCluster(
                self,
                compute.construct_id,
                name=compute.full_name,
                workspace=self.workspace,
                size=setting.size,
                priority=setting.priority,
                min_nodes=setting.min_nodes,
                max_nodes=setting.max_nodes,
                idle_seconds=setting.idle_seconds,
                system_identity=setting.identity == "system",
                description=setting.description,
                network=self.network.compute,
            )
        return made

    def _application(self) -> ApplicationIdentity | None:
        setting = self.settings.identities.application
        if not setting.enabled:
            return None
        # Entra takes no group as an owner: who makes the application owns it, and the others' logins change nothing.
        by_group = self.deployer_kind() is Kind.GROUP
        application = ApplicationIdentity(
            self,
            "application",
            display_name=self.names.application,
            owner_object_id=self.providers.login_object_id if by_group else self.providers.deployer_object_id,
            keep_owners=by_group,
            secret=setting.secret_enabled,
            secret_rotation=setting.secret_rotation,
            notes=f"managed_by ezazml, environment {self.environment.name}, "
            f"subscription {self.providers.subscription_id}",
        )
        if setting.github is not None:
            application.trust_github(
                repository=setting.github.repository,
                environment=setting.github.environment,
                branch=setting.github.branch,
            )
        grant_bundle(
            self,
            "application",
            BUNDLES[setting.role],
            principal_id=application.service_principal_object_id,
            kind=Kind.SERVICE_PRINCIPAL,
        )
        if application.secret_value is not None and application.secret_id is not None:
            self.key_vault.add_secret(
                "client_id",
                name="application-client-id",
                value=application.client_id,
                content_type="client id of the project's application",
                version=f"{address_of(application.application)}.client_id",
            )
            self.key_vault.add_secret(
                "client_secret",
                name="application-client-secret",
                value=application.secret_value,
                content_type="client secret of the project's application",
                version=application.secret_id,
                expires=application.secret_end,
            )
        return application

    def _user(self) -> EntraUser | None:
        user = self.settings.user
        if not user.enabled:
            return None
        # At the top of the stack, so that TF_VAR_user_password sets it.
        password = tf.TerraformVariable(
            self,
            "user_password",
            type="string",
            sensitive=True,
            nullable=False,
            description="First password of the Entra user.",
        )
        made = EntraUser(
            self,
            "user",
            name=self.names.user_principal_name_local_part,
            display_name=user.display_name,
            password=password.string_value,
            domain=user.domain,
            department=f"ezazml {self.environment.name}",
        )
        # People find the secrets they need where they work: none gets access to the vault.
        grant_bundle(self, "user", BUNDLES[user.role], principal_id=made.object_id, kind=Kind.USER, vault=False)
        return made

    def _grant_data_access(self) -> None:
        """Data roles: a role on the workspace or the group gives no access to the data itself."""
        readers: dict[str, tuple[str, Kind | None]] = {
            DEPLOYER: (self.providers.deployer_object_id, self.deployer_kind())
        }
        for cluster_id, cluster in self.clusters.items():
            if cluster.principal_id is not None:
                readers[cluster_id] = (cluster.principal_id, Kind.SERVICE_PRINCIPAL)
                if self.registry is not None:
                    self.grant(
                        f"{cluster_id}_images",
                        "AcrPull",
                        self.registry.id,
                        cluster.principal_id,
                        Kind.SERVICE_PRINCIPAL,
                    )
        for who, (principal_id, kind) in readers.items():
            self.grant(f"{who}_blobs", BLOB_CONTRIBUTOR, self.storage.id, principal_id, kind)
            if self.data_lake is not None:
                self.grant(f"{who}_lake", BLOB_CONTRIBUTOR, self.data_lake.id, principal_id, kind)
        if self.workspace_identity is None:
            # Azure gives the workspace's own identity the blobs, not the files, which notebooks live on.
            self.grant(
                "workspace_files",
                FILE_PRIVILEGED_CONTRIBUTOR,
                self.storage.id,
                self.workspace.principal_id,
                Kind.SERVICE_PRINCIPAL,
            )

    def _diagnostics(self) -> dict[str, list[tf.MonitorDiagnosticSetting]]:
        if not self.settings.diagnostics.enabled:
            return {}
        return add_diagnostics(
            self, self.node.find_all(), log_analytics_workspace_id=self.monitoring.log_analytics_workspace_id
        )

    def _protect(self) -> None:
        if not self.settings.protected:
            return
        # A lock also keeps role assignments and diagnostic settings on the resource from being deleted. What others
        # made, others lock.
        if isinstance(self.storage, StorageAccount):
            self._lock("storage", self.storage.resource, self.storage.id, [*self.storage.containers.values()])
        if self.key_vault.resource is not None:
            vault = [*self.key_vault.access, *self.key_vault.secrets]
            self._lock("key_vault", self.key_vault.resource, self.key_vault.id, vault)
        if isinstance(self.registry, ContainerRegistry):
            self._lock("registry", self.registry.resource, self.registry.id, [])
        if self.data_lake is not None:
            self._lock("data_lake", self.data_lake.resource, self.data_lake.id, [*self.data_lake.containers])

    def _lock(
        self, id: str, resource: tf.TerraformResource, resource_id: str, inside: Sequence[tf.TerraformResource]
    ) -> None:
        under = [*self.under_locks[id], *self.roles_on[resource_id], *self.diagnostics.get(address_of(resource), [])]
        lock_against_deletion(self, id, resource_id=resource_id, dependents=[resource, *inside, *under])

    def assigns_roles_on(self, scope_id: str) -> bool:
        """Whether the environment gives its identities roles there: on what exists already, by option."""
        existing = self.settings.existing
        others: list[str | None] = [existing.storage_account_id, existing.key_vault_id]
        others += [existing.container_registry_id, existing.application_insights_id]
        if existing.application_insights_id is not None:
            others.append(self.monitoring.log_analytics_workspace_id)
        return existing.assign_roles or scope_id not in others

    def grant(
        self, id: str, role: str, scope_id: str, principal_id: str, kind: Kind | None
    ) -> tf.RoleAssignment | None:
        """Give a role; what locks its scope must know of it. ``None`` where somebody else gives roles."""
        if not self.assigns_roles_on(scope_id):
            return None
        role_assignment = assign_role(
            self, id, role=role, scope_id=scope_id, principal_id=principal_id, principal_type=kind
        )
        self.roles_on[scope_id].append(role_assignment)
        return role_assignment

    def deployer_kind(self) -> Kind | None:
        """What the deployer is, where that is known."""
        kind: PrincipalType | None = self.settings.identities.deployer.principal_type
        return None if kind is None else Kind(kind.value)

    def _tags(self) -> dict[str, str]:
        own = {"environment": self.environment.name, "project": self.settings.prefix, "managed_by": "ezazml"}
        if self.environment.git_commit is not None:
            # On the group alone: otherwise every commit would change every resource.
            self.resource_group.resource.tags = {"git_commit": self.environment.git_commit}
        return {**own, **self.settings.tags}
