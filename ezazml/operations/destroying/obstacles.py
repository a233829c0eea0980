"""What in Azure would keep an environment from being deleted? Locks made outside, and endpoints in the workspace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ezazml.azure.arm import AzureApis, version_of
from ezazml.errors import EzazmlError
from ezazml.terraform.runner import Progress

GROUP = "azurerm_resource_group"
WORKSPACE = "azurerm_machine_learning_workspace"
LOCK = "azurerm_management_lock"
_LOCKS = "/providers/Microsoft.Authorization/locks"
#: An endpoint takes its deployments along.
_ENDPOINTS = ("onlineEndpoints", "batchEndpoints")


@dataclass(frozen=True)
class Lock:
    """A management lock, with what is needed to put it back."""

    id: str
    level: str
    notes: str | None

    def __str__(self) -> str:
        return f"{self.id.rpartition('/')[2]} ({self.level}) on {scope_of(self)}"


def scope_of(lock: Lock) -> str:
    """Id of what the lock is on."""
    return lock.id[: lock.id.lower().rindex(f"{_LOCKS}/".lower())]


@dataclass(frozen=True)
class Obstacles:
    """What is in the way: locks, and ids of endpoints with their deployments."""

    locks: tuple[Lock, ...]
    endpoints: tuple[str, ...]


def ids_of(plan: Mapping[str, Any], kind: str) -> list[str]:
    """Ids of the resources of one type that a plan deletes (``terraform show -json``)."""
    return [
        str(one["change"]["before"]["id"])
        for one in plan.get("resource_changes", [])
        if one["type"] == kind and "delete" in one["change"]["actions"]
    ]


def obstacles_of(plan: Mapping[str, Any], azure: AzureApis) -> Obstacles:
    """What would be in the way of a plan that deletes an environment. Raises :class:`AzureError`."""
    locks: list[Lock] = []
    for group in ids_of(plan, GROUP):
        for body in azure.list(f"{group}{_LOCKS}"):
            properties = body.get("properties", {})
            locks.append(Lock(str(body["id"]), str(properties.get("level")), properties.get("notes")))
    endpoints = [
        str(body["id"])
        for workspace in ids_of(plan, WORKSPACE)
        for kind in _ENDPOINTS
        for body in azure.list(f"{workspace}/{kind}")
    ]
    return Obstacles(tuple(locks), tuple(endpoints))


def delete_endpoints(endpoints: Iterable[str], azure: AzureApis, *, show: Progress) -> None:
    """Delete the endpoints, and wait for each. Raises :class:`AzureError`."""
    for identifier in endpoints:
        show(f"deleting endpoint {identifier.rsplit('/', 1)[-1]}")
        azure.arm.delete(identifier, **version_of(identifier))


def lift(locks: Iterable[Lock], azure: AzureApis, *, lifted: list[Lock], show: Progress) -> None:
    """Remove the locks, noting each in ``lifted`` before it goes. Raises :class:`AzureError`."""
    for lock in locks:
        show(f"lifting lock {lock}")
        lifted.append(lock)
        azure.arm.delete(lock.id, **version_of(lock.id))


def restore(lifted: Iterable[Lock], azure: AzureApis, *, show: Progress) -> list[Lock]:
    """Put locks back, those whose resource is gone excepted, and return those that could not be put back."""
    failed: list[Lock] = []
    for lock in lifted:
        show(f"putting lock {lock} back")
        properties = {"level": lock.level, **({"notes": lock.notes} if lock.notes else {})}
        try:
            if azure.resource(scope_of(lock)) is not None:
                azure.arm.put(lock.id, {"properties": properties}, **version_of(lock.id))
        except EzazmlError:
            failed.append(lock)
    return failed
