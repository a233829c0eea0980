"""How long does a command take, and how much memory? Whole processes, in paired rounds, medians."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

#: Looking at a tree of processes takes milliseconds of a core that they could use.
_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Case:
    """One command to measure."""

    name: str
    command: Sequence[str]
    cwd: Path
    environ: Mapping[str, str]


@dataclass
class Result:
    """Seconds and peak memory (MiB, the whole process tree) of every round."""

    name: str
    seconds: list[float] = field(default_factory=list)
    mebibytes: list[float] = field(default_factory=list)

    @property
    def median_seconds(self) -> float:
        """Median of the rounds, seconds."""
        return statistics.median(self.seconds)

    @property
    def median_mebibytes(self) -> float:
        """Median of the rounds' peaks, MiB."""
        return statistics.median(self.mebibytes)


def measure(cases: Sequence[Case], *, rounds: int, warm: bool = True) -> list[Result]:
    """Run all cases once in every round, so that what slows the machine slows all of them.

    ``warm`` runs each once before, unmeasured. Raises ``RuntimeError`` when a command fails.
    """
    results = [Result(case.name) for case in cases]
    for number in range(-1 if warm else 0, rounds):
        for case, result in zip(cases, results, strict=True):
            seconds, mebibytes = _run(case)
            if number >= 0:
                result.seconds.append(seconds)
                result.mebibytes.append(mebibytes)
        print(f"  round {number + 1} of {rounds}", file=sys.stderr, flush=True)
    return results


def _run(case: Case) -> tuple[float, float]:
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            case.command, cwd=case.cwd, env=dict(case.environ), stdout=output, stderr=subprocess.STDOUT
        )
        peak = [0.0]
        watcher = threading.Thread(target=_watch, args=(process.pid, peak))
        watcher.start()
        code = process.wait()
        seconds = time.perf_counter() - start
        watcher.join()
        if code != 0:
            output.seek(0)
            raise RuntimeError(f"{case.name} failed:\n{output.read().decode()[-3000:]}")
    return seconds, peak[0]


def _watch(pid: int, peak: list[float]) -> None:
    """Poll the memory of a process and everything it started."""
    try:
        root = psutil.Process(pid)
        while root.is_running() and root.status() != psutil.STATUS_ZOMBIE:
            total = 0
            for process in [root, *root.children(recursive=True)]:
                try:
                    total += process.memory_info().rss
                except psutil.Error:
                    continue
            peak[0] = max(peak[0], total / 2**20)
            time.sleep(_POLL_SECONDS)
    except psutil.NoSuchProcess:
        return
