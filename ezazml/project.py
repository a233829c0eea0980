"""Where is the project? The folder that holds ``cdktf.json``, at or above the current folder."""

from __future__ import annotations

from pathlib import Path

from ezazml.errors import InputError


def find_project(start: Path | None = None) -> Path:
    """The project's folder at or above ``start`` (default: the current folder).

    Raises :class:`InputError` when there is none.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "cdktf.json").is_file():
            return folder
    raise InputError(
        f"No project found: neither {here} nor a folder above it has a cdktf.json.",
        hint="Change into the project's folder and try again.",
    )
