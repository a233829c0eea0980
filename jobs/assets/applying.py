"""How is a plan carried out? In the order of the dependencies, what is independent at the same time.

What succeeded stays, whatever happens to the rest: running again does only what is left.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from graphlib import TopologicalSorter
from types import FrameType

from ezazml.errors import EzazmlError
from jobs.assets.asset import Key
from jobs.assets.changes import Action, Change
from jobs.assets.kinds.registry import HANDLERS
from jobs.assets.planning import Plan
from jobs.assets.workspace import OnBytes, Workspace
from jobs.azure_errors import readable_errors

#: How often an interrupt is looked for while writes run.
_LOOK_SECONDS = 0.2
#: Shown one line about how far it is.
Show = Callable[[str], None]


class Status(StrEnum):
    """What became of one change."""

    DONE = "done"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    SKIPPED = "skipped"
    NOT_STARTED = "not started"


@dataclass(frozen=True)
class Outcome:
    """A change and what became of it. ``message`` says why it failed or was skipped, or warns of what is done."""

    change: Change
    status: Status
    message: str = ""


@dataclass(frozen=True)
class Result:
    """What an apply did, in the order of the plan."""

    outcomes: tuple[Outcome, ...]
    interrupted: bool = False

    @property
    def failed(self) -> bool:
        """Whether anything is left undone."""
        return any(outcome.status not in {Status.DONE, Status.UNCHANGED} for outcome in self.outcomes)

    def count(self, status: Status) -> int:
        """How many changes ended so."""
        return sum(outcome.status is status for outcome in self.outcomes)


def apply_plan(plan: Plan, workspace: Workspace, *, workers: int = 16, show: Show = lambda _line: None) -> Result:
    """Carry out the plan with at most ``workers`` writes at a time.

    A change that fails stops only what needs it. An interrupt (Ctrl-C) starts nothing more, lets what runs finish,
    and is told in the result.
    """
    return _Run(plan, workspace, workers, show).run()


@contextmanager
def _interrupts() -> Iterator[threading.Event]:
    """Set when somebody presses Ctrl-C inside the block; pressed again, it interrupts as ever.

    An exception in the middle of anything could lose track of a write that has just been started.
    """
    pressed = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield pressed  # only the main thread gets signals
        return
    before = signal.getsignal(signal.SIGINT)

    def press(_number: int, _frame: FrameType | None) -> None:
        pressed.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, press)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


class _Run:
    def __init__(self, plan: Plan, workspace: Workspace, workers: int, show: Show) -> None:
        self._changes = {change.key: change for change in plan.changes}
        self._workspace, self._workers = workspace, workers
        self._outcomes: dict[Key, Outcome] = {}
        self._running: dict[Future[Outcome], Key] = {}
        self._progress = _Progress(sum(change.writes for change in plan.changes), show)
        self._interrupted = False

    def run(self) -> Result:
        sorter: TopologicalSorter[Key] = TopologicalSorter(
            {key: self._needs(change) for key, change in self._changes.items()}
        )
        sorter.prepare()
        ready: list[Key] = []
        with _interrupts() as interrupts, ThreadPoolExecutor(self._workers, "apply") as pool:
            while sorter.is_active() or self._running:
                ready = sorted([*ready, *sorter.get_ready()])
                ready = self._start(ready, sorter, pool)
                self._finish(sorter)
                if interrupts.is_set() and not self._interrupted:
                    self._interrupted = True
                    self._progress.line("interrupted: starting nothing more, what runs is finished first")
        outcomes = (self._outcomes.get(key) or Outcome(self._changes[key], Status.NOT_STARTED) for key in self._changes)
        return Result(tuple(outcomes), self._interrupted)

    def _needs(self, change: Change) -> list[Key]:
        needs = change.asset.needs if change.asset else ()
        return [key for key in needs if key in self._changes]

    def _start(self, ready: list[Key], sorter: TopologicalSorter[Key], pool: ThreadPoolExecutor) -> list[Key]:
        """Start what is ready as far as the pool goes; gives back what has to wait."""
        while ready and (len(self._running) < self._workers or not self._changes[ready[0]].writes):
            key = ready.pop(0)
            change = self._changes[key]
            if not change.writes:
                self._end(key, Outcome(change, Status.UNCHANGED), sorter)
            elif self._interrupted:
                self._end(key, Outcome(change, Status.NOT_STARTED, "interrupted"), sorter)
            elif reason := self._why_not(change):
                self._end(key, Outcome(change, Status.SKIPPED, reason), sorter)
                self._progress.line(f"{key}: skipped, {reason}")
            else:
                self._running[pool.submit(self._carry_out, change)] = key
            ready.extend(sorter.get_ready())
            ready.sort()
        return ready

    def _finish(self, sorter: TopologicalSorter[Key]) -> None:
        if not self._running:
            return
        done, _ = wait(self._running, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED)
        for future in done:
            key = self._running.pop(future)
            self._end(key, future.result(), sorter)

    def _end(self, key: Key, outcome: Outcome, sorter: TopologicalSorter[Key]) -> None:
        self._outcomes[key] = outcome
        sorter.done(key)

    def _why_not(self, change: Change) -> str:
        for key in sorted(self._needs(change)):
            outcome = self._outcomes[key]
            if outcome.status in {Status.FAILED, Status.SKIPPED}:
                return f"because {key} {'failed' if outcome.status is Status.FAILED else 'was skipped'}"
        return ""

    def _carry_out(self, change: Change) -> Outcome:
        handler = HANDLERS[change.key.kind]
        try:
            with readable_errors(str(change.key)):
                if change.action is Action.ARCHIVE:
                    handler.archive(self._workspace, change.key.name)
                else:
                    version = handler.write(self._workspace, change, self._progress.bytes_of(change.key))
                    change = replace(change, version=version or change.version)
        except EzazmlError as error:
            self._progress.one_more(f"{change.key}: failed")
            return Outcome(change, Status.FAILED, str(error))
        except Exception as error:  # one asset's surprise must not lose what is known about the others
            self._progress.one_more(f"{change.key}: failed")
            return Outcome(change, Status.FAILED, f"{change.key}: {type(error).__name__}: {error}")
        version = f" {change.version}" if change.version else ""
        self._progress.one_more(f"{change.key}{version}: {change.action}")
        return Outcome(change, Status.DONE, self._workspace.warning_of(change.key))


class _Progress:
    """Lines about how far it is, from many threads."""

    def __init__(self, total: int, show: Show) -> None:
        self._total, self._done, self._show = total, 0, show
        self._lock = threading.Lock()

    def one_more(self, line: str) -> None:
        with self._lock:
            self._done += 1
            self._show(f"[{self._done}/{self._total}] {line}")

    def line(self, line: str) -> None:
        with self._lock:
            self._show(line)

    def bytes_of(self, key: Key) -> OnBytes:
        """Counts the bytes of an upload; a line for every tenth of a large one."""
        shown = 0

        def on_bytes(done: int, total: int) -> None:
            nonlocal shown
            tenth = done * 10 // max(total, 1)
            if total >= 16 * 2**20 and tenth > shown:
                shown = tenth
                self.line(f"{key}: {done / 2**20:.0f} of {total / 2**20:.0f} MiB sent")

        return on_bytes
