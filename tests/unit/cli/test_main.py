"""The program ends with one message, whatever happens to its input and output."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FULL = Path("/dev/full")


def ezazml(
    folder: Path, *arguments: str, stdout: int | None = None, **environ: str
) -> subprocess.CompletedProcess[bytes]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ARM_", "AZURE_", "EZAZML_"))}
    return subprocess.run(
        [sys.executable, "-m", "ezazml.cli", *arguments],
        cwd=folder,
        env={**kept, **environ},
        stdout=subprocess.PIPE if stdout is None else stdout,
        stderr=subprocess.PIPE,
        check=False,
    )


def test_a_folder_that_cannot_be_made_is_named(project: Path) -> None:
    (project / "environments" / "environment.schema.json").unlink()
    (project / "environments" / "environment.schema.json").mkdir()
    answer = ezazml(project, "config", "schema", "--write")
    assert answer.returncode == 1
    assert b"environment.schema.json: Is a directory." in answer.stderr
    assert b"Traceback" not in answer.stderr
    assert b"Traceback" in ezazml(project, "--debug", "config", "schema", "--write").stderr
    assert b"Traceback" not in ezazml(project, "config", "schema", "--write", EZAZML_DEBUG="0").stderr


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
@pytest.mark.parametrize("output", ["json", "table"])
def test_a_full_disk_is_one_message(project: Path, output: str) -> None:
    with FULL.open("wb") as full:
        answer = ezazml(project, "config", "show", "dev", "--output", output, stdout=full.fileno())
    assert answer.returncode == 1
    assert answer.stderr == b"Error: writing: No space left on device.\n"


@pytest.mark.parametrize("output", ["json", "table"])
def test_a_reader_that_has_enough_is_no_error(project: Path, output: str) -> None:
    read, write = os.pipe()
    os.close(read)
    answer = ezazml(project, "config", "show", "dev", "--output", output, stdout=write)
    os.close(write)
    assert answer.returncode == 1
    assert answer.stderr == b""


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_an_output_without_the_characters_shows_others(project: Path, encoding: str) -> None:
    (project / "environments" / "dev.yaml").write_text("tags: {Owner: Müller €}", encoding="utf-8")
    table = ezazml(project, "config", "show", "dev", PYTHONIOENCODING=encoding)
    assert table.returncode == 0, table.stderr
    assert "Müller €".encode(encoding, errors="replace") in table.stdout
    rows = ezazml(project, "config", "show", "dev", "--output", "json", PYTHONIOENCODING=encoding)
    assert {"setting": "tags.Owner", "value": "Müller €", "origin": "environments/dev.yaml:1"} in json.loads(
        rows.stdout
    )["settings"]
