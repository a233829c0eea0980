"""How is long work shown? A spinner with the last line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress(title: str, *, quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """Show that ``title`` is being worked on; the function it gives takes lines about how far it is."""
    if quiet:
        yield lambda _line: None
    elif sys.stderr.isatty():
        from rich.console import Console  # noqa: PLC0415 - only a terminal needs rich

        with Console(stderr=True).status(title) as status:
            yield lambda line: status.update(f"{title}: {line}")
    else:
        print(title, file=sys.stderr, flush=True)  # noqa: T201
        yield lambda line: print(f"  {line}", file=sys.stderr, flush=True)  # noqa: T201
