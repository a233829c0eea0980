"""What must be known to handle one kind of asset? Reading it, comparing it, writing it, archiving it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from ezazml.errors import Problem
from jobs.assets.asset import Asset, Kind
from jobs.assets.changes import Action, Change, Difference, Remote
from jobs.assets.compare import differences
from jobs.assets.retries import with_retries
from jobs.assets.tags import CONTENT_TAG
from jobs.assets.workspace import OnBytes, Workspace
from jobs.tags import HASH_TAG

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Snapshot:
    """What the workspace has of one kind: of what is declared, and of the rest (``others``).

    ``archived`` are names that exist but are archived. ``names`` are all active names.
    """

    declared: Mapping[str, Remote] = field(default_factory=dict)
    others: Mapping[str, Remote] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    archived: frozenset[str] = frozenset()


class Handler(Protocol):
    """One kind of asset. Every method may run in any thread and repeats what passes by itself."""

    kind: Kind
    #: How Azure takes such an asset out of sight; ``None`` if it can only be deleted, which we never do.
    archives: bool

    def read(self, workspace: Workspace, declared: Sequence[Asset], pool: Executor, *, others: bool) -> Snapshot:
        """What the workspace has, in as few calls as possible. Without ``others`` only what is declared."""

    def compare(self, workspace: Workspace, asset: Asset, snapshot: Snapshot) -> Change | Problem:
        """What an apply would do, or why it cannot."""

    def write(self, workspace: Workspace, change: Change, on_bytes: OnBytes | None) -> str:
        """Make it so; returns the version, or nothing for kinds without."""

    def archive(self, workspace: Workspace, name: str) -> None:
        """Take it out of sight."""


def in_parallel(pool: Executor, function: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """The function's result for every item, with retries, in the pool."""
    return list(pool.map(lambda item: with_retries(lambda _attempt: function(item)), items))


def as_remote(entity: Any, *, name: str | None = None, version: str | None = None) -> Remote:
    """An SDK object in the words of a declaration."""
    try:
        data = entity._to_dict()
    except Exception:
        # Some objects cannot be written as YAML once they came from the service; the hash then decides alone.
        data = {key: getattr(entity, key, None) for key in ("description", "tags")}
    return Remote(name or str(entity.name), dict(entity.tags or {}), data, entity, version)


def compared(asset: Asset, remote: Remote | None) -> Change:
    """The change of an asset that has no versions: create, update or nothing."""
    if remote is None:
        return Change(asset.key, Action.CREATE, asset)
    found = changed_by_hash(asset, remote, differences(asset.data, remote.data))
    return Change(asset.key, Action.UPDATE if found else Action.UNCHANGED, asset, differences=found, remote=remote)


def changed_by_hash(asset: Asset, remote: Remote, fields: tuple[Difference, ...]) -> tuple[Difference, ...]:
    """The fields that differ, and what the tags say has changed besides: the files, or what no field shows."""
    if remote.tags.get(HASH_TAG) == asset.fingerprint:
        return fields
    if HASH_TAG not in remote.tags:
        return (*fields, Difference("definition", "not registered by ezazml", "as declared"))
    if asset.content and remote.tags.get(CONTENT_TAG) != asset.content:
        return (*fields, Difference("files", "", ""))
    return fields or (Difference("definition", "", ""),)
