"""What would an apply do to an asset, and why? The vocabulary of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from jobs.assets.asset import Asset, Key


class Action(StrEnum):
    """What happens to one asset."""

    CREATE = "create"
    UPDATE = "update"
    NEW_VERSION = "new version"
    UNCHANGED = "unchanged"
    ORPHAN = "orphan"
    ARCHIVE = "archive"


#: Actions that write to Azure.
WRITING = frozenset({Action.CREATE, Action.UPDATE, Action.NEW_VERSION, Action.ARCHIVE})


@dataclass(frozen=True)
class Difference:
    """One field that differs. Secrets never stand here."""

    field: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.field}: {self.old} -> {self.new}" if self.old or self.new else f"{self.field} changed"


@dataclass(frozen=True)
class Remote:
    """An asset as the workspace has it: what it says in the words of a declaration, and the SDK's object."""

    name: str
    tags: Mapping[str, str]
    data: Mapping[str, Any]
    entity: Any
    version: str | None = None


@dataclass(frozen=True)
class Change:
    """One line of a plan. ``asset`` is ``None`` for what is not declared (an orphan)."""

    key: Key
    action: Action
    asset: Asset | None = None
    version: str | None = None
    differences: tuple[Difference, ...] = ()
    note: str = ""
    remote: Remote | None = field(default=None, compare=False, repr=False)

    @property
    def writes(self) -> bool:
        """Whether an apply has something to do."""
        return self.action in WRITING
