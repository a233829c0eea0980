"""A plan is of one run: others neither change it nor find it afterwards."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ezazml.terraform.plan_files import plan_file_of_this_run

#: A run that says where its plan is, and then waits for its end.
_RUN = """
import sys
from pathlib import Path
from ezazml.terraform.plan_files import plan_file_of_this_run
with plan_file_of_this_run(Path(sys.argv[1]), "dev") as file:
    file.write_text("shown")
    print(file, flush=True)
    sys.stdin.read()
"""


def another_run(plans: Path) -> tuple[subprocess.Popen[str], Path]:
    run = subprocess.Popen(
        [sys.executable, "-c", _RUN, str(plans)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert run.stdout is not None
    return run, Path(run.stdout.readline().strip())


def test_a_run_does_not_touch_the_plan_that_another_one_decides_about(tmp_path: Path) -> None:
    run, theirs = another_run(tmp_path)
    with plan_file_of_this_run(tmp_path, "dev") as ours:
        ours.write_text("something else")
        assert theirs != ours
    assert theirs.read_text() == "shown"
    run.communicate()
    assert not theirs.exists()


def test_what_a_killed_run_left_is_removed_by_the_next_one(tmp_path: Path) -> None:
    run, theirs = another_run(tmp_path)
    run.kill()
    run.communicate()
    assert theirs.is_file()
    (tmp_path / "dev.tfplan").write_text("of an earlier version")
    with plan_file_of_this_run(tmp_path, "dev") as ours:
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
        assert not ours.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_plan_that_takes_the_place_of_another_stays_until_the_end(tmp_path: Path) -> None:
    with plan_file_of_this_run(tmp_path, "dev") as file:
        with plan_file_of_this_run(tmp_path, "dev.adopting") as again:
            again.write_text("better")
            again.replace(file)
        with plan_file_of_this_run(tmp_path, "dev"):
            assert file.read_text() == "better"
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_ends_while_another_one_begins_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ending = tmp_path / "dev.ending"
    ending.mkdir()
    before = os.open

    def open_late(path: Path, *arguments: Any, **named: Any) -> int:
        if path == ending and ending.exists():
            ending.rmdir()
        return before(path, *arguments, **named)

    monkeypatch.setattr("ezazml.terraform.plan_files.os.open", open_late)
    with plan_file_of_this_run(tmp_path, "dev") as file:
        assert file.parent.is_dir()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [ValueError(), KeyboardInterrupt()])
def test_nothing_is_left_when_it_fails_and_nobody_else_can_read_it(tmp_path: Path, error: BaseException) -> None:
    with pytest.raises(type(error)), plan_file_of_this_run(tmp_path, "dev") as file:
        file.write_text("secret")
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        raise error
    assert list(tmp_path.iterdir()) == []
