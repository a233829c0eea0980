"""Which locks did a run that was killed lift and not put back? Its audit records tell, and Azure whether it is so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ezazml.azure.arm import AzureApis
from ezazml.config.environment import Environment
from ezazml.operations.destroying.audit import AuditLog, audit_file
from ezazml.operations.destroying.obstacles import Lock, restore, scope_of
from ezazml.terraform.runner import Progress

#: What a run writes before it lifts locks, and at its end if it could not destroy.
_LIFTING = "lifting-locks"
_ENDS = frozenset({"failed", "interrupted"})
#: What is written when locks of earlier runs are put back.
PUT_BACK = "locks-put-back"


def missing_locks(environment: Environment, azure: AzureApis) -> tuple[Lock, ...]:
    """Locks that earlier runs lifted, that are not there, and whose resource still is. Raises :class:`AzureError`."""
    recorded = locks_left_lifted(audit_file(environment))
    return tuple(
        lock for lock in recorded if azure.resource(lock.id) is None and azure.resource(scope_of(lock)) is not None
    )


def put_back(
    environment: Environment, azure: AzureApis, audit: AuditLog, *, show: Progress
) -> tuple[tuple[Lock, ...], tuple[Lock, ...]]:
    """Put these locks back; returns those that were, and those that Azure refused. A record says so.

    Raises :class:`AzureError` when Azure cannot be asked.
    """
    missing = missing_locks(environment, azure)
    failed = tuple(restore(missing, azure, show=show))
    done = tuple(lock for lock in missing if lock not in failed)
    if missing:
        audit.know(locks_put_back=[asdict(lock) for lock in done], locks_not_restored=[asdict(lock) for lock in failed])
        audit.write(PUT_BACK)
    return done, failed


def locks_left_lifted(file: Path) -> tuple[Lock, ...]:
    """What the records say: lifted by a run that has no end, or not put back by one that failed."""
    left: dict[str, tuple[str, Lock]] = {}  # by the lock's id, with the last run that had it lifted
    for record in _records(file):
        run, event = str(record.get("run")), record.get("event")
        if event == _LIFTING:
            left |= {key: (run, lock) for key, lock in _locks(record, "locks_lifted").items()}
        elif event in _ENDS:
            lost = _locks(record, "locks_not_restored")
            left = {key: one for key, one in left.items() if one[0] != run or key in lost}
        elif event == PUT_BACK:
            done = _locks(record, "locks_put_back")
            left = {key: one for key, one in left.items() if key not in done}
        elif event == "destroyed":
            left.clear()  # the resources are gone, and their locks with them
    return tuple(lock for _run, lock in left.values())


def _locks(record: dict[str, Any], fact: str) -> dict[str, Lock]:
    locks = [Lock(str(one["id"]), str(one["level"]), one.get("notes")) for one in record.get(fact) or ()]
    return {lock.id.lower(): lock for lock in locks}


def _records(file: Path) -> Iterator[dict[str, Any]]:
    """The records of a file that may be missing, and whose last line a killed process may not have finished."""
    if not file.is_file():
        return
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict):
            yield record
