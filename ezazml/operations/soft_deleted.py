"""What of an environment did Azure keep after it was deleted, and how is it purged?

Vaults and Log Analytics workspaces are listed by Azure. Deleted Azure ML workspaces are shown in the portal alone
("Recently deleted"): no documented API lists them, so a workspace that does not exist may be one of them. Purging one
that is not there does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from ezazml.azure.arm import AzureApis, version_of
from ezazml.config.environment import Environment
from ezazml.errors import InputError

Show = Callable[[str], None]


class Kind(StrEnum):
    """What Azure keeps for a while."""

    VAULT = "key vault"
    WORKSPACE = "workspace"
    LOGS = "log analytics"


@dataclass(frozen=True)
class SoftDeleted:
    """One thing that is deleted and kept. ``certain`` is false where Azure does not tell. Dates are Azure's texts."""

    kind: Kind
    name: str
    id: str
    location: str
    certain: bool = True
    deleted: str | None = None
    purged_on: str | None = None
    purge_protected: bool = False


@dataclass(frozen=True)
class Purged:
    """What became of one: ``purged``, ``not there``, ``protected`` or ``kept``, and what that means."""

    item: SoftDeleted
    result: str
    note: str = ""


@dataclass(frozen=True)
class Ids:
    """Ids of an environment's resources, from its names."""

    group: str
    vault: str
    workspace: str
    logs: str


def ids_of(environment: Environment, azure: AzureApis) -> Ids:
    """Where the environment's resources are."""
    names = environment.names
    group = f"{azure.subscription}/resourceGroups/{names.resource_group}"
    return Ids(
        group,
        f"{group}/providers/Microsoft.KeyVault/vaults/{names.key_vault}",
        f"{group}/providers/Microsoft.MachineLearningServices/workspaces/{names.workspace}",
        f"{group}/providers/Microsoft.OperationalInsights/workspaces/{names.log_analytics_workspace}",
    )


def find_soft_deleted(environment: Environment, azure: AzureApis) -> list[SoftDeleted]:
    """What Azure keeps (or, for the workspace, may keep) of the environment. Raises :class:`AzureError`."""
    return [*_vaults(environment, azure), *_workspaces(environment, azure), *_logs(environment, azure)]


def is_workspace_kept(environment: Environment) -> bool:
    """Whether Azure keeps the environment's workspace when it is deleted.

    Microsoft Learn, "Recover workspace data while soft deleted": one with user-assigned identities only is not kept.
    """
    return environment.settings.workspace.identity == "system"


def require_purgeable(environment: Environment, *, confirmation: str) -> None:
    """Raise :class:`InputError` for a protected environment, or when its name was not given as confirmation."""
    name = environment.name
    if environment.settings.protected:
        raise InputError(
            f"environments/{name}.yaml: protected: true: what is deleted of a protected environment is not purged.",
            hint=f"Bring it back (ezazml recover {name}), or set protected: false in a reviewed change.",
        )
    if confirmation != name:
        raise InputError(
            f"Purging needs the environment's name {name!r} as confirmation, got {confirmation!r}; nothing was purged.",
            hint=f"Type the name, or pass --confirm {name}.",
        )


def purge(
    environment: Environment, azure: AzureApis, items: Sequence[SoftDeleted], *, confirmation: str, show: Show
) -> list[Purged]:
    """Remove for good what :func:`find_soft_deleted` found. Nothing that lives is touched.

    Raises :class:`InputError` without the confirmation, :class:`AzureError` when Azure refuses.
    """
    require_purgeable(environment, confirmation=confirmation)
    ids = ids_of(environment, azure)
    done: list[Purged] = []
    for item in items:
        show(f"{item.kind} {item.name}")
        if item.kind is Kind.VAULT:
            done.append(_purge_vault(azure, item))
            continue
        # Azure takes requests about what is in a group only while there is the group.
        with _group(azure, ids.group, environment):
            done.append(_purge_workspace(azure, item) if item.kind is Kind.WORKSPACE else _purge_logs(azure, item))
    return done


