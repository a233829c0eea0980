"""How a version is written when answers get lost and others write too."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError, ServiceResponseError

from ezazml.errors import EzazmlError, Problem
from jobs.assets.asset import Asset, Kind
from jobs.assets.changes import Action, Change
from jobs.assets.kinds.base import Snapshot, as_remote
from jobs.assets.kinds.versioned import Versioned
from jobs.tags import HASH_TAG
from tests.unit.jobs.assets.conftest import Project

REMOTE = "azureml://datastores/workspaceblobstore/paths/x.csv"


class Operations:
    """The SDK's data operations on versions in memory; Azure's rule: a version's content never changes."""

    def __init__(self) -> None:
        self.versions: dict[str, Any] = {}
        self.lose: Iterator[bool] = iter(())
        self.meanwhile: Any = None
        self.writes = 0

    def list(self, name: str, list_view_type: str) -> list[Any]:
        return list(self.versions.values())

    def get(self, name: str, version: str) -> Any:
        if version not in self.versions:
            raise ResourceNotFoundError("no such version")
        return self.versions[version]

    def create_or_update(self, entity: Any) -> None:
        self.writes += 1
        if self.meanwhile is not None:
            self.versions[entity.version], self.meanwhile = self.meanwhile, None
        there = self.versions.get(entity.version)
        if there is not None and there.tags[HASH_TAG] != entity.tags[HASH_TAG]:
            error = HttpResponseError("Asset is immutable")
            error.status_code = 409
            raise error
        self.versions[entity.version] = entity
        if next(self.lose, False):
            raise ServiceResponseError("the line dropped")


class Workspace:
    project = "tests"

    def __init__(self) -> None:
        self.ml = SimpleNamespace(data=Operations())

    def sending(self, asset: Asset) -> Any:
        import contextlib

        return contextlib.nullcontext()


def foreign(version: str = "1", **tags: str) -> Any:
    return SimpleNamespace(name="titanic", version=version, tags=tags or {HASH_TAG: "other"}, description=None)


@pytest.fixture
def workspace(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _seconds: None)
    return Workspace()


def asset(declared: Project, **fields: Any) -> Asset:
    declared.data("titanic", path=REMOTE, **fields)
    return declared.assets()["data titanic"]


def write(workspace: Any, one: Asset, version: str = "1") -> str:
    change = Change(one.key, Action.CREATE, one, version)
    return Versioned(Kind.DATA, "data").write(cast(Any, workspace), change, None)


def test_an_answer_that_was_lost_makes_no_second_version(declared: Project, workspace: Any) -> None:
    workspace.ml.data.lose = iter([True])
    assert write(workspace, asset(declared)) == "1"
    assert list(workspace.ml.data.versions) == ["1"]
    assert workspace.ml.data.writes == 1


def test_a_version_that_somebody_took_is_left_alone(declared: Project, workspace: Any) -> None:
    workspace.ml.data.meanwhile = foreign()
    assert write(workspace, asset(declared)) == "2"
    assert workspace.ml.data.versions["1"].tags == {HASH_TAG: "other"}


def test_the_same_written_by_somebody_else_is_ours_too(declared: Project, workspace: Any) -> None:
    one = asset(declared)
    workspace.ml.data.meanwhile = foreign(**{HASH_TAG: one.fingerprint})
    assert write(workspace, one) == "1"
    assert list(workspace.ml.data.versions) == ["1"]


def test_a_pinned_version_that_somebody_took_is_an_error(declared: Project, workspace: Any) -> None:
    workspace.ml.data.meanwhile = foreign("5")
    with pytest.raises(EzazmlError, match="version 5 was registered by somebody else"):
        write(workspace, asset(declared, version="'5'"), "5")


def test_a_mistake_that_azure_sees_is_not_repeated(declared: Project, workspace: Any) -> None:
    def refuse(_entity: Any) -> None:
        workspace.ml.data.writes += 1
        error = HttpResponseError("wrong")
        error.status_code = 400
        raise error

    workspace.ml.data.create_or_update = refuse
    with pytest.raises(HttpResponseError):
        write(workspace, asset(declared))
    assert workspace.ml.data.writes == 1


def test_the_next_version_is_above_the_highest_also_of_archived_ones(declared: Project, workspace: Any) -> None:
    workspace.ml.data.versions = {number: foreign(number) for number in ("2", "10", "mine")}
    handler = Versioned(Kind.DATA, "data")
    snapshot = Snapshot(archived=frozenset({"titanic"}))
    change = handler.compare(workspace, asset(declared), snapshot)
    assert isinstance(change, Change)
    assert (change.action, change.version, change.note) == (Action.CREATE, "11", "was archived, comes back")


def test_a_pinned_version_with_another_content_is_a_problem_with_its_line(declared: Project, workspace: Any) -> None:
    one = asset(declared, version="'5'")
    snapshot = Snapshot({"titanic": as_remote(foreign("5"), version="5")})
    problem = Versioned(Kind.DATA, "data").compare(workspace, one, snapshot)
    assert isinstance(problem, Problem)
    assert problem.where == "assets/data/titanic.yml:5"
    assert "Raise the version" in str(problem)


def test_what_was_archived_and_has_not_changed_gets_no_second_version(declared: Project, workspace: Any) -> None:
    one = asset(declared)
    workspace.ml.data.versions = {"1": foreign(), "2": foreign("2", **{HASH_TAG: one.fingerprint})}
    workspace.ml.data.restore = lambda name: restored.append(name)  # noqa: PLW0108
    restored: list[str] = []
    handler = Versioned(Kind.DATA, "data")
    change = handler.compare(workspace, one, Snapshot(archived=frozenset({"titanic"})))
    assert isinstance(change, Change)
    assert (change.action, change.version, change.note) == (Action.CREATE, "2", "was archived, comes back")
    assert handler.write(cast(Any, workspace), change, None) == "2"
    assert (restored, workspace.ml.data.writes) == (["titanic"], 0)


def test_an_update_keeps_the_tags_that_people_added(declared: Project, workspace: Any) -> None:
    one = asset(declared)
    there = foreign(**{HASH_TAG: one.fingerprint, "approved": "yes"})
    workspace.ml.data.versions = {"1": there}
    change = Change(one.key, Action.UPDATE, one, "1", remote=as_remote(there, version="1"))
    assert Versioned(Kind.DATA, "data").write(cast(Any, workspace), change, None) == "1"
    tags = workspace.ml.data.versions["1"].tags
    assert (tags["approved"], tags[HASH_TAG]) == ("yes", one.fingerprint)


def test_an_update_that_azure_refuses_is_not_told_as_done(declared: Project, workspace: Any) -> None:
    one = asset(declared)
    there = foreign(**{HASH_TAG: one.fingerprint})
    workspace.ml.data.versions = {"1": there}

    def refuse(_entity: Any) -> None:
        error = HttpResponseError("a tag is too long")
        error.status_code = 400
        raise error

    workspace.ml.data.create_or_update = refuse
    change = Change(one.key, Action.UPDATE, one, "1", remote=as_remote(there, version="1"))
    with pytest.raises(HttpResponseError):
        Versioned(Kind.DATA, "data").write(cast(Any, workspace), change, None)
