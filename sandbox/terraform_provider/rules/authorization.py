"""How do role assignments behave?"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from sandbox import limits
from sandbox.store import ArmObject
from sandbox.terraform_provider.rules.arm import ArmRules, already_exists, known, one_of
from sandbox.terraform_provider.rules.base import Azure, AzureError, Invalid, Values

ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
#: Built-in roles and their ids (Microsoft Learn, "Azure built-in roles").
BUILT_IN_ROLES = {
    "Owner": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "User Access Administrator": "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
    "Role Based Access Control Administrator": "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
    "AzureML Data Scientist": "f6c7c914-8db3-469d-8ca1-694a8f32e121",
    "AzureML Compute Operator": "e503ece1-11d0-4e8e-8e2c-7a6c3bf38815",
    "AzureML Registry User": "1823dd4f-9b8c-4ab6-ab4e-7397a3684615",
    "Azure AI Administrator": "b78c5d69-af96-48a3-bf8d-a8b4d589de94",
    "Azure AI Developer": "64702f94-c441-49e6-a78b-ef80e0188fee",
    "Azure Machine Learning Workspace Connection Secrets Reader": "ea01e6af-a1c1-4350-9563-ad00f8c72ec5",
    "Storage Account Contributor": "17d1049b-9a84-46fb-8f53-869881c3d3ab",
    "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Storage Blob Data Reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "Storage Blob Delegator": "db58b8e5-c6ad-4a2a-8342-4190687cbf4a",
    "Storage File Data Privileged Contributor": "69566ab7-960f-475b-8e7c-b3118f30c6bd",
    "Storage File Data Privileged Reader": "b8eda974-7b85-4f76-af95-65846b26df6d",
    "Storage File Data SMB Share Contributor": "0c867c2a-1d8c-454a-a3db-ab2ea1bdc8bb",
    "Key Vault Administrator": "00482a5a-887f-4fb3-b363-3b7fe8e74483",
    "Key Vault Contributor": "f25e0fa2-a7c8-4377-a976-54943a77a395",
    "Key Vault Reader": "21090545-7ca7-4776-b22c-e363652d74d2",
    "Key Vault Secrets Officer": "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
    "Key Vault Crypto Officer": "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
    "Key Vault Crypto User": "12338af0-0e69-4776-bea7-57ae8d297424",
    "Key Vault Crypto Service Encryption User": "e147488a-f6f5-4113-8e2d-b22465e65bf6",
    "AcrPull": "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "AcrPush": "8311e382-0749-4cb8-b61a-304f252e45ec",
    "AcrDelete": "c2f4ef07-c644-48eb-af81-4b1b4947fb11",
    "Azure AI Enterprise Network Connection Approver": "b556d68e-0be0-4f35-a333-ad7ee1ce17ea",
    "Locks Contributor": "28bf596f-4eb7-45ce-b5bc-6cf482fec137",
    "Managed Identity Operator": "f1a07417-d97a-45cb-824c-7a7467783830",
    "Managed Identity Contributor": "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59",
    "Monitoring Reader": "43d0d8ad-25c7-4714-9337-8ba259a9fe05",
    "Monitoring Contributor": "749f88d5-cbae-40b8-bcfc-e573ddc772fa",
    "Monitoring Metrics Publisher": "3913510d-42f4-4e42-8a64-420c390055eb",
    "Log Analytics Reader": "73c42c96-874c-492b-b04d-ab87d138a893",
    "Log Analytics Contributor": "92aaf0da-9dab-42b6-94a3-d43ce8d16293",
    "Cost Management Reader": "72fafb9e-0641-4937-9268-a91bfd8191a3",
    "Cost Management Contributor": "434105ed-43f6-45c7-a02f-909b2ba83430",
}
_PRINCIPALS = {
    "microsoft.graph/users": "User",
    "microsoft.graph/groups": "Group",
    "microsoft.graph/serviceprincipals": "ServicePrincipal",
}


class RoleAssignmentRules(ArmRules):
    """azurerm_role_assignment."""

    type_name = "azurerm_role_assignment"
    arm_type = ASSIGNMENTS
    force_new = frozenset(
        {
            "name",
            "scope",
            "role_definition_id",
            "role_definition_name",
            "principal_id",
            "principal_type",
            "condition",
            "condition_version",
            "description",
            "delegated_managed_identity_resource_id",
        }
    )
    fields: ClassVar = {
        "principal_id": "properties.principalId",
        "principal_type": "properties.principalType",
        "description": "properties.description",
        "condition": "properties.condition",
        "condition_version": "properties.conditionVersion",
    }

    def validate(self, config: Values) -> Iterable[Invalid]:
        """Exactly one way to name the role; the version only with a condition."""
        given = [name for name in ("role_definition_name", "role_definition_id") if config.get(name) is not None]
        if len(given) != 1:
            text = "one of `role_definition_id,role_definition_name` must be specified"
            yield Invalid("role_definition_name", text)
        yield from one_of(config, "principal_type", ("User", "Group", "ServicePrincipal"))
        if config.get("condition_version") is not None and config.get("condition") is None:
            yield Invalid("condition_version", "all of `condition,condition_version` must be specified")

    def resource_id(self, azure: Azure, values: Values) -> str:  # noqa: ARG002
        """An assignment extends its scope; its name is a UUID."""
        return f"{values['scope']}/providers/{ASSIGNMENTS}/{values.get('name') or uuid.uuid4()}"

    def before_create(self, azure: Azure, values: Values, identifier: str) -> None:  # noqa: ARG002
        """Scope, principal and role must exist; the same assignment only once."""
        _require_scope(azure, values["scope"])
        kind = principal_kind(azure, values["principal_id"])
        if kind is None:
            raise AzureError(
                "PrincipalNotFound",
                f"Principal {values['principal_id']} does not exist in the directory {azure.tenant_id}. Check that "
                "you have the correct principal ID.",
                attribute="principal_id",
            )
        if values.get("principal_type") and values["principal_type"] != kind:
            raise AzureError(
                "UnmatchedPrincipalType",
                f"The PrincipalId '{values['principal_id']}' has type '{kind}', which is different from specified "
                f"PrincipalType '{values['principal_type']}'.",
                attribute="principal_type",
            )
        role = _role_id(azure, values)
        for other in azure.store.find(ASSIGNMENTS):
            properties = other["properties"]
            same = properties["principalId"] == values["principal_id"] and properties["roleDefinitionId"] == role
            if same and _scope(other).lower() == values["scope"].lower():
                raise already_exists(self.type_name, other["id"])

    def extra_arm(self, azure: Azure, values: Values, body: ArmObject) -> None:
        """Azure fills in the principal's kind."""
        properties: dict[str, Any] = body["properties"]
        properties["roleDefinitionId"] = _role_id(azure, values)
        properties["scope"] = values["scope"]
        properties.setdefault("principalType", principal_kind(azure, values["principal_id"]))
        body.pop("tags", None)

    def extra_values(self, azure: Azure, body: ArmObject) -> Values:  # noqa: ARG002
        """The role by id and by name."""
        role = body["properties"]["roleDefinitionId"]
        guid = role.rsplit("/", 1)[-1]
        name = next((name for name, known_id in BUILT_IN_ROLES.items() if known_id == guid), None)
        return {"scope": _scope(body), "role_definition_id": role, "role_definition_name": name}


