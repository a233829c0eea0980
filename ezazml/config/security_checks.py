"""Which rules do roles, identities, alerts and budgets have beyond their types?"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence

from ezazml.config.access import RoleAssignment
from ezazml.config.models import EnvironmentModel
from ezazml.config.paths import Path
from ezazml.config.roles import BUILT_IN_ROLES, SCOPES

Finding = tuple[Path, str, str]

_GUID = re.compile(r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
_EMAIL = re.compile(r"^[^@\s]+@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}$")
#: Azure sends a budget's mails to at most 50 addresses and has at most 5 notifications (REST API, Budgets).
_BUDGET_MAILS, _BUDGET_NOTIFICATIONS = 50, 5


def check_security(settings: EnvironmentModel) -> Iterator[Finding]:
    """Everything that is wrong with them."""
    yield from _role_assignments(settings)
    yield from _workspace_identity(settings)
    yield from _mails(("alerts", "emails"), settings.alerts.emails)
    yield from _mails(("budget", "emails"), settings.budget.emails)
    yield from _alerts(settings)
    yield from _budget(settings)
    application = settings.identities.application
    if application.secret_rotation is not None and not (application.enabled and application.secret_enabled):
        path: Path = ("identities", "application", "secret_rotation")
        yield path, "has nothing to rotate: the application has no secret.", "Set secret_enabled: true, or remove it."


def _alerts(settings: EnvironmentModel) -> Iterator[Finding]:
    alerts = settings.alerts
    if alerts.enabled and not alerts.emails and alerts.action_group_id is None:
        fix = "Name at least one address, or set alerts.action_group_id."
        yield ("alerts", "emails"), "is empty: nobody would get the mails.", fix
    if alerts.emails and alerts.action_group_id is not None:
        text = "contradicts alerts.emails, for which the environment would make an action group of its own."
        yield ("alerts", "action_group_id"), text, "Remove one of them."


def available_scopes(settings: EnvironmentModel) -> list[str]:
    """Short names of what exists in the environment, and so can have roles."""
    optional = {"container_registry": settings.container_registry.enabled, "data_lake": settings.data_lake.enabled}
    return [name for name in SCOPES if optional.get(name, True)]


def _role_assignments(settings: EnvironmentModel) -> Iterator[Finding]:
    first: dict[tuple[str | None, ...], int] = {}
    for index, assignment in enumerate(settings.role_assignments):
        path: Path = ("role_assignments", index)
        yield from _role(path, assignment)
        yield from _principal(path, assignment)
        yield from _scope(path, assignment, available_scopes(settings))
        role = assignment.role_id or BUILT_IN_ROLES.get(assignment.role or "") or assignment.role
        parts = (role, assignment.object_id, assignment.group, assignment.email, assignment.scope)
        key = tuple(part.lower() if part else None for part in parts)
        if assignment.scope in _of_the_deployer(settings, assignment, role):
            text = "is what the deploying identity gets by itself: Azure refuses the second (RoleAssignmentExists)."
            yield path, text, "Remove it."
        if key in first:
            text = f"is the same as role_assignments[{first[key]}]: Azure refuses the second (RoleAssignmentExists)."
            yield path, text, "Remove one."
        first.setdefault(key, index)


def _of_the_deployer(settings: EnvironmentModel, assignment: RoleAssignment, role: str | None) -> tuple[str, ...]:
    """Scopes on which the stack itself gives this role to this principal, if that is the deploying identity."""
    deployer = settings.identities.deployer.object_id
    if deployer is None or (assignment.object_id or "").lower() != deployer.lower():
        return ()
    if (role or "").lower() == BUILT_IN_ROLES["Storage Blob Data Contributor"]:
        return ("storage", "data_lake")
    by_role = settings.key_vault.authorization == "rbac"
    return ("key_vault",) if by_role and (role or "").lower() == BUILT_IN_ROLES["Key Vault Secrets Officer"] else ()


def _role(path: Path, assignment: RoleAssignment) -> Iterator[Finding]:
    if (assignment.role is None) == (assignment.role_id is None):
        yield path, "needs either role or role_id.", "Name the role, for example role: AzureML Data Scientist."
    if assignment.role is not None and assignment.role not in BUILT_IN_ROLES:
        text = f"{assignment.role!r} is not a role that is known by name."
        near = _near(assignment.role, BUILT_IN_ROLES)
        yield (*path, "role"), text, near or "Give its id as role_id instead (az role definition list)."
    if assignment.role_id is not None and not _GUID.match(assignment.role_id):
        text = f"{assignment.role_id!r} is not an id of the form 8-4-4-4-12 hexadecimal digits."
        yield (*path, "role_id"), text, "Copy it from Azure: the last part of the role definition's id."


def _principal(path: Path, assignment: RoleAssignment) -> Iterator[Finding]:
    given = [name for name in ("object_id", "group", "email") if getattr(assignment, name) is not None]
    if len(given) != 1:
        text = f"names its principal by {' and '.join(given) or 'nothing'}: exactly one is needed."
        yield path, text, "Set one of object_id, group, email."
    if assignment.object_id is not None and not _GUID.match(assignment.object_id):
        text = f"{assignment.object_id!r} is not an id of the form 8-4-4-4-12 hexadecimal digits."
        yield (*path, "object_id"), text, "Copy it from Entra."
    if (assignment.object_id is None) != (assignment.principal_type is None):
        fix = "Set it to User, Group or ServicePrincipal with object_id; group and email say it themselves."
        yield (*path, "principal_type"), "goes with object_id, and only with it.", fix
    if assignment.group is not None and not assignment.group.strip():
        yield (*path, "group"), "is empty.", "Name the group."
    if assignment.email is not None:
        yield from _mails((*path, "email"), [assignment.email], indexed=False)


def _scope(path: Path, assignment: RoleAssignment, available: Sequence[str]) -> Iterator[Finding]:
    if assignment.scope in available:
        return
    if assignment.scope in SCOPES:
        text = f"{assignment.scope!r} does not exist in this environment."
        yield (*path, "scope"), text, f"Use one of {', '.join(available)}, or switch it on."
    else:
        fix = _near(assignment.scope, available) or f"Use one of {', '.join(available)}."
        yield (*path, "scope"), f"{assignment.scope!r} is not a scope.", fix


def _workspace_identity(settings: EnvironmentModel) -> Iterator[Finding]:
    if settings.workspace.identity == "user_assigned" and not settings.container_registry.enabled:
        text = "'user_assigned' needs the registry: Azure ML could not create one, since it gets no role on the group."
        yield ("workspace", "identity"), text, "Set container_registry.enabled: true, or workspace.identity: system."


def _mails(path: Path, addresses: Sequence[str], *, indexed: bool = True) -> Iterator[Finding]:
    for index, address in enumerate(addresses):
        where = (*path, index) if indexed else path
        if not _EMAIL.match(address):
            yield where, f"{address!r} is not an e-mail address.", "Write it as name@example.com."
        elif address.lower() in [other.lower() for other in addresses[:index]]:
            yield where, f"{address!r} stands twice.", "Remove one."


def _budget(settings: EnvironmentModel) -> Iterator[Finding]:
    budget = settings.budget
    if budget.monthly_amount is None:
        return
    notifications = len(budget.thresholds_percent) + (budget.forecast_percent is not None)
    path: Path = ("budget", "thresholds_percent")
    if not 1 <= notifications <= _BUDGET_NOTIFICATIONS:
        text = f"a budget has 1 to {_BUDGET_NOTIFICATIONS} thresholds with the forecast's; these are {notifications}."
        yield path, text, "Keep the ones that matter."
    if len(set(budget.thresholds_percent)) != len(budget.thresholds_percent):
        yield path, "a threshold stands twice.", "Remove one."
    emails = budget.emails or settings.alerts.emails
    if len(emails) > _BUDGET_MAILS:
        text = f"a budget's mails go to at most {_BUDGET_MAILS} addresses; these are {len(emails)}."
        yield ("budget", "emails"), text, "Use a distribution list."


def _near(word: str, words: Mapping[str, str] | Sequence[str]) -> str | None:
    lower = {one.lower(): one for one in words}
    near = difflib.get_close_matches(word.lower(), lower, n=1)
    return f"Did you mean {lower[near[0]]}?" if near else None
