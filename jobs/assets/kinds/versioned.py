"""How is a data asset, environment, component or model kept? As versions that never change.

The newest version's hash tells whether it is what is declared. If not, the next version is made, under an explicit
number, so that repeating a write whose answer was lost cannot make a second one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import yaml

from ezazml.errors import EzazmlError, Problem
from jobs.assets.asset import Asset, Kind
from jobs.assets.changes import Action, Change, Remote
from jobs.assets.compare import differences
from jobs.assets.kinds.base import Snapshot, as_remote, changed_by_hash, in_parallel
from jobs.assets.loading import load_entity
from jobs.assets.local_files import is_remote
from jobs.assets.retries import with_retries
from jobs.assets.tags import tags_of
from jobs.assets.workspace import OnBytes, Workspace
from jobs.tags import HASH_TAG

#: Made by the SDK and by Azure ML themselves, in every workspace.
#: ``azureml_`` begins the outputs of jobs too, of which there may be thousands.
_NOT_OURS = ("azureml_", "CliV2AnonymousEnvironment", "AzureML-")
_MOST_COLLISIONS = 20


class Versioned:
    """Handles one kind with versions. ``operations`` is the name of its operations on the SDK's client."""

    archives = True

    def __init__(self, kind: Kind, operations: str) -> None:
        self.kind = kind
        self._operations_name = operations

    def _operations(self, workspace: Workspace) -> Any:
        return getattr(workspace.ml, self._operations_name)

    # --- reading ---

    def read(self, workspace: Workspace, declared: Sequence[Asset], pool: Executor, *, others: bool) -> Snapshot:
        """One listing, one more if something is missing from it, and the newest version of what is asked for.

        The listing says nothing of versions but the newest number; the tags are at the versions.
        """
        if not declared and not others:
            return Snapshot()
        pinned = {asset.key.name: asset.version for asset in declared}
        active = self._containers(workspace, archived_too=False)
        archived: set[str] = set()
        if set(pinned) - set(active):
            archived = set(self._containers(workspace, archived_too=True)) - set(active)
        wanted = [
            (name, pinned.get(name) or latest)
            for name, latest in active.items()
            if name in pinned or (others and not name.startswith(_NOT_OURS))
        ]
        found = in_parallel(pool, lambda item: self._version(workspace, *item), [item for item in wanted if item[1]])
        remotes = {remote.name: remote for remote in found if remote is not None}
        return Snapshot(
            {name: remote for name, remote in remotes.items() if name in pinned},
            {name: remote for name, remote in remotes.items() if name not in pinned},
            frozenset(active),
            frozenset(archived),
        )

    def _containers(self, workspace: Workspace, *, archived_too: bool) -> dict[str, str | None]:
        from azure.ai.ml.constants import ListViewType  # noqa: PLC0415

        view = ListViewType.ALL if archived_too else ListViewType.ACTIVE_ONLY
        listed = with_retries(lambda _attempt: list(self._operations(workspace).list(list_view_type=view)))
        return {str(entity.name): _text(entity.latest_version) for entity in listed}

    def _version(self, workspace: Workspace, name: str, version: str | None) -> Remote | None:
        from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415

        try:
            entity = self._operations(workspace).get(name=name, version=version)
        except ResourceNotFoundError:
            return None
        return as_remote(entity, name=name, version=str(entity.version))

    def _versions(self, workspace: Workspace, name: str) -> list[str]:
        """Every version of the name, also archived ones."""
        from azure.ai.ml.constants import ListViewType  # noqa: PLC0415
        from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415

        try:
            listed = self._operations(workspace).list(name=name, list_view_type=ListViewType.ALL)
            return [str(entity.version) for entity in listed]
        except ResourceNotFoundError:
            return []

    # --- comparing ---

    def compare(self, workspace: Workspace, asset: Asset, snapshot: Snapshot) -> Change | Problem:
        """Create, new version, update of what may change in a version (description, tags), or nothing."""
        name, remote = asset.key.name, snapshot.declared.get(asset.key.name)
        if remote is None and name in snapshot.archived:
            return self._coming_back(workspace, asset)
        if remote is None:
            exists = name in snapshot.names
            version = asset.version or (self._next(workspace, name) if exists else "1")
            return Change(asset.key, Action.NEW_VERSION if exists else Action.CREATE, asset, version)
        fields = differences(asset.data, remote.data)
        if remote.tags.get(HASH_TAG) == asset.fingerprint:
            action = Action.UPDATE if fields else Action.UNCHANGED
            return Change(asset.key, action, asset, remote.version, fields, remote=remote)
        if asset.version is not None:
            return asset.definition.problem(
                ("version",),
                f"version {asset.version} of {asset.key} is in the workspace with another content, and a version "
                "cannot be changed.",
                "Raise the version, or remove the field: then the next one is taken.",
            )
        version = self._next(workspace, name)
        found = changed_by_hash(asset, remote, fields)
        return Change(asset.key, Action.NEW_VERSION, asset, version, found, remote=remote)

    def _coming_back(self, workspace: Workspace, asset: Asset) -> Change:
        """An archived name is restored; a version is made only if the newest one has another content."""
        name, note = asset.key.name, "was archived, comes back"
        following = self._next(workspace, name)
        newest = asset.version or str(int(following) - 1)
        remote = with_retries(lambda _attempt: self._version(workspace, name, newest))
        if remote is not None and remote.tags.get(HASH_TAG) == asset.fingerprint:
            return Change(asset.key, Action.CREATE, asset, newest, note=note, remote=remote)
        return Change(asset.key, Action.CREATE, asset, asset.version or following, note=note)

    def _next(self, workspace: Workspace, name: str) -> str:
        versions = with_retries(lambda _attempt: self._versions(workspace, name))
        return str(max((int(version) for version in versions if version.isdecimal()), default=0) + 1)

    # --- writing ---

    def write(self, workspace: Workspace, change: Change, on_bytes: OnBytes | None) -> str:
        """Put exactly the planned version; the following one if somebody else took it meanwhile."""
        asset = change.asset
        assert asset is not None
        assert change.version is not None
        if change.action is Action.CREATE and change.remote is not None:  # it is there, but archived
            self._restore(workspace, asset)
            return change.version
        address = self._address(workspace, change, on_bytes)
        version = change.version
        # Only the tags of a version that stays: those that people added belong to it.
        present = change.remote.tags if change.action is Action.UPDATE and change.remote else None
        for _ in range(_MOST_COLLISIONS):
            if self._put(workspace, asset, version, address, present):
                break
            if asset.version is not None:
                raise EzazmlError(f"{asset.key}: version {version} was registered by somebody else meanwhile.")
            version = self._next(workspace, asset.key.name)
        else:
            raise EzazmlError(f"{asset.key}: others register versions all the time; none was free.")
        if change.note:
            self._restore(workspace, asset)
        return version

    def _restore(self, workspace: Workspace, asset: Asset) -> None:
        with_retries(lambda _attempt: self._operations(workspace).restore(name=asset.key.name))

    def _put(
        self,
        workspace: Workspace,
        asset: Asset,
        version: str,
        address: str | None,
        present: Mapping[str, str] | None,
    ) -> bool:
        """Whether that version is ours now. A version that holds something else is left alone.

        ``present`` are the tags of a version that is ours already and shall be changed.
        """
        from azure.core.exceptions import HttpResponseError  # noqa: PLC0415

        def ours() -> bool | None:
            there = self._version(workspace, asset.key.name, version)
            return None if there is None else there.tags.get(HASH_TAG) == asset.fingerprint

        def attempt(number: int) -> bool:
            # The answer to an earlier attempt may have been lost, not the write itself.
            if number > 1 and present is None and (found := ours()) is not None:
                return found
            try:
                entity = self._entity(asset, version, address)
                entity.tags = tags_of(asset, workspace.project, present)
                with workspace.sending(asset) if address is None else nullcontext():
                    self._operations(workspace).create_or_update(entity)
            except HttpResponseError as error:
                # Azure refuses to change a version; which code it uses for that differs by kind.
                if present is None and error.status_code in {400, 409, 412} and (found := ours()) is not None:
                    return found
                raise
            return True

        return with_retries(attempt)

    def _entity(self, asset: Asset, version: str, address: str | None) -> Any:
        entity = load_entity(asset.definition)
        entity.version = version
        if address is not None:
            if asset.data.get("type") == "mltable":
                entity._referenced_uris = _paths_in_table(asset)
            entity.path = address
        return entity

    def _address(self, workspace: Workspace, change: Change, on_bytes: OnBytes | None) -> str | None:
        """Where the files of a data asset or model are, sent there if they are local. Other kinds: ``None``."""
        asset = change.asset
        assert asset is not None
        path = asset.data.get("path")
        if self.kind not in {Kind.DATA, Kind.MODEL} or path is None or is_remote(str(path)):
            return None
        return workspace.upload(_local(asset), asset.content, asset.data.get("datastore"), on_bytes)

    def archive(self, workspace: Workspace, name: str) -> None:
        """Archive every version of the name. Archiving does not delete."""
        with_retries(lambda _attempt: self._operations(workspace).archive(name=name))


def _local(asset: Asset) -> Path:
    return asset.definition.path.parent / str(asset.data["path"]).removeprefix("file:")


def _paths_in_table(asset: Asset) -> list[str] | None:
    """The paths that an MLTable names: Azure ML shows them."""
    path = _local(asset) if not is_remote(str(asset.data["path"])) else None
    if path is None:
        return None
    content = yaml.safe_load((path / "MLTable").read_text(encoding="utf-8"))
    return [str(next(iter(entry.values()))) for entry in content["paths"]]


def _text(value: Any) -> str | None:
    return str(value) if value else None
