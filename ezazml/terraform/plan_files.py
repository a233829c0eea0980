"""Where is a plan between being shown and being applied? In a folder of that run alone, gone afterwards.

Two runs never share a file: somebody who plans while somebody else decides about a plan must not change what the other
one then applies. Plans hold secrets; what a killed run left is removed by the next one.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def plan_file_of_this_run(plans: Path, name: str) -> Iterator[Path]:
    """A path below ``plans`` for a saved plan that only this run and this user reach; gone afterwards."""
    plans.mkdir(parents=True, exist_ok=True)
    with _locked(plans):  # nobody takes the new folder for a left one before it is locked
        _remove_left_behind(plans)
        folder = Path(tempfile.mkdtemp(prefix=f"{name}.", dir=plans))
        held = _lock(folder)
    try:
        yield folder / f"{name}.tfplan"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if held is not None:
            os.close(held)


def _remove_left_behind(plans: Path) -> None:
    """Remove the folders whose run is no more: the end of a process, however it came, ends its locks."""
    for folder in plans.iterdir():
        if not folder.is_dir():
            folder.unlink(missing_ok=True)
            continue
        held = _lock(folder)
        if held is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(held)


def _lock(folder: Path) -> int | None:
    """A descriptor that locks the folder, or ``None`` where another run has it or has just removed it."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
