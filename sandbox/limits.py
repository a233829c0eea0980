"""How is the sandbox's Azure set? Its quota, names that others hold, registered services, and how late roles count."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.store import ArmObject, Store
from sandbox.vm_sizes import VmSize, vm_size

COMPUTES = "Microsoft.MachineLearningServices/workspaces/computes"
#: Cores per region and family where nothing else is set: enough for every example.
DEFAULT_QUOTA = 400
LOW_PRIORITY = "LowPriority"
#: What azurerm registers by itself (its resource_provider_registrations "core").
CORE_SERVICES = (
    "Microsoft.Authorization",
    "Microsoft.Compute",
    "Microsoft.CostManagement",
    "Microsoft.ManagedIdentity",
    "Microsoft.MarketplaceOrdering",
    "Microsoft.Network",
    "Microsoft.Resources",
    "Microsoft.Storage",
)
#: What Azure itself registers for every subscription (Microsoft Learn, "Azure resource providers by services").
ALWAYS_REGISTERED = ("Microsoft.Consumption",)
#: Services that this Azure has: they can be registered, and are listed.
SERVICES = (
    *CORE_SERVICES,
    "Microsoft.AlertsManagement",
    "Microsoft.Cdn",
    "Microsoft.ContainerRegistry",
    "Microsoft.Databricks",
    "Microsoft.EventGrid",
    "microsoft.insights",
    "Microsoft.KeyVault",
    "Microsoft.MachineLearningServices",
    "Microsoft.OperationalInsights",
    "Microsoft.PolicyInsights",
)


class QuotaExceeded(Exception):
    """Azure refuses a compute: the message is Azure's."""

    code = "ClusterCoreQuotaReached"


# --- quota ------------------------------------------------------------------------------------------------


def set_quota(store: Store, family: str, cores: int, *, region: str | None = None) -> None:
    """Allow ``cores`` of a family (or of ``LowPriority``) in a region, or in every region."""
    quota = store.setting("quota") or {}
    quota[_quota_key(family, region)] = cores
    store.set_setting("quota", quota)


def quota_of(store: Store, family: str, region: str) -> int:
    """Cores that the subscription may use of a family (or of ``LowPriority``) in a region."""
    quota: dict[str, int] = store.setting("quota") or {}
    everywhere = quota.get(_quota_key(family, None), DEFAULT_QUOTA)
    return quota.get(_quota_key(family, region), everywhere)


def families(store: Store) -> list[str]:
    """Families that are listed with their usage: those that somebody set or uses, and those of the listed sizes."""
    quota: dict[str, int] = store.setting("quota") or {}
    named = {key.split("/", 1)[1] for key in quota} - {LOW_PRIORITY.lower()}
    used = {need.family for need in _needs(store.find(COMPUTES)) if need.family != LOW_PRIORITY}
    known = {name.lower() for name in used}
    return sorted(used | {name for name in named if name not in known})


def used_cores(store: Store, family: str, region: str, *, without: str = "", workspace: str = "") -> int:
    """Cores that computes (or those of one workspace) hold: every node that a cluster may have."""
    computes = [
        body
        for body in store.find(COMPUTES)
        if body["id"].lower() != without.lower() and body["id"].lower().startswith(workspace.lower())
    ]
    return sum(
        need.cores
        for need in _needs(computes)
        if need.region == region.lower() and need.family.lower() == family.lower()
    )


def require_quota(store: Store, compute: ArmObject) -> None:
    """Raise :class:`QuotaExceeded` when a compute would need more cores than are left in its region."""
    for need in _needs([compute]):
        allowed = quota_of(store, need.family, need.region)
        used = used_cores(store, need.family, need.region, without=compute["id"])
        if used + need.cores > allowed:
            raise QuotaExceeded(
                f"Operation results in exceeding quota limits of Core ({need.family} in {need.region}). Maximum "
                f"allowed: {allowed}, Current in use: {used}, Additional requested: {need.cores}. Please read more "
                "about quota increase at: http://aka.ms/corequotaincrease."
            )


class _Need:
    """What one compute takes from the quota."""

    def __init__(self, size: VmSize, region: str, nodes: int, *, low_priority: bool) -> None:
        self.family = LOW_PRIORITY if low_priority else size.family
        self.region = region.lower()
        self.cores = size.cores * nodes


def _needs(computes: Iterable[ArmObject]) -> Iterable[_Need]:
    for body in computes:
        properties: dict[str, Any] = body.get("properties") or {}
        inner: dict[str, Any] = properties.get("properties") or {}
        size = vm_size(str(inner.get("vmSize") or ""))
        if size is None or properties.get("computeType") not in ("AmlCompute", "ComputeInstance"):
            continue
        scale = inner.get("scaleSettings") or {"maxNodeCount": 1}
        low = str(inner.get("vmPriority") or "").lower() == LOW_PRIORITY.lower()
        yield _Need(size, str(body.get("location") or ""), int(scale.get("maxNodeCount") or 0), low_priority=low)


def _quota_key(family: str, region: str | None) -> str:
    return f"{(region or '*').lower()}/{family.lower()}"


# --- names that others hold ---------------------------------------------------------------------------------


def hold_name(store: Store, name: str) -> None:
    """Somebody else in Azure has a storage account, registry and vault of that name."""
    store.set_setting("taken", sorted({*(store.setting("taken") or []), name.lower()}))


def is_held(store: Store, name: str) -> bool:
    """Whether somebody else has the name."""
    return name.lower() in (store.setting("taken") or [])


# --- registered services --------------------------------------------------------------------------------------


def register(store: Store, services: Iterable[str]) -> None:
    """Register services for the subscription, as azurerm does when it starts."""
    now = set(store.setting("registered") or [])
    wanted = {name.lower() for name in services}
    if not wanted <= now:
        store.set_setting("registered", sorted(now | wanted))


def unregister(store: Store, service: str) -> None:
    """Take a registration back."""
    store.set_setting("registered", sorted(set(store.setting("registered") or []) - {service.lower()}))


def is_registered(store: Store, service: str) -> bool:
    """Whether a service is registered."""
    always = [name.lower() for name in ALWAYS_REGISTERED]
    return service.lower() in (*always, *(store.setting("registered") or []))


# --- roles ----------------------------------------------------------------------------------------------------


def set_role_delay(store: Store, seconds: float) -> None:
    """Let new role assignments count only after so many seconds, as in Azure."""
    store.set_setting("role_delay_seconds", seconds)


def role_delay(store: Store) -> float:
    """Seconds until a new role assignment counts; 0 unless somebody asked for more."""
    return float(store.setting("role_delay_seconds") or 0)


def clear(store: Store) -> None:
    """Back to how the sandbox is by itself; what is registered stays."""
    for name in ("quota", "taken"):
        store.set_setting(name, None)
    set_role_delay(store, 0)
