"""Who is logged in, and may that identity do the work? Subscription, services, roles, directory."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ezazml.azure.arm import version_of
from ezazml.config.dependency_models import CREATE
from ezazml.config.models import EnvironmentModel
from ezazml.config.resource_providers import RESOURCE_PROVIDERS
from ezazml.operations.doctor.finding import Case, Finding, not_checked, ok, problem, warning
from ezazml.operations.soft_deleted import ids_of
from jobs.azure_errors import AzureError

_REGISTERED = "registered"
#: What a deployment does (Microsoft Learn, "Azure permissions"). Contributor may do all of it but the last.
_ACTIONS = (
    "Microsoft.Resources/subscriptions/resourceGroups/write",
    "Microsoft.Storage/storageAccounts/write",
    "Microsoft.KeyVault/vaults/write",
    "Microsoft.OperationalInsights/workspaces/write",
    "Microsoft.Insights/components/write",
    "Microsoft.MachineLearningServices/workspaces/write",
    "Microsoft.Authorization/roleAssignments/write",
)
#: Permissions of Microsoft Graph, any one of each line (Terraform's azuread, "API permissions").
_GRAPH_APPLICATION = ("Application.ReadWrite.OwnedBy", "Application.ReadWrite.All", "Directory.ReadWrite.All")
_GRAPH_USER = ("User.ReadWrite.All", "Directory.ReadWrite.All")


def check_login(case: Case) -> Iterator[Finding]:
    """The login reaches the subscription, which is enabled and of the tenant that is set."""
    azure, settings = case.azure, case.environment.settings
    try:
        body = azure.resource(azure.subscription)
    except AzureError as error:
        yield problem("login", error.message, error.hint or "Log in: az login")
        return
    if body is None:
        text = f"The login does not see the subscription {azure.subscription_id}."
        yield problem("login", text, "Check subscription_id, and that the login has a role in it.")
        return
    state, tenant = str(body.get("state", "Enabled")), str(body.get("tenantId") or "")
    if state.lower() not in ("enabled", "warned"):
        yield problem("login", f"The subscription is {state}.", "Enable it in the Azure portal.")
    elif settings.tenant_id and tenant and tenant.lower() != settings.tenant_id.lower():
        text = f"The subscription belongs to the tenant {tenant}, but tenant_id is {settings.tenant_id}."
        yield problem("login", text, "Set tenant_id to the subscription's.")
    else:
        yield ok("login", f"{body.get('displayName', '')} ({azure.subscription_id}), {state}".strip())


def check_services(case: Case) -> Iterator[Finding]:
    """The resource providers are registered; Terraform registers them where it may."""
    azure = case.azure
    listed = azure.list(f"{azure.subscription}/providers")
    registered = {one["namespace"].lower() for one in listed if one["registrationState"].lower() == _REGISTERED}
    missing = [name for name in RESOURCE_PROVIDERS if name.lower() not in registered]
    if not missing:
        yield ok("services", f"{len(RESOURCE_PROVIDERS)} resource providers are registered.")
        return
    commands = "; ".join(f"az provider register --namespace {name}" for name in missing)
    yield warning(
        "services",
        f"Not registered: {', '.join(missing)}. The first deployment registers them, which takes minutes and the "
        "right to do it on the subscription.",
        f"Or run: {commands}",
    )


def check_roles(case: Case) -> Iterator[Finding]:
    """What the login may do, where the environment goes (Azure RBAC, "Permissions - List")."""
    settings = case.environment.settings
    scope = _scope(case)
    path = f"{scope}/providers/Microsoft.Authorization/permissions"
    permissions = case.azure.arm.list(path, **version_of(path))
    needed = _needed_actions(settings)
    missing = [action for action in needed if not allows(permissions, action)]
    if not missing:
        yield ok("roles", f"The login may do all {len(needed)} things that a deployment does, on {scope}.")
        return
    yield problem(
        "roles",
        f"On {scope} the login lacks {', '.join(missing)}.",
        "Give it Contributor and Role Based Access Control Administrator (or Owner); a new role counts after minutes.",
    )


def check_graph(case: Case) -> Iterator[Finding]:
    """Application permissions stand in the token; those of people depend on their directory roles."""
    settings = case.environment.settings
    needed: list[tuple[str, tuple[str, ...]]] = []
    if settings.identities.application.enabled:
        needed.append(("identities.application", _GRAPH_APPLICATION))
    if settings.user.enabled:
        needed.append(("user", _GRAPH_USER))
    if not needed:
        yield ok("directory", "Nothing in Entra is made, so no permission of Microsoft Graph is needed.")
        return
    claims = case.azure.graph.claims()
    roles = {str(role) for role in claims.get("roles") or ()}
    if not roles and (claims.get("scp") or claims.get("idtyp") == "user"):
        text = "A person is logged in: whether that person may make applications and users, the directory decides."
        yield not_checked("directory", text, "The roles Application Administrator and User Administrator suffice.")
        return
    for setting, permissions in needed:
        if roles & set(permissions):
            yield ok("directory", f"{setting}: the login has {', '.join(sorted(roles & set(permissions)))}.")
        else:
            yield problem(
                "directory",
                f"{setting}: the login has none of the Microsoft Graph permissions {', '.join(permissions)}.",
                f"Grant one with an administrator's consent, or switch {setting} off.",
            )


CHECKS = (check_services, check_roles, check_graph)


def allows(permissions: Iterable[Mapping[str, Any]], action: str) -> bool:
    """Whether one of the permissions has the action: in its actions and not in its exceptions."""
    return any(
        _matches(one.get("actions"), action) and not _matches(one.get("notActions"), action) for one in permissions
    )


def _needed_actions(settings: EnvironmentModel) -> list[str]:
    """What a deployment does with these settings; a custom role may leave some of it out."""
    private = settings.network.profile == "private"
    makes_identity = settings.workspace.identity != "system" or settings.encryption.user_assigned_identity == CREATE
    switched = {
        "Microsoft.ContainerRegistry/registries/write": settings.container_registry.enabled,
        "Microsoft.Authorization/locks/write": settings.protected,
        "Microsoft.Insights/diagnosticSettings/write": settings.diagnostics.enabled,
        "Microsoft.Insights/metricAlerts/write": settings.alerts.enabled,
        "Microsoft.Consumption/budgets/write": settings.budget.monthly_amount is not None,
        "Microsoft.ManagedIdentity/userAssignedIdentities/write": makes_identity,
        "Microsoft.Network/privateEndpoints/write": private,
        "Microsoft.Network/virtualNetworks/subnets/join/action": private,
    }
    return [*_ACTIONS, *(action for action, is_on in switched.items() if is_on)]


def _matches(patterns: Iterable[str] | None, action: str) -> bool:
    return any(
        re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), action, re.IGNORECASE) for pattern in patterns or ()
    )


def _scope(case: Case) -> str:
    """The resource group where it exists, else the subscription, where the group has to be made."""
    group = ids_of(case.environment, case.azure).group
    return group if case.azure.resource(group) is not None else case.azure.subscription
