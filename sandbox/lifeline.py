"""Does a service of this sandbox live, even if it does not answer? It holds a lock on a file until its process ends.

Process ids are used again, and a process that hangs answers nobody; a lock ends with its process, however that ends.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class Lifeline:
    """The lock of the service in one sandbox's folder."""

    def __init__(self, root: Path) -> None:
        self._file = root / "service.alive"
        self._descriptor: int | None = None

    def hold(self) -> None:
        """Hold it until this process ends; waits while another service lives, so that two never share the blobs."""
        self._descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, str(os.getpid()).encode())

    def holder(self) -> int | None:
        """The process id of the service that lives; ``None`` when none does."""
        try:
            descriptor = os.open(self._file, os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            text = os.read(descriptor, 32)
            return int(text) if text.isdigit() else None
        finally:
            os.close(descriptor)
        return None
