"""How do resource groups and management locks behave?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from sandbox.locks import LOCKS
from sandbox.store import ArmObject
from sandbox.terraform_provider.rules.arm import RESOURCE_GROUPS, ArmRules, group_id, one_of
from sandbox.terraform_provider.rules.base import Azure, AzureError, Invalid, Values


class ResourceGroupRules(ArmRules):
    """azurerm_resource_group."""

    type_name = "azurerm_resource_group"
    arm_type = RESOURCE_GROUPS
    force_new = frozenset({"name", "location"})
    fields: ClassVar = {"managed_by": "managedBy"}
    name_pattern = r"[-\w.()]{0,89}[-\w()]"
    name_rule = "have at most 90 letters, digits, hyphens, underscores, periods and parentheses, no period at the end"

    def resource_id(self, azure: Azure, values: Values) -> str:
        """A resource group is right below the subscription."""
        return group_id(azure, values["name"])

    def delete(self, azure: Azure, state: Values) -> None:
        """Refuse while something is inside, unless the provider's features allow it (azurerm's default refuses)."""
        inside = azure.store.below(state["id"])
        if inside and azure.feature("resource_group", "prevent_deletion_if_contains_resources", default=True):
            nested = "\n".join(f"* {body['id']}" for body in inside)
            raise AzureError(
                "ResourceGroupNotEmpty",
                f"deleting Resource Group {state['name']!r}: the Resource Group still contains Resources. Terraform is "
                "configured to check for Resources within the Resource Group when deleting the Resource Group, and "
                f"raise an error if nested Resources still exist (see `prevent_deletion_if_contains_resources`). "
                f"Resources inside:\n{nested}",
            )
        super().delete(azure, state)


class ManagementLockRules(ArmRules):
    """azurerm_management_lock."""

    type_name = "azurerm_management_lock"
    arm_type = LOCKS
    force_new = frozenset({"name", "scope", "lock_level", "notes"})
    fields: ClassVar = {"lock_level": "properties.level", "notes": "properties.notes"}
    name_pattern = r"[A-Za-z0-9_-]{1,259}"
    name_rule = "have at most 259 letters, digits, hyphens and underscores"

    def resource_id(self, azure: Azure, values: Values) -> str:  # noqa: ARG002
        """A lock extends what it locks."""
        return f"{values['scope']}/providers/{LOCKS}/{values['name']}"

    def validate(self, config: Values) -> Iterable[Invalid]:
        """Only two levels exist."""
        yield from super().validate(config)
        yield from one_of(config, "lock_level", ("CanNotDelete", "ReadOnly"))

    def before_create(self, azure: Azure, values: Values, identifier: str) -> None:  # noqa: ARG002
        """What is locked must exist."""
        scope = values["scope"]
        if scope.lower() != f"/subscriptions/{azure.subscription_id}" and azure.store.get(scope) is None:
            raise AzureError("ResourceNotFound", f"The Resource '{scope}' was not found.", attribute="scope")

    def extra_values(self, azure: Azure, body: ArmObject) -> Values:  # noqa: ARG002
        """The scope is in the id."""
        return {"scope": body["id"].rsplit(f"/providers/{LOCKS}/", 1)[0]}

    def delete(self, azure: Azure, state: Values) -> None:
        """A lock is not held by itself."""
        azure.store.delete(state["id"])
