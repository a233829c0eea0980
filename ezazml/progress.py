"""How is long work shown? A spinner with the last line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext


class Lines:
    """Takes lines about how far the work is. Questions are asked inside of :meth:`paused`."""

    def __init__(
        self,
        show: Callable[[str], None],
        paused: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._show = show
        self.paused = paused

    def __call__(self, line: str) -> None:
        """Show a line."""
        self._show(line)


@contextmanager
def progress(title: str, *, quiet: bool = False) -> Iterator[Lines]:
    """Show that ``title`` is being worked on; the function it gives takes lines about how far it is."""
    if quiet:
        yield Lines(lambda _line: None)
    elif sys.stderr.isatty():
        from rich.console import Console  # noqa: PLC0415 - only a terminal needs rich

        with Console(stderr=True).status(title) as status:

            @contextmanager
            def paused() -> Iterator[None]:
                """Without the spinner, which would write over a question."""
                status.stop()
                try:
                    yield
                finally:
                    status.start()

            yield Lines(lambda line: status.update(f"{title}: {line}"), paused)
    else:
        print(title, file=sys.stderr, flush=True)  # noqa: T201
        yield Lines(lambda line: print(f"  {line}", file=sys.stderr, flush=True))  # noqa: T201
