"""What do all tests share? A project in a temporary folder, and the option to rewrite golden files."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="Rewrite the golden files.")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of this project without its tools: configuration, main.py and cdktf.json. The path has a space."""
    folder = tmp_path / "a project"
    folder.mkdir()
    for name in ("main.py", "cdktf.json"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "environments", folder / "environments", ignore=shutil.ignore_patterns("*.env"))
    return folder
