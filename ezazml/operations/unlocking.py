"""How is a lock on the state broken whose holder was killed?"""

from __future__ import annotations

from collections.abc import Callable

from ezazml.config.models import LocalBackend
from ezazml.errors import EzazmlError, InputError
from ezazml.operations.workbench import Workbench


def unlock(bench: Workbench, lock_id: str, *, confirm: Callable[[], bool]) -> None:
    """Break the lock ``lock_id``, once ``confirm`` says so.

    Raises :class:`InputError` for a state on this machine, :class:`EzazmlError` when it was not confirmed, and
    :class:`TerraformError` when that is not the lock that is held.
    """
    name = bench.environment.name
    if isinstance(bench.environment.settings.backend, LocalBackend):
        raise InputError(
            f"The state of {name} is a file on this machine, and its lock ends with the process that holds it: there "
            "is nothing to break.",
            hint="End that process, or wait for it.",
        )
    if not confirm():
        raise EzazmlError("Not confirmed; nothing was changed.")
    bench.terraform.force_unlock(lock_id)
