"""A state on this machine that a killed Terraform left empty or half written."""

from __future__ import annotations

import fcntl
import json
import multiprocessing
from pathlib import Path

import pytest

from ezazml.terraform.cut_state import local_state, mend

BEFORE = json.dumps({"version": 4, "serial": 16, "resources": [{"type": "azurerm_resource_group"}]})


@pytest.fixture
def state(tmp_path: Path) -> Path:
    state = tmp_path / "dev.tfstate"
    state.with_name("dev.tfstate.backup").write_text(BEFORE)
    return state


@pytest.mark.parametrize("cut", ["", BEFORE[:40], "\0\0\0\0"])
def test_the_backup_takes_its_place(state: Path, cut: str) -> None:
    state.write_text(cut)
    state.chmod(0o600)
    same = state.stat().st_ino
    assert mend(state)
    assert state.read_text() == BEFORE
    assert (state.stat().st_ino, state.stat().st_mode & 0o777) == (same, 0o600)
    assert not mend(state)


@pytest.mark.parametrize("whole", ['{"version": 4, "serial": 17, "resources": []}', "{}"])
def test_a_whole_state_stays_as_it_is(state: Path, whole: str) -> None:
    state.write_text(whole)
    assert not mend(state)
    assert state.read_text() == whole


def test_a_state_that_is_not_there_is_not_made(state: Path) -> None:
    assert not mend(state)
    assert not state.exists()


@pytest.mark.parametrize("backup", [None, "", BEFORE[:40]])
def test_without_a_whole_backup_nothing_changes(state: Path, backup: str | None) -> None:
    state.write_text("")
    before = state.with_name("dev.tfstate.backup")
    before.unlink()
    if backup is not None:
        before.write_text(backup)
    assert not mend(state)
    assert state.read_text() == ""


def test_a_state_that_terraform_writes_right_now_is_left_alone(state: Path) -> None:
    state.write_text("")
    answers = multiprocessing.get_context("spawn").Queue()
    with state.open("r+") as held:
        fcntl.lockf(held, fcntl.LOCK_EX)  # of one process; another one has to ask
        asking = multiprocessing.get_context("spawn").Process(target=_ask, args=(state, answers))
        asking.start()
        assert answers.get(timeout=120) is False
        asking.join()
    assert state.read_text() == ""


def _ask(state: Path, answers: multiprocessing.Queue[bool]) -> None:
    answers.put(mend(state))


@pytest.mark.parametrize(
    ("backend", "found"),
    [
        ({"local": {"path": "/states/dev.tfstate"}}, "/states/dev.tfstate"),
        ({"local": {"path": "dev.tfstate"}}, "/stack/dev.tfstate"),
        ({"local": {}}, "/stack/terraform.tfstate"),
        ({"azurerm": {"key": "dev.tfstate"}}, None),
        ({}, None),
    ],
)
def test_only_states_on_this_machine_are_looked_at(backend: dict[str, object], found: str | None) -> None:
    path = local_state({"terraform": {"backend": backend}}, Path("/stack"))
    assert (None if path is None else str(path)) == found