def principal_kind(azure: Azure, object_id: str) -> str | None:
    """User, Group or ServicePrincipal; ``None`` when the directory does not know the object."""
    if object_id == azure.object_id:
        return "ServicePrincipal"
    for folder in ("users", "groups", "servicePrincipals"):
        body = azure.store.get(f"/{folder}/{object_id}")
        if body is not None:
            return _PRINCIPALS[body["type"].lower()]
    return None


def has_role(azure: Azure, principal_id: str, roles: frozenset[str], scope: str) -> bool:
    """Whether a principal has one of the roles at ``scope`` or above it, and long enough that the role counts."""
    wanted = {BUILT_IN_ROLES[role] for role in roles}
    births = azure.store.births(ASSIGNMENTS)
    since = (datetime.now(UTC) - timedelta(seconds=limits.role_delay(azure.store))).isoformat()
    for body in azure.store.find(ASSIGNMENTS):
        properties = body["properties"]
        above = scope.lower() == _scope(body).lower() or scope.lower().startswith(_scope(body).lower() + "/")
        role = properties["roleDefinitionId"].rsplit("/", 1)[-1]
        old_enough = births[body["id"].lower()] <= since
        if above and old_enough and properties["principalId"] == principal_id and role in wanted:
            return True
    return False


def _scope(body: ArmObject) -> str:
    return str(body["id"]).rsplit(f"/providers/{ASSIGNMENTS}/", 1)[0]


def _require_scope(azure: Azure, scope: str) -> None:
    subscription = f"/subscriptions/{azure.subscription_id}"
    if not re.match(r"^/subscriptions/[^/]+", scope):
        raise AzureError("InvalidScope", f"The scope '{scope}' is not valid.", attribute="scope")
    if scope.lower() != subscription and azure.store.get(scope) is None:
        raise AzureError("ResourceNotFound", f"The Resource '{scope}' was not found.", attribute="scope")


def _role_id(azure: Azure, values: Values) -> str:
    prefix = f"/subscriptions/{azure.subscription_id}/providers/Microsoft.Authorization/roleDefinitions"
    name = values.get("role_definition_name")
    if known(name):
        if name not in BUILT_IN_ROLES:
            raise AzureError(
                "RoleDefinitionDoesNotExist",
                f"could not find role {name!r}; the sandbox knows {', '.join(sorted(BUILT_IN_ROLES))}.",
                attribute="role_definition_name",
            )
        return f"{prefix}/{BUILT_IN_ROLES[name]}"
    guid = values["role_definition_id"].rsplit("/", 1)[-1]
    if guid not in BUILT_IN_ROLES.values():
        raise AzureError("RoleDefinitionDoesNotExist", f"The role definition '{guid}' does not exist.")
    return f"{prefix}/{guid}"
