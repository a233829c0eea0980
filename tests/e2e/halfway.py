"""How does a test stop a command in the middle? Nothing changes in the sandbox's Azure while the signal is on its way.

On a busy machine Terraform would otherwise be done before the signal arrives.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
from collections.abc import Callable

import psutil

from sandbox.store import Store
from tests.e2e.conftest import Answer, Project

#: What ezazml passes on of Terraform's answer to the first signal.
_STOPPING = "Interrupt received"
Line = Callable[[str], bool]


def interrupted(
    at: Project, *command: str, number: signal.Signals, after: Line, still: Callable[[Store], bool]
) -> Answer:
    """Run a command, and send it the signal after a line of its standard error, so that it stops in order.

    Where ``still`` says no, Terraform may have no more to do: then no signal is sent.
    """
    process = _started(at, command)
    lines: list[str] = []
    if _read_until(process, lines, after):
        with Store.transaction(at.home.store_file) as store:
            if still(store):
                process.send_signal(number)
                _read_until(process, lines, lambda line: _STOPPING in line)
    return _end(process, lines)


def killed(at: Project, *command: str, after: Line, terraform: bool = False) -> Answer:
    """Run a command, and kill it and all that it started after a line, as when its machine is lost.

    With ``terraform`` it alone is killed.
    """
    process = _started(at, command)
    lines: list[str] = []
    if _read_until(process, lines, after):
        with Store.transaction(at.home.store_file), contextlib.suppress(psutil.NoSuchProcess):
            this = psutil.Process(process.pid)
            family = this.children()[-1:] if terraform else [this, *this.children(recursive=True)]
            for one in family:
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.kill()
            if not terraform:
                process.wait()
            psutil.wait_procs([one for one in family if one != this], timeout=30)  # of a zombie there is no end
    return _end(process, lines)


def _started(at: Project, command: tuple[str, ...]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        cwd=at.folder,
        env=at.environ(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def _read_until(process: subprocess.Popen[str], lines: list[str], found: Line) -> bool:
    """Whether such a line came."""
    assert process.stderr is not None
    for line in process.stderr:
        lines.append(line)
        if found(line):
            return True
    return False


def _end(process: subprocess.Popen[str], lines: list[str]) -> Answer:
    assert process.stderr is not None
    with process.stderr:
        lines += process.stderr.readlines()
    return Answer(process.wait(), "", "".join(lines))
