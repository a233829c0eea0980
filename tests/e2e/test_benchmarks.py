"""The benchmarks run: nobody notices one that broke until its numbers are needed."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.e2e


def test_uploads_side_by_side() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.uploads", "--small"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    groups = json.loads(done.stdout)
    assert len(groups) == 4
    assert all(seconds > 0 for group in groups.values() for seconds in group.values())
