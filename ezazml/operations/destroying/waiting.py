"""How long may one still change one's mind? A waiting time that is shown and that can be interrupted."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from ezazml.interruption import termination_interrupts
from ezazml.terraform.runner import Progress


def wait(
    minutes: float,
    *,
    show: Progress,
    tick_seconds: float = 60.0,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Wait, and say every ``tick_seconds`` how long it still takes.

    Raises :class:`KeyboardInterrupt` when interrupted or told to end (SIGTERM, as by a pipeline that is cancelled).
    """
    remaining = minutes * 60
    with termination_interrupts():
        while remaining > 0:
            show(f"destroying in {_clock(remaining)}; Ctrl-C stops it, and nothing is changed")
            step = min(tick_seconds, remaining)
            sleep(step)
            remaining -= step


def _clock(seconds: float) -> str:
    whole = math.ceil(seconds)
    return f"{whole // 60}:{whole % 60:02} min"
