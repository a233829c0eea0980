"""What comes about a moment later, in another process or thread: a test waits for it, long enough for any machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_SECONDS = 180.0


def eventually(ask: Callable[[], T]) -> T:
    """What ``ask`` answers once that is true. An answer that never comes fails the test."""
    end = time.monotonic() + _SECONDS
    while not (found := ask()):
        assert time.monotonic() < end, "it did not become true"
        time.sleep(0.05)
    return found
