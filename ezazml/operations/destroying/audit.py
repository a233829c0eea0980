"""What was destroyed, when, by whom and why? One line of JSON for each thing that happened, never changed again."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ezazml.config.environment import Environment
from ezazml.errors import EzazmlError, InputError

_LONGEST_ERROR = 4000


def audit_file(environment: Environment) -> Path:
    """Where an environment's records are."""
    own = environment.settings.destroy.audit_file
    return environment.root / own if own else default_audit_file(environment.name, environment.root)


def default_audit_file(name: str, root: Path) -> Path:
    """Where they are unless its file says otherwise, or cannot be read."""
    return root / "audit" / f"{name}.jsonl"


@dataclass
class AuditLog:
    """The records of one run: they share an id and the facts known so far."""

    file: Path
    facts: dict[str, Any]
    run: str = field(default_factory=lambda: uuid.uuid4().hex)
    #: What the last record was about, which is not recorded again.
    told: BaseException | None = None

    def require_writable(self) -> None:
        """Raise :class:`EzazmlError` when no record could be written: then nothing may happen either."""
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with self.file.open("a", encoding="utf-8"):
                pass
        except OSError as error:
            raise EzazmlError(
                f"{self.file}: the audit record cannot be written ({error.strerror}); nothing was changed.",
                hint="Make it writable, or set destroy.audit_file.",
            ) from error

    def know(self, **facts: Any) -> None:
        """Add facts, which all records from now on hold."""
        self.facts.update(facts)

    @contextmanager
    def of_failures(self) -> Iterator[None]:
        """Record what ends the run inside of it (``refused``, ``interrupted``, ``failed``), unless it is recorded."""
        try:
            yield
        except BaseException as error:
            if error is not self.told:
                self.write(event_of(error), error=error)
            raise

    def write(self, event: str, *, error: BaseException | None = None) -> None:
        """Append one record, on the disk before this returns."""
        self.told = error
        text = "" if error is None else (str(error) or type(error).__name__)
        record = {
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "run": self.run,
            "event": event,
            **self.facts,
            **({"error": text[:_LONGEST_ERROR]} if text else {}),
        }
        self.require_writable()
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record, default=str) + "\n")
            file.flush()
            os.fsync(file.fileno())


def event_of(error: BaseException) -> str:
    """What a run that ended with ``error`` came to."""
    if isinstance(error, InputError):
        return "refused"
    return "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
