"""Which environments does a change affect? Those whose file it touches; or all, when it touches what all share."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from ezazml.config.promotion import FILE as PROMOTION_FILE
from ezazml.errors import InputError

#: What no plan depends on. Everything that is not listed counts: too many plans are better than a missing one.
_HARMLESS_FOLDERS = frozenset({".ci", ".github", "benchmarks", "docs", "policy", "sandbox", "tests", "tools"})
_HARMLESS_FILES = frozenset({".gitattributes", ".gitignore", ".pre-commit-config.yaml", "LICENSE", "Makefile"})


def affected(files: Iterable[str], environments: Sequence[str]) -> list[str]:
    """The environments among ``environments`` whose plan may change with these files, in their order."""
    found: set[str] = set()
    for name in files:
        path = PurePosixPath(name)
        top = path.parts[0] if path.parts else ""
        if top in _HARMLESS_FOLDERS or name in _HARMLESS_FILES or name == PROMOTION_FILE or _is_text(path):
            continue
        if top == "environments" and len(path.parts) > 1:
            # environments/dev.yaml, or environments/dev/assets/...; the schema and the example belong to none.
            found.add(path.parts[1].removesuffix(".yaml"))
        else:
            return list(environments)
    return [name for name in environments if name in found]


def changed_files(root: Path, base: str, head: str) -> list[str]:
    """What ``head`` changes since it left ``base``. Raises :class:`InputError` for commits that git does not know."""
    for option, commit in (("--base", base), ("--head", head)):
        if not commit or commit.startswith("-"):
            raise InputError(f"{option}: {commit!r} is no commit.", hint="Give a commit's hash or a branch.")
    command = ["git", "diff", "--name-only", "--no-renames", "-z", f"{base}...{head}", "--"]
    answer = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise InputError(
            f"git cannot compare {base} and {head}: {answer.stderr.strip()}",
            hint="In a workflow check out with fetch-depth: 0.",
        )
    return [name for name in answer.stdout.split("\0") if name]


def is_on_branch(root: Path, commit: str, branch: str) -> bool:
    """Whether the branch of the remote (or of this clone, if it has none) holds the commit."""
    command = ["git", "merge-base", "--is-ancestor", commit]
    refs = (f"refs/remotes/origin/{branch}", f"refs/heads/{branch}")
    return any(
        subprocess.run([*command, ref], cwd=root, capture_output=True, check=False).returncode == 0 for ref in refs
    )


def _is_text(path: PurePosixPath) -> bool:
    return path.suffix == ".md" and len(path.parts) == 1
