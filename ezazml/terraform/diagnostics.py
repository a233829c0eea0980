"""What went wrong in Terraform? Its diagnostics as one error, and a lock on the state as one that says who holds it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ezazml.errors import EzazmlError

Diagnostic = Mapping[str, Any]

_LOCK_FIELD = re.compile(r"^\s*(ID|Path|Operation|Who|Version|Created|Info):[ \t]*(.*?)\s*$", re.MULTILINE)
#: Go prints a time as "2026-01-31 10:00:00.123456789 +0000 UTC".
_GO_TIME = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)? ([+-]\d{4}).*")
_DOING = {
    "OperationTypeApply": "an apply",
    "OperationTypePlan": "a plan",
    "OperationTypeRefresh": "a refresh",
}


class TerraformError(EzazmlError):
    """Terraform ended with errors; the message holds its diagnostics."""

    def __init__(self, message: str, *, hint: str | None = None, diagnostics: Sequence[Diagnostic] = ()) -> None:
        super().__init__(message, hint=hint)
        self.diagnostics = tuple(diagnostics)


@dataclass(frozen=True)
class StateLock:
    """Who holds the state, as Terraform tells it."""

    id: str
    who: str
    operation: str
    created: str
    path: str

    @property
    def is_on_this_machine(self) -> bool:
        """Whether the system holds it, for a process: then nobody has to break it, and nobody can."""
        return Path(self.path).is_absolute()

    def __str__(self) -> str:
        doing = _DOING.get(self.operation, self.operation or "an operation")
        return f"{self.who or 'somebody unknown'} has held it since {self.created or 'an unknown time'} for {doing}"


class StateLockedError(TerraformError):
    """The state is in use by somebody else, or was left locked by a process that was killed."""

    def __init__(self, environment: str, lock: StateLock, *, diagnostics: Sequence[Diagnostic] = ()) -> None:
        super().__init__(
            f"The state of {environment} is locked: {lock} (lock {lock.id}). Nothing was changed.",
            hint="Wait until that is finished. "
            + (
                "The state is on this machine, where a lock ends with the process that holds it."
                if lock.is_on_this_machine
                else f"If you know that it no longer runs, break the lock: ezazml unlock {environment} --id {lock.id}"
            ),
            diagnostics=diagnostics,
        )
        self.lock = lock


def failure(what: str, environment: str, diagnostics: Sequence[Diagnostic], *, code: int) -> TerraformError:
    """The error for ``terraform <what>`` that ended with ``code`` after ``diagnostics``."""
    for diagnostic in diagnostics:
        lock = lock_in(f"{diagnostic['summary']}\n{diagnostic.get('detail', '')}")
        if lock is not None:
            return StateLockedError(environment, lock, diagnostics=diagnostics)
    text = "\n".join(map(format_diagnostic, diagnostics)) or f"exit code {code}"
    return TerraformError(f"terraform {what} failed:\n{text}", diagnostics=diagnostics)


def lock_in(text: str) -> StateLock | None:
    """The lock that Terraform's message is about, or ``None``."""
    if "state lock" not in text or "Lock Info" not in text:
        return None
    fields = dict(_LOCK_FIELD.findall(text))
    return StateLock(
        id=fields.get("ID", ""),
        who=fields.get("Who", ""),
        operation=fields.get("Operation", ""),
        created=_in_short(fields.get("Created", "")),
        path=fields.get("Path", ""),
    )


def format_diagnostic(diagnostic: Diagnostic) -> str:
    """One of Terraform's errors as text: address, summary, detail."""
    address = f"{diagnostic['address']}: " if diagnostic.get("address") else ""
    detail = f"\n    {diagnostic['detail']}".replace("\n", "\n    ").rstrip() if diagnostic.get("detail") else ""
    return f"  {address}{diagnostic['summary']}{detail}"


def _in_short(created: str) -> str:
    match = _GO_TIME.fullmatch(created)
    if match is None:
        return created
    moment = datetime.strptime(f"{match[1]} {match[2]}", "%Y-%m-%d %H:%M:%S %z")
    return moment.isoformat(sep=" ", timespec="seconds")
