"""How is a schedule kept? Under its name, changed in place; disabled instead of archived."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any

from ezazml.errors import Problem
from jobs.assets.asset import Asset, Kind
from jobs.assets.changes import Action, Change, Difference, Remote
from jobs.assets.kinds.base import Snapshot, as_remote, compared
from jobs.assets.loading import load_entity
from jobs.assets.retries import with_retries
from jobs.assets.tags import PRUNED_TAG, tags_of
from jobs.assets.workspace import OnBytes, Workspace

#: Value of the SDK's ScheduleListViewType, which it exports nowhere.
_EVERY: Any = "All"


class Schedules:
    """Handles schedules of jobs and monitors."""

    kind = Kind.SCHEDULE
    archives = True

    def read(self, workspace: Workspace, declared: Sequence[Asset], pool: Executor, *, others: bool) -> Snapshot:  # noqa: ARG002
        """One listing has them all. What is disabled counts as archived, unless it is declared."""

        names = {asset.key.name for asset in declared}
        listed = with_retries(lambda _attempt: list(workspace.ml.schedules.list(list_view_type=_EVERY)))
        remotes = [as_remote(one) for one in listed]
        return Snapshot(
            {remote.name: remote for remote in remotes if remote.name in names},
            {remote.name: remote for remote in remotes if remote.name not in names and remote.entity.is_enabled},
            frozenset(remote.name for remote in remotes),
        )

    def compare(self, workspace: Workspace, asset: Asset, snapshot: Snapshot) -> Change | Problem:  # noqa: ARG002
        """Create, update or nothing. What a prune disabled is enabled; what somebody did by hand stays disabled."""
        remote = snapshot.declared.get(asset.key.name)
        change = compared(asset, remote)
        if remote is None or not _is_pruned(remote):
            return change
        back = Difference("enabled", "no, since it was pruned", "yes")
        return replace(change, action=Action.UPDATE, differences=(*change.differences, back))

    def write(self, workspace: Workspace, change: Change, on_bytes: OnBytes | None) -> str:  # noqa: ARG002
        """Put the schedule and wait until Azure has taken it."""
        asset = change.asset
        assert asset is not None

        def put(_attempt: int) -> None:
            entity = load_entity(asset.definition)
            entity.tags = tags_of(asset, workspace.project, change.remote.tags if change.remote else None)
            if change.remote is not None and not change.remote.entity.is_enabled and not _is_pruned(change.remote):
                entity._is_enabled = False
            with workspace.sending(asset):
                poller = workspace.ml.schedules.begin_create_or_update(entity)
            poller.result()

        with_retries(put)
        return ""

    def archive(self, workspace: Workspace, name: str) -> None:
        """Disable it: Azure can delete a schedule only after that, which we leave to people."""

        def put(_attempt: int) -> None:
            operations = workspace.ml.schedules
            entity = operations.get(name)
            entity._is_enabled = False
            entity.tags = {**(entity.tags or {}), PRUNED_TAG: "true"}
            operations.begin_create_or_update(entity).result()

        with_retries(put)


def _is_pruned(remote: Remote) -> bool:
    return PRUNED_TAG in remote.tags and not remote.entity.is_enabled
