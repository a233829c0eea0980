"""Which errors can a user cause, and what do they read?

Every error that a user can cause is an :class:`EzazmlError`. The command line prints its text and ends with
its exit code, without a traceback (unless ``--debug``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class EzazmlError(Exception):
    """A failed operation: the input was fine, the work could not be done (exit code 1).

    ``message`` says what failed, with names and values; ``hint`` says the next step.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message


class InputError(EzazmlError):
    """Wrong input: an option, a name, a missing program or a file (exit code 2)."""

    exit_code = 2


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in the configuration.

    ``where`` names the file (with the line, where known) or the variable, ``field`` the setting as a dotted
    path (``compute.clusters[1].min_nodes``), ``message`` the value and the rule, ``fix`` the next step.
    """

    where: str
    field: str
    message: str
    fix: str

    def __str__(self) -> str:
        place = f"{self.where}: {self.field}" if self.field else self.where
        return f"{place}: {self.message} {self.fix}".strip()


class ConfigurationError(InputError):
    """One or more :class:`Problem` found in the configuration of an environment."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))
