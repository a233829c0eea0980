"""Which roles may somebody give to others? A condition that keeps a deploying identity from making itself an owner."""

from __future__ import annotations

from collections.abc import Iterable

#: Built-in roles that the stacks assign, and their ids (Microsoft Learn, "Azure built-in roles").
ROLE_IDS = {
    "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Storage File Data Privileged Contributor": "69566ab7-960f-475b-8e7c-b3118f30c6bd",
    "Key Vault Secrets Officer": "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
    "AcrPull": "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "AzureML Data Scientist": "f6c7c914-8db3-469d-8ca1-694a8f32e121",
}

_ATTRIBUTE = "[Microsoft.Authorization/roleAssignments:RoleDefinitionId]"


def only_these_roles(roles: Iterable[str]) -> str:
    """A condition on "Role Based Access Control Administrator": only these built-in roles may be given and taken.

    The form is that of Microsoft Learn, "Examples to delegate Azure role assignment management with conditions:
    Constrain roles". Raises ``KeyError`` for a role that :data:`ROLE_IDS` lacks.
    """
    ids = ", ".join(sorted(ROLE_IDS[role] for role in roles))
    given = _limited("write", f"@Request{_ATTRIBUTE}", ids)
    taken = _limited("delete", f"@Resource{_ATTRIBUTE}", ids)
    return f"{given} AND {taken}"


def _limited(action: str, attribute: str, ids: str) -> str:
    matches = f"!(ActionMatches{{'Microsoft.Authorization/roleAssignments/{action}'}})"
    return f"(({matches}) OR ({attribute} ForAnyOfAnyValues:GuidEquals {{{ids}}}))"
