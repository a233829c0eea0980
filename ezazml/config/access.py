"""Who else gets a role? Role assignments as settings."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from ezazml.config.section import Section


class PrincipalType(StrEnum):
    """Kind of an Entra principal, as Azure's role assignments name it."""

    USER = "User"
    GROUP = "Group"
    SERVICE_PRINCIPAL = "ServicePrincipal"


class RoleAssignment(Section):
    """One role for one principal on one resource of the environment."""

    role: str | None = Field(None, description="Name of a built-in role, such as AzureML Data Scientist.")
    role_id: str | None = Field(None, description="Id of a role that this tool does not know by name, or of your own.")
    object_id: str | None = Field(None, description="The principal, by object id; needs principal_type.")
    principal_type: PrincipalType | None = Field(None, description="Kind of the principal named by object_id.")
    group: str | None = Field(None, description="The principal, as an Entra group's display name.")
    email: str | None = Field(None, description="The principal, as a user's e-mail address.")
    scope: str = Field("workspace", description="On what: workspace, storage, key_vault, resource_group, ...")
