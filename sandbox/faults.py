"""Which calls shall fail on purpose? What ``ezazml sandbox faults`` asked for, read anew whenever it changes.

Azure limits rates, fails and loses connections; here it does so on order, so that tests and people can see what a
program makes of it. A fault strikes before the work is done or after it: an answer that is lost after a write is
the one that leads to things made twice.
"""

from __future__ import annotations

import json
import random
import threading
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from sandbox.whole_files import write_whole


class FaultKind(StrEnum):
    """What can go wrong."""

    TOO_MANY = "429"
    SERVER_ERROR = "500"
    SLOW = "slow"
    DROP = "drop"


ALL_KINDS = tuple(FaultKind)


@dataclass(frozen=True)
class Faults:
    """How often calls fail, how, and how long each call takes at least.

    ``rate`` is a share of calls (0 to 1), ``latency_ms`` is added to every call, ``slow_seconds`` to slow ones. A
    ``seed`` makes the sequence of faults repeatable.
    """

    rate: float = 0.0
    kinds: tuple[FaultKind, ...] = ALL_KINDS
    seed: int | None = None
    latency_ms: int = 0
    slow_seconds: float = 2.0

    @property
    def active(self) -> bool:
        """Whether anything is asked for."""
        return self.rate > 0 or self.latency_ms > 0


@dataclass(frozen=True)
class Strike:
    """One fault: its kind, and whether the work is done first (and only the answer suffers)."""

    kind: FaultKind
    after: bool


def load(file: Path) -> Faults:
    """The faults asked for in ``file``; none when it is missing."""
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Faults()
    return Faults(**{**values, "kinds": tuple(FaultKind(kind) for kind in values["kinds"])})


def save(file: Path, faults: Faults) -> None:
    """Ask for ``faults``; none removes the file."""
    if not faults.active:
        file.unlink(missing_ok=True)
        return
    write_whole(file, json.dumps(asdict(faults)))


class FaultSource:
    """Decides for each call, from the file as it is now. Safe with several threads."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._read: tuple[int, int] | None = None
        self._faults = Faults()
        self._random = random.Random()  # noqa: S311 - no secret

    def current(self) -> Faults:
        """What is asked for now."""
        with self._lock:
            return self._load()

    def strike(self, *kinds: FaultKind) -> Strike | None:
        """The fault of the next call, limited to ``kinds`` if given; ``None`` for most calls."""
        with self._lock:
            faults = self._load()
            wanted = [kind for kind in faults.kinds if not kinds or kind in kinds]
            if not wanted or self._random.random() >= faults.rate:
                return None
            kind = self._random.choice(wanted)
            # Azure limits the rate before it does anything.
            after = kind is not FaultKind.TOO_MANY and self._random.random() < 0.5
            return Strike(kind, after)

    def _load(self) -> Faults:
        try:
            status = self._file.stat()
            read = (status.st_mtime_ns, status.st_ino)
        except FileNotFoundError:
            read = None
        if read != self._read:
            self._read, self._faults = read, load(self._file)
            self._random = random.Random(self._faults.seed)  # noqa: S311
        return self._faults
