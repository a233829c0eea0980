"""How do user-assigned identities behave?"""

from __future__ import annotations

import uuid
from typing import ClassVar

from sandbox.store import ArmObject
from sandbox.terraform_provider.rules.arm import ArmRules, put_managed_principal
from sandbox.terraform_provider.rules.base import Azure, Values


class UserAssignedIdentityRules(ArmRules):
    """azurerm_user_assigned_identity."""

    type_name = "azurerm_user_assigned_identity"
    arm_type = "Microsoft.ManagedIdentity/userAssignedIdentities"
    force_new = frozenset({"name", "location", "resource_group_name"})
    fields: ClassVar = {"isolation_scope": "properties.isolationScope"}
    name_pattern = r"[A-Za-z0-9][\w-]{2,127}"
    name_rule = "have 3 to 128 letters, digits, hyphens and underscores, starting with a letter or digit"

    def extra_arm(self, azure: Azure, values: Values, body: ArmObject) -> None:  # noqa: ARG002
        """The identity's principal in Entra."""
        properties = body.setdefault("properties", {})
        if "principalId" not in properties:
            properties |= {
                "principalId": str(uuid.uuid4()),
                "clientId": str(uuid.uuid4()),
                "tenantId": azure.tenant_id,
            }
            put_managed_principal(
                azure, body["name"], object_id=properties["principalId"], app_id=properties["clientId"]
            )

    def extra_values(self, azure: Azure, body: ArmObject) -> Values:  # noqa: ARG002
        """Its ids."""
        properties = body["properties"]
        return {
            "principal_id": properties["principalId"],
            "client_id": properties["clientId"],
            "tenant_id": properties["tenantId"],
        }

    def remove(self, azure: Azure, body: ArmObject) -> None:
        """The principal goes with the identity."""
        azure.store.delete(f"/servicePrincipals/{body['properties']['principalId']}")
        super().remove(azure, body)
