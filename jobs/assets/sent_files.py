"""Which files of a folder belong to an asset? One answer for what is hashed, checked and sent.

Left out is what tools write, and what the folder's own ``.amlignore`` (or, without one, ``.gitignore``) names: as for
``az ml``, only at the top of the folder.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

#: Never part of what is declared: written by tools, or by running the code.
LEFT_OUT = frozenset({"__pycache__", ".git", ".ipynb_checkpoints", ".DS_Store", ".pytest_cache"})
_IGNORE_FILES = (".amlignore", ".gitignore")


def skipper(folder: Path) -> Callable[[str], bool]:
    """Tells of a name below ``folder``, in posix form, whether it is left out."""

    def left_out(name: str) -> bool:
        return not LEFT_OUT.isdisjoint(name.split("/"))

    if not any((folder / name).is_file() for name in _IGNORE_FILES):
        return left_out
    from azure.ai.ml._utils._asset_utils import get_ignore_file  # noqa: PLC0415 - takes 0.8 s

    ignored = get_ignore_file(folder)
    return lambda name: left_out(name) or bool(ignored.is_file_excluded(os.path.join(ignored.base_path, name)))  # noqa: PTH118


def files_below(path: Path) -> list[Path]:
    """The file itself, or every file in the folder that belongs to the asset, sorted by name.

    Links to folders are followed while they stay inside: whether others may be there is for the checks to say.
    """
    if path.is_file():
        return [path]
    skip = skipper(path)
    found: list[Path] = []
    for name, folders, files in os.walk(path, followlinks=True):
        here = Path(name)
        folders[:] = [one for one in folders if one not in LEFT_OUT and _stays_inside(here / one, path)]
        found.extend(
            file
            for file in (here / one for one in files)
            if file.is_file() and not skip(file.relative_to(path).as_posix())
        )
    return sorted(found, key=lambda file: file.as_posix())


def _stays_inside(folder: Path, start: Path) -> bool:
    """Whether a folder is none that a link leads out to, or back up to."""
    if not folder.is_symlink():
        return True
    target = folder.resolve()
    return target.is_relative_to(start.resolve()) and not folder.parent.resolve().is_relative_to(target)
