"""Which id does a resource have that Terraform would create? From its name, where Azure lets it be looked up.

One finder per Terraform type. The ids have the form that ``terraform import`` takes, in Azure's own spelling.
"""

from __future__ import annotations

import re
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


def _below(parent: str, path: str, *, named: str | None = None) -> Finder:
    """A resource below another one, whose id stands in the attribute ``parent``; ``named`` where all have one name."""

    def find(wanted: Wanted, azure: AzureApis) -> Found | None:
        above, name = wanted.value(parent), named or wanted.value("name")
        return _existing(azure, f"{above}/{path}/{name}") if above and name else None

    return find


def _below_named(kind: str, attribute: str, path: str) -> Finder:
    """A resource below one of ``kind`` in the same group, whose name stands in ``attribute``."""

    def find(wanted: Wanted, azure: AzureApis) -> Found | None:
        group, above, name = wanted.value("resource_group_name"), wanted.value(attribute), wanted.value("name")
        if not (group and above and name):
            return None
        prefix = f"{azure.subscription}/resourceGroups/{group}/providers/{kind}/{above}"
        return _existing(azure, f"{prefix}/{path}/{name}")

    return find


def _joined_to_subnet(attribute: str, place: str) -> Finder:
    """What joins a subnet and something else: its id is the subnet's."""

    def find(wanted: Wanted, azure: AzureApis) -> Found | None:
        subnet, other = wanted.value("subnet_id"), wanted.value(attribute)
        body = azure.resource(subnet) if subnet and other else None
        joined = (body or {}).get("properties", {}).get(place) or {}
        return Found(subnet, {}) if subnet and _same(str(joined.get("id")), other) else None

    return find


def _address_of_gateway(wanted: Wanted, azure: AzureApis) -> Found | None:
    gateway, address = wanted.value("nat_gateway_id"), wanted.value("public_ip_address_id")
    body = azure.resource(gateway) if gateway and address else None
    addresses = (body or {}).get("properties", {}).get("publicIpAddresses") or []
    if not any(_same(str(one["id"]), address) for one in addresses):
        return None
    return Found(f"{gateway}|{address}", {})


def _diagnostic_setting(wanted: Wanted, azure: AzureApis) -> Found | None:
    target, name = wanted.value("target_resource_id"), wanted.value("name")
    if not target or not name:
        return None
    body = azure.resource(f"{target}/providers/Microsoft.Insights/diagnosticSettings/{name}")
    return Found(f"{target}|{name}", body) if body else None


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


def _key(wanted: Wanted, azure: AzureApis) -> Found | None:
    vault, name = wanted.value("key_vault_id"), wanted.value("name")
    body = azure.resource(f"{vault}/keys/{name}") if vault and name else None
    return Found(str(body["properties"]["keyUriWithVersion"]), body) if body else None


def _role_assignment(wanted: Wanted, azure: AzureApis) -> Found | None:
    scope, principal = wanted.value("scope"), wanted.value("principal_id")
    if not (scope and principal):
        return None
    names = _role_definitions(wanted, azure, scope)
    assignments = azure.list(
        f"{scope}/providers/Microsoft.Authorization/roleAssignments", **{"$filter": f"principalId eq '{principal}'"}
    )
    for body in assignments:
        properties = body["properties"]
        guid = str(properties["roleDefinitionId"]).rsplit("/", 1)[-1].lower()
        if guid in names and _same(str(properties.get("scope") or _scope_of(body["id"])), scope):
            return Found(str(body["id"]), body)
    return None


def _role_definitions(wanted: Wanted, azure: AzureApis, scope: str) -> set[str]:
    """Names (GUIDs) of the role that is to be assigned, which is given by its id or by its name."""
    definition, role = wanted.value("role_definition_id"), wanted.value("role_definition_name")
    if definition:
        return {definition.rsplit("/", 1)[-1].lower()}
    if not role:
        return set()
    roles = azure.list(
        f"{scope}/providers/Microsoft.Authorization/roleDefinitions", **{"$filter": f"roleName eq '{role}'"}
    )
    return {str(one["name"]).lower() for one in roles}


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


