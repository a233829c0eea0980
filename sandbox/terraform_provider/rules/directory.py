"""How are users and groups of Microsoft Entra found?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from sandbox.store import ArmObject
from sandbox.terraform_provider.rules.base import Azure, AzureError, DataSourceRules, Values

GROUPS = "Microsoft.Graph/groups"
USERS = "Microsoft.Graph/users"


class _DirectoryData(DataSourceRules):
    """Finds one object by one of several arguments. Microsoft Graph ignores case when it compares them."""

    graph_type: ClassVar[str]
    label: ClassVar[str]
    #: Argument -> property of Microsoft Graph.
    arguments: ClassVar[Mapping[str, str]]

    def found(self, azure: Azure, config: Values) -> ArmObject:
        """The one object that the arguments name."""
        given = [name for name in (*self.arguments, "object_id") if config.get(name)]
        if len(given) != 1:
            names = ", ".join(sorted((*self.arguments, "object_id")))
            text = f'one of "{names}" must be specified, and only one'
            raise AzureError("Invalid combination of arguments", text)
        name, wanted = given[0], str(config[given[0]]).lower()
        bodies = [
            body
            for body in azure.store.find(self.graph_type)
            if str(self._value(body, name) or "").lower() == wanted and self.matches(body, config)
        ]
        if len(bodies) > 1:
            text = f"More than one {self.label} found with {name} {config[name]!r}."
            raise AzureError("Request_MultipleObjects", text, attribute=name)
        if not bodies:
            text = f"No {self.label} found with {name} {config[name]!r}."
            raise AzureError("Request_ResourceNotFound", text, attribute=name)
        return bodies[0]

    def matches(self, body: ArmObject, config: Values) -> bool:  # noqa: ARG002
        """Further filters."""
        return True

    def _value(self, body: ArmObject, argument: str) -> object:
        if argument == "object_id":
            return body["id"].rsplit("/", 1)[-1]
        return body["properties"].get(self.arguments[argument])


class AzureadGroup(_DirectoryData):
    """data azuread_group."""

    type_name = "azuread_group"
    graph_type = GROUPS
    label = "group"
    arguments: ClassVar = {"display_name": "displayName", "mail_nickname": "mailNickname"}

    def matches(self, body: ArmObject, config: Values) -> bool:
        """Only security groups can have roles."""
        filters = {"security_enabled": "securityEnabled", "mail_enabled": "mailEnabled"}
        return all(
            config.get(name) is None or bool(body["properties"].get(graph)) == config[name]
            for name, graph in filters.items()
        )

    def read(self, azure: Azure, config: Values) -> Values:
        """The group."""
        body = self.found(azure, config)
        properties = body["properties"]
        return {
            "id": body["id"],
            "object_id": body["id"].rsplit("/", 1)[-1],
            "display_name": properties["displayName"],
            "mail_nickname": properties.get("mailNickname", ""),
            "mail": properties.get("mail", ""),
            "security_enabled": bool(properties.get("securityEnabled")),
            "mail_enabled": bool(properties.get("mailEnabled")),
            "description": properties.get("description", ""),
            "assignable_to_role": bool(properties.get("isAssignableToRole")),
            "members": properties.get("members", []),
            "owners": properties.get("owners", []),
            "types": [],
        }


class AzureadUser(_DirectoryData):
    """data azuread_user."""

    type_name = "azuread_user"
    graph_type = USERS
    label = "user"
    arguments: ClassVar = {
        "user_principal_name": "userPrincipalName",
        "mail": "mail",
        "mail_nickname": "mailNickname",
        "employee_id": "employeeId",
    }

    def read(self, azure: Azure, config: Values) -> Values:
        """The user."""
        body = self.found(azure, config)
        properties = body["properties"]
        return {
            "id": body["id"],
            "object_id": body["id"].rsplit("/", 1)[-1],
            "display_name": properties.get("displayName", ""),
            "user_principal_name": properties["userPrincipalName"],
            "mail": properties.get("mail", ""),
            "mail_nickname": properties.get("mailNickname", ""),
            "employee_id": properties.get("employeeId", ""),
            "account_enabled": properties.get("accountEnabled") is not False,
            "user_type": properties.get("userType", "Member"),
        }
