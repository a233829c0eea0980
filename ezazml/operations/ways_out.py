"""What can be done about what Azure refused? The commands that lead out, added to Terraform's error."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from ezazml.errors import EzazmlError

_SOFT_DELETED = re.compile(r"soft-?deleted (workspace|key ?vault|vault) exists|SoftDeletedVaultExists", re.IGNORECASE)
_EXISTS = re.compile(r"already exists - to be managed via Terraform", re.IGNORECASE)
_QUOTA = re.compile(r"ClusterCoreQuotaReached|exceeding (approved|quota)|OutOfQuota|quota limits? of", re.IGNORECASE)
_REGISTRATION = re.compile(r"MissingSubscriptionRegistration|not registered to use namespace", re.IGNORECASE)
_NAME_TAKEN = re.compile(
    r"StorageAccountAlreadyTaken|VaultAlreadyExists|AlreadyInUse|NameAlreadyTaken|name .* is taken", re.IGNORECASE
)


@contextmanager
def ways_out(name: str) -> Iterator[None]:
    """Add to an error of Terraform inside of it what to do, for the environment ``name``. The error stays the same."""
    try:
        yield
    except EzazmlError as error:
        hint = hint_for(error.message, name)
        if hint is not None:
            error.hint = f"{error.hint} {hint}" if error.hint else f"\n{hint}"
        raise


def hint_for(message: str, name: str) -> str | None:
    """What leads out of an error of Azure, or ``None`` where it says enough itself."""
    if _SOFT_DELETED.search(message):
        return (
            "A deleted one holds the name. There are two ways out:\n"
            f"  ezazml recover {name}   brings it back, with its data, into this environment;\n"
            f"  ezazml purge {name}     removes it for good, so that a new one can be made.\n"
            f"Then run: ezazml deploy {name}"
        )
    if _EXISTS.search(message):
        return f"It exists in Azure, and the state does not know it. Take it over: ezazml import {name} --all"
    if _QUOTA.search(message):
        return f"Choose a smaller size or fewer nodes, or ask for more quota. What is left: ezazml doctor {name}"
    if _REGISTRATION.search(message):
        return f"What is not registered, and how it is: ezazml doctor {name}"
    if _NAME_TAKEN.search(message):
        return f"Set another name or unique_suffix: true in environments/{name}.yaml. Which names: ezazml doctor {name}"
    return None
