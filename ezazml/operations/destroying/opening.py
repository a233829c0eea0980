"""How does a destroy begin? With its audit record, so that what fails before the first rule is recorded as well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ezazml.config.loading import FOLDER, load_environment
from ezazml.errors import ConfigurationError
from ezazml.operations.destroying.actor import this_machine
from ezazml.operations.destroying.audit import AuditLog, audit_file, default_audit_file


@contextmanager
def recorded(
    name: str,
    *,
    root: Path,
    environ: Mapping[str, str],
    reason: str | None,
    ticket: str | None,
    dry_run: bool,
) -> Iterator[AuditLog]:
    """The audit log of one run. Whatever ends the run inside of it is recorded: a configuration, a login, a plan.

    Only the name of an environment that does not exist is not, which has no record. Raises :class:`EzazmlError` when
    no record can be written; then nothing happens.
    """
    facts: dict[str, object] = {
        "environment": name,
        "actor": "unknown: not logged in yet",
        "machine": this_machine(),
        "reason": reason,
        "ticket": ticket,
    }
    if dry_run:
        facts["dry_run"] = True
    invalid: ConfigurationError | None = None
    try:
        file = audit_file(load_environment(name, root=root, environ=environ))
    except ConfigurationError as error:
        if not (root / FOLDER / f"{name}.yaml").is_file():
            raise
        file, invalid = default_audit_file(name, root), error
    log = AuditLog(file, facts)
    log.require_writable()
    with log.of_failures():
        if invalid is not None:
            raise invalid
        yield log
