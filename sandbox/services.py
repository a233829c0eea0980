"""Is the sandbox's service running? Finds it, starts it once, stops it.

The service writes its process id, port and a token into ``.sandbox/service.json``. Whoever needs it takes a lock,
asks that port for its health, and starts a new service if there is no good answer.
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
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

_START_SECONDS = 120.0
_STOP_SECONDS = 15.0
_HEALTH_SECONDS = 5.0
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
        new = file.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(json.dumps(asdict(self)), encoding="utf-8")
        new.replace(file)

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

    def running(self) -> ServiceRecord | None:
        """The service, if it runs and answers."""
        record = ServiceRecord.read(self._file)
        health = _health(record) if record else None
        good = (
            health is not None
            and health["root"] == os.path.realpath(self._root)
            and health.get("code") == code_version()  # one that an update left behind speaks another language
        )
        return record if good else None

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
            answer: dict[str, Any] = json.loads(_ask(record, "POST", f"/fire/{quote(schedule)}"))
        except urllib.error.HTTPError as error:
            raise ScheduleRefused(str(json.loads(error.read())["error"])) from error
        except (OSError, ValueError) as error:
            raise ServiceError(f"The sandbox's service did not answer: {error}") from error
        return answer

    def start(self) -> ServiceRecord:
        """The running service; started if there is none. Raises :class:`ServiceError`."""
        record = self.running()
        if record is not None:
            return record
        with self._locked():
            record = self.running()
            if record is not None:
                return record
            self._stop()  # one that hangs, or that came with a folder which was moved
            return self._start()

    def stop(self) -> None:
        """End the service, and wait until it has ended."""
        if self._root.is_dir():
            with self._locked():
                self._stop()

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
            time.sleep(0.05)
        process.kill()
        raise ServiceError(f"The sandbox's service did not start; see {self._root / 'logs' / 'service.err'}.")

    def _stop(self) -> None:
        record = ServiceRecord.read(self._file)
        if record is None:
            return
        # Only a process that answers with its own id is the service: ids are used again.
        health = _health(record)
        if health is not None and health["pid"] == record.pid:
            with contextlib.suppress(OSError):
                _ask(record, "POST", "/stop")
            _wait_for_end(record.pid)
        record.remove(self._file)

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
        answer: dict[str, Any] = json.loads(_ask(record, "GET", "/health"))
    except (OSError, ValueError):
        return None
    return answer if answer.get("pid") == record.pid else None


def _ask(record: ServiceRecord, method: str, path: str) -> bytes:
    request = urllib.request.Request(  # noqa: S310 - this machine
        record.proxy + path, method=method, headers={"X-Token": record.token}
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=_HEALTH_SECONDS) as answer:
        content: bytes = answer.read()
    return content


def _wait_for_end(pid: int) -> None:
    end = time.monotonic() + _STOP_SECONDS
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)  # it may be our own child
        time.sleep(0.05)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
