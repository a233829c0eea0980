"""Does a job end when the sandbox's service does? Runs a command in a process group of its own, and ends the group.

``python guard.py COMMAND...`` ends with the command's exit code. Its input is a pipe from the service: a line ends
the command politely and after a while by force; the end of the pipe, which comes however the service ends, at once.
Uses nothing but the standard library, since it starts once per process.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time

_GRACE_SECONDS = 5.0


def _kill(process: "subprocess.Popen[bytes]", sent: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, sent)


def _listen(process: "subprocess.Popen[bytes]") -> None:
    if sys.stdin.readline():
        _kill(process, signal.SIGTERM)
        end = time.monotonic() + _GRACE_SECONDS
        while process.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
    _kill(process, signal.SIGKILL)


def main() -> None:
    """Run the command of the arguments."""
    process = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True)
    threading.Thread(target=_listen, args=(process,), daemon=True).start()
    code = process.wait()
    _kill(process, signal.SIGKILL)  # what the command left in the background
    sys.stdout.flush()
    os._exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main()
