"""Where does the sandbox keep what is told to Azure Monitor? Rows of tables, as lines of JSON in plain files.

Whoever owns rows is known by an id that is made anew with it: the instrumentation key of an Application Insights
resource, the customer id of a Log Analytics workspace.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

Row = dict[str, Any]
#: Below the sandbox's folder.
FOLDER = "telemetry"
#: A file grows up to here, bytes; then it becomes the older one of two.
_LARGEST = 8 * 2**20
_HIDDEN = "*****"


class Records:
    """The rows of every table and owner."""

    def __init__(self, root: Path, secrets: Callable[[], Collection[str]]) -> None:
        self._folder = root / FOLDER
        self._secrets = secrets
        self._lock = threading.Lock()

    def add(self, owner: str, table: str, rows: Iterable[Row]) -> None:
        """Append rows, whose values are what JSON has. Secrets of the sandbox are not kept."""
        file = self._file(owner, table)
        text = "".join(json.dumps(row) + "\n" for row in rows)
        for secret in self._secrets():
            text = text.replace(secret, _HIDDEN)
        with self._lock:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if file.exists() and file.stat().st_size > _LARGEST:
                file.replace(_older(file))
            with file.open("a", encoding="utf-8") as lines:
                lines.write(text)

    def rows(self, owner: str, table: str) -> list[Row]:
        """All rows that are kept, the oldest first."""
        newest = self._file(owner, table)
        found: list[Row] = []
        with self._lock:
            for file in (_older(newest), newest):
                if file.exists():
                    found += map(json.loads, file.read_text(encoding="utf-8").splitlines())
        return found

    def _file(self, owner: str, table: str) -> Path:
        if re.fullmatch(r"[0-9a-fA-F-]{36}", owner) is None:
            raise ValueError(f"{owner!r} is no id of an owner")
        return self._folder / owner.lower() / f"{table}.jsonl"


def _older(file: Path) -> Path:
    return file.with_name(f"{file.stem}.older.jsonl")