def _vaults(environment: Environment, azure: AzureApis) -> Iterator[SoftDeleted]:
    """Key Vault, "Vaults - List Deleted". Names of vaults are unique in Azure: also one of another group holds it."""
    for body in azure.list(f"{azure.subscription}/providers/Microsoft.KeyVault/deletedVaults"):
        if body["name"].lower() == environment.names.key_vault.lower():
            properties = body["properties"]
            yield SoftDeleted(
                Kind.VAULT,
                body["name"],
                properties["vaultId"],
                properties["location"],
                deleted=properties.get("deletionDate"),
                purged_on=properties.get("scheduledPurgeDate"),
                purge_protected=bool(properties.get("purgeProtectionEnabled")),
            )


def _workspaces(environment: Environment, azure: AzureApis) -> Iterator[SoftDeleted]:
    identifier = ids_of(environment, azure).workspace
    if azure.resource(identifier) is None:
        location = environment.settings.location
        yield SoftDeleted(Kind.WORKSPACE, environment.names.workspace, identifier, location, certain=False)


def _logs(environment: Environment, azure: AzureApis) -> Iterator[SoftDeleted]:
    """Log Analytics, "Deleted Workspaces - List"."""
    wanted = ids_of(environment, azure).logs
    for body in azure.list(f"{azure.subscription}/providers/Microsoft.OperationalInsights/deletedWorkspaces"):
        if body["id"].lower() == wanted.lower():
            deleted = (body.get("properties") or {}).get("modifiedDate")
            yield SoftDeleted(Kind.LOGS, body["name"], wanted, body["location"], deleted=deleted)


def _purge_vault(azure: AzureApis, item: SoftDeleted) -> Purged:
    """Key Vault, "Vaults - Purge Deleted"."""
    if item.purge_protected:
        note = f"it has purge protection: its name is free on {item.purged_on}. Recover it, or set names.key_vault."
        return Purged(item, "protected", note)
    place = f"{azure.subscription}/providers/Microsoft.KeyVault/locations/{item.location}/deletedVaults/{item.name}"
    azure.arm.post(f"{place}/purge", None, **version_of(place))
    return Purged(item, "purged")


def _purge_workspace(azure: AzureApis, item: SoftDeleted) -> Purged:
    """Azure ML, "Workspaces - Delete" with forceToPurge."""
    if azure.resource(item.id) is not None:
        return Purged(item, "kept", "it exists again since it was looked for: nothing was deleted.")
    if azure.arm.delete(item.id, forceToPurge="true", **version_of(item.id)):
        return Purged(item, "purged")
    return Purged(
        item,
        "not there",
        "if a deployment still says that a soft-deleted workspace exists, Azure has lost track of it "
        "(github.com/Azure/azure-cli/issues/33756): set names.workspace to another name, or ask Azure's support.",
    )


def _purge_logs(azure: AzureApis, item: SoftDeleted) -> Purged:
    """Log Analytics, "Delete and recover": a deleted one is recovered by making it again, then deleted with force."""
    azure.arm.put(item.id, {"location": item.location}, **version_of(item.id))
    azure.arm.delete(item.id, force="true", **version_of(item.id))
    return Purged(item, "purged")


@contextmanager
def _group(azure: AzureApis, identifier: str, environment: Environment) -> Iterator[None]:
    """The resource group; where it is missing, one for the time of the work.

    Tagged as the environment's own, so that a deployment takes it over if this is killed before it is removed.
    """
    missing = azure.resource(identifier) is None
    if missing:
        tags = {"managed_by": "ezazml", "environment": environment.name}
        body = {"location": environment.settings.location, "tags": tags}
        azure.arm.put(identifier, body, **version_of(identifier))
    try:
        yield
    finally:
        if missing:
            azure.arm.delete(identifier, **version_of(identifier))
