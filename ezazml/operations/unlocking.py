"""How is a lock on a state broken whose holder was killed?"""

from __future__ import annotations

from collections.abc import Callable

from ezazml.errors import EzazmlError, InputError
from ezazml.terraform.runner import Terraform


def unlock(
    what: str, terraform: Terraform, lock_id: str, *, on_this_machine: bool, confirm: Callable[[], bool]
) -> None:
    """Break the lock ``lock_id`` on the state of ``what``, once ``confirm`` says so.

    Raises :class:`InputError` for a state on this machine, :class:`EzazmlError` when it was not confirmed, and
    :class:`TerraformError` when that is not the lock that is held.
    """
    if on_this_machine:
        raise InputError(
            f"The state of {what} is a file on this machine, and its lock ends with the process that holds it: there "
            "is nothing to break.",
            hint="End that process, or wait for it.",
        )
    if not confirm():
        raise EzazmlError("Not confirmed; nothing was changed.")
    terraform.force_unlock(lock_id)