def import_id(type_name: str, identifier: str) -> str:
    """The id for ``terraform import`` of what azurerm, refusing to create it, called ``identifier``.

    They differ for one type: monitor_diagnostic_setting_resource.go tells Azure's id and takes ``<target>|<name>``.
    """
    if type_name != "azurerm_monitor_diagnostic_setting" or "|" in identifier:
        return identifier
    target, _, name = re.split(r"(?i)(/providers/microsoft\.insights/diagnosticSettings/)", identifier)
    return f"{target}|{name}"


def _existing(azure: AzureApis, identifier: str) -> Found | None:
    body = azure.resource(identifier)
    # The id as we write it: Azure's answers spell parts of it in other cases, and azurerm compares them.
    return None if body is None else Found(identifier, body)


def _scope_of(identifier: str) -> str:
    return identifier.lower().rsplit("/providers/microsoft.authorization/", 1)[0]


def _same(one: str, other: str | None) -> bool:
    return one.lower() == (other or "").lower()


_ML = "Microsoft.MachineLearningServices/workspaces"
_VIRTUAL_NETWORKS = "Microsoft.Network/virtualNetworks"
_ZONES = "Microsoft.Network/privateDnsZones"
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
    "azurerm_storage_management_policy": (
        "storage-lifecycle",
        _below("storage_account_id", "managementPolicies", named="default"),
    ),
    "azurerm_user_assigned_identity": (
        "managed-identity",
        _in_group("Microsoft.ManagedIdentity/userAssignedIdentities"),
    ),
    "azurerm_key_vault_key": ("key", _key),
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
#: Networks, and how what lies in them is reached.
NETWORK: dict[str, tuple[str, Finder]] = {
    "azurerm_virtual_network": ("virtual-network", _in_group(_VIRTUAL_NETWORKS)),
    "azurerm_subnet": ("subnet", _below_named(_VIRTUAL_NETWORKS, "virtual_network_name", "subnets")),
    "azurerm_network_security_group": ("security-group", _in_group("Microsoft.Network/networkSecurityGroups")),
    "azurerm_subnet_network_security_group_association": (
        "subnet-security-group",
        _joined_to_subnet("network_security_group_id", "networkSecurityGroup"),
    ),
    "azurerm_public_ip": ("public-ip", _in_group("Microsoft.Network/publicIPAddresses")),
    "azurerm_nat_gateway": ("nat-gateway", _in_group("Microsoft.Network/natGateways")),
    "azurerm_nat_gateway_public_ip_association": ("nat-gateway-public-ip", _address_of_gateway),
    "azurerm_subnet_nat_gateway_association": (
        "subnet-nat-gateway",
        _joined_to_subnet("nat_gateway_id", "natGateway"),
    ),
    "azurerm_private_dns_zone": ("private-dns-zone", _in_group(_ZONES)),
    "azurerm_private_dns_zone_virtual_network_link": (
        "private-dns-zone-link",
        _below_named(_ZONES, "private_dns_zone_name", "virtualNetworkLinks"),
    ),
    "azurerm_private_endpoint": ("private-endpoint", _in_group("Microsoft.Network/privateEndpoints")),
    **{
        f"azurerm_machine_learning_workspace_network_outbound_rule_{kind}": (
            f"outbound-rule-{kind.replace('_', '-')}",
            _below("workspace_id", "outboundRules"),
        )
        for kind in ("fqdn", "private_endpoint", "service_tag")
    },
}
#: What watches over an environment and its cost.
SIGNALS: dict[str, tuple[str, Finder]] = {
    "azurerm_monitor_action_group": ("action-group", _in_group("Microsoft.Insights/actionGroups")),
    "azurerm_monitor_activity_log_alert": ("activity-log-alert", _in_group("Microsoft.Insights/activityLogAlerts")),
    "azurerm_monitor_diagnostic_setting": ("diagnostic-setting", _diagnostic_setting),
    "azurerm_monitor_metric_alert": ("metric-alert", _in_group("Microsoft.Insights/metricAlerts")),
    "azurerm_monitor_scheduled_query_rules_alert_v2": (
        "query-alert",
        _in_group("Microsoft.Insights/scheduledQueryRules"),
    ),
    "azurerm_consumption_budget_resource_group": (
        "budget",
        _below("resource_group_id", "providers/Microsoft.Consumption/budgets"),
    ),
}
FINDERS = MAIN | CHILDREN | NETWORK | SIGNALS
#: ``--resource`` -> Terraform type.
KINDS = {kind: type_name for type_name, (kind, _finder) in FINDERS.items()}
