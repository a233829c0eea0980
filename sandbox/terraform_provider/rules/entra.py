"""How do applications, service principals and users of Microsoft Entra behave?"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from typing import ClassVar

from sandbox.store import ArmObject
from sandbox.terraform_provider.rules.arm import known
from sandbox.terraform_provider.rules.base import Azure, AzureError, Invalid, ResourceRules, Values

APPLICATIONS = "Microsoft.Graph/applications"
SERVICE_PRINCIPALS = "Microsoft.Graph/servicePrincipals"
USERS = "Microsoft.Graph/users"
DOMAIN = "sandbox.onmicrosoft.com"


class _GraphRules(ResourceRules):
    """What objects of the directory share: a folder, an object id, Terraform values kept as configured."""

    folder: ClassVar[str]
    graph_type: ClassVar[str]
    #: Terraform attribute -> Microsoft Graph property.
    fields: ClassVar[dict[str, str]] = {}

    def properties(self, azure: Azure, values: Values, body: ArmObject) -> None:
        """Fill what ``fields`` does not."""

    def computed(self, azure: Azure, body: ArmObject) -> Values:  # noqa: ARG002
        """Terraform attributes that ``fields`` does not cover."""
        return {}

    def require(self, azure: Azure, values: Values) -> None:
        """Checks before creation."""

    def create(self, azure: Azure, values: Values) -> Values:
        """Create the object under a new object id."""
        self.require(azure, values)
        object_id = str(uuid.uuid4())
        body: ArmObject = {"id": f"/{self.folder}/{object_id}", "type": self.graph_type, "properties": {}}
        return self._write(azure, values, body)

    def read(self, azure: Azure, state: Values) -> Values | None:
        """The object as the directory has it."""
        body = azure.store.get(state["id"])
        return None if body is None or body["type"] != self.graph_type else self._values(azure, body)

    def update(self, azure: Azure, prior: Values, values: Values) -> Values:
        """Change it in place."""
        body = azure.store.get(prior["id"])
        if body is None:
            raise AzureError("Request_ResourceNotFound", f"Resource '{prior['id']}' does not exist.")
        return self._write(azure, values, body)

    def delete(self, azure: Azure, state: Values) -> None:
        """Delete it and what is below it."""
        azure.store.delete(state["id"])

    def import_state(self, azure: Azure, identifier: str) -> Values:
        """The id is ``/<folder>/<object id>``."""
        if not re.fullmatch(rf"/{self.folder}/[0-9a-fA-F-]{{36}}", identifier):
            text = f"{identifier!r} is not an id of {self.type_name}: expected /{self.folder}/<object id>."
            raise AzureError("InvalidResourceId", text)
        if azure.store.get(identifier) is None:
            raise AzureError("Request_ResourceNotFound", f"Resource '{identifier}' does not exist.")
        return {"id": identifier}

    def _write(self, azure: Azure, values: Values, body: ArmObject) -> Values:
        for attribute, name in self.fields.items():
            body["properties"][name] = values.get(attribute)
        self.properties(azure, values, body)
        body["name"] = body["properties"].get("displayName", body["id"])
        azure.store.put(body)
        return self._values(azure, body)

    def _values(self, azure: Azure, body: ArmObject) -> Values:
        values: Values = {attribute: body["properties"].get(name) for attribute, name in self.fields.items()}
        return {
            **values,
            **self.computed(azure, body),
            "id": body["id"],
            "object_id": body["id"].rsplit("/", 1)[-1],
        }


class ApplicationRules(_GraphRules):
    """azuread_application."""

    type_name = "azuread_application"
    folder = "applications"
    graph_type = APPLICATIONS
    force_new = frozenset({"template_id"})
    sensitive = frozenset({"password.value"})
    computed_blocks = frozenset({"api", "feature_tags", "optional_claims", "web"})
    defaults: ClassVar = {
        "sign_in_audience": "AzureADMyOrg",
        "prevent_duplicate_names": False,
        "app_role.enabled": True,
        "api.requested_access_token_version": 1,
        "api.oauth2_permission_scope.enabled": True,
        "api.oauth2_permission_scope.type": "User",
    }
    fields: ClassVar = {
        "display_name": "displayName",
        "sign_in_audience": "signInAudience",
        "description": "description",
        "notes": "notes",
        "identifier_uris": "identifierUris",
    }

    def require(self, azure: Azure, values: Values) -> None:
        """Owners must exist; a display name twice only if it is allowed."""
        _require_owners(azure, values)
        names = [body["properties"]["displayName"] for body in azure.store.find(APPLICATIONS)]
        if values.get("prevent_duplicate_names") and values["display_name"] in names:
            text = f"existing application with display name {values['display_name']!r} found"
            raise AzureError("ImportAsDuplicate", text, attribute="display_name")

    def properties(self, azure: Azure, values: Values, body: ArmObject) -> None:  # noqa: ARG002
        """The client id is made once."""
        body["properties"].setdefault("appId", str(uuid.uuid4()))
        body["properties"]["owners"] = values.get("owners") or []

    def computed(self, azure: Azure, body: ArmObject) -> Values:  # noqa: ARG002
        """Ids; nothing is published."""
        return {
            "client_id": body["properties"]["appId"],
            "owners": body["properties"]["owners"] or None,
            "app_role_ids": {},
            "oauth2_permission_scope_ids": {},
            "disabled_by_microsoft": "<nil>",
            "logo_url": "",
            "publisher_domain": DOMAIN,
        }

    def delete(self, azure: Azure, state: Values) -> None:
        """The service principal goes with its application."""
        body = azure.store.get(state["id"])
        if body is None:
            return
        for principal in azure.store.find(SERVICE_PRINCIPALS):
            if principal["properties"].get("appId") == body["properties"]["appId"]:
                azure.store.delete(principal["id"])
        super().delete(azure, state)


class ServicePrincipalRules(_GraphRules):
    """azuread_service_principal."""

    type_name = "azuread_service_principal"
    folder = "servicePrincipals"
    graph_type = SERVICE_PRINCIPALS
    force_new = frozenset({"client_id"})
    computed_blocks = frozenset({"features", "feature_tags", "saml_single_sign_on"})
    defaults: ClassVar = {"account_enabled": True, "features.visible_to_users": True}
    fields: ClassVar = {
        "client_id": "appId",
        "account_enabled": "accountEnabled",
        "app_role_assignment_required": "appRoleAssignmentRequired",
        "description": "description",
        "notes": "notes",
    }

    def require(self, azure: Azure, values: Values) -> None:
        """The application must exist, and have no principal yet."""
        _require_owners(azure, values)
        if _application_of(azure, values["client_id"]) is None:
            raise AzureError(
                "NoBackingApplicationObject",
                f"The appId '{values['client_id']}' of the service principal does not reference a valid application "
                "object.",
                attribute="client_id",
            )
        for body in azure.store.find(SERVICE_PRINCIPALS):
            if body["properties"].get("appId") == values["client_id"]:
                text = f"A service principal for application {values['client_id']!r} exists already: {body['id']}."
                raise AzureError("Request_MultipleObjectsWithSameKeyValue", text, attribute="client_id")

    def properties(self, azure: Azure, values: Values, body: ArmObject) -> None:
        """Name and kind come from the application."""
        application = _application_of(azure, values["client_id"]) or {"properties": {}}
        body["properties"] |= {
            "displayName": application["properties"].get("displayName", ""),
            "servicePrincipalType": "Application",
            "owners": values.get("owners") or [],
        }

    def computed(self, azure: Azure, body: ArmObject) -> Values:
        """What Entra derives from the application."""
        properties = body["properties"]
        return {
            "display_name": properties["displayName"],
            "type": properties["servicePrincipalType"],
            "owners": properties["owners"] or None,
            "application_tenant_id": azure.tenant_id,
            "sign_in_audience": "AzureADMyOrg",
            "service_principal_names": [properties["appId"]],
            "app_role_ids": {},
            "app_roles": [],
            "oauth2_permission_scope_ids": {},
            "oauth2_permission_scopes": [],
            "redirect_uris": [],
            "homepage_url": "",
            "logout_url": "",
            "saml_metadata_url": "",
        }


class UserRules(_GraphRules):
    """azuread_user."""

    type_name = "azuread_user"
    folder = "users"
    graph_type = USERS
    sensitive = frozenset({"password"})
    defaults: ClassVar = {
        "account_enabled": True,
        "force_password_change": False,
        "disable_strong_password": False,
        "disable_password_expiration": False,
        "show_in_address_list": True,
    }
    fields: ClassVar = {
        "user_principal_name": "userPrincipalName",
        "display_name": "displayName",
        "account_enabled": "accountEnabled",
        "given_name": "givenName",
        "surname": "surname",
        "job_title": "jobTitle",
        "department": "department",
        "usage_location": "usageLocation",
        "show_in_address_list": "showInAddressList",
    }

    def validate(self, config: Values) -> Iterable[Invalid]:
        """A principal name has one @."""
        name = config.get("user_principal_name")
        if known(name) and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", name):
            yield Invalid("user_principal_name", f"{name!r} is not a user principal name: expected name@domain")

    def require(self, azure: Azure, values: Values) -> None:
        """The name is free, its domain is the tenant's, and there is a password."""
        name = values["user_principal_name"]
        if any(body["properties"]["userPrincipalName"].lower() == name.lower() for body in azure.store.find(USERS)):
            text = "Another object with the same value for property userPrincipalName already exists."
            raise AzureError("Request_BadRequest", text, attribute="user_principal_name")
        if name.split("@", 1)[1].lower() != DOMAIN:
            text = f"The domain portion of the userPrincipalName property is invalid. The tenant's domain is {DOMAIN}."
            raise AzureError("Request_BadRequest", text, attribute="user_principal_name")
        if not values.get("password"):
            text = "`password` is required when creating a new user"
            raise AzureError("Request_BadRequest", text, attribute="password")

    def properties(self, azure: Azure, values: Values, body: ArmObject) -> None:
        """The password is a secret."""
        nickname = values.get("mail_nickname") or values["user_principal_name"].split("@")[0]
        body["properties"]["mailNickname"] = nickname
        body["properties"]["forceChangePasswordNextSignIn"] = bool(values.get("force_password_change"))
        if values.get("password"):
            azure.store.set_secret(body["id"], "password", values["password"])

    def computed(self, azure: Azure, body: ArmObject) -> Values:  # noqa: ARG002
        """What Entra fills in."""
        return {
            "mail_nickname": body["properties"]["mailNickname"],
            "user_type": "Member",
            "mail": "",
            "about_me": "",
            "creation_type": "",
            "external_user_state": "",
            "im_addresses": [],
            "proxy_addresses": [],
            "business_phones": [],
            "onpremises_sync_enabled": False,
        }


def _application_of(azure: Azure, client_id: str) -> ArmObject | None:
    return next(
        (body for body in azure.store.find(APPLICATIONS) if body["properties"]["appId"] == client_id),
        None,
    )


def _require_owners(azure: Azure, values: Values) -> None:
    for owner in values.get("owners") or []:
        known_owner = owner == azure.object_id or any(
            azure.store.get(f"/{folder}/{owner}") for folder in ("users", "servicePrincipals")
        )
        if not known_owner:
            raise AzureError("Request_ResourceNotFound", f"Owner '{owner}' does not exist.", attribute="owners")
