"""How does a job change while it runs? Its status, times, error and outputs, written into the store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sandbox.store import ArmObject, Connections, Store

JOBS = "Microsoft.MachineLearningServices/workspaces/jobs"
#: What the store keeps of a job besides Azure's object: times, error, children; readers of the API do not see it.
RUN = "run"
ENDED = ("Completed", "Failed", "Canceled", "NotResponding", "Paused")


def now() -> str:
    """The time, as Azure writes it."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class Records:
    """The jobs of the store, as those see them who run them."""

    def __init__(self, stores: Connections) -> None:
        self._stores = stores

    def job(self, identifier: str) -> ArmObject:
        """The job as it is now."""
        with self._stores.reading() as store:
            body = store.get(identifier)
        if body is None:
            raise LookupError(identifier)  # deleted while it ran
        return body

    def workspace(self, identifier: str) -> ArmObject:
        """The workspace of a job."""
        with self._stores.reading() as store:
            body = store.get(identifier.rpartition("/jobs/")[0])
        if body is None:
            raise LookupError(identifier)
        return body

    def change(self, identifier: str, change: Callable[[ArmObject], None]) -> None:
        """Change a job that still exists."""
        with self._stores.writing() as store:
            body = store.get(identifier)
            if body is not None:
                change(body)
                store.put(body)

    def status(self, identifier: str, status: str, error: str | None = None) -> None:
        """Set the status; a job that has ended does not change any more."""

        def change(body: ArmObject) -> None:
            set_status(body, status, error)

        self.change(identifier, change)

    def unfinished(self) -> list[str]:
        """Ids of jobs that have not ended."""
        with self._stores.reading() as store:
            found = store.find(JOBS)
        return [body["id"] for body in found if body["properties"].get("status") not in (None, *ENDED)]

    def put(self, body: ArmObject) -> None:
        """Write a new job."""
        with self._stores.writing() as store:
            store.put(body)

    def read(self, ask: Callable[[Store], Any]) -> Any:
        """Ask the store something."""
        with self._stores.reading() as store:
            return ask(store)


def set_status(body: ArmObject, status: str, error: str | None = None) -> None:
    """Set a job's status in its object, with the times that belong to it."""
    properties, run = body["properties"], body.setdefault(RUN, {})
    if properties.get("status") in ENDED:
        return
    properties["status"] = status
    if status == "Running":
        run.setdefault("startTimeUtc", now())
    if status in ENDED:
        run["endTimeUtc"] = now()
    if error is not None:
        run["error"] = error
