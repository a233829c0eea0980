"""What would a plan do? Terraform's plan as a short summary that shows no secret."""

from __future__ import annotations

import re
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
_ORDER = ("replace", "delete", "update", "create", "import", "forget")
#: Fields whose values are never shown, whatever Terraform says about their sensitivity.
_MAY_BE_SECRET = re.compile(r"password|secret|key|token|credential|certificate|connection|sas|value|content|user_data")
_SHOWN_LENGTH = 80


@dataclass(frozen=True)
class FieldChange:
    """A field that changes from one short, harmless value to another."""

    field: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        return f"{self.field}: {_or_nothing(self.before)} -> {_or_nothing(self.after)}"


@dataclass(frozen=True)
class Change:
    """One resource that a plan changes. ``fields`` are names; ``values`` those of them that can be no secret."""

    action: str
    address: str
    type: str
    fields: tuple[str, ...]
    replaced_by: tuple[str, ...]
    values: tuple[FieldChange, ...] = ()

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
    def losses(self) -> tuple[Change, ...]:
        """Changes that delete or replace something stateful."""
        return tuple(change for change in self.changes if change.loses_data)

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
    if action is None and change.get("importing"):
        action = "import"  # as it is; an import that also changes something shows as that change
    if action is None:
        return None  # no-op and read
    fields = tuple(sorted(set(_changed(change)))) if action in ("update", "replace") else ()
    replaced_by = tuple(sorted({_dotted(path) for path in change.get("replace_paths", [])}))
    if action == "replace":
        # Whatever Azure gives a new resource is new: only what somebody changed, or what it is replaced for, is told.
        fields = tuple(name for name in fields if not _is_unknown(change, name) or name in replaced_by)
    values = tuple(_values(change, fields))
    return Change(action, resource["address"], resource["type"], fields, replaced_by, values)


def _changed(change: Mapping[str, Any]) -> Iterator[str]:
    before, after = change.get("before") or {}, change.get("after") or {}
    unknown = change.get("after_unknown") or {}
    for name in {*before, *after, *unknown}:
        if name != "id" and (before.get(name) != after.get(name) or unknown.get(name) is True):
            yield name


def _values(change: Mapping[str, Any], fields: tuple[str, ...]) -> Iterator[FieldChange]:
    """Values of the changed fields that can be shown: short and plain, not sensitive, and not named like a secret."""
    before, after = change.get("before") or {}, change.get("after") or {}
    for name in fields:
        if _is_sensitive(change, name):
            continue
        old, new = before.get(name), after.get(name)
        if name == "tags" and isinstance(old or {}, dict) and isinstance(new or {}, dict):
            for tag in sorted({*(old or {}), *(new or {})}):
                was, will = (old or {}).get(tag), (new or {}).get(tag)
                if was != will and not _MAY_BE_SECRET.search(tag.lower()):
                    yield FieldChange(f"tags.{tag}", _shown(was), _shown(will))
        elif _is_unknown(change, name):
            if _is_plain(old):
                yield FieldChange(name, _shown(old), "(known after apply)")
        elif _is_plain(old) and _is_plain(new):
            yield FieldChange(name, _shown(old), _shown(new))


def _is_unknown(change: Mapping[str, Any], name: str) -> bool:
    return (change.get("after_unknown") or {}).get(name) is True


def _is_sensitive(change: Mapping[str, Any], name: str) -> bool:
    for key in ("before_sensitive", "after_sensitive"):
        marks = change.get(key)
        if marks is True or (isinstance(marks, Mapping) and marks.get(name)):
            return True
    return bool(_MAY_BE_SECRET.search(name.lower()))


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, (str, bool, int, float))


def _shown(value: Any) -> str | None:
    if value is None:
        return None
    text = " ".join(str(value).lower().split()) if isinstance(value, bool) else " ".join(str(value).split())
    return text if len(text) <= _SHOWN_LENGTH else f"{text[: _SHOWN_LENGTH - 1]}…"


def _or_nothing(value: str | None) -> str:
    return "(none)" if value is None or not value else value


def _dotted(path: list[Any]) -> str:
    return ".".join(str(part) for part in path)
