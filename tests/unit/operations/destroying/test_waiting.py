"""The waiting time is shown, and an interrupt ends it at once."""

from __future__ import annotations

import os
import signal

import pytest

from ezazml.operations.destroying.waiting import wait


def test_it_counts_down() -> None:
    shown: list[str] = []
    slept: list[float] = []
    wait(2.5, show=shown.append, sleep=slept.append)
    assert slept == [60, 60, 30]
    assert [line.split(";")[0] for line in shown] == [
        "destroying in 2:30 min",
        "destroying in 1:30 min",
        "destroying in 0:30 min",
    ]


def test_no_time_is_no_wait() -> None:
    wait(0, show=lambda _line: pytest.fail("shown"), sleep=lambda _seconds: pytest.fail("slept"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it(number: signal.Signals) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        wait(10, show=lambda _line: None, sleep=lambda _seconds: os.kill(os.getpid(), number))
    assert signal.getsignal(signal.SIGTERM) == before
