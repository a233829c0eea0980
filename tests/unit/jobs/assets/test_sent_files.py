"""What a folder's ignore file names is neither hashed nor checked nor sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.assets.sent_files import files_below, skipper
from jobs.data.local_files import find_files
from tests.unit.jobs.assets.conftest import Project


def names(folder: Path) -> list[str]:
    """What is hashed, which must be what is sent."""
    found = [file.relative_to(folder).as_posix() for file in files_below(folder)]
    assert [file.name for file in find_files(folder, skip=skipper(folder))] == found
    return found


def make(folder: Path, *files: str, **ignore_files: str) -> Path:
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    for name, text in ignore_files.items():
        (folder / f".{name}").write_text(text)
    return folder


@pytest.mark.parametrize("kind", ["amlignore", "gitignore"])
def test_an_ignore_file_is_honoured_as_azure_ai_ml_does(tmp_path: Path, kind: str) -> None:
    make(tmp_path, "a.csv", "b.tmp", "keep.tmp", "drafts/a.csv", "deep/drafts/b.csv", "__pycache__/x.pyc")
    (tmp_path / f".{kind}").write_text("*.tmp\n!keep.tmp\n/drafts/\n")
    assert names(tmp_path) == [f".{kind}", "a.csv", "deep/drafts/b.csv", "keep.tmp"]


def test_amlignore_goes_before_gitignore_and_deeper_ones_do_not_count(tmp_path: Path) -> None:
    make(tmp_path, "a.csv", "b.tmp", "deep/a.csv", amlignore="*.tmp", gitignore="*.csv")
    make(tmp_path / "deep", gitignore="*")
    assert names(tmp_path) == [".amlignore", ".gitignore", "a.csv", "deep/.gitignore", "deep/a.csv"]


def test_links_are_followed_inside_and_ignored_ones_may_lead_anywhere(tmp_path: Path) -> None:
    folder = make(tmp_path / "folder", "real/a.csv", amlignore="/out\n/away/\n")
    (folder / "link").symlink_to("real")
    (folder / "out").symlink_to("/etc/hostname")
    (folder / "away").symlink_to("/etc")
    assert names(folder) == [".amlignore", "link/a.csv", "real/a.csv"]


def test_an_ignored_file_makes_no_other_version_and_no_problem(declared: Project) -> None:
    declared.write("assets/data/folder/.amlignore", "*.log\nempty.csv\n")
    declared.write("assets/data/folder/one.csv", "a\n1\n")
    declared.data("titanic", type="uri_folder", path="folder")
    before = declared.assets()["data titanic"].fingerprint
    declared.write("assets/data/folder/run.log", "x")
    declared.write("assets/data/folder/empty.csv", "")
    assert declared.assets()["data titanic"].fingerprint == before
    declared.write("assets/data/folder/.amlignore", "*\n")
    assert "assets/data/folder holds no files." in declared.problem()
