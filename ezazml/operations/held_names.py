"""Which names would a deployment not get back? Those of what it replaces, where Azure keeps the old one for a while."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ezazml.config.models import EnvironmentModel
from ezazml.errors import InputError

WORKSPACE = "azurerm_machine_learning_workspace"
VAULT = "azurerm_key_vault"
#: Type -> the setting with its name, and how long Azure keeps it soft-deleted (Microsoft Learn, "Recover workspace
#: data while soft deleted" and "Azure Key Vault soft-delete overview").
_KEPT = {WORKSPACE: ("names.workspace", "14 days"), VAULT: ("names.key_vault", "key_vault.soft_delete_days")}


@dataclass(frozen=True)
class HeldName:
    """A name that its soft-deleted holder would keep from its successor."""

    address: str
    name: str
    setting: str
    kept_for: str

    def __str__(self) -> str:
        return f"{self.address} ({self.name!r}, {self.kept_for})"


def require_free_names(name: str, settings: EnvironmentModel, plan: Mapping[str, Any]) -> None:
    """Raise :class:`InputError` when the plan replaces something whose name would not be free for the new one.

    Terraform would destroy first and fail then, and the environment would be without workspace or vault. With
    ``on_destroy: purge`` the names are free: azurerm purges as its features say at the time of the deployment, so the
    setting counts in the same deployment and needs none before.
    """
    refusal = _refusal(name, settings, plan)
    if refusal is not None:
        raise InputError(f"{refusal.message} Nothing was changed.", hint=refusal.hint)


def warning_of_held_names(name: str, settings: EnvironmentModel, plan: Mapping[str, Any]) -> str | None:
    """What :func:`require_free_names` would say when the plan is applied; ``None`` where it would say nothing."""
    refusal = _refusal(name, settings, plan)
    return None if refusal is None else f"ezazml deploy will refuse this plan. {refusal}"


def _refusal(name: str, settings: EnvironmentModel, plan: Mapping[str, Any]) -> InputError | None:
    held = list(held_names(plan)) if settings.on_destroy == "keep" else []
    if not held:
        return None
    fields = " and ".join(one.setting for one in held)
    choice = f"Undo the change, or give new names in the same change ({fields})."
    if not settings.key_vault.purge_protection_enabled:
        choice += (
            " Or set on_destroy: purge in the same change, deploy, and set it back to keep: what is replaced is then "
            "gone for good."
        )
    return InputError(
        f"environments/{name}.yaml: on_destroy: keep: the plan replaces {', '.join(map(str, held))}. Azure would keep "
        "the old one soft-deleted and with it the name, so that the new one could not be made.",
        hint=choice,
    )


def held_names(plan: Mapping[str, Any]) -> Iterator[HeldName]:
    """What ``terraform show -json`` of a plan replaces under a name that stays taken."""
    for resource in plan.get("resource_changes", []):
        change = resource["change"]
        if resource["type"] not in _KEPT or set(change["actions"]) != {"create", "delete"}:
            continue
        before, after = change["before"], change["after"]
        if resource["type"] == WORKSPACE and not is_kept(before):
            continue
        moved = any(before[field] != after.get(field) for field in ("location", "resource_group_name"))
        # A vault that stays where it was is recovered; a workspace is not.
        if before["name"] == after.get("name") and (moved or resource["type"] == WORKSPACE):
            setting, kept_for = _KEPT[resource["type"]]
            yield HeldName(resource["address"], before["name"], setting, kept_for)


def is_kept(workspace: Mapping[str, Any]) -> bool:
    """Whether Azure keeps a deleted workspace with these values: not one that has user-assigned identities only.

    Microsoft Learn, "Recover workspace data while soft deleted": there soft delete and recovery are not supported.
    """
    identity = (workspace.get("identity") or [{}])[0]
    return str(identity.get("type") or "").lower() != "userassigned"
