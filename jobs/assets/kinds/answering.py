"""How is it kept who answers in an endpoint? As shares of its traffic, or as its default deployment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

from ezazml.errors import Problem
from jobs.assets.asset import Asset, Kind
from jobs.assets.changes import Action, Change, Difference
from jobs.assets.kinds.base import Snapshot
from jobs.assets.retries import with_retries
from jobs.assets.traffic import merged
from jobs.assets.workspace import OnBytes, Workspace


class Traffic:
    """Handles the shares of traffic in an online endpoint."""

    kind = Kind.TRAFFIC
    archives = False

    def read(self, workspace: Workspace, declared: Sequence[Asset], pool: Executor, *, others: bool) -> Snapshot:  # noqa: ARG002
        """Nothing of its own: the endpoint says it."""
        return Snapshot()

    def compare(self, workspace: Workspace, asset: Asset, snapshot: Snapshot) -> Change | Problem:  # noqa: ARG002
        """The declared shares against those of the endpoint (``snapshot`` is that of the endpoints)."""
        remote = snapshot.declared.get(asset.key.name)
        present = remote.entity.traffic if remote else {}
        total = sum(merged(present, asset.data.get("traffic", {})).values())
        if asset.data.get("traffic") and total not in {0, 100}:
            others = {name: share for name, share in (present or {}).items() if name not in asset.data["traffic"]}
            return asset.definition.problem(
                ("traffic",),
                f"the traffic of {asset.key.name} would be {total} %"
                + (f" together with {_shown(others)}, which the endpoint has." if others else "."),
                "Declare shares that make 100, also for the deployments that shall get less.",
            )
        found = [
            difference
            for field in ("traffic", "mirror_traffic")
            for difference in _differences(field, getattr(remote.entity, field, {}) if remote else {}, asset.data)
        ]
        action = Action.UNCHANGED if not found else Action.UPDATE if remote and present else Action.CREATE
        return Change(asset.key, action, asset, differences=tuple(found), remote=remote)

    def write(self, workspace: Workspace, change: Change, on_bytes: OnBytes | None) -> str:  # noqa: ARG002
        """Read the endpoint as it is now, lay the declared shares over its own, and put it back."""
        asset = change.asset
        assert asset is not None

        def put(_attempt: int) -> None:
            operations = workspace.ml.online_endpoints
            endpoint = operations.get(asset.key.name)
            endpoint.traffic = merged(endpoint.traffic, asset.data.get("traffic", {}))
            if "mirror_traffic" in asset.data:
                endpoint.mirror_traffic = merged(endpoint.mirror_traffic, asset.data["mirror_traffic"])
            operations.begin_create_or_update(endpoint).result()

        with_retries(put)
        return ""

    def archive(self, workspace: Workspace, name: str) -> None:
        """There is nothing to archive."""
        raise NotImplementedError


class DefaultDeployment:
    """Handles which deployment of a batch endpoint answers if a caller names none."""

    kind = Kind.DEFAULT_DEPLOYMENT
    archives = False

    def read(self, workspace: Workspace, declared: Sequence[Asset], pool: Executor, *, others: bool) -> Snapshot:  # noqa: ARG002
        """Nothing of its own: the endpoint says it."""
        return Snapshot()

    def compare(self, workspace: Workspace, asset: Asset, snapshot: Snapshot) -> Change | Problem:  # noqa: ARG002
        """The declared deployment against that of the endpoint (``snapshot`` is that of the endpoints)."""
        remote = snapshot.declared.get(asset.key.name)
        old, new = _default(remote.entity.defaults if remote else None), _default(asset.data["defaults"])
        if old == new:
            return Change(asset.key, Action.UNCHANGED, asset, remote=remote)
        action = Action.UPDATE if old else Action.CREATE
        difference = Difference("defaults.deployment_name", old or "(none)", new or "(none)")
        return Change(asset.key, action, asset, differences=(difference,), remote=remote)

    def write(self, workspace: Workspace, change: Change, on_bytes: OnBytes | None) -> str:  # noqa: ARG002
        """Put the endpoint as it is, with another default."""
        asset = change.asset
        assert asset is not None

        def put(_attempt: int) -> None:
            operations = workspace.ml.batch_endpoints
            endpoint = operations.get(asset.key.name)
            endpoint.defaults = dict(asset.data["defaults"])
            operations.begin_create_or_update(endpoint).result()

        with_retries(put)
        return ""

    def archive(self, workspace: Workspace, name: str) -> None:
        """There is nothing to archive."""
        raise NotImplementedError


def _differences(field: str, present: Mapping[str, Any] | None, data: Mapping[str, Any]) -> list[Difference]:
    shares = {name: int(share) for name, share in (present or {}).items()}
    return [
        Difference(f"{field}.{name}", str(shares.get(name, 0)), str(share))
        for name, share in data.get(field, {}).items()
        if shares.get(name, 0) != int(share)
    ]


def _default(defaults: Any) -> str:
    if defaults is None:
        return ""
    # Declared it is a dictionary; from the service an object, which can be read as a dictionary of other names.
    value = defaults.get("deployment_name") if isinstance(defaults, dict) else defaults.deployment_name
    return str(value or "")


def _shown(shares: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {share}" for name, share in shares.items())
