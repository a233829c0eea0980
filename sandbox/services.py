"""Is the sandbox's service running? Finds it, starts it once, stops it.

The service writes its process id, port and a token into ``.sandbox/service.json``. Whoever needs it takes a lock,
asks that port for its health, and starts a new service if there is no good answer. One that lives without an answer
(:mod:`sandbox.lifeline`) is waited for, and killed before another starts: two would share the blobs.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sandbox.lifeline import Lifeline
from sandbox.whole_files import write_whole

_START_SECONDS = 120.0
#: Jobs end, what they logged is written down, and Azurite saves what it holds.
_STOP_SECONDS = 60.0
_KILL_SECONDS = 30.0
_REMAINS_SECONDS = 1.0
_HEALTH_SECONDS = 5.0
#: A machine that was asleep, or is out of memory, may let a service answer late.
_HANG_SECONDS = 60.0
_FIRE_SECONDS = 120.0
_TICK_SECONDS = 0.05
#: How long an unused service stays, minutes.
IDLE_VARIABLE = "EZAZML_SANDBOX_IDLE_MINUTES"
_IDLE_MINUTES = "30"

#: What decides from where packages of jobs come: the runtime, and where pip looks.
_PACKAGES = ("EZAZML_SANDBOX_RUNTIME", "PIP_CONFIG_FILE", "PIP_FIND_LINKS", "PIP_INDEX_URL", "PIP_NO_INDEX")


class ServiceError(Exception):
    """The service cannot be started; the message says where to look."""


class ScheduleRefused(ServiceError):
    """The service does not run a schedule: there is none of that name, or none that it can run."""


@dataclass(frozen=True)
class ServiceRecord:
    """A running service, as its file tells. The token lets its owner stop it."""

    pid: int
    port: int
    token: str

    @classmethod
    def read(cls, file: Path) -> ServiceRecord | None:
        """The record in ``file``, or ``None``."""
        try:
            return cls(**json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, file: Path) -> None:
        """Write the record whole, readable by its owner alone."""
        write_whole(file, json.dumps(asdict(self)), mode=0o600)

    def remove(self, file: Path) -> None:
        """Remove the file, unless it tells of another service."""
        if ServiceRecord.read(file) == self:
            file.unlink(missing_ok=True)

    @property
    def proxy(self) -> str:
        """Its address, for HTTPS_PROXY."""
        return f"http://127.0.0.1:{self.port}"


class Services:
    """The service of the sandbox in ``root``."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._file = root / "service.json"
        self._lock_file = root / "service.lock"
        self._lifeline = Lifeline(root)

    def running(self) -> ServiceRecord | None:
        """The service, if it runs and answers."""
        record = ServiceRecord.read(self._file)
        return record if record and self._is_good(_health(record)) else None

    def _is_good(self, health: Mapping[str, Any] | None) -> bool:
        return (
            health is not None
            and health["root"] == os.path.realpath(self._root)
            and health.get("code") == code_version()  # one that an update left behind speaks another language
        )

    def health(self) -> dict[str, Any] | None:
        """What a running service says of itself: ``pid``, ``root``, ``blobs_pid``."""
        record = self.running()
        return _health(record) if record else None

    def fire(self, schedule: str) -> dict[str, Any]:
        """Run a schedule of the running service now: ``{"schedule", "workspace", "job"}``.

        Raises :class:`ScheduleRefused` for one that does not run, else :class:`ServiceError`.
        """
        record = self.start()
        try:
            answer: dict[str, Any] = json.loads(_ask(record, "POST", f"/fire/{quote(schedule)}", _FIRE_SECONDS))
        except urllib.error.HTTPError as error:
            raise ScheduleRefused(str(json.loads(error.read())["error"])) from error
        except (OSError, ValueError, HTTPException) as error:
            raise ServiceError(f"The sandbox's service did not answer: {error}") from error
        return answer

    def start(self) -> ServiceRecord:
        """The running service; started if there is none. Raises :class:`ServiceError`."""
        record = self.running()
        if record is not None:
            return record
        with self._locked():
            record, health = self._awaited()
            if record is not None and self._is_good(health):
                return record
            self._stop(record, health)  # one that hangs, or that came with a folder which was moved
            return self._start()

    def stop(self) -> None:
        """End the service, and wait until it has ended. Raises :class:`ServiceError` for one that cannot be ended."""
        if self._root.is_dir():
            with self._locked():
                self._stop(*self._awaited())

    def _start(self) -> ServiceRecord:
        minutes = os.environ.get(IDLE_VARIABLE) or _IDLE_MINUTES
        command = [sys.executable, "-m", "sandbox.daemon", str(self._root), "--idle-minutes", minutes]
        kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV", "SYSTEMROOT", *_PACKAGES)
        with (self._root / "logs" / "service.err").open("ab") as log:
            process = subprocess.Popen(
                command,
                # None of the caller's logins, and no proxy: the service asks nobody.
                env={name: os.environ[name] for name in kept if name in os.environ},
                cwd=self._root.parent,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C in the terminal of whoever came first is not for it.
                start_new_session=True,
            )
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end and process.poll() is None:
            record = self.running()
            if record is not None and record.pid == process.pid:
                return record
            time.sleep(_TICK_SECONDS)
        process.kill()
        raise ServiceError(f"The sandbox's service did not start; see {self._root / 'logs' / 'service.err'}.")

    def _awaited(self) -> tuple[ServiceRecord | None, dict[str, Any] | None]:
        """The service and what it says of itself. One without an answer is starting, ending or late: it has time."""
        end = time.monotonic() + _HANG_SECONDS
        while True:
            record = ServiceRecord.read(self._file)
            health = _health(record) if record else None
            if health is not None or self._lifeline.holder() is None or time.monotonic() > end:
                return record, health
            time.sleep(_TICK_SECONDS)

    def _stop(self, record: ServiceRecord | None, health: Mapping[str, Any] | None) -> None:
        """End the service that answered, or one that lives without an answer."""
        if record is not None and health is not None and not self._is_copy(health):
            with contextlib.suppress(OSError, HTTPException):
                _ask(record, "POST", "/stop")
            self._end(record.pid, _STOP_SECONDS)
        holder = self._lifeline.holder()
        if holder is not None:
            self._end(holder, 0)
        if record is not None:
            record.remove(self._file)

    def _end(self, pid: int, seconds: float) -> None:
        """Wait for a service's end; one that takes longer is killed."""
        if self._ends(pid, seconds):
            return
        if not _is_service(pid):  # a number of another container or machine, which means somebody else here
            raise ServiceError(
                f"A service of the sandbox in {self._root} runs where this machine cannot end it (process {pid}). "
                "End it there (ezazml sandbox down), or use a folder that is not shared."
            )
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
        if not self._ends(pid, _KILL_SECONDS):
            raise ServiceError(f"The sandbox's service (process {pid}) cannot be ended. End it: kill -9 {pid}")

    def _ends(self, pid: int, seconds: float) -> bool:
        end = time.monotonic() + seconds
        held = self._lifeline.holder() == pid
        released = False
        while time.monotonic() <= end:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)  # it may be our own child
            if not _exists(pid):
                return True
            if held and not released and self._lifeline.holder() != pid:
                # It has ended; its id remains until somebody asks for its exit code, which may be never.
                released, end = True, time.monotonic() + _REMAINS_SECONDS
            time.sleep(_TICK_SECONDS)
        return released

    def _is_copy(self, health: Mapping[str, Any]) -> bool:
        """Whether this folder is a copy of the one that the service serves: then that one goes on."""
        served = Path(health["root"])
        return served.is_dir() and not served.samefile(self._root)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._lock_file.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def code_version() -> str:
    """A short name for the sandbox's code as it is on the disk now."""
    folder = Path(__file__).parent
    stamps = sorted(f"{path.relative_to(folder)} {path.stat().st_mtime_ns}" for path in folder.rglob("*.py"))
    return hashlib.sha256("\n".join(stamps).encode()).hexdigest()[:16]


def _health(record: ServiceRecord) -> dict[str, Any] | None:
    try:
        answer = json.loads(_ask(record, "GET", "/health"))
    except (OSError, ValueError, HTTPException):  # nobody, or a program that has its port now
        return None
    return answer if isinstance(answer, dict) and answer.get("pid") == record.pid else None


def _ask(record: ServiceRecord, method: str, path: str, seconds: float | None = None) -> bytes:
    request = urllib.request.Request(  # noqa: S310 - this machine
        record.proxy + path, method=method, headers={"X-Token": record.token}
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=seconds or _HEALTH_SECONDS) as answer:
        content: bytes = answer.read()
    return content


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _is_service(pid: int) -> bool:
    """Whether the process is a service of a sandbox: ids are used again."""
    try:
        if Path("/proc/self").exists():
            line = Path(f"/proc/{pid}/cmdline").read_bytes()
        else:
            line = subprocess.run(["ps", "-p", str(pid), "-o", "args="], capture_output=True, check=False).stdout
    except OSError:
        return False
    return b"sandbox.daemon" in line
