"""What was changed in Azure, past the project? Terraform's refresh as a short report that shows no secret."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_VAULT = "azurerm_key_vault"
_POLICY = "azurerm_key_vault_access_policy"


@dataclass(frozen=True)
class Drifted:
    """One thing that is not as it was left. ``action`` is ``changed`` or ``gone``; ``fields`` are names only.

    ``note`` says what to do where a deployment does not put it right.
    """

    where: str
    action: str
    address: str
    fields: tuple[str, ...] = ()
    note: str = ""


def drift_of(plan: Mapping[str, Any]) -> tuple[Drifted, ...]:
    """The drift in ``terraform show -json`` of a refresh-only plan."""
    found = [drifted for one in plan.get("resource_drift", []) if (drifted := _drifted(one)) is not None]
    found += _foreign_policies(plan)
    return tuple(sorted(found, key=lambda one: (one.action != "gone", one.address, one.fields)))


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


def _drifted(resource: Mapping[str, Any]) -> Drifted | None:
    change = resource["change"]
    if "delete" in change["actions"]:
        return Drifted("infrastructure", "gone", resource["address"])
    before, after = change["before"] or {}, change["after"] or {}
    # A vault's policies are resources of their own: the vault's state is from before they were made.
    ignored = {"access_policy"} if resource["type"] == _VAULT else set()
    fields = sorted(name for name in {*before, *after} - ignored if before.get(name) != after.get(name))
    return Drifted("infrastructure", "changed", resource["address"], tuple(fields)) if fields else None


def _foreign_policies(plan: Mapping[str, Any]) -> Iterator[Drifted]:
    """Vaults with other access policies than those of the project: no deployment takes them away, so always look."""
    root = (plan.get("prior_state") or {}).get("values", {}).get("root_module", {})
    resources = root.get("resources", [])
    for vault in (one for one in resources if one["type"] == _VAULT):
        values = vault["values"]
        if values.get("rbac_authorization_enabled"):
            continue
        ours = [
            one["values"]
            for one in resources
            if one["type"] == _POLICY and one["values"].get("key_vault_id") == values.get("id")
        ]
        if _policies(values.get("access_policy") or []) - _policies(ours):
            note = "Somebody has access whom the project does not know: remove the access policy in Azure."
            yield Drifted("infrastructure", "changed", vault["address"], ("access_policy",), note)


def _policies(policies: Iterable[Mapping[str, Any]]) -> set[tuple[Any, ...]]:
    kinds = ("certificate_permissions", "key_permissions", "secret_permissions", "storage_permissions")
    return {
        (one["object_id"], *(tuple(sorted(map(str.lower, one.get(kind) or []))) for kind in kinds)) for one in policies
    }
