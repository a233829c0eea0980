"""Which commit is being deployed? The one that git has checked out."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ezazml.errors import InputError


def current_commit(root: Path) -> str:
    """The commit at ``root``, 12 digits, with ``-dirty`` behind it when files differ from it.

    Raises :class:`InputError` where there is no git, no repository, or no commit yet.
    """
    try:
        answer = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        raise _unknown("git was not found") from error
    if answer.returncode != 0:
        raise _unknown(answer.stderr.strip().removeprefix("fatal: "))
    return answer.stdout.strip()


def _unknown(reason: str) -> InputError:
    return InputError(
        f"tag_git_commit: true: the commit is not known: {reason}.",
        hint="Work in a git repository with a commit, or set tag_git_commit: false.",
    )
