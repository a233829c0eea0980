"""Was Terraform killed while it wrote a state on this machine? Then the state of before that run takes its place.

Terraform empties the file and writes it anew (internal/states/statemgr/filesystem.go). A kill in between leaves an
empty file, which means "nothing is deployed" to the next run: a destroy would leave everything where it is. Beside it
is the backup that Terraform made as the run began. What the run did since is found by refreshing and by adoption.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

_LOG = logging.getLogger(__name__)


def local_state(stack: Mapping[str, Any], folder: Path) -> Path | None:
    """The state's file of a stack (``cdk.tf.json`` in ``folder``); ``None`` where it is not on this machine."""
    backend = stack.get("terraform", {}).get("backend", {}).get("local")
    return None if backend is None else folder / (backend.get("path") or "terraform.tfstate")


def mend(state: Path) -> bool:
    """Put the backup in the place of a state that was cut short; whether that was needed.

    A state that Terraform has locked right now is left alone, as is one without a whole backup.
    """
    try:
        with state.open("r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the lock that Terraform takes
            if _is_whole(file.read()):
                return False
            backup = state.with_name(f"{state.name}.backup").read_bytes()
            if not _is_whole(backup):
                return False
            _rewrite(file, backup)
    except (FileNotFoundError, BlockingIOError, PermissionError):
        return False
    _LOG.warning("%s was cut short when Terraform was killed; its backup is used.", state)
    return True


def _rewrite(file: IO[bytes], content: bytes) -> None:
    """In place: another Terraform may already wait for the lock on this very file."""
    file.seek(0)
    file.truncate()
    file.write(content)
    file.flush()
    os.fsync(file.fileno())


def _is_whole(content: bytes) -> bool:
    try:
        return isinstance(json.loads(content), dict)
    except ValueError:
        return False
