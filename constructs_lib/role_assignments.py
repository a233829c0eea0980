"""Who may do what, where? Azure role assignments."""

from __future__ import annotations

from enum import StrEnum

from constructs_lib import bindings as tf


class PrincipalType(StrEnum):
    """Kind of an Entra principal."""

    USER = "User"
    GROUP = "Group"
    SERVICE_PRINCIPAL = "ServicePrincipal"


def assign_role(
    scope: tf.Construct,
    id: str,
    *,
    role: str | None = None,
    role_definition_id: str | None = None,
    scope_id: str,
    principal_id: str,
    principal_type: PrincipalType | None,
    condition: str | None = None,
) -> tf.RoleAssignment:
    """Give a principal a role, by name or by its definition's id, on the resource ``scope_id``.

    ``principal_type`` is needed for a principal made in the same run: without it Azure looks it up, fails while
    Entra still replicates, and the provider retries for half an hour (Microsoft Learn, "Troubleshoot Azure RBAC").
    ``None`` only for a principal that exists already and whose kind is not known. ``condition`` limits the role
    (Microsoft Learn, "Azure role assignment condition format and syntax").
    """
    assignment = tf.RoleAssignment(
        scope,
        id,
        scope=scope_id,
        role_definition_name=role,
        role_definition_id=role_definition_id,
        principal_id=principal_id,
        principal_type=None if principal_type is None else principal_type.value,
        condition=condition,
        condition_version=None if condition is None else "2.0",
    )
    assignment.override_logical_id(f"role_{id}")
    return assignment
