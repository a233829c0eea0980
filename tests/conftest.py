"""What do all tests share? A project in a temporary folder, and the option to rewrite golden files."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from sandbox.compute.runtime import VARIABLE as runtime_variable
from sandbox.compute.runtime import folder as runtime_folder
from sandbox.services import Services

ROOT = Path(__file__).resolve().parent.parent
#: Leaves out the tests that need the sandbox's runtime, where nobody can install it.
WITHOUT_RUNTIME = "EZAZML_TESTS_WITHOUT_RUNTIME"

# Examples of properties are the same in every run, and take as long as they take: a slow machine finds nothing wrong.
# `--hypothesis-profile=default` looks for new ones.
settings.register_profile(
    "project", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("project")

# Neither a login or settings of whoever runs the tests, nor GitHub where it runs them, has a say in what comes out.
_NOT_OURS = ("ARM_", "AZURE_", "EZAZML_", "GITHUB_", "TF_")
_OURS = ("EZAZML_TEST", runtime_variable)
for _name in [name for name in os.environ if name == "CI" or name.startswith(_NOT_OURS)]:
    if not _name.startswith(_OURS):
        del os.environ[_name]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="Rewrite the golden files.")


def pytest_configure() -> None:
    """Ctrl-C counts in tests and in what they start, also where a shell started pytest in the background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A runtime that is missing fails the tests that need it: skipped in silence, nobody would miss them."""
    if item.get_closest_marker("runtime") is None or (runtime_folder() / ".complete").is_file():
        return
    if os.environ.get(WITHOUT_RUNTIME) == "1":
        pytest.skip(f"the sandbox's runtime is not installed, and {WITHOUT_RUNTIME} is set")
    pytest.fail(f"The sandbox's runtime is not installed. Run: make setup (or set {WITHOUT_RUNTIME}=1).", pytrace=False)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """A copy of this project without its tools: configuration, main.py and cdktf.json. The path has a space."""
    folder = tmp_path / "a project"
    folder.mkdir()
    for name in ("main.py", "cdktf.json"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "environments", folder / "environments", ignore=shutil.ignore_patterns("*.env"))
    yield folder
    Services(folder / ".sandbox").stop()  # a command may have started it
