"""What do tags tell about jobs, models and endpoints? Their names, in one place: a later command reads them."""

from __future__ import annotations

import subprocess
from pathlib import Path

GIT_COMMIT = "git.commit"
GIT_BRANCH = "git.branch"
#: ``name:version`` of the registered data that a job read; several with commas.
DATA = "ezazml.data"
#: The job that made a model.
JOB = "ezazml.job"
#: ``challenger`` or ``champion``.
STAGE = "stage"
#: Before the metric's name.
METRIC = "metric."
#: A note of the person who registered it (MODEL_VERSION_NOTE).
NOTE = "note"
#: The split before the last change of an endpoint's traffic, as JSON: what a rollback restores.
PREVIOUS_TRAFFIC = "ezazml.previous_traffic"


def git_tags(folder: Path) -> dict[str, str]:
    """Commit and branch that ``folder`` is at; nothing where there is no git or no commit."""
    commit = _git(folder, "rev-parse", "HEAD")
    if not commit:
        return {}
    changed = "-dirty" if _git(folder, "status", "--porcelain", "--untracked-files=no") else ""
    branch = _git(folder, "rev-parse", "--abbrev-ref", "HEAD")
    return {GIT_COMMIT: f"{commit}{changed}", **({GIT_BRANCH: branch} if branch else {})}


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
