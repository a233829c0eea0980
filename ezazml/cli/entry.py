"""How does the program end? At once: to take azure-ai-ml apart again costs half a second after the work is done."""

from __future__ import annotations

import atexit
import contextlib
import os
import sys

from ezazml.cli.main import main

_code: int | None = None


def run() -> None:
    """The console script: :func:`main`, and an end that frees nothing. Exit handlers and threads still have their end.

    An unexpected exception ends the process in the ordinary way.
    """
    global _code  # noqa: PLW0603 - the exit handler has no other way to know
    atexit.register(_end)  # registered first, called last
    try:
        main()
    except SystemExit as end:
        if isinstance(end.code, int):
            _code = end.code
        raise


def _end() -> None:
    if _code is None:
        return
    with contextlib.suppress(OSError, ValueError):  # whoever read it has gone
        sys.stdout.flush()
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.flush()
    os._exit(_code)
