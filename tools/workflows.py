"""Are the workflows in order? ``python -m tools.workflows`` asks GitHub's schemas (check-jsonschema) and zizmor.

Both have a virtual environment and a lock of their own, installed the first time: nothing of the product needs them.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / ".github" / "lint" / "requirements.txt"
_VENV = ROOT / ".workflows"
_STAMP = _VENV / "installed"


def is_installed() -> bool:
    """Whether the checkers of the lock are there."""
    return _STAMP.is_file() and _STAMP.read_text(encoding="utf-8") == LOCK.read_text(encoding="utf-8")


def install() -> str:
    """Install the checkers where they are missing or the lock changed. Returns what went wrong."""
    if is_installed():
        return ""
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(_VENV)],
        [str(_VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(LOCK)],
    ):
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        if answer.returncode != 0:
            return f"The checkers of workflows could not be installed:\n{answer.stderr}"
    _STAMP.write_text(LOCK.read_text(encoding="utf-8"), encoding="utf-8")
    return ""


def check(root: Path = ROOT) -> str:
    """What the checkers report about the workflows and actions in ``root``; nothing when all is well. Offline."""
    github = root / ".github"
    schema = [str(_VENV / "bin" / "check-jsonschema"), "--builtin-schema"]
    commands = [
        [*schema, "vendor.github-workflows", *map(str, sorted((github / "workflows").glob("*.yml")))],
        [*schema, "vendor.github-actions", *map(str, sorted((github / "actions").glob("*/action.yml")))],
        [*schema, "vendor.dependabot", str(github / "dependabot.yml")],
        [str(_VENV / "bin" / "zizmor"), "--offline", "--no-progress", "--quiet", "--config", *_zizmor(github)],
    ]
    reports = []
    for command in commands:
        if not Path(command[-1]).exists():
            continue
        answer = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        if answer.returncode != 0:
            reports.append(answer.stdout + answer.stderr)
    return "\n".join(reports)


def _zizmor(github: Path) -> list[str]:
    return [str(ROOT / ".github" / "zizmor.yml"), str(github)]


def main() -> int:
    """Install and check."""
    output = install() or check()
    print(output or "The workflows are in order.")  # noqa: T201
    return 1 if output else 0


if __name__ == "__main__":
    sys.exit(main())
