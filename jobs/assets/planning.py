"""What would an apply change? The declaration compared with the workspace, asset by asset. Writes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from ezazml.errors import ConfigurationError, InputError, Problem
from jobs.assets.asset import VERSIONED, Asset, Key, Kind
from jobs.assets.changes import Action, Change
from jobs.assets.declaration import Declaration
from jobs.assets.dependencies import references_in
from jobs.assets.kinds.base import Snapshot
from jobs.assets.kinds.registry import HANDLERS, READ_WITH
from jobs.assets.tags import PROJECT_TAG
from jobs.assets.traffic import SHARES
from jobs.assets.workspace import Workspace
from jobs.azure_errors import readable_errors
from jobs.tags import HASH_TAG


@dataclass(frozen=True)
class Plan:
    """Every asset and what would happen to it, in the order of an apply."""

    changes: tuple[Change, ...] = field(default_factory=tuple)

    @property
    def is_empty(self) -> bool:
        """Whether an apply would write nothing."""
        return not any(change.writes for change in self.changes)

    def counts(self) -> dict[str, int]:
        """How many assets there are of each action."""
        counted = Counter(change.action.value for change in self.changes)
        return {action.value: counted.get(action.value, 0) for action in Action}

    def headline(self) -> str:
        """The counts in words."""
        parts = [f"{count} {name}" for name, count in self.counts().items() if count]
        return ", ".join(parts) or "nothing is declared"

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {"counts": self.counts(), "changes": [change_as_json(change) for change in self.changes]}


def change_as_json(change: Change) -> dict[str, Any]:
    """One change, for programs."""
    return {
        "kind": change.key.kind.value,
        "name": change.key.name,
        "action": change.action.value,
        "version": change.version,
        "differences": [
            {"field": difference.field, "old": difference.old, "new": difference.new}
            for difference in change.differences
        ],
        "source": change.asset.definition.label if change.asset else None,
        "note": change.note or None,
    }


def make_plan(
    declaration: Declaration,
    workspace: Workspace,
    *,
    orphans: bool = True,
    prune: bool = False,
    only: str | None = None,
    workers: int = 16,
) -> Plan:
    """Compare the declaration with the workspace; ``only`` one kind or one name.

    ``orphans`` looks for what is declared no more: that reads everything in the workspace. ``prune`` archives them.

    Raises :class:`ConfigurationError` for what is declared and cannot be, :class:`AzureError` when Azure refuses.
    """
    selected = _selected(declaration, only)
    with readable_errors("Reading the workspace"):
        orphans = (orphans or prune) and only is None
        snapshots = _read(declaration, workspace, workers, others=orphans)
        problems = [
            *_unknown_datastores(selected, declaration, snapshots),
            *_unknown_endpoints(selected, declaration, snapshots),
            *_unknown_deployments(selected, declaration, snapshots),
        ]
        changes: list[Change] = []
        with ThreadPoolExecutor(workers) as pool:
            for outcome in pool.map(lambda asset: _compare(asset, workspace, snapshots), selected):
                if isinstance(outcome, Problem):
                    problems.append(outcome)
                else:
                    changes.append(outcome)
    if problems:
        raise ConfigurationError(problems)
    if orphans:
        changes.extend(_orphans(snapshots, workspace, prune=prune))
    return Plan(tuple(changes))


def _selected(declaration: Declaration, only: str | None) -> list[Asset]:
    if only is None:
        return list(declaration.assets)
    kinds = {kind.value for kind in Kind} | {f"{kind.value}s" for kind in Kind}
    selected = [
        asset
        for asset in declaration.assets
        if only in {asset.key.kind.value, f"{asset.key.kind.value}s", asset.key.name, *asset.key.name.split("/")[:1]}
    ]
    if not selected and only not in kinds:
        names = ", ".join(sorted({asset.key.name for asset in declaration.assets})) or "nothing"
        raise InputError(f"--only {only}: no such kind or name.", hint=f"Declared: {names}.")
    return selected


def _read(declaration: Declaration, workspace: Workspace, workers: int, *, others: bool) -> Mapping[Kind, Snapshot]:
    """Every kind at once. A pool of its own for the kinds: they wait for what they give to the other."""
    declared: dict[Kind, list[Asset]] = {kind: [] for kind in HANDLERS}
    for asset in declaration.assets:
        declared[asset.key.kind].append(asset)
    with ThreadPoolExecutor(len(HANDLERS)) as kinds, ThreadPoolExecutor(workers) as calls:
        found = kinds.map(lambda kind: HANDLERS[kind].read(workspace, declared[kind], calls, others=others), HANDLERS)
        return dict(zip(HANDLERS, found, strict=True))


def _compare(asset: Asset, workspace: Workspace, snapshots: Mapping[Kind, Snapshot]) -> Change | Problem:
    kind = asset.key.kind
    return HANDLERS[kind].compare(workspace, asset, snapshots[READ_WITH.get(kind, kind)])


def _orphans(snapshots: Mapping[Kind, Snapshot], workspace: Workspace, *, prune: bool) -> list[Change]:
    """What this project registered and declares no more."""
    found: list[Change] = []
    for kind, snapshot in snapshots.items():
        for name, remote in sorted(snapshot.others.items()):
            if remote.tags.get(PROJECT_TAG) != workspace.project or HASH_TAG not in remote.tags:
                continue
            archives = prune and HANDLERS[kind].archives
            note = "" if HANDLERS[kind].archives else "Azure cannot archive it; delete it by hand if it is not needed"
            found.append(
                Change(Key(kind, name), Action.ARCHIVE if archives else Action.ORPHAN, None, remote.version, note=note)
            )
    return found


def _unknown_datastores(
    assets: list[Asset], declaration: Declaration, snapshots: Mapping[Kind, Snapshot]
) -> list[Problem]:
    """References to datastores that are neither declared nor there: Azure would take them, and fail later."""
    declared = {asset.key.name for asset in declaration.assets if asset.key.kind is Kind.DATASTORE}
    known = declared | snapshots[Kind.DATASTORE].names
    problems = []
    for asset in assets:
        if asset.key.kind not in VERSIONED:
            continue
        for reference in references_in(asset.definition):
            if Kind.DATASTORE in reference.kinds and reference.name not in known:
                place = ("datastore",) if asset.data.get("datastore") else ("path",)
                problems.append(
                    asset.definition.problem(
                        place,
                        f"datastore {reference.name!r} is neither declared nor in the workspace.",
                        f"Known: {', '.join(sorted(known)) or 'none'}.",
                    )
                )
    return problems


def _unknown_endpoints(
    assets: list[Asset], declaration: Declaration, snapshots: Mapping[Kind, Snapshot]
) -> Iterator[Problem]:
    """Deployments whose endpoint is neither declared nor there."""
    endpoints = {Kind.ONLINE_DEPLOYMENT: Kind.ONLINE_ENDPOINT, Kind.BATCH_DEPLOYMENT: Kind.BATCH_ENDPOINT}
    for asset in assets:
        kind = endpoints.get(asset.key.kind)
        if kind is None:
            continue
        key = Key(kind, str(asset.data["endpoint_name"]))
        if key not in declaration and key.name not in snapshots[kind].names:
            yield asset.definition.problem(
                ("endpoint_name",),
                f"{key} is neither declared nor in the workspace.",
                "Declare it, or correct the name.",
            )


def _unknown_deployments(
    assets: list[Asset], declaration: Declaration, snapshots: Mapping[Kind, Snapshot]
) -> Iterator[Problem]:
    """Who shall answer, but is neither declared nor there: Azure would refuse it when all the rest is done."""
    for asset in assets:
        name = asset.key.name
        if asset.key.kind is Kind.TRAFFIC:
            kind, endpoints = Kind.ONLINE_DEPLOYMENT, snapshots[Kind.ONLINE_ENDPOINT].names
            wanted = [(field, one) for field in SHARES for one, share in asset.data.get(field, {}).items() if share]
        elif asset.key.kind is Kind.DEFAULT_DEPLOYMENT:
            kind, endpoints = Kind.BATCH_DEPLOYMENT, snapshots[Kind.BATCH_ENDPOINT].names
            wanted = [("defaults", one) for one in [asset.data["defaults"].get("deployment_name")] if one]
        else:
            continue
        there = snapshots[kind].names
        # Of an endpoint without a declared deployment, those that it has were not read.
        are_known = name not in endpoints or any(other.startswith(f"{name}/") for other in there)
        for place, one in wanted:
            key = Key(kind, f"{name}/{one}")
            if are_known and key not in declaration and key.name not in there:
                yield asset.definition.problem(
                    (place, one) if kind is Kind.ONLINE_DEPLOYMENT else (place, "deployment_name"),
                    f"{key} is neither declared nor in the workspace.",
                    "Declare it, or correct the name.",
                )
