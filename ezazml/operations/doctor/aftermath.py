"""Did something that was killed leave the environment in a worse state than it was?"""

from __future__ import annotations

from collections.abc import Iterator

from ezazml.operations.destroying.audit import audit_file
from ezazml.operations.destroying.left_behind import locks_left_lifted, missing_locks
from ezazml.operations.doctor.finding import Case, Finding, ok, problem


def check_locks(case: Case) -> Iterator[Finding]:
    """Management locks that a destroy lifted are back, unless it destroyed what they are on."""
    name = case.environment.name
    # Most environments were never near to being destroyed: Azure is asked only where records say so.
    recorded = locks_left_lifted(audit_file(case.environment))
    missing = missing_locks(case.environment, case.azure) if recorded else ()
    if not missing:
        yield ok("locks", "No lock is missing that a destroy lifted.")
        return
    for lock in missing:
        text = f"A destroy that was killed lifted the lock {lock}; what it protected is still there."
        yield problem("locks", text, f"Put it back: ezazml destroy {name} --put-back-locks")


CHECKS = (check_locks,)
