"""How do jobs that consist of jobs work? Children are jobs of their own, written down, queued and waited for."""

from __future__ import annotations

import secrets
import uuid
from concurrent.futures import FIRST_COMPLETED, Future
from concurrent.futures import wait as wait_for
from typing import Any

from sandbox.compute.errors import ComputeError
from sandbox.compute.records import JOBS, RUN, now, set_status
from sandbox.compute.runner import Execution, Runner
from sandbox.store import ArmObject


def new_job(
    workspace: ArmObject, name: str, properties: dict[str, Any], *, status: str = "Queued", **run: Any
) -> ArmObject:
    """A job's object; ``run`` is what only the sandbox knows of it."""
    who = {"createdBy": "Sandbox", "createdByType": "Application", "createdAt": now()}
    who |= {"lastModifiedBy": "Sandbox", "lastModifiedByType": "Application", "lastModifiedAt": now()}
    studio = f"https://ml.azure.com/runs/{name}?wsid={workspace['id']}"
    services = {"Studio": {"jobServiceType": "Studio", "endpoint": studio}}
    body: ArmObject = {
        "id": f"{workspace['id']}/jobs/{name}",
        "name": name,
        "type": JOBS,
        "properties": {"tags": {}, "properties": {}, "services": services, **properties},
        "systemData": who,
        RUN: {"logToken": secrets.token_urlsafe(24), **run},
    }
    set_status(body, status)
    return body


class Children:
    """The children of one job."""

    def __init__(self, runner: Runner, execution: Execution, workspace: ArmObject) -> None:
        self._runner = runner
        self._execution = execution
        self._workspace = workspace
        self._parent = execution.id.rsplit("/", 1)[-1]
        self._log = runner.context.log(execution.id)
        self._waiting: dict[Future[None], tuple[str, str]] = {}

    def start(self, title: str, properties: dict[str, Any], *, name: str | None = None, **run: Any) -> str:
        """Submit a child; returns its id. Raises :class:`Canceled` when the parent was cancelled."""
        self._execution.check()
        job = new_job(self._workspace, name or str(uuid.uuid4()), properties, parent=self._parent, **run)
        self._runner.context.records.put(job)
        future = self._runner.submit(job)
        self._execution.children.append(job["id"])
        if self._execution.cancelled:  # meanwhile: whoever cancelled may not have seen this child
            self._runner.cancel(job["id"])
        self._waiting[future] = (title, job["id"])
        self._log.say(f"{title}: submitted as {job['name']}.")
        return str(job["id"])

    @property
    def waiting(self) -> bool:
        """Whether a child has not ended."""
        return bool(self._waiting)

    def next(self) -> list[tuple[str, ArmObject]]:
        """Wait until at least one child ends; returns those that have ended, by title."""
        done, _ = wait_for(self._waiting, return_when=FIRST_COMPLETED)
        ended: list[tuple[str, ArmObject]] = []
        for future in done:
            title, identifier = self._waiting.pop(future)
            job = self._runner.context.records.job(identifier)
            self._log.say(f"{title}: {job['properties']['status']}.")
            ended.append((title, job))
        return ended

    def require(self, title: str, job: ArmObject) -> ArmObject:
        """The job, if it is complete. Raises :class:`ComputeError` otherwise."""
        self._execution.check()
        if job["properties"]["status"] != "Completed":
            error = (job.get(RUN) or {}).get("error") or job["properties"]["status"]
            raise ComputeError(f"The step '{title}' ({job['name']}) did not complete: {error}")
        return job
