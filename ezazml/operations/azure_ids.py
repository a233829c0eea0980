"""Which id does a resource have that Terraform would create? From its name, where Azure lets it be looked up.

One finder per Terraform type. The ids have the form that ``terraform import`` takes, in Azure's own spelling.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from ezazml.azure.arm import AzureApis


@dataclass(frozen=True)
class Found:
    """What exists: the id for Terraform, and what Azure tells of it."""

    id: str
    body: dict[str, Any]


class Unimportable(Exception):
    """This one cannot be imported; the message says why, for people."""


class Wanted(Protocol):
    """A resource that is planned to be created."""

    def value(self, attribute: str) -> str | None:
        """The planned value of an attribute, also one that comes from something that exists; ``None`` if unknown."""


Finder = Callable[[Wanted, AzureApis], Found | None]


def _in_group(kind: str) -> Finder:
    """A resource right in its resource group."""

    def find(wanted: Wanted, azure: AzureApis) -> Found | None:
        group, name = wanted.value("resource_group_name"), wanted.value("name")
        if not group or not name:
            return None
        return _existing(azure, f"{azure.subscription}/resourceGroups/{group}/providers/{kind}/{name}")

    return find


def _below(parent: str, path: str) -> Finder:
    """A resource below another one, whose id stands in the attribute ``parent``."""

    def find(wanted: Wanted, azure: AzureApis) -> Found | None:
        above, name = wanted.value(parent), wanted.value("name")
        return _existing(azure, f"{above}/{path}/{name}") if above and name else None

    return find


def _group(wanted: Wanted, azure: AzureApis) -> Found | None:
    name = wanted.value("name")
    return _existing(azure, f"{azure.subscription}/resourceGroups/{name}") if name else None


def _access_policy(wanted: Wanted, azure: AzureApis) -> Found | None:
    vault, principal = wanted.value("key_vault_id"), wanted.value("object_id")
    body = azure.resource(vault) if vault and principal else None
    policies = (body or {}).get("properties", {}).get("accessPolicies") or []
    if not any(_same(policy["objectId"], principal) for policy in policies):
        return None
    return Found(f"{vault}/objectId/{principal}", {})


def _secret(wanted: Wanted, azure: AzureApis) -> Found | None:
    """ARM tells a secret's address without its value, so that reading needs no access to the vault's data."""
    vault, name = wanted.value("key_vault_id"), wanted.value("name")
    body = azure.resource(f"{vault}/secrets/{name}") if vault and name else None
    return Found(str(body["properties"]["secretUriWithVersion"]), body) if body else None


def _role_assignment(wanted: Wanted, azure: AzureApis) -> Found | None:
    scope, principal = wanted.value("scope"), wanted.value("principal_id")
    role = wanted.value("role_definition_name")
    if not (scope and principal and role):
        return None
    roles = azure.list(
        f"{scope}/providers/Microsoft.Authorization/roleDefinitions", **{"$filter": f"roleName eq '{role}'"}
    )
    names = {str(one["name"]).lower() for one in roles}
    assignments = azure.list(
        f"{scope}/providers/Microsoft.Authorization/roleAssignments", **{"$filter": f"principalId eq '{principal}'"}
    )
    for body in assignments:
        properties = body["properties"]
        guid = str(properties["roleDefinitionId"]).rsplit("/", 1)[-1].lower()
        if guid in names and _same(str(properties.get("scope") or _scope_of(body["id"])), scope):
            return Found(str(body["id"]), body)
    return None


def _lock(wanted: Wanted, azure: AzureApis) -> Found | None:
    scope, name = wanted.value("scope"), wanted.value("name")
    return _existing(azure, f"{scope}/providers/Microsoft.Authorization/locks/{name}") if scope and name else None


def _application(wanted: Wanted, azure: AzureApis) -> Found | None:
    return _in_directory(azure, "applications", "displayName", wanted.value("display_name"))


def _service_principal(wanted: Wanted, azure: AzureApis) -> Found | None:
    return _in_directory(azure, "servicePrincipals", "appId", wanted.value("client_id"))


def _user(wanted: Wanted, azure: AzureApis) -> Found | None:
    return _in_directory(azure, "users", "userPrincipalName", wanted.value("user_principal_name"))


def _federated_credential(wanted: Wanted, azure: AzureApis) -> Found | None:
    application, name = wanted.value("application_id"), wanted.value("display_name")
    if not application or not name:
        return None
    object_id = application.rsplit("/", 1)[-1]
    for body in azure.graph.list(f"/v1.0/applications/{object_id}/federatedIdentityCredentials"):
        if body.get("name") == name:
            return Found(f"{object_id}/federatedIdentityCredential/{body['id']}", body)
    return None


def _password(wanted: Wanted, azure: AzureApis) -> Found | None:  # noqa: ARG001
    raise Unimportable("Entra never tells a client secret again; a deployment makes a new one.")


def _in_directory(azure: AzureApis, folder: str, attribute: str, value: str | None) -> Found | None:
    if not value:
        return None
    quoted = value.replace("'", "''")
    found = azure.graph.list(f"/v1.0/{folder}", **{"$filter": f"{attribute} eq '{quoted}'"})
    if len(found) > 1:
        raise Unimportable(f"the directory has {len(found)} {folder} whose {attribute} is {value!r}; give its --id.")
    return Found(f"/{folder}/{found[0]['id']}", found[0]) if found else None


def _existing(azure: AzureApis, identifier: str) -> Found | None:
    body = azure.resource(identifier)
    # The id as we write it: Azure's answers spell parts of it in other cases, and azurerm compares them.
    return None if body is None else Found(identifier, body)


def _scope_of(identifier: str) -> str:
    return identifier.lower().rsplit("/providers/microsoft.authorization/", 1)[0]


def _same(one: str, other: str | None) -> bool:
    return one.lower() == (other or "").lower()


_ML = "Microsoft.MachineLearningServices/workspaces"
#: What an environment's name decides: Terraform type -> (what ``--resource`` calls it, its finder).
MAIN: dict[str, tuple[str, Finder]] = {
    "azurerm_resource_group": ("resource-group", _group),
    "azurerm_log_analytics_workspace": ("log-analytics", _in_group("Microsoft.OperationalInsights/workspaces")),
    "azurerm_application_insights": ("application-insights", _in_group("Microsoft.Insights/components")),
    "azurerm_storage_account": ("storage", _in_group("Microsoft.Storage/storageAccounts")),
    "azurerm_key_vault": ("key-vault", _in_group("Microsoft.KeyVault/vaults")),
    "azurerm_container_registry": ("container-registry", _in_group("Microsoft.ContainerRegistry/registries")),
    "azurerm_machine_learning_workspace": ("workspace", _in_group(_ML)),
}
#: What lies in or belongs to those.
CHILDREN: dict[str, tuple[str, Finder]] = {
    "azurerm_storage_container": ("container", _below("storage_account_id", "blobServices/default/containers")),
    "azurerm_machine_learning_compute_cluster": (
        "compute-cluster",
        _below("machine_learning_workspace_id", "computes"),
    ),
    "azurerm_machine_learning_compute_instance": (
        "compute-instance",
        _below("machine_learning_workspace_id", "computes"),
    ),
    "azurerm_key_vault_access_policy": ("access-policy", _access_policy),
    "azurerm_key_vault_secret": ("secret", _secret),
    "azurerm_role_assignment": ("role-assignment", _role_assignment),
    "azurerm_management_lock": ("lock", _lock),
    "azuread_application": ("application", _application),
    "azuread_service_principal": ("service-principal", _service_principal),
    "azuread_application_federated_identity_credential": ("federated-credential", _federated_credential),
    "azuread_application_password": ("client-secret", _password),
    "azuread_user": ("user", _user),
}
FINDERS = MAIN | CHILDREN
#: ``--resource`` -> Terraform type.
KINDS = {kind: type_name for type_name, (kind, _finder) in FINDERS.items()}
