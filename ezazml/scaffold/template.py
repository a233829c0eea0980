"""What is a project of one's own made of? Files of this installation, or of another folder or repository."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from ezazml.errors import EzazmlError, InputError

#: What a project of one's own has, where the template has it.
COPIED = (
    ".gitattributes",
    ".github",
    ".gitignore",
    ".pre-commit-config.yaml",
    "LICENSE",
    "Makefile",
    "Pipfile",
    "Pipfile.lock",
    "assets",
    "cdktf.json",
    "constructs_lib",
    "docs",
    "examples",
    "ezazml",
    "jobs",
    "main.py",
    "package-lock.json",
    "package.json",
    "policy",
    "pyproject.toml",
    "sandbox",
    "stacks",
    "tools",
)
#: What it has in another form (made by :mod:`ezazml.scaffold.project`), or not at all: the product's own history,
#: measurements and tests.
LEFT_OUT = (".ci", "CHANGELOG.md", "README.md", "benchmarks", "environments", "tests")
#: Tests that hold for every project.
COPIED_TESTS = (
    "__init__.py",
    "conftest.py",
    "e2e/__init__.py",
    "e2e/conftest.py",
    "e2e/test_project.py",
    "synth/__init__.py",
    "synth/stacks.py",
    "synth/test_golden.py",
    "synth/test_policy.py",
)
#: Without these a folder is no template.
_NEEDED = ("cdktf.json", "main.py", "Makefile", "Pipfile.lock", "environments/sandbox.yaml", "stacks", "ezazml")
_NEVER = shutil.ignore_patterns(
    "__pycache__", "*.pyc", ".env", "*.egg-info", "*.tfstate*", "*.tfplan", ".DS_Store", "performance.md"
)


@contextmanager
def template_folder(source: str | None) -> Iterator[Path]:
    """The folder to copy: ``source`` (EZAZML_REPOSITORY_URL: a folder, or an address that git clones), else this
    installation's own.

    Raises :class:`InputError` for a folder that is no such project, :class:`EzazmlError` when git cannot clone.
    """
    if not source:
        yield _checked(Path(__file__).resolve().parents[2], "this installation")
    elif "://" not in source and "@" not in source:
        yield _checked(Path(source).expanduser().resolve(), "EZAZML_REPOSITORY_URL")
    else:
        with TemporaryDirectory(prefix="ezazml-") as folder:
            _clone(source, Path(folder) / "template")
            yield _checked(Path(folder) / "template", "EZAZML_REPOSITORY_URL")


def copy_template(template: Path, target: Path) -> None:
    """Copy what a project of one's own has. Never what git ignores, such as secrets and states."""
    for name in COPIED:
        source = template / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=_NEVER)
        elif source.is_file():
            shutil.copy(source, target / name)
    for name in COPIED_TESTS:
        (target / "tests" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(template / "tests" / name, target / "tests" / name)


def _checked(folder: Path, what: str) -> Path:
    missing = [name for name in (*_NEEDED, *(f"tests/{name}" for name in COPIED_TESTS)) if not (folder / name).exists()]
    if missing:
        raise InputError(
            f"{what} ({folder}) is no whole project: {', '.join(missing)} is missing.",
            hint="Set EZAZML_REPOSITORY_URL to a copy of the project, or install from one: make setup",
        )
    return folder


def _clone(address: str, folder: Path) -> None:
    shown = _without_login(address)
    if shutil.which("git") is None:
        raise InputError(f"EZAZML_REPOSITORY_URL: git is needed for {shown}, and was not found.", hint="Install git.")
    answer = subprocess.run(
        ["git", "clone", "--quiet", "--depth", "1", "--", address, str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        reason = answer.stderr.strip().replace(address, shown)
        raise EzazmlError(f"EZAZML_REPOSITORY_URL: git cannot clone {shown}: {reason}", hint="Check the address.")


def _without_login(address: str) -> str:
    """An address may hold a token: that must not be shown."""
    host = urlsplit(address).netloc
    return address.replace(host, host.rpartition("@")[2], 1) if "@" in host else address
