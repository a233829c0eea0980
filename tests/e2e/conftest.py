"""A project of its own for each end-to-end test, with the real cdktf and the real Terraform engine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ezazml.terraform.engine import find_program
from sandbox.home import SandboxHome
from tests.e2e.assets_project import Declared, make_project

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
#: Addresses in the sandbox's environment, from the golden list that a test compares with the stack.
_ADDRESSES = (ROOT / "tests" / "golden" / "sandbox.addresses.txt").read_text().split()
#: How many resources they are.
COUNT = len([address for address in _ADDRESSES if not address.startswith("data.")])


@dataclass
class Answer:
    """What a program printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


@dataclass
class Project:
    """A project in a temporary folder, used as a person would."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)
    target: str = "sandbox"

    @property
    def home(self) -> SandboxHome:
        return SandboxHome(self.folder / ".sandbox")

    def environ(self) -> dict[str, str]:
        """A new shell with the virtual environment activated and no login."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("ARM_", "AZURE_", "EZAZML_", "GITHUB_", "TF_")) and name != "CI"
        }
        path = f"{BIN}{os.pathsep}{ROOT / 'node_modules' / '.bin'}{os.pathsep}{kept['PATH']}"
        return {**kept, "PATH": path, **self.variables}

    def run(self, *command: str, stdin: str = "", environ: dict[str, str] | None = None) -> Answer:
        done = subprocess.run(
            self.with_engine(command),
            cwd=self.folder,
            env=environ or self.environ(),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def ezazml(self, *arguments: str, stdin: str = "") -> Answer:
        return self.run("ezazml", *arguments, stdin=stdin)

    def ok(self, *arguments: str) -> Answer:
        answer = self.ezazml(*arguments)
        assert answer.code == 0, answer.text
        return answer

    def in_sandbox(self, *command: str, environments: Sequence[str] = ("sandbox",)) -> Answer:
        """Run a program with the sandbox's variables, as a person would."""
        rehearsed = [option for name in environments for option in ("-e", name)]
        return self.ezazml("sandbox", "run", *rehearsed, "--", *self.with_engine(command))

    def with_engine(self, command: Sequence[str]) -> list[str]:
        """``terraform`` is the engine that this machine has."""
        first = find_program(self.environ()) if command[0] == "terraform" else command[0]
        return [first, *command[1:]]

    def plan(self, name: str = "sandbox") -> dict[str, Any]:
        answer = self.ok("plan", name, "--output", "json")
        result: dict[str, Any] = json.loads(answer.out)
        return result

    def edit(self, old: str, new: str, name: str = "sandbox") -> None:
        path = self.folder / "environments" / f"{name}.yaml"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def stack(self, name: str = "sandbox") -> Path:
        return self.folder / ".ezazml" / self.target / name / "stacks" / name


@pytest.fixture
def at(project: Path) -> Iterator[Project]:
    (project / "node_modules").symlink_to(ROOT / "node_modules")
    made = Project(project)
    yield made
    made.home.services.stop()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Declared]:
    project = make_project(tmp_path_factory.mktemp("assets") / "a project")
    before = dict(os.environ)
    wanted = project.served.home.environ(["sandbox"], before, service=project.served.service)
    os.environ.clear()
    os.environ.update(wanted)
    yield project
    os.environ.clear()
    os.environ.update(before)
    project.served.home.services.stop()


@pytest.fixture
def declared(served: Declared) -> Declared:
    served.forget()
    return served
