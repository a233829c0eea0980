"""Is the code in order? Runs every check that needs no test: ``python -m tools.lint``.

Prints one line per check, and the output of those that failed. Exit code 1 when one failed.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

from tools import workflows

ROOT = Path(__file__).resolve().parent.parent
_BIN = Path(sys.executable).parent


def _program(name: str, *arguments: str) -> Callable[[], str]:
    def check() -> str:
        answer = subprocess.run([str(_BIN / name), *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
        return "" if answer.returncode == 0 else answer.stdout + answer.stderr

    return check


def check_pipfile_lock() -> str:
    """The lock was made from this Pipfile: pipenv keeps a hash of it."""
    pipfile = tomllib.loads((ROOT / "Pipfile").read_text(encoding="utf-8"))
    sources = [{key: source[key] for key in ("name", "url", "verify_ssl")} for source in pipfile["source"]]
    content = {
        "_meta": {"sources": sources, "requires": pipfile.get("requires", {})},
        "default": pipfile.get("packages", {}),
        "develop": pipfile.get("dev-packages", {}),
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    locked = json.loads((ROOT / "Pipfile.lock").read_text(encoding="utf-8"))["_meta"]["hash"]["sha256"]
    if hashlib.sha256(text.encode()).hexdigest() == locked:
        return ""
    return "Pipfile.lock was not made from this Pipfile. Run: make lock\n"


def check_package_lock() -> str:
    """package-lock.json has the versions that package.json asks for."""
    wanted = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    # "npm:other@1.2.3" is another package under this name.
    versions = {name: version.rpartition("@")[2] for name, version in wanted.items()}
    wrong = [name for name, version in versions.items() if lock[f"node_modules/{name}"]["version"] != version]
    return f"package-lock.json differs from package.json in {wrong}. Run: make lock\n" if wrong else ""


CHECKS: dict[str, Callable[[], str]] = {
    "ruff check": _program("ruff", "check", "--quiet", "."),
    "ruff format": _program("ruff", "format", "--check", "--quiet", "."),
    "mypy": _program("mypy"),
    "import rules": _program("lint-imports"),
    "Pipfile.lock": check_pipfile_lock,
    "package-lock.json": check_package_lock,
    "workflows": lambda: workflows.install() or workflows.check(),
    "pre-commit configuration": _program("pre-commit", "validate-config"),
}


def main() -> int:
    """Run all checks."""
    failed = 0
    for name, check in CHECKS.items():
        output = check()
        print(f"{'ok' if not output else 'FAILED':7}{name}", flush=True)  # noqa: T201
        if output:
            failed += 1
            print(output)  # noqa: T201
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
