"""Has an asset changed? A hash over its files and everything that is declared decides."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jobs.assets.local_files import files_below

#: Never part of what is declared: written by tools, or by running the code.
LEFT_OUT = frozenset({"__pycache__", ".git", ".ipynb_checkpoints", ".DS_Store", ".pytest_cache"})
_CHUNK = 2**20


def hash_files(paths: Iterable[Path]) -> str:
    """Hash over the files' names and bytes; a folder counts with every file in it, by its relative name.

    The same content gives the same hash on every machine: names are in posix form and sorted.
    """
    total = hashlib.sha256()
    for path in paths:
        total.update(b"path\0")
        for file in files_below(path):
            name = file.name if file == path else file.relative_to(path).as_posix()
            if LEFT_OUT.isdisjoint(name.split("/")):
                total.update(f"{name}\0{_hash_file(file)}\0".encode())
    return total.hexdigest()


def hash_definition(data: dict[str, Any], content: str, needs: Iterable[str]) -> str:
    """Hash over what is declared, the hash of its files, and the hashes of what ``@latest`` means in it."""
    # The version is where it is kept, and the address of the schema says nothing about the asset.
    declared = {key: value for key, value in data.items() if key not in {"$schema", "version"}}
    text = json.dumps([declared, content, sorted(needs)], sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _hash_file(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
