"""Is a name still free in all of Azure? The name checks of storage accounts, registries and vaults."""

from __future__ import annotations

import re
from collections.abc import Callable

from sandbox import limits
from sandbox.arm.subscriptions import require_subscription
from sandbox.cloud import Cloud
from sandbox.store import Store
from sandbox.web import Answer, Call, Handler, Routes

_VAULTS = "Microsoft.KeyVault/vaults"
#: Service -> (type, form of the name, and what Azure says of a name that is taken).
_CHECKS = {
    "Microsoft.Storage": (
        "Microsoft.Storage/storageAccounts",
        r"[a-z0-9]{3,24}",
        "The storage account named {name} is already taken.",
    ),
    "Microsoft.ContainerRegistry": (
        "Microsoft.ContainerRegistry/registries",
        r"[A-Za-z0-9]{5,50}",
        "The registry {name} is already in use.",
    ),
    "Microsoft.KeyVault": (
        _VAULTS,
        r"[A-Za-z](?:[A-Za-z0-9]|-(?=[A-Za-z0-9])){2,23}",
        "The vault name '{name}' is already in use. Vault names are globally unique so it is possible that the name "
        "is already taken. If you are sure that the vault name was not taken then it is possible that a vault with the "
        "same name was recently deleted but not purged after being placed in a recoverable state.",
    ),
}


def register(routes: Routes) -> None:
    """Add the operations of this module."""
    for service, (kind, form, taken) in _CHECKS.items():
        path = f"/subscriptions/{{subscription}}/providers/{service}/checkNameAvailability"
        routes.add("POST", path, f"Whether a name is free: {kind}", _check(kind, form, taken))


def _check(kind: str, form: str, taken: str) -> Handler:
    def answer(cloud: Cloud, call: Call) -> Answer:
        require_subscription(call)
        name = str(call.json().get("name") or "")
        if re.fullmatch(form, name) is None:
            reason = {"reason": "AccountNameInvalid", "message": f"{name} is not a valid name."}
            return Answer(body={"nameAvailable": False, **reason})
        with cloud.stores.reading() as store:
            if _is_free(store, kind, name):
                return Answer(body={"nameAvailable": True})
        return Answer(body={"nameAvailable": False, "reason": "AlreadyExists", "message": taken.format(name=name)})

    return answer


def _is_free(store: Store, kind: str, name: str) -> bool:
    same: Callable[[str], bool] = lambda other: other.lower() == name.lower()  # noqa: E731
    bodies = store.find(kind) + (store.deleted(kind) if kind == _VAULTS else [])
    return not limits.is_held(store, name) and not any(same(body["name"]) for body in bodies)
