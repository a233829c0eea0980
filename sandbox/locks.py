"""Does a management lock forbid it? As Azure looks at locks: at the resource, above it, and on what is in it."""

from __future__ import annotations

from sandbox.store import Store

LOCKS = "Microsoft.Authorization/locks"
#: What keeps something from being deleted.
AGAINST_DELETION = ("CanNotDelete", "ReadOnly")


def lock_message(store: Store, identifier: str, *, levels: tuple[str, ...] = AGAINST_DELETION) -> str | None:
    """What Azure says when a lock forbids the operation (code ScopeLocked); ``None`` when none does."""
    wanted = identifier.lower()
    for lock in store.find(LOCKS):
        scope = lock["id"].lower().rsplit("/providers/microsoft.authorization/locks/", 1)[0]
        around = wanted == scope or wanted.startswith(scope + "/")
        inside = scope.startswith(wanted + "/")
        if (around or inside) and lock["properties"]["level"] in levels and lock["id"].lower() != wanted:
            return (
                f"The scope '{identifier}' cannot perform the operation because the following scope(s) are locked: "
                f"'{scope}' ({lock['name']}). Please remove the lock and try again."
            )
    return None
