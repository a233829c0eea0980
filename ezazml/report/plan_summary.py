"""What would a plan do? Terraform's plan as a short summary that shows no secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

#: Types whose loss loses data: their replacements and deletions come first.
STATEFUL = frozenset(
    {
        "azurerm_storage_account",
        "azurerm_storage_container",
        "azurerm_key_vault",
        "azurerm_key_vault_key",
        "azurerm_container_registry",
        "azurerm_machine_learning_workspace",
    }
)
_ACTIONS = {
    ("create",): "create",
    ("update",): "update",
    ("delete",): "delete",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
    ("forget",): "forget",
}
_ORDER = ("replace", "delete", "update", "create", "forget")


@dataclass(frozen=True)
class Change:
    """One resource that a plan changes. ``fields`` are names only, never values."""

    action: str
    address: str
    type: str
    fields: tuple[str, ...]
    replaced_by: tuple[str, ...]

    @property
    def loses_data(self) -> bool:
        """Whether something stateful is deleted or replaced."""
        return self.type in STATEFUL and self.action in ("replace", "delete")


@dataclass(frozen=True)
class PlanSummary:
    """Changes by weight: what loses data first, then replacements, deletions, updates, creations."""

    changes: tuple[Change, ...]
    outputs_changed: tuple[str, ...]

    def counts(self) -> dict[str, int]:
        """How many resources per action."""
        return {action: sum(change.action == action for change in self.changes) for action in _ORDER}

    @property
    def is_empty(self) -> bool:
        """Whether nothing would change."""
        return not self.changes and not self.outputs_changed

    def headline(self) -> str:
        """One line: ``3 to create, 1 to replace``."""
        parts = [f"{count} to {action}" for action, count in self.counts().items() if count]
        if not parts:
            return "outputs change" if self.outputs_changed else "no changes"
        return ", ".join(parts)


def summarise(plan: Mapping[str, Any]) -> PlanSummary:
    """Summary of ``terraform show -json`` of a saved plan; ``{}`` stands for a plan that changes nothing."""
    changes = [change for resource in plan.get("resource_changes", []) if (change := _change(resource)) is not None]
    changes.sort(key=lambda change: (not change.loses_data, _ORDER.index(change.action), change.address))
    outputs = [name for name, change in plan.get("output_changes", {}).items() if change["actions"] != ["no-op"]]
    return PlanSummary(tuple(changes), tuple(sorted(outputs)))


def _change(resource: Mapping[str, Any]) -> Change | None:
    change = resource["change"]
    action = _ACTIONS.get(tuple(change["actions"]))
    if action is None:
        return None  # no-op and read
    fields = tuple(sorted(set(_changed(change)))) if action in ("update", "replace") else ()
    replaced_by = tuple(sorted({_dotted(path) for path in change.get("replace_paths", [])}))
    return Change(action, resource["address"], resource["type"], fields, replaced_by)


def _changed(change: Mapping[str, Any]) -> Iterator[str]:
    before, after = change.get("before") or {}, change.get("after") or {}
    unknown = change.get("after_unknown") or {}
    for name in {*before, *after, *unknown}:
        if name != "id" and (before.get(name) != after.get(name) or unknown.get(name) is True):
            yield name


def _dotted(path: list[Any]) -> str:
    return ".".join(str(part) for part in path)
