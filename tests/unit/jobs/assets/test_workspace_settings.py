"""Where the storage takes no keys, the workspace is told to use identities, before anything is uploaded."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from jobs.assets.changes import Action, Change
from jobs.assets.kinds.base import Snapshot
from jobs.assets.kinds.workspaces import Workspaces
from jobs.assets.workspace import Workspace
from tests.unit.jobs.assets.conftest import Project

WITHOUT_KEYS = "location: westeurope\n"


def test_everything_waits_for_the_workspaces_datastores(declared: Project) -> None:
    declared.write("environments/dev.yaml", WITHOUT_KEYS)
    declared.data("titanic")
    assets = declared.assets()
    assert list(assets) == ["workspace ws", "data titanic"]
    assert assets["data titanic"].needs == {assets["workspace ws"].key}
    assert assets["workspace ws"].needs == frozenset()


@pytest.mark.parametrize(
    ("yaml", "environ"),
    [
        ("storage: {shared_access_key_enabled: true}\n", {}),
        (WITHOUT_KEYS, {"AML_WORKSPACE_NAME": "theirs"}),
    ],
)
def test_a_workspace_with_keys_or_of_somebody_else_is_left_as_it_is(
    declared: Project, yaml: str, environ: dict[str, str]
) -> None:
    declared.write("environments/dev.yaml", yaml)
    assert declared.assets(environ) == {}


@pytest.mark.parametrize(
    ("mode", "action"),
    [
        ("Identity", Action.UNCHANGED),
        ("identity", Action.UNCHANGED),
        ("accessKey", Action.UPDATE),
        (None, Action.UPDATE),
    ],
)
def test_only_another_mode_is_a_change(declared: Project, mode: str | None, action: Action) -> None:
    declared.write("environments/dev.yaml", WITHOUT_KEYS)
    asset = declared.assets()["workspace ws"]
    calls: list[str] = []

    def get(name: str) -> Any:
        calls.append(name)
        return SimpleNamespace(system_datastores_auth_mode=mode)

    workspace = cast(Workspace, SimpleNamespace(ml=SimpleNamespace(workspaces=SimpleNamespace(get=get))))
    snapshot = Workspaces().read(workspace, [asset], cast(Any, None), others=True)
    change = Workspaces().compare(workspace, asset, snapshot)
    assert isinstance(change, Change)
    assert change.action is action
    assert calls == ["ws"]


def test_nothing_is_asked_where_nothing_is_declared() -> None:
    assert Workspaces().read(cast(Workspace, None), [], cast(Any, None), others=True) == Snapshot()
