"""How does the sandbox run a program of its users? Guarded, with its output in a log that holds no secrets."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

_GUARD = Path(__file__).with_name("guard.py")
_HIDDEN = b"*****"
_LINE_BYTES = 2**16


class Log:
    """A text file that several threads append to, and that never holds one of ``secrets``.

    ``told`` also gets whatever is appended.
    """

    def __init__(
        self, file: Path, secrets: Callable[[], Collection[str]], *, told: Callable[[bytes], None] | None = None
    ) -> None:
        self.file = file
        self._secrets = secrets
        self._told = told
        self._lock = threading.Lock()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()

    def say(self, text: str) -> None:
        """A remark of the sandbox itself."""
        self.write(f"[sandbox] {text}\n".encode())

    def write(self, content: bytes) -> None:
        """Append what a program wrote."""
        for secret in self._secrets():
            content = content.replace(secret.encode(), _HIDDEN)
        with self._lock, self.file.open("ab") as file:
            file.write(content)
        if self._told is not None:
            self._told(content)

    def tail(self, lines: int) -> str:
        """The last lines."""
        text = self.file.read_text(encoding="utf-8", errors="replace")
        return "".join(text.splitlines(keepends=True)[-lines:]) if lines > 0 else ""


class Guarded:
    """A running program. It and what it started end with this process, however this process ends."""

    def __init__(self, command: Sequence[str], *, folder: Path, environ: Mapping[str, str], log: Log) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_GUARD), *command],
            cwd=folder,
            env=dict(environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._log = log
        self._reader = threading.Thread(target=self._pump, daemon=True)
        self._reader.start()

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def wait(self) -> int:
        """Wait for its end and the end of its output; returns the exit code."""
        code = self._process.wait()
        self._reader.join()
        with contextlib.suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        return code

    def end(self) -> None:
        """End it politely, and after a few seconds by force. Does not wait."""
        with contextlib.suppress(OSError, ValueError):
            assert self._process.stdin is not None
            self._process.stdin.write(b"end\n")
            self._process.stdin.flush()

    def kill(self) -> None:
        """End it at once."""
        with contextlib.suppress(OSError, ValueError):
            assert self._process.stdin is not None
            self._process.stdin.close()

    def _pump(self) -> None:
        assert self._process.stdout is not None
        # By lines, so that no secret is cut in two.
        while line := self._process.stdout.readline(_LINE_BYTES):
            self._log.write(line)
