"""The workflows for tests: their jobs and steps, and a runner for the `run:` steps with GitHub's variables faked."""

from __future__ import annotations

import functools
import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".github" / "workflows"
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}", re.DOTALL)

_CONDITION = re.compile(r"(env\.(?P<env>\w+)|(?P<value>[\w.]+)) (?P<sign>==|!=) '(?P<text>[^']*)'")

Json = dict[str, Any]


@functools.cache
def load(path: Path) -> Json:
    """A workflow. PyYAML reads the key ``on`` as true."""
    content: Json = {
        "on" if key is True else key: value for key, value in yaml.safe_load(path.read_text(encoding="utf-8")).items()
    }
    return content


def workflows() -> dict[str, Json]:
    return {path.name: load(path) for path in sorted(FOLDER.glob("*.yml"))}


def jobs() -> Iterator[tuple[str, str, Json]]:
    for file, workflow in workflows().items():
        for name, job in workflow["jobs"].items():
            yield file, name, job


def steps(root: Path = ROOT) -> Iterator[tuple[str, Json]]:
    """Every step of every workflow and of the project's own actions."""
    for path in sorted((root / ".github" / "workflows").glob("*.yml")):
        for job in load(path)["jobs"].values():
            for step in job.get("steps", []):
                yield path.name, step
    for path in sorted((root / ".github" / "actions").glob("*/action.yml")):
        for step in load(path)["runs"]["steps"]:
            yield f"{path.parent.name}/action.yml", step


@dataclass
class StepResult:
    name: str
    code: int
    text: str


@dataclass
class Runner:
    """Runs the `run:` steps of a job in a folder, as GitHub's machine does: bash -e, files for outputs and summary.

    ``values`` are those of the expressions that the job uses; one that is not there is an error of the test. The same
    holds for conditions, of which the forms of :data:`_CONDITION` are known.
    """

    folder: Path
    environ: Mapping[str, str]
    values: dict[str, str] = field(default_factory=dict)
    files: Path = field(init=False)

    def __post_init__(self) -> None:
        self.files = self.folder.parent / "runner"
        self.files.mkdir(exist_ok=True)

    @property
    def summary(self) -> str:
        return (self.files / "summary").read_text()

    def job(self, file: str, name: str, *, event: Json | None = None) -> list[StepResult]:
        """Run a job; stops at the first step that fails, except for those that run always."""
        workflow = load(FOLDER / file)
        job = workflow["jobs"][name]
        results: list[StepResult] = []
        (self.files / "event.json").write_text(json.dumps(event or {}))
        (self.files / "summary").write_text("")
        for step in job["steps"]:
            if "run" not in step:
                continue
            own = {
                variable: self._evaluated(str(value))
                for level in (workflow, job, step)
                for variable, value in (level.get("env") or {}).items()
            }
            if self._is_wanted(step.get("if"), own, failed=any(one.code for one in results)):
                results.append(self._step(step, own))
        return results

    def _is_wanted(self, condition: str | None, own: Mapping[str, str], *, failed: bool) -> bool:
        if condition == "always()":
            return True
        if condition is None or failed:
            return not failed
        found = _CONDITION.fullmatch(condition)
        assert found, condition
        left = own.get(found["env"], "") if found["env"] else self.values[found["value"]]
        return (left == found["text"]) is (found["sign"] == "==")

    def _step(self, step: Json, own: Mapping[str, str]) -> StepResult:
        output = self.files / "output"
        output.write_text("")
        assert not EXPRESSION.search(step["run"]), step["run"]
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.folder,
            env={
                **self.environ,
                "CI": "true",
                "GITHUB_ACTIONS": "true",
                "GITHUB_OUTPUT": str(output),
                "GITHUB_STEP_SUMMARY": str(self.files / "summary"),
                "GITHUB_EVENT_PATH": str(self.files / "event.json"),
                **own,
            },
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        for name, value in outputs_in(output.read_text()).items():
            self.values[f"steps.{step.get('id')}.outputs.{name}"] = value
        return StepResult(step.get("name") or step["run"], done.returncode, done.stdout + done.stderr)

    def _evaluated(self, text: str) -> str:
        return EXPRESSION.sub(lambda found: self.values[found[1]], text)


def outputs_in(text: str) -> dict[str, str]:
    """What GITHUB_OUTPUT holds: `name<<end`, lines, `end`."""
    found, lines = {}, iter(text.splitlines())
    for line in lines:
        name, end = line.split("<<", 1)
        value = []
        for one in lines:
            if one == end:
                break
            value.append(one)
        found[name] = "\n".join(value)
    return found
