"""How is an endpoint kept? Under its name, changed in place, without touching who answers in it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any

from ezazml.errors import Problem
from jobs.assets.asset import Asset, Kind
from jobs.assets.changes import Action, Change, Difference
from jobs.assets.kinds.base import Snapshot, as_remote, compared
from jobs.assets.loading import load_entity
from jobs.assets.retries import with_retries
from jobs.assets.tags import tags_of
from jobs.assets.traffic import SHARES
from jobs.assets.workspace import OnBytes, Workspace


class Endpoints:
    """Handles online or batch endpoints."""

    archives = False

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self._operations_name = "online_endpoints" if kind is Kind.ONLINE_ENDPOINT else "batch_endpoints"

    def read(self, workspace: Workspace, declared: Sequence[Asset], pool: Executor, *, others: bool) -> Snapshot:  # noqa: ARG002
        """One listing has them all."""
        names = {asset.key.name for asset in declared}
        operations = getattr(workspace.ml, self._operations_name)
        listed = [as_remote(one) for one in with_retries(lambda _attempt: list(operations.list()))]
        return Snapshot(
            {remote.name: remote for remote in listed if remote.name in names},
            {remote.name: remote for remote in listed if remote.name not in names},
            frozenset(remote.name for remote in listed),
        )

    def compare(self, workspace: Workspace, asset: Asset, snapshot: Snapshot) -> Change | Problem:
        """Create, update or nothing; where an online endpoint sends its logs is a part of it."""
        change = compared(asset, snapshot.declared.get(asset.key.name))
        if self.kind is not Kind.ONLINE_ENDPOINT or change.remote is None:
            return change
        sent = workspace.signals.difference(asset.key.name)
        if sent is None:
            return change
        found = (*change.differences, Difference("diagnostic setting", *sent))
        return replace(change, action=Action.UPDATE, differences=found)

    def write(self, workspace: Workspace, change: Change, on_bytes: OnBytes | None) -> str:  # noqa: ARG002
        """Put the endpoint. What an update leaves out Azure sets to nothing, so who answers is sent along."""
        asset = change.asset
        assert asset is not None
        operations = getattr(workspace.ml, self._operations_name)

        def put(_attempt: int) -> None:
            entity = load_entity(asset.definition)
            present = _present(operations, asset.key.name)
            entity.tags = tags_of(asset, workspace.project, workspace.environment, present.tags if present else None)
            _keep_answering(entity, present)
            operations.begin_create_or_update(entity).result()

        with_retries(put)
        if self.kind is Kind.ONLINE_ENDPOINT:
            workspace.warn(asset.key, workspace.signals.settle(asset.key.name))
        return ""

    def archive(self, workspace: Workspace, name: str) -> None:
        """Azure cannot archive an endpoint."""
        raise NotImplementedError


def _present(operations: Any, name: str) -> Any:
    """The endpoint as it is now, not as it was planned: somebody may have moved the traffic since; or ``None``."""
    from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415

    try:
        return operations.get(name)
    except ResourceNotFoundError:
        return None


def _keep_answering(entity: Any, present: Any) -> None:
    for field in (*SHARES, "defaults"):
        share = getattr(present, field, None)
        if share and hasattr(entity, field):
            setattr(entity, field, share)
