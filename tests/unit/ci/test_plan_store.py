"""A plan is kept where the state is, found again by its key, and gone when it is too old."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from ezazml.ci.plan_store import FolderStore, drop, fetch, save, store_of
from ezazml.cli.ci import ci
from ezazml.config.environment import Environment
from ezazml.config.loading import load_environment
from ezazml.errors import EzazmlError, InputError
from ezazml.operations.saved_plan import PlanRecord, record_file

KEY = "abc-77"


@pytest.fixture
def dev(project: Path) -> Environment:
    return load_environment("dev", root=project, environ={})


@pytest.fixture
def store(project: Path) -> FolderStore:
    return FolderStore(project / "kept")


def plan_for(name: str, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    plan = folder / "tf.tfplan"
    plan.write_bytes(b"a plan with secrets")
    digest = hashlib.sha256(plan.read_bytes()).hexdigest()
    now = datetime.now(UTC).isoformat()
    record = PlanRecord(1, name, "azure", None, now, "0", "terraform", "", digest, "lineage", 3)
    record_file(plan).write_text(json.dumps(dataclasses.asdict(record)))
    return plan


def test_a_plan_comes_back_as_it_was_and_only_its_owner_may_read_it(
    dev: Environment, store: FolderStore, project: Path
) -> None:
    save(dev, store, plan_for("dev", project / "first"), KEY)
    back = project / "second" / "tf.tfplan"
    fetch(dev, store, back, KEY)
    assert back.read_bytes() == b"a plan with secrets"
    for file in (back, record_file(back), *(one for one in (project / "kept").rglob("*") if one.is_file())):
        assert file.stat().st_mode & 0o777 == 0o600
    drop(dev, store, KEY)
    drop(dev, store, KEY)
    with pytest.raises(EzazmlError, match="dev: there is no plan 'abc-77'"):
        fetch(dev, store, back, KEY)


def test_a_plan_of_another_environment_is_not_kept(dev: Environment, store: FolderStore, project: Path) -> None:
    with pytest.raises(InputError, match="was made for environment 'uat'"):
        save(dev, store, plan_for("uat", project / "first"), KEY)


def test_plans_that_are_too_old_go_when_the_next_is_kept(dev: Environment, store: FolderStore, project: Path) -> None:
    plan = plan_for("dev", project / "first")
    save(dev, store, plan, "old")
    long_ago = time.time() - 3600 * (dev.settings.deploy.plan_max_age_hours + 1)
    for file in (project / "kept").rglob("tfplan*"):
        os.utime(file, (long_ago, long_ago))
    save(dev, store, plan, "new")
    assert [path.name for path in (project / "kept" / "plans" / "dev").iterdir()] == ["new"]


@pytest.mark.parametrize("key", ["", "../x", "a/b", "$(id)", "a b", "x" * 101, "-a"])
def test_a_key_is_no_path_and_no_command(dev: Environment, store: FolderStore, project: Path, key: str) -> None:
    with pytest.raises(InputError, match="--key"):
        save(dev, store, plan_for("dev", project / "first"), key)


def test_a_state_on_the_workflows_machine_is_refused(dev: Environment) -> None:
    assert isinstance(store_of(dev, {}), FolderStore)
    with pytest.raises(InputError, match=r"the state would be lost.*ezazml bootstrap dev --write"):
        store_of(dev, {"GITHUB_ACTIONS": "true"})


@pytest.mark.parametrize("command", ["feature", "cleanup"])
def test_a_pull_requests_environment_needs_a_state_that_lasts(
    project: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.chdir(project)
    answer = CliRunner().invoke(ci, [command, "--branch", "feature/a"], env={"GITHUB_ACTIONS": "true"})
    assert isinstance(answer.exception, InputError)
    assert "the state would be lost" in str(answer.exception)
    assert not (project / "environments" / ".gitignore").exists()
