"""In which order changes are carried out, and what a failure or an interrupt stops."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ezazml.errors import EzazmlError
from jobs.assets.applying import Result, Status, apply_plan
from jobs.assets.asset import Asset, Definition, Key, Kind
from jobs.assets.changes import Action, Change
from jobs.assets.kinds.registry import HANDLERS
from jobs.assets.planning import Plan

#: What the workspace keeps to be told of an asset that was written.
WARNINGS = {"watched": "nobody watches it"}


def change(name: str, *needs: str, action: Action = Action.CREATE) -> Change:
    key = Key(Kind.DATA, name)
    definition = Definition(Kind.DATA, "", Path(name), f"assets/data/{name}.yml", {"name": name}, {})
    asset = Asset(key, definition, "", "hash", frozenset(Key(Kind.DATA, need) for need in needs))
    return Change(key, action, asset, "1")


class Handler:
    """Writes by calling a function with the asset's name."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def write(self, _workspace: Any, change: Change, _on_bytes: Any) -> str:
        self._write(change.key.name)
        return ""


@pytest.fixture
def carry_out(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    def run(changes: list[Change], write: Callable[[str], None], **options: Any) -> Result:
        monkeypatch.setitem(cast(dict[Kind, Any], HANDLERS), Kind.DATA, Handler(write))
        workspace = SimpleNamespace(warning_of=lambda key: WARNINGS.get(key.name, ""))
        return apply_plan(Plan(tuple(changes)), cast(Any, workspace), **options)

    return run


def statuses(result: Result) -> dict[str, Status]:
    return {outcome.change.key.name: outcome.status for outcome in result.outcomes}


def test_each_is_written_after_what_it_needs(carry_out: Callable[..., Result]) -> None:
    written: list[str] = []
    carry_out([change("c", "b"), change("b", "a"), change("a"), change("d", "c", "a")], written.append, workers=4)
    assert written == ["a", "b", "c", "d"]


def test_what_is_done_may_come_with_a_warning(carry_out: Callable[..., Result]) -> None:
    result = carry_out([change("watched"), change("other")], lambda _name: None)
    assert [(outcome.status, outcome.message) for outcome in result.outcomes] == [
        (Status.DONE, "nobody watches it"),
        (Status.DONE, ""),
    ]


def test_independent_ones_run_together_but_not_more_than_allowed(carry_out: Callable[..., Result]) -> None:
    together = threading.Barrier(3, timeout=20)  # three must be inside at once, or this raises
    inside: set[str] = set()
    most: list[int] = []

    def write(name: str) -> None:
        inside.add(name)
        most.append(len(inside))
        together.wait()
        inside.discard(name)

    result = carry_out([change(str(number)) for number in range(9)], write, workers=3)
    assert set(statuses(result).values()) == {Status.DONE}
    assert max(most) == 3


def test_a_failure_skips_what_needs_it_and_nothing_else(carry_out: Callable[..., Result]) -> None:
    def write(name: str) -> None:
        if name == "bad":
            raise EzazmlError("Azure said no.")

    result = carry_out(
        [change("bad"), change("after", "bad"), change("later", "after"), change("good"), change("other", "good")],
        write,
    )
    assert statuses(result) == {
        "bad": Status.FAILED,
        "after": Status.SKIPPED,
        "later": Status.SKIPPED,
        "good": Status.DONE,
        "other": Status.DONE,
    }
    messages = {outcome.change.key.name: outcome.message for outcome in result.outcomes}
    assert messages["bad"] == "Azure said no."
    assert messages["after"] == "because data bad failed"
    assert messages["later"] == "because data after was skipped"
    assert result.failed


def test_a_surprise_in_one_loses_nothing_of_the_others(carry_out: Callable[..., Result]) -> None:
    def write(name: str) -> None:
        if name == "bad":
            raise ZeroDivisionError("surprise")

    result = carry_out([change("bad"), change("good")], write)
    assert statuses(result) == {"bad": Status.FAILED, "good": Status.DONE}
    assert "ZeroDivisionError: surprise" in result.outcomes[0].message


def test_what_is_unchanged_is_not_written(carry_out: Callable[..., Result]) -> None:
    written: list[str] = []
    result = carry_out([change("same", action=Action.UNCHANGED), change("new", "same")], written.append)
    assert written == ["new"]
    assert statuses(result) == {"same": Status.UNCHANGED, "new": Status.DONE}


def test_an_interrupt_finishes_what_runs_and_starts_nothing_more(carry_out: Callable[..., Result]) -> None:
    written: list[str] = []
    shown: list[str] = []

    def write(name: str) -> None:
        if name == "first":
            signal.pthread_kill(cast(int, threading.main_thread().ident), signal.SIGINT)
            assert interrupted.wait(20)
        written.append(name)

    interrupted = threading.Event()

    def show(line: str) -> None:
        shown.append(line)
        if line.startswith("interrupted"):
            interrupted.set()

    result = carry_out([change("first"), change("second", "first")], write, workers=1, show=show)
    assert written == ["first"]
    assert result.interrupted
    assert statuses(result) == {"first": Status.DONE, "second": Status.NOT_STARTED}
    assert result.failed
