"""Does an outside scanner agree? ``python -m tools.policy`` runs checkov over the stacks and plans of the profiles.

checkov's pins conflict with the project's, so it has a virtual environment and a lock of its own, installed the first
time. Every failed check must stand in policy/skips.yaml with its reason; the counts are written to docs/security.md.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tools.policy_report import Failure, Outcome, Skip, counts_table, judge, read_skips, reasons_table, with_counts

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "policy"
_VENV = ROOT / ".policy"
_DOC = ROOT / "docs" / "security.md"
_BIN = Path(sys.executable).parent


class PolicyError(Exception):
    """A step of the scan did not work."""


@dataclass(frozen=True)
class Profile:
    """A shipped environment with settings on top."""

    name: str
    base: str
    settings: Mapping[str, Any]


def read_profiles(path: Path) -> list[Profile]:
    """The profiles of a file."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [Profile(name, one["base"], one.get("settings") or {}) for name, one in content.items()]


def merged(settings: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``settings`` with ``over`` on top: groups are merged, everything else is replaced."""
    result = dict(settings)
    for name, value in over.items():
        before = result.get(name)
        result[name] = merged(before, value) if isinstance(before, dict) and isinstance(value, Mapping) else value
    return result


def install() -> Path:
    """checkov's program, installed from its lock where it is missing or the lock changed."""
    stamp, lock = _VENV / "installed", FOLDER / "requirements.txt"
    text = lock.read_text(encoding="utf-8")
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != text:
        print("Installing checkov into .policy (once)", flush=True)  # noqa: T201
        _run([sys.executable, "-m", "venv", "--clear", str(_VENV)])
        _run([str(_VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(lock)])
        stamp.write_text(text, encoding="utf-8")
    return _VENV / "bin" / "checkov"


def scan(checkov: Path, profiles: Sequence[Profile], skips: Sequence[Skip]) -> list[Outcome]:
    """Scan the synthesised stack and the plan of every profile."""
    outcomes = []
    with tempfile.TemporaryDirectory() as folder:
        project = _project(Path(folder), profiles)
        for profile in profiles:
            print(f"Scanning {profile.name}", flush=True)  # noqa: T201
            stack = _synthesised(project, profile.name)
            plan = _planned(project, profile.name, stack)
            for what, framework, file in (("stack", "terraform_json", stack), ("plan", "terraform_plan", plan)):
                passed, failures = _checked(checkov, framework, file)
                outcomes.append(judge(profile.name, what, passed, failures, skips))
    return outcomes


def _project(folder: Path, profiles: Iterable[Profile]) -> Path:
    for name in ("main.py", "cdktf.json"):
        shutil.copy(ROOT / name, folder)
    (folder / "environments").mkdir()
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    for profile in profiles:
        file = ROOT / "environments" / f"{profile.base}.yaml"
        if not file.is_file():
            raise PolicyError(f"policy/profiles.yaml: {profile.name}.base: there is no {file.relative_to(ROOT)}.")
        base = yaml.safe_load(file.read_text(encoding="utf-8"))
        settings = {**merged(base, profile.settings), "backend": {"type": "local"}}
        path = folder / "environments" / f"{profile.name}.yaml"
        path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return folder


def _synthesised(project: Path, name: str) -> Path:
    answer = _in_sandbox(project, name, "ezazml", "synth", name)
    return Path(answer.strip().splitlines()[-1])


def _planned(project: Path, name: str, stack: Path) -> Path:
    from ezazml.terraform.engine import find_program  # noqa: PLC0415

    terraform = [find_program(os.environ), f"-chdir={stack.parent}"]
    saved, readable = project / f"{name}.tfplan", project / f"{name}.plan.json"
    _in_sandbox(project, name, *terraform, "init", "-input=false")
    _in_sandbox(project, name, *terraform, "plan", "-input=false", f"-out={saved}")
    readable.write_text(_in_sandbox(project, name, *terraform, "show", "-json", str(saved)), encoding="utf-8")
    return readable


def _in_sandbox(project: Path, name: str, *command: str) -> str:
    return _run([str(_BIN / "ezazml"), "sandbox", "run", "-e", name, "--", *command], cwd=project)


def _checked(checkov: Path, framework: str, file: Path) -> tuple[int, list[Failure]]:
    """What checkov says of one file: how many checks passed, and what failed."""
    arguments = ["--file", str(file), "--framework", framework, "--output", "json", "--compact", "--soft-fail"]
    answer = json.loads(_run([str(checkov), *arguments, "--skip-download", "--quiet"], cwd=file.parent))
    reports = answer if isinstance(answer, list) else [answer]
    passed, failures = 0, []
    for report in reports:
        if "results" not in report:
            raise PolicyError(f"checkov found nothing to check in {file}.")
        passed += report["summary"]["passed"]
        failures += [
            Failure(one["check_id"], one["resource"], one["check_name"]) for one in report["results"]["failed_checks"]
        ]
    return passed, failures


def _run(command: Sequence[str], *, cwd: Path = ROOT) -> str:
    path = f"{_BIN}{os.pathsep}{os.environ['PATH']}"
    environ = {**os.environ, "PATH": path, "CHECKPOINT_DISABLE": "1"}
    answer = subprocess.run(command, cwd=cwd, env=environ, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise PolicyError(f"{' '.join(command)} failed:\n{answer.stderr or answer.stdout}")
    return answer.stdout


def main() -> int:
    """Scan, print what is not justified, and write the counts. Exit code 1 when something is not."""
    try:
        skips = read_skips(FOLDER / "skips.yaml")
        outcomes = scan(install(), read_profiles(FOLDER / "profiles.yaml"), skips)
    except (PolicyError, ValueError) as error:
        print(f"Error: {error}", file=sys.stderr)  # noqa: T201
        return 1
    table = f"{counts_table(outcomes)}\n\n{reasons_table(outcomes)}"
    print(counts_table(outcomes))  # noqa: T201
    _DOC.write_text(with_counts(_DOC.read_text(encoding="utf-8"), table), encoding="utf-8")
    used = {skip for outcome in outcomes for skip in outcome.used}
    wrong = [f"{one} is not in policy/skips.yaml" for outcome in outcomes for one in outcome.unjustified()]
    wrong += [f"policy/skips.yaml: {skip.check} fails nowhere: remove it." for skip in skips if skip not in used]
    for line in wrong:
        print(line)  # noqa: T201
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
