"""Which settings of the workspace are kept here? Those that Terraform's provider does not have."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Any, cast

from ezazml.errors import Problem
from jobs.assets.asset import Asset, Kind
from jobs.assets.changes import Action, Change, Difference, Remote
from jobs.assets.kinds.base import Snapshot
from jobs.assets.retries import with_retries
from jobs.assets.workspace import OnBytes, Workspace
from jobs.assets.workspace_settings import AUTH_MODE


class Workspaces:
    """Handles how the workspace's own datastores log in."""

    kind = Kind.WORKSPACE
    archives = False

    def read(self, workspace: Workspace, declared: Sequence[Asset], pool: Executor, *, others: bool) -> Snapshot:  # noqa: ARG002
        """The workspace itself, if anything is declared about it."""
        names = [asset.key.name for asset in declared]
        remotes = {name: _remote(workspace, name) for name in names}
        return Snapshot(remotes, names=frozenset(names))

    def compare(self, workspace: Workspace, asset: Asset, snapshot: Snapshot) -> Change | Problem:  # noqa: ARG002
        """Update or nothing."""
        remote = snapshot.declared[asset.key.name]
        wanted, found = str(asset.data[AUTH_MODE]), str(remote.data[AUTH_MODE] or "accessKey")
        if found.lower() == wanted:
            return Change(asset.key, Action.UNCHANGED, asset, remote=remote)
        return Change(
            asset.key, Action.UPDATE, asset, differences=(Difference(AUTH_MODE, found, wanted),), remote=remote
        )

    def write(self, workspace: Workspace, change: Change, on_bytes: OnBytes | None) -> str:  # noqa: ARG002
        """Change this setting and no other."""
        from azure.ai.ml.entities import Workspace as Entity  # noqa: PLC0415 - takes 0.8 s

        assert change.asset is not None
        mode = change.asset.data[AUTH_MODE]
        entity = Entity(name=change.key.name, system_datastores_auth_mode=mode)
        # Left out of the request: its empty tags would replace those that Terraform keeps.
        cast(Any, entity).tags = None
        with_retries(lambda _attempt: workspace.ml.workspaces.begin_update(entity).result())
        return ""

    def archive(self, workspace: Workspace, name: str) -> None:
        """Terraform's business."""
        raise NotImplementedError


def _remote(workspace: Workspace, name: str) -> Remote:
    found: Any = with_retries(lambda _attempt: workspace.ml.workspaces.get(name))
    return Remote(name, {}, {AUTH_MODE: found.system_datastores_auth_mode}, found)
