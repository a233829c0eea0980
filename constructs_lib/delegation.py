"""Which roles may somebody give to others? A condition that keeps a deploying identity from making itself an owner."""

from __future__ import annotations

from collections.abc import Iterable

#: Built-in roles that the stacks assign, and their ids (Microsoft Learn, "Azure built-in roles").
ROLE_IDS = {
    "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Storage Blob Data Reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "Storage File Data Privileged Contributor": "69566ab7-960f-475b-8e7c-b3118f30c6bd",
    "Key Vault Administrator": "00482a5a-887f-4fb3-b363-3b7fe8e74483",
    "Key Vault Crypto Officer": "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
    "Key Vault Crypto Service Encryption User": "e147488a-f6f5-4113-8e2d-b22465e65bf6",
    "Key Vault Secrets Officer": "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
    "AcrPull": "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "Log Analytics Reader": "73c42c96-874c-492b-b04d-ab87d138a893",
    "AzureML Data Scientist": "f6c7c914-8db3-469d-8ca1-694a8f32e121",
    "AzureML Compute Operator": "e503ece1-11d0-4e8e-8e2c-7a6c3bf38815",
    "Azure AI Enterprise Network Connection Approver": "b556d68e-0be0-4f35-a333-ad7ee1ce17ea",
}

_ATTRIBUTE = "[Microsoft.Authorization/roleAssignments:RoleDefinitionId]"


def only_these_roles(roles: Iterable[str], *, further_ids: Iterable[str] = ()) -> str:
    """A condition on "Role Based Access Control Administrator": only these built-in roles, and those with
    ``further_ids``, may be given and taken.

    The form is that of Microsoft Learn, "Examples to delegate Azure role assignment management with conditions:
    Constrain roles". Raises ``KeyError`` for a role that :data:`ROLE_IDS` lacks.
    """
    ids = ", ".join(sorted({*(ROLE_IDS[role] for role in roles), *further_ids}))
    given = _limited("write", f"@Request{_ATTRIBUTE}", ids)
    taken = _limited("delete", f"@Resource{_ATTRIBUTE}", ids)
    return f"{given} AND {taken}"


def _limited(action: str, attribute: str, ids: str) -> str:
    matches = f"!(ActionMatches{{'Microsoft.Authorization/roleAssignments/{action}'}})"
    return f"(({matches}) OR ({attribute} ForAnyOfAnyValues:GuidEquals {{{ids}}}))"
