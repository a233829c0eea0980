"""Where do the logs of a resource go? To the Log Analytics workspaces that its diagnostic settings name."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from sandbox.compute.records import now
from sandbox.monitor.records import Records
from sandbox.monitor.tables import TIME
from sandbox.store import Connections, Store
from sandbox.terraform_provider.rules.diagnostics import DIAGNOSTIC_SETTINGS

_ALL = "alllogs"
#: How long it is known where logs go, seconds: a line of a log must not cost a look into the store.
_KNOWN_SECONDS = 1.0


class PlatformLogs:
    """What resources tell of themselves."""

    def __init__(self, stores: Connections, records: Records) -> None:
        self._stores = stores
        self._records = records
        self._known: dict[tuple[str, str], tuple[float, list[str]]] = {}

    def send(self, resource: str, category: str, rows: Iterable[dict[str, Any]]) -> None:
        """Send rows of a category of logs to wherever the resource's settings say; nowhere without one."""
        for owner in self._sinks(resource.lower(), category):
            common = {"Type": category, "_ResourceId": resource.lower()}
            self._records.add(owner, category, [{TIME: now(), **row, **common} for row in rows])

    def forget(self) -> None:
        """Look anew where logs go: a setting has changed."""
        self._known.clear()

    def _sinks(self, resource: str, category: str) -> list[str]:
        key = (resource, category)
        found = self._known.get(key)
        if found is None or time.monotonic() - found[0] > _KNOWN_SECONDS:
            with self._stores.reading() as store:
                found = (time.monotonic(), sinks_of(store, resource, category))
            self._known[key] = found
        return found[1]


def sinks_of(store: Store, resource: str, category: str) -> list[str]:
    """The customer ids of the workspaces that get this category of a resource's logs."""
    found: list[str] = []
    for setting in store.below(resource, DIAGNOSTIC_SETTINGS):
        if setting["id"].rsplit("/providers/", 1)[0].lower() != resource.lower():
            continue  # of something below the resource
        wanted = any(
            one.get("enabled") and (one.get("category") == category or str(one.get("categoryGroup")).lower() == _ALL)
            for one in setting["properties"].get("logs") or []
        )
        workspace = store.get(setting["properties"].get("workspaceId") or "") if wanted else None
        if workspace is not None:
            found.append(workspace["properties"]["customerId"])
    return found
