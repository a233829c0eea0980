"""What does the sandbox's compute say when it cannot do something? One sentence for the job's error."""

from __future__ import annotations


class ComputeError(Exception):
    """A run or a server cannot go on; the message says why, and where one exists what to do."""


class Canceled(Exception):
    """The run was cancelled."""


class ServiceEndingError(ComputeError):
    """The sandbox's service is ending, and begins nothing more."""

    def __init__(self) -> None:
        super().__init__("The sandbox's service is ending.")
