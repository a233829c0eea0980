"""How is a datastore kept? Under its name, changed in place; its secrets are read when they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor

from ezazml.errors import Problem
from jobs.assets.asset import Asset, Kind
from jobs.assets.changes import Action, Change, Difference
from jobs.assets.kinds.base import Snapshot, as_remote, compared
from jobs.assets.loading import load_entity
from jobs.assets.retries import with_retries
from jobs.assets.secret_values import SECRET_FIELDS, is_secret_reference
from jobs.assets.tags import tags_of
from jobs.assets.workspace import OnBytes, Workspace

#: What Azure calls the secrets, where it is not what the files call them.
_AS_SENT = {"account_key": "key"}


class Datastores:
    """Handles datastores."""

    kind = Kind.DATASTORE
    archives = False

    def read(self, workspace: Workspace, declared: Sequence[Asset], pool: Executor, *, others: bool) -> Snapshot:  # noqa: ARG002
        """One listing has them all."""
        names = {asset.key.name for asset in declared}
        listed = [as_remote(one) for one in with_retries(lambda _attempt: list(workspace.ml.datastores.list()))]
        return Snapshot(
            {remote.name: remote for remote in listed if remote.name in names},
            {remote.name: remote for remote in listed if remote.name not in names},
            frozenset(remote.name for remote in listed),
        )

    def compare(self, workspace: Workspace, asset: Asset, snapshot: Snapshot) -> Change | Problem:
        """Create, update or nothing; a secret that was renewed counts as a difference."""
        change = compared(asset, snapshot.declared.get(asset.key.name))
        if change.action is not Action.UNCHANGED or not (renewed := _renewed(workspace, asset)):
            return change
        return Change(asset.key, Action.UPDATE, asset, differences=(renewed,), remote=change.remote)

    def write(self, workspace: Workspace, change: Change, on_bytes: OnBytes | None) -> str:  # noqa: ARG002
        """Put the datastore, with its secret if it has one."""
        asset = change.asset
        assert asset is not None
        entity = load_entity(asset.definition)
        entity.tags = tags_of(asset, workspace.project, change.remote.tags if change.remote else None)
        for name, reference in _secrets(asset).items():
            setattr(entity.credentials, name, workspace.secret(reference))
        with_retries(lambda _attempt: workspace.ml.datastores.create_or_update(entity))
        return ""

    def archive(self, workspace: Workspace, name: str) -> None:
        """Azure cannot archive a datastore."""
        raise NotImplementedError


def _secrets(asset: Asset) -> dict[str, str]:
    credentials = asset.data.get("credentials") or {}
    return {name: value for name, value in credentials.items() if name in SECRET_FIELDS and is_secret_reference(value)}


def _renewed(workspace: Workspace, asset: Asset) -> Difference | None:
    """The secret that Azure has is another one. Neither is ever shown."""
    wanted = _secrets(asset)
    if not wanted:
        return None
    # `get(include_secrets=True)` gives a short-lived signature instead of an account key.
    there = with_retries(lambda _attempt: workspace.ml.datastores._list_secrets(asset.key.name))
    for name, reference in wanted.items():
        if getattr(there, _AS_SENT.get(name, name), None) != workspace.secret(reference):
            return Difference(f"credentials.{name}", "(secret)", "(another secret)")
    return None
