"""What happens when somebody wants a running command to end? It stops in order, and what must be done is still done."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

#: How a pipeline that is cancelled (SIGTERM) and a terminal that is closed (SIGHUP) ask. Ctrl-C is SIGINT.
TERMINATIONS = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def termination_interrupts() -> Iterator[None]:
    """Inside of it the end of a pipeline or a terminal is a :class:`KeyboardInterrupt`, as Ctrl-C is."""

    def interrupt(_number: int, _frame: Any) -> None:
        raise KeyboardInterrupt

    with handled(TERMINATIONS, interrupt):
        yield


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Inside of it nothing but a kill ends this process: for the short work that puts something right again."""
    with handled((signal.SIGINT, *TERMINATIONS), signal.SIG_IGN):
        yield


@contextmanager
def handled(
    numbers: tuple[signal.Signals, ...], handler: Callable[[int, Any], None] | signal.Handlers
) -> Iterator[None]:
    """Have ``handler`` take these signals. Changes nothing outside of the main thread, to which nobody sends any."""
    before: dict[signal.Signals, Any] = {}
    try:
        for number in numbers:
            try:
                before[number] = signal.signal(number, handler)
            except ValueError:
                break
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)
