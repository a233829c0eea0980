"""Is there room for the environment? Names, what Azure keeps, and cores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ezazml.azure.arm import version_of
from ezazml.config.models import ComputeCluster, ComputeInstance
from ezazml.operations.doctor.finding import Case, Finding, not_checked, ok, problem, warning
from ezazml.operations.soft_deleted import Kind, SoftDeleted, find_soft_deleted, ids_of

_LOW_PRIORITY = "TotalLowPriorityCores"


def check_names(case: Case) -> Iterator[Finding]:
    """Names that are unique in all of Azure are free, or the environment's own (checkNameAvailability)."""
    names, group = case.environment.names, ids_of(case.environment, case.azure).group
    settings = case.environment.settings
    existing = settings.existing
    made = {
        ("storage account", "Microsoft.Storage", "storageAccounts", "storage_account"): not existing.storage_account_id,
        ("data lake", "Microsoft.Storage", "storageAccounts", "data_lake"): settings.data_lake.enabled,
        ("key vault", "Microsoft.KeyVault", "vaults", "key_vault"): not existing.key_vault_id,
        ("registry", "Microsoft.ContainerRegistry", "registries", "container_registry"): (
            settings.container_registry.enabled and not existing.container_registry_id
        ),
    }
    for (label, service, kind, setting), is_made in made.items():
        if not is_made:
            continue
        name = getattr(names, setting)
        if case.azure.resource(f"{group}/providers/{service}/{kind}/{name}") is not None:
            yield ok("names", f"{label} {name}: exists, in the environment's own resource group.")
            continue
        path = f"{case.azure.subscription}/providers/{service}/checkNameAvailability"
        body: dict[str, Any] = {"name": name, "type": f"{service}/{kind}"}
        answer = case.azure.arm.post(path, body, **version_of(path))
        if answer.get("nameAvailable"):
            yield ok("names", f"{label} {name}: free.")
        elif label == "key vault" and (kept := _kept_vault(case)):
            yield _of_kept(case, kept)
        else:
            text = f"{label} {name}: {answer.get('message') or 'taken'}"
            yield problem("names", text, f"Set names.{setting}, or unique_suffix: true.")


def check_quota(case: Case) -> Iterator[Finding]:
    """Azure ML's cores in the region suffice for what is declared ("Usages - List")."""
    settings = case.environment.settings
    if not settings.compute.instances and not settings.compute.clusters:
        yield ok("quota", "No compute is declared.")
        return
    place = f"{case.azure.subscription}/providers/Microsoft.MachineLearningServices/locations/{settings.location}"
    sizes = {str(one["name"]).lower(): one for one in case.azure.list(f"{place}/vmSizes")}
    listed = case.azure.list(f"{place}/usages")
    usages, own = _usages(listed), _own_cores(case, listed)
    for size in sorted({one.size for one in _declared(case) if one.size.lower() not in sizes}):
        text = f"Azure ML does not list the size {size} in {settings.location}."
        yield warning("quota", text, "Check its name; a size that is retired or not offered there cannot be made.")
    needs = _needs(case, sizes)
    for family, cores in sorted(needs.items()):
        usage = usages.get(family.lower())
        if usage is None or usage.limit < 0:
            yield not_checked("quota", f"{family}: {cores} cores; Azure tells no limit in {settings.location}.")
            continue
        left = usage.limit - usage.used + own.get(family.lower(), 0)
        text = f"{family} in {settings.location}: {cores} cores declared, {left} of {usage.limit} left for them."
        if cores <= left:
            yield ok("quota", text)
        else:
            fix = "Ask for more (Azure portal: Quotas, Machine learning), or choose other sizes or fewer nodes."
            yield problem("quota", text, fix)


CHECKS = (check_names, check_quota)


@dataclass(frozen=True)
class _Usage:
    used: int
    limit: int


def _kept_vault(case: Case) -> SoftDeleted | None:
    return next((one for one in find_soft_deleted(case.environment, case.azure) if one.kind is Kind.VAULT), None)


def _of_kept(case: Case, kept: SoftDeleted) -> Finding:
    """azurerm recovers a deleted vault where it was: one in another place only holds the name."""
    name = case.environment.name
    wanted = ids_of(case.environment, case.azure).vault
    if (kept.location, kept.id.lower()) == (case.environment.settings.location, wanted.lower()):
        text = f"key vault {kept.name}: deleted, and kept by Azure; the next deployment recovers it."
        return warning("names", text, f"To have a new one: ezazml purge {name}")
    text = f"key vault {kept.name}: taken by a deleted one in {kept.location}, which no deployment recovers: {kept.id}"
    return problem("names", text, f"ezazml purge {name}; or set names.key_vault, or unique_suffix: true.")


def _usages(listed: list[dict[str, Any]]) -> dict[str, _Usage]:
    """Family (or the sum of low priority) -> what is used. Only the subscription's own dedicated cores count."""
    found: dict[str, _Usage] = {}
    for one in listed:
        kind, name = str(one["type"]).lower(), str(one["name"]["value"])
        if kind.endswith("vmfamily/dedicatedcores/usages") or name == _LOW_PRIORITY:
            found[name.lower()] = _Usage(int(one["currentValue"]), int(one["limit"]))
    return found


def _declared(case: Case) -> list[ComputeInstance | ComputeCluster]:
    compute = case.environment.settings.compute
    declared: list[ComputeInstance | ComputeCluster] = [*compute.instances, *compute.clusters]
    return [one for one in declared if one.count]


def _needs(case: Case, sizes: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    needs: dict[str, int] = {}
    for one in _declared(case):
        size = sizes.get(one.size.lower())
        if size is None:
            continue
        nodes = one.max_nodes if isinstance(one, ComputeCluster) else 1
        low = isinstance(one, ComputeCluster) and one.priority == "LowPriority"
        _add(needs, size, nodes * one.count, low=low)
    return {family: cores for family, cores in needs.items() if cores}


def _own_cores(case: Case, usages: list[dict[str, Any]]) -> dict[str, int]:
    """What the environment's own workspace uses already, per family: it is part of the subscription's usage."""
    own: dict[str, int] = {}
    workspace = ids_of(case.environment, case.azure).workspace.lower()
    for one in usages:
        parent, _, _family = str(one["id"]).lower().rpartition("/usages/")
        if parent != workspace:
            continue
        low = str(one["type"]).lower().endswith("lowprioritycores/usages")
        family = _LOW_PRIORITY if low else str(one["name"]["value"])
        own[family.lower()] = own.get(family.lower(), 0) + int(one["currentValue"])
    return own


def _add(cores: dict[str, int], size: Mapping[str, Any], nodes: int, *, low: bool) -> None:
    family = _LOW_PRIORITY if low else str(size["family"])
    cores[family] = cores.get(family, 0) + int(size["vCPUs"]) * nodes
