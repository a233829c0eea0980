"""Who else may do what in the environment? Bundles of roles, the workspace's identity, roles that are settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib import bindings as tf
from constructs_lib.role_assignments import PrincipalType, assign_role
from constructs_lib.workspace_identity import ROLE_ON_THE_WORKSPACE, ROLES_BEFORE_THE_WORKSPACE, WorkspaceIdentity
from ezazml.config.access import RoleAssignment
from ezazml.config.roles import Bundle

if TYPE_CHECKING:
    from stacks.environment import EnvironmentStack


def scope_ids(stack: EnvironmentStack) -> dict[str, str]:
    """Ids of what roles can be given on, by the short names of the settings."""
    ids = {
        "resource_group": stack.resource_group.id,
        "storage": stack.storage.id,
        "key_vault": stack.key_vault.id,
        "application_insights": stack.monitoring.application_insights_id,
        "log_analytics": stack.monitoring.log_analytics_workspace_id,
    }
    if stack.registry is not None:
        ids["container_registry"] = stack.registry.id
    if stack.data_lake is not None:
        ids["data_lake"] = stack.data_lake.id
    return ids


def grant_bundle(
    stack: EnvironmentStack, who: str, bundle: Bundle, *, principal_id: str, kind: PrincipalType, vault: bool = True
) -> None:
    """Give a principal the roles of a bundle, and its access to the vault's secrets unless ``vault`` is false.

    What it may do with the data, it may do in the data lake too.
    """
    ids = {**scope_ids(stack), "workspace": stack.workspace.id}
    for grant in bundle.grants:
        stack.grant(f"{who}_{grant.id}", grant.role, ids[grant.scope], principal_id, kind)
        if grant.scope == "storage" and stack.data_lake is not None:
            stack.grant(f"{who}_lake", grant.role, stack.data_lake.id, principal_id, kind)
    if vault and bundle.vault != "none" and stack.assigns_roles_on(stack.key_vault.id):
        stack.key_vault.grant_secrets(who, object_id=principal_id, principal_type=kind, access=bundle.vault)


def make_workspace_identity(stack: EnvironmentStack) -> WorkspaceIdentity | None:
    """The workspace's own identity with its roles, if the settings ask for one."""
    settings = stack.settings.workspace
    if settings.identity == "system":
        return None
    identity = WorkspaceIdentity(
        stack, "workspace_identity", name=stack.names.workspace_identity, resource_group=stack.resource_group
    )
    ids = scope_ids(stack)
    access: dict[str, tf.TerraformResource] = {}
    for scope, roles in ROLES_BEFORE_THE_WORKSPACE.items():
        for end, role in roles.items():
            granted = stack.grant(
                f"workspace_{end}", role, ids[scope], identity.principal_id, PrincipalType.SERVICE_PRINCIPAL
            )
            if granted is not None:
                access[end] = granted
    if stack.assigns_roles_on(stack.key_vault.id):
        access["vault_data"] = stack.key_vault.grant_workspace("workspace", object_id=identity.principal_id)
    if stack.network.managed is not None:
        access["connections"] = stack.network.let_approve(identity.principal_id)
    if access:
        identity.wait_for_roles(access, seconds=settings.identity_role_wait_seconds)
    return identity


def add_role_assignments(stack: EnvironmentStack) -> None:
    """The roles that the settings give, and the identity's own role on the workspace."""
    if stack.workspace_identity is not None:
        stack.grant(
            "workspace_itself",
            ROLE_ON_THE_WORKSPACE,
            stack.workspace.id,
            stack.workspace_identity.principal_id,
            PrincipalType.SERVICE_PRINCIPAL,
        )
    ids = {**scope_ids(stack), "workspace": stack.workspace.id}
    principals = _Principals(stack)
    for setting in stack.settings.role_assignments:
        principal_id, kind, name = principals.find(setting)
        scope_id = ids[setting.scope]
        definition = None
        if setting.role_id is not None:
            subscription = f"/subscriptions/{stack.providers.subscription_id}"
            definition = f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{setting.role_id.lower()}"
        # By what is assigned, not by its place in the list: an entry less must not replace those behind it.
        assignment = assign_role(
            stack,
            "_".join(("given", _slug(setting.role or setting.role_id or ""), setting.scope, name)),
            role=setting.role,
            role_definition_id=definition,
            scope_id=scope_id,
            principal_id=principal_id,
            principal_type=kind,
        )
        stack.roles_on[scope_id].append(assignment)


class _Principals:
    """Finds principals in Entra, each once."""

    def __init__(self, stack: EnvironmentStack) -> None:
        self._stack = stack
        self._found: dict[str, str] = {}

    def find(self, setting: RoleAssignment) -> tuple[str, PrincipalType, str]:
        """Object id, kind, and a name for addresses."""
        if setting.group is not None:
            name = _slug(f"group {setting.group}")
            return self._once(name, setting.group, PrincipalType.GROUP), PrincipalType.GROUP, name
        if setting.email is not None:
            name = _slug(f"user {setting.email}")
            return self._once(name, setting.email, PrincipalType.USER), PrincipalType.USER, name
        if setting.object_id is None or setting.principal_type is None:
            raise ValueError("A role assignment without a principal passed the checks of the configuration.")
        return setting.object_id, PrincipalType(setting.principal_type.value), setting.object_id.lower()

    def _once(self, name: str, label: str, kind: PrincipalType) -> str:
        if name not in self._found:
            if kind is PrincipalType.GROUP:
                group = tf.DataAzureadGroup(self._stack, name, display_name=label, security_enabled=True)
                group.override_logical_id(name)
                self._found[name] = group.object_id
            else:
                user = tf.DataAzureadUser(self._stack, name, mail=label)
                user.override_logical_id(name)
                self._found[name] = user.object_id
        return self._found[name]


def _slug(text: str) -> str:
    return "".join(character if character.isalnum() else "_" for character in text.lower())
