"""A project with a lifecycle folder in a temporary folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.jobs.assets.conftest import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    made.write("environments/dev.yaml", "lifecycle: {folder: ml}\n")
    made.write("ml/train/train.py", "print('trained')\n")
    return made
