"""How is a deployment kept? Under its name below its endpoint, changed in place."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor

from ezazml.errors import Problem
from jobs.assets.asset import Asset, Kind
from jobs.assets.changes import Change, Remote
from jobs.assets.kinds.base import Snapshot, as_remote, compared, in_parallel
from jobs.assets.loading import load_entity
from jobs.assets.retries import with_retries
from jobs.assets.tags import tags_of
from jobs.assets.workspace import OnBytes, Workspace


class Deployments:
    """Handles online or batch deployments."""

    archives = False

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self._operations_name = "online_deployments" if kind is Kind.ONLINE_DEPLOYMENT else "batch_deployments"

    def read(self, workspace: Workspace, declared: Sequence[Asset], pool: Executor, *, others: bool) -> Snapshot:  # noqa: ARG002
        """One listing for each endpoint that the declaration has deployments for."""
        names = {asset.key.name for asset in declared}
        endpoints = sorted({name.split("/")[0] for name in names})
        listed = [
            remote
            for remotes in in_parallel(pool, lambda endpoint: self._below(workspace, endpoint), endpoints)
            for remote in remotes
        ]
        return Snapshot(
            {remote.name: remote for remote in listed if remote.name in names},
            {remote.name: remote for remote in listed if remote.name not in names},
            frozenset(remote.name for remote in listed),
        )

    def compare(self, workspace: Workspace, asset: Asset, snapshot: Snapshot) -> Change | Problem:  # noqa: ARG002
        """Create, update or nothing."""
        return compared(asset, snapshot.declared.get(asset.key.name))

    def write(self, workspace: Workspace, change: Change, on_bytes: OnBytes | None) -> str:  # noqa: ARG002
        """Put the deployment and wait until it serves."""
        asset = change.asset
        assert asset is not None
        operations = getattr(workspace.ml, self._operations_name)

        def put(_attempt: int) -> None:
            entity = load_entity(asset.definition)
            entity.tags = tags_of(asset, workspace.project, change.remote.tags if change.remote else None)
            with workspace.sending(asset):
                poller = operations.begin_create_or_update(entity)
            poller.result()

        with_retries(put)
        return ""

    def archive(self, workspace: Workspace, name: str) -> None:
        """Azure cannot archive a deployment."""
        raise NotImplementedError

    def _below(self, workspace: Workspace, endpoint: str) -> list[Remote]:
        from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415

        operations = getattr(workspace.ml, self._operations_name)
        try:
            return [as_remote(one, name=f"{endpoint}/{one.name}") for one in operations.list(endpoint_name=endpoint)]
        except ResourceNotFoundError:
            return []  # the endpoint itself is still to be made
