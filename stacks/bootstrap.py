"""What must exist before an environment can be deployed? Its state's storage, and the identity that deploys it.

``python -m stacks.bootstrap`` synthesises it for the environment in ``EZAZML_ENVIRONMENTS``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from constructs_lib import bindings as tf
from constructs_lib.application_identity import ApplicationIdentity
from constructs_lib.delegation import ROLE_IDS, only_these_roles
from constructs_lib.github_federation import GitHubFederation
from constructs_lib.protection import lock_against_deletion
from constructs_lib.resource_group import ResourceGroup
from constructs_lib.role_assignments import PrincipalType as Kind
from constructs_lib.role_assignments import assign_role
from constructs_lib.storage import StorageAccount
from ezazml.config.access import PrincipalType
from ezazml.config.bootstrap_names import bootstrap_names
from ezazml.config.environment import Environment
from ezazml.config.loading import load_environment
from ezazml.config.roles import BUILT_IN_ROLES
from ezazml.errors import EzazmlError
from stacks.policy import tag_and_check
from stacks.providers import add_providers

BLOB_CONTRIBUTOR = "Storage Blob Data Contributor"
#: Who has one of these can give every role: a person assigns them, no deployment.
GIVES_ROLES = ("Owner", "User Access Administrator", "Role Based Access Control Administrator")


class BootstrapStack(tf.TerraformStack):
    """State storage and deploying identity of one environment. Where its own state is, the caller decides."""

    def __init__(self, scope: tf.Construct, environment: Environment) -> None:
        super().__init__(scope, f"{environment.name}-bootstrap")
        self.environment = environment
        self.settings = environment.settings
        self.names = bootstrap_names(environment)
        self.providers = add_providers(self, self.settings)
        self.storage = self._storage()
        self.identity = self._identity()
        self._grant_subscription()
        roles = self._grant_state()
        lock_against_deletion(
            self,
            "state",
            resource_id=self.storage.id,
            dependents=[self.storage.resource, *self.storage.containers.values(), *roles],
        )
        self._add_outputs()
        tags = {"environment": environment.name, "project": self.settings.prefix, "managed_by": "ezazml"}
        every = {**tags, "purpose": "bootstrap", **self.settings.tags}
        tag_and_check(self, every, required_tags=self.settings.required_tags)

    def _storage(self) -> StorageAccount:
        group = ResourceGroup(self, "resource_group", name=self.names.resource_group, location=self.settings.location)
        self.resource_group = group
        return StorageAccount(
            self,
            "storage",
            name=self.names.storage_account,
            resource_group=group,
            replication=self.settings.bootstrap.replication,
            containers=[self.names.container],
            shared_access_key_enabled=False,
            versioning_enabled=True,
            soft_delete_days=self.settings.bootstrap.soft_delete_days,
            # Whatever the environment's own protection: without its state nobody can change or remove it any more.
            prevent_destroy=True,
        )

    def _identity(self) -> ApplicationIdentity:
        identity = ApplicationIdentity(
            self,
            "identity",
            display_name=self.names.application,
            owner_object_id=self.providers.login_object_id,
            keep_owners=True,
            secret=False,
        )
        github = self.settings.bootstrap.github
        if github is not None:
            GitHubFederation(
                self,
                "github",
                application=identity,
                repository=github.repository,
                environment=github.environment or self.environment.name,
                plan_environment=github.plan_environment or f"{github.environment or self.environment.name}-plan",
                branch=github.branch,
                pull_requests=github.pull_requests,
            )
        return identity

    def _grant_subscription(self) -> None:
        """What a deployment needs: resources, roles for its identities, and locks, which Contributor excludes.

        On the subscription, as a deployment makes its resource group and registers resource providers. The condition
        lets it give only the roles that the stacks give and those of ``role_assignments``, so that it cannot make
        itself or others an owner.
        """
        further = {
            assignment.role_id.lower() if assignment.role_id else BUILT_IN_ROLES[assignment.role or ""]
            for assignment in self.settings.role_assignments
        }
        condition_of_roles = only_these_roles(
            ROLE_IDS, further_ids=further - {BUILT_IN_ROLES[role] for role in GIVES_ROLES}
        )
        subscription = f"/subscriptions/{self.settings.subscription_id}"
        roles = {
            "deploy": ("Contributor", None),
            "deploy_roles": ("Role Based Access Control Administrator", condition_of_roles),
            "deploy_locks": ("Locks Contributor", None),
        }
        for id, (role, condition) in roles.items():
            assign_role(
                self,
                id,
                role=role,
                scope_id=subscription,
                principal_id=self.identity.service_principal_object_id,
                principal_type=Kind.SERVICE_PRINCIPAL,
                condition=condition,
            )

    def _grant_state(self) -> list[tf.RoleAssignment]:
        """The state for the deploying identity, and for those who deploy by hand: a role on the subscription gives no
        access to blobs."""
        deployer = self.settings.identities.deployer
        by_group = deployer.principal_type is PrincipalType.GROUP
        people = assign_role(
            self,
            "state_people",
            role=BLOB_CONTRIBUTOR,
            scope_id=self.storage.container_id(self.names.container),
            principal_id=self.providers.deployer_object_id if by_group else self.providers.login_object_id,
            principal_type=Kind.GROUP if by_group else None,
        )
        if not by_group:
            # Who ran the bootstrap first keeps the role when somebody else repeats it.
            people.add_override("lifecycle.ignore_changes", ["principal_id"])
        pipeline = assign_role(
            self,
            "state_deploy",
            role=BLOB_CONTRIBUTOR,
            scope_id=self.storage.container_id(self.names.container),
            principal_id=self.identity.service_principal_object_id,
            principal_type=Kind.SERVICE_PRINCIPAL,
        )
        return [people, pipeline]

    def _add_outputs(self) -> None:
        outputs = {
            "client_id": self.identity.client_id,
            "service_principal_object_id": self.identity.service_principal_object_id,
            "tenant_id": self.providers.tenant_id,
            "subscription_id": self.providers.subscription_id,
            "storage_account_id": self.storage.id,
        }
        for name, value in outputs.items():
            tf.TerraformOutput(self, name, value=value)


def main() -> None:
    """Synthesise the stack into ``CDKTF_OUTDIR``."""
    root = Path.cwd()
    app = tf.App()
    for name in os.environ["EZAZML_ENVIRONMENTS"].split(","):
        BootstrapStack(app, load_environment(name, root=root))
    app.synth()


if __name__ == "__main__":
    try:
        main()
    except EzazmlError as error:
        print(f"Error: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(error.exit_code)
