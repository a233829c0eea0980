"""What counts as an orphan: only what this project registered for this environment."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from jobs.assets.asset import Kind
from jobs.assets.changes import Remote
from jobs.assets.kinds.base import Snapshot
from jobs.assets.planning import _orphans
from jobs.assets.tags import ENVIRONMENT_TAG, PROJECT_TAG
from jobs.tags import HASH_TAG

OURS = {HASH_TAG: "x", PROJECT_TAG: "tests", ENVIRONMENT_TAG: "dev"}


def test_another_environment_in_the_same_workspace_keeps_its_assets() -> None:
    tags = {
        "ours": OURS,
        "of-uat": {**OURS, ENVIRONMENT_TAG: "uat"},
        "of-others": {**OURS, PROJECT_TAG: "other"},
        "of-nobody": {name: value for name, value in OURS.items() if name != ENVIRONMENT_TAG},
        "by-hand": {name: value for name, value in OURS.items() if name != HASH_TAG},
    }
    others = {name: Remote(name, of, {}, None) for name, of in tags.items()}
    workspace = cast(Any, SimpleNamespace(project="tests", environment="dev"))
    found = _orphans({Kind.DATA: Snapshot(others=others)}, workspace, prune=True)
    assert [change.key.name for change in found] == ["ours"]
