"""What was changed in Azure, past the project? Terraform's refresh as a short report that shows no secret."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_VAULT = "azurerm_key_vault"
_POLICY = "azurerm_key_vault_access_policy"


@dataclass(frozen=True)
class Drifted:
    """One thing that is not as it was left. ``action`` is ``changed`` or ``gone``; ``fields`` are names only."""

    where: str
    action: str
    address: str
    fields: tuple[str, ...] = ()


def drift_of(plan: Mapping[str, Any]) -> tuple[Drifted, ...]:
    """The drift in ``terraform show -json`` of a refresh-only plan."""
    found = [drifted for one in plan.get("resource_drift", []) if (drifted := _drifted(one, plan)) is not None]
    return tuple(sorted(found, key=lambda one: (one.action != "gone", one.address)))


def to_markdown(environment: str, drift: Iterable[Drifted]) -> str:
    """The report as Markdown, for a pull request or an issue."""
    rows = [
        f"| {one.where} | {one.action} | `{one.address}` | {', '.join(one.fields).replace('|', chr(92) + '|')} |"
        for one in drift
    ]
    if not rows:
        return f"**{environment}**: no drift.\n"
    head = f"**{environment}**: {len(rows)} not as deployed\n\n| where | what | address | fields |\n|---|---|---|---|\n"
    return head + "\n".join(rows) + "\n"


def _drifted(resource: Mapping[str, Any], plan: Mapping[str, Any]) -> Drifted | None:
    change = resource["change"]
    if "delete" in change["actions"]:
        return Drifted("infrastructure", "gone", resource["address"])
    fields = tuple(sorted(_changed_fields(resource, plan)))
    return Drifted("infrastructure", "changed", resource["address"], fields) if fields else None


def _changed_fields(resource: Mapping[str, Any], plan: Mapping[str, Any]) -> Iterator[str]:
    before, after = resource["change"]["before"] or {}, resource["change"]["after"] or {}
    for name in {*before, *after}:
        if before.get(name) == after.get(name):
            continue
        if resource["type"] == _VAULT and name == "access_policy" and _are_ours(after, plan):
            # The state of the vault is from before its policies, which are resources of their own, were made.
            continue
        yield name


def _are_ours(vault: Mapping[str, Any], plan: Mapping[str, Any]) -> bool:
    """Whether the vault's policies are exactly those that the state holds as resources of their own."""
    root = (plan.get("prior_state") or {}).get("values", {}).get("root_module", {})
    ours = [
        one["values"]
        for one in root.get("resources", [])
        if one["type"] == _POLICY and one["values"].get("key_vault_id") == vault.get("id")
    ]
    return _policies(vault.get("access_policy") or []) == _policies(ours)


def _policies(policies: Iterable[Mapping[str, Any]]) -> set[tuple[Any, ...]]:
    kinds = ("certificate_permissions", "key_permissions", "secret_permissions", "storage_permissions")
    return {
        (one["object_id"], *(tuple(sorted(one.get(kind) or [], key=str.lower)) for kind in kinds)) for one in policies
    }
