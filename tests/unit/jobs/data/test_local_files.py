"""Which local files a path means, and what is refused before anything is sent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ezazml.errors import InputError
from jobs.data.local_files import find_files, refused_name


def test_a_file_goes_under_its_own_name(tmp_path: Path) -> None:
    file = tmp_path / "one.csv"
    file.write_text("a\n1\n")
    assert [(found.name, found.size) for found in find_files(file)] == [("one.csv", 4)]


def test_a_folder_gives_every_file_below_it_by_name(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "deep/er/c.csv", "with space/ü.csv"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    assert [file.name for file in find_files(tmp_path)] == ["a.csv", "b.csv", "deep/er/c.csv", "with space/ü.csv"]


def test_a_relative_folder_with_a_trailing_slash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a.csv").write_text("x")
    monkeypatch.chdir(tmp_path)
    assert [file.name for file in find_files(Path("d/"))] == ["a.csv"]
    assert [file.name for file in find_files(Path("./d/a.csv"))] == ["a.csv"]


def test_an_empty_file_may_be_sent(tmp_path: Path) -> None:
    (tmp_path / "_SUCCESS").touch()
    assert [file.size for file in find_files(tmp_path)] == [0]


def test_what_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere: there is no such file or folder\. Check the path\."):
        find_files(tmp_path / "nowhere")


def test_a_folder_without_a_file(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    with pytest.raises(InputError, match="the folder holds no file"):
        find_files(tmp_path)


def test_links_inside_the_folder_are_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.csv").write_text("x")
    (tmp_path / "link.csv").symlink_to("real/a.csv")
    (tmp_path / "folder").symlink_to("real")
    assert [file.name for file in find_files(tmp_path)] == ["folder/a.csv", "link.csv", "real/a.csv"]


@pytest.mark.parametrize("target", ["../outside", "/etc"])
def test_a_link_out_of_the_folder(tmp_path: Path, target: str) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "key").write_text("secret")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "ok.csv").write_text("x")
    (folder / "link").symlink_to(target)
    with pytest.raises(InputError, match="link: the link leaves the folder"):
        find_files(folder)


def test_a_link_that_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "gone.csv").symlink_to("missing.csv")
    with pytest.raises(InputError, match=r"gone\.csv: the link leads nowhere"):
        find_files(tmp_path)


def test_a_link_that_leads_back_up(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "loop").symlink_to("..")
    with pytest.raises(InputError, match="loop: the link leads back to a folder above it"):
        find_files(tmp_path)


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="pipe: not a plain file"):
        find_files(tmp_path)


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.csv").write_text("x")
    # The tests may run as root, who reads everything.
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(InputError, match=r"a\.csv: the file cannot be read"):
        find_files(tmp_path)


def test_several_problems_are_told_at_once(tmp_path: Path) -> None:
    for number in range(7):
        (tmp_path / f"bad{number}.").write_text("x")
    with pytest.raises(InputError, match=r"bad0\..*bad4\..*\(and 2 more\) Nothing was sent") as caught:
        find_files(tmp_path)
    assert "bad5" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "empty"),
        ("/a", "slash"),
        ("a/", "slash"),
        ("a//b", "empty"),
        ("a\\b", "backslash"),
        ("a\nb", "control"),
        ("a\x7f", "control"),
        ("\udcff.csv", "no text"),
        ("a./b", "period"),
        ("a/..", "period"),
        ("x" * 1025, "1025 characters"),
        ("/".join("a" * 255), "255 levels"),
    ],
)
def test_names_that_azure_refuses(name: str, reason: str) -> None:
    assert reason in (refused_name(name) or "")


@pytest.mark.parametrize("name", ["a", ".hidden", "a b/ü.csv", "x" * 1024, "v1.2/part-0", "100%#?.csv"])
def test_names_that_azure_takes(name: str) -> None:
    assert refused_name(name) is None
