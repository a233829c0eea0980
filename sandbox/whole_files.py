"""How is a file written that other processes read? Whole or not at all, whoever else writes it at the same moment."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path


def write_whole(path: Path, text: str, *, mode: int = 0o644, replace: bool = True) -> None:
    """Write a file whole or not at all, only where it differs: other processes may be using it right now.

    Without ``replace`` the first of several writers wins.
    """
    if not replace and path.exists():
        return
    with contextlib.suppress(OSError, ValueError):  # what cannot be read is replaced
        if path.read_text(encoding="utf-8") == text:
            return
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}")
    new = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        new.chmod(mode)
        if replace:
            new.replace(path)
        else:
            with contextlib.suppress(FileExistsError):
                os.link(new, path)
    finally:
        new.unlink(missing_ok=True)
