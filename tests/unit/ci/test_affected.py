"""A change affects the environments whose file it touches, or all of them; never silently none."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ezazml.ci.affected import affected, changed_files, is_on_branch
from ezazml.errors import InputError

ALL = ["dev", "uat", "prd"]


@pytest.mark.parametrize(
    ("files", "environments"),
    [
        ([], []),
        (["docs/ci.md", "tests/unit/test_docs.py", "README.md", ".github/workflows/pr.yml"], []),
        (["environments/dev.yaml"], ["dev"]),
        (["environments/prd/assets/data/a.yml", "environments/dev.yaml"], ["dev", "prd"]),
        (["environments/environment.schema.json", "environments/sandbox.yaml", "environments/promotion.yaml"], []),
        (["assets/data/a.yml"], ALL),
        (["stacks/environment.py"], ALL),
        (["Pipfile.lock"], ALL),
        (["something-new"], ALL),
        (["docs/a.md", "ezazml/config/models.py", "environments/dev.yaml"], ALL),
    ],
)
def test_which_environments_are_affected(files: list[str], environments: list[str]) -> None:
    assert affected(files, ALL) == environments


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "main")
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
        git(tmp_path, "add", "-A")
        git(tmp_path, "commit", "-qm", name)
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@localhost", *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def test_git_tells_what_changed(repository: Path) -> None:
    assert changed_files(repository, "HEAD~1", "HEAD") == ["b"]


@pytest.mark.parametrize("base", ["", "--output=/tmp/x", "nowhere", "$(id)"])
def test_what_is_no_commit_is_refused(repository: Path, base: str) -> None:
    with pytest.raises(InputError):
        changed_files(repository, base, "HEAD")


def test_whether_a_branch_holds_a_commit(repository: Path) -> None:
    git(repository, "branch", "release", "HEAD~1")
    assert is_on_branch(repository, "HEAD~1", "release")
    assert not is_on_branch(repository, "HEAD", "release")
    assert not is_on_branch(repository, "HEAD", "nowhere")
