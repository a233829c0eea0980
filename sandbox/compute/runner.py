"""When does a job run, and how is it stopped? One queue per compute, a thread per running job, and their folders."""

from __future__ import annotations

import logging
import os
import shutil
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

from sandbox.compute.context import Context
from sandbox.compute.errors import Canceled, ComputeError
from sandbox.compute.leaving import leave
from sandbox.compute.process import Guarded
from sandbox.compute.records import RUN
from sandbox.store import ArmObject, Store

_LOG = logging.getLogger(__name__)
_INTERRUPTED = "The sandbox's service ended while the job ran. Submit it again."
#: Jobs that wait for their steps; they take no node.
_PARENTS = ("Batch", "Pipeline", "Sweep")


class Execution:
    """One job while it waits or runs: its processes, and whether somebody wants it to end."""

    def __init__(self, identifier: str) -> None:
        self.id = identifier
        self._cancel = threading.Event()
        self._processes: list[Guarded] = []
        self._lock = threading.Lock()
        self.children: list[str] = []

    def check(self) -> None:
        """Raise :class:`Canceled` when the job was cancelled."""
        if self._cancel.is_set():
            raise Canceled

    @property
    def cancelled(self) -> bool:
        """Whether somebody wants it to end."""
        return self._cancel.is_set()

    def started(self, process: Guarded) -> Guarded:
        """Remember a process of the job."""
        with self._lock:
            self._processes.append(process)
            if self._cancel.is_set():
                process.end()
        return process

    def cancel(self) -> None:
        """End the job's processes, and start no more."""
        with self._lock:
            self._cancel.set()
            for process in self._processes:
                process.end()

    def kill(self) -> None:
        """End the job's processes at once."""
        with self._lock:
            self._cancel.set()
            for process in self._processes:
                process.kill()


Work = Callable[["Runner", Execution], None]


class Runner:
    """The jobs of one sandbox. ``works`` says what each kind of job does."""

    def __init__(self, context: Context, works: Mapping[str, Work]) -> None:
        self.context = context
        self._works = works
        self._queues: dict[str, ThreadPoolExecutor] = {}
        self._executions: dict[str, tuple[Execution, Future[None]]] = {}
        self._lock = threading.Lock()
        self._stopping = False

    @property
    def busy(self) -> bool:
        """Whether a job waits or runs."""
        with self._lock:
            return bool(self._executions)

    def recover(self) -> None:
        """Say of jobs that a former service left that they failed."""
        for identifier in self.context.records.unfinished():
            self.context.records.status(identifier, "Failed", _INTERRUPTED)
            try:
                workspace = self.context.records.workspace(identifier)
                self.context.tracking(workspace).end(identifier.rsplit("/", 1)[-1], "Failed")
                self.context.log(identifier).say(_INTERRUPTED)
            except Exception:  # its workspace is gone, its files are broken: no reason not to start
                _LOG.warning("The run of %s could not be ended", identifier, exc_info=True)

    def submit(self, job: ArmObject) -> Future[None]:
        """Let a job run when its compute is free. Raises :class:`Canceled` while the service is ending."""
        identifier = str(job["id"])
        execution = Execution(identifier)
        with self._lock:
            if self._stopping:
                raise Canceled
            queue = self._queue(job)
            future = queue.submit(self._run, execution, self._works[_work_of(job)])
            self._executions[identifier.lower()] = (execution, future)
        future.add_done_callback(lambda _: self._forget(identifier))
        return future

    def cancel(self, identifier: str) -> None:
        """Stop a job that waits or runs, and what it started."""
        with self._lock:
            found = self._executions.get(identifier.lower())
        if found is None:
            return
        execution, future = found
        self.context.records.status(identifier, "CancelRequested")
        execution.cancel()
        if future.cancel():
            self.context.records.status(identifier, "Canceled")
        for child in execution.children:
            self.cancel(child)

    def wait(self, identifier: str) -> str:
        """Wait for a job's end; returns its status."""
        with self._lock:
            found = self._executions.get(identifier.lower())
        if found is not None:
            found[1].exception()
        return str(self.context.records.job(identifier)["properties"]["status"])

    def stop(self) -> None:
        """End everything that runs."""
        with self._lock:
            self._stopping = True
            running = list(self._executions.values())
        self.context.runtime.stop()
        for execution, future in running:
            future.cancel()
            execution.kill()
        for queue in list(self._queues.values()):
            queue.shutdown(wait=True, cancel_futures=True)
        for execution, _ in running:
            self.context.records.status(execution.id, "Failed", _INTERRUPTED)

    def remove_folder(self, identifier: str) -> None:
        """Remove what a job has on this machine."""
        shutil.rmtree(self.context.job_folder(identifier), ignore_errors=True)

    def _forget(self, identifier: str) -> None:
        with self._lock:
            self._executions.pop(identifier.lower(), None)

    def _queue(self, job: ArmObject) -> ThreadPoolExecutor:
        compute = str(job["properties"].get("computeId") or "serverless").lower()
        parent = _work_of(job) in _PARENTS
        key = "parents" if parent else compute
        if key not in self._queues:
            nodes = 32 if parent else self.context.records.read(lambda store: _nodes(store, compute))
            self._queues[key] = ThreadPoolExecutor(nodes, thread_name_prefix="job")
        return self._queues[key]

    def _run(self, execution: Execution, work: Work) -> None:
        identifier = execution.id
        status, error = "Completed", None
        try:
            execution.check()
            work(self, execution)
        except Canceled:
            status = "Canceled"
        except LookupError:
            _LOG.info("The job %s was deleted while it ran", identifier)
            return
        except ComputeError as problem:
            status, error = "Failed", str(problem)
        except Exception as problem:
            _LOG.exception("The job %s failed in the sandbox itself", identifier)
            status, error = "Failed", f"The sandbox itself failed ({problem}); .sandbox/logs/service.log says how."
        if self._stopping:
            status, error = "Failed", _INTERRUPTED
        self._close(identifier, status, error)

    def _close(self, identifier: str, status: str, error: str | None) -> None:
        """Keep what a job leaves, and write down its end: of that whoever waits must hear, whatever else fails."""
        records = self.context.records
        try:
            if error:
                self.context.log(identifier).say(error)
            leave(self.context, identifier)
        except LookupError:
            _LOG.info("The job %s was deleted when it ended", identifier)
        except Exception as problem:
            _LOG.warning("What %s left could not be kept", identifier, exc_info=True)
            if status == "Completed":
                status, error = "Failed", f"What the job left could not be kept: {problem}"
        try:
            self.context.tracking(records.workspace(identifier)).end(identifier.rsplit("/", 1)[-1], status)
        except LookupError:
            _LOG.info("The run of %s has no workspace any more", identifier)
        except Exception:
            _LOG.exception("The end of the run of %s could not be written", identifier)
        records.status(identifier, status, error)


def _work_of(job: ArmObject) -> str:
    return str((job.get(RUN) or {}).get("work") or job["properties"]["jobType"])


def _nodes(store: Store, compute: str) -> int:
    """How many jobs a compute runs at once: its nodes, but no more than this machine has processors."""
    body = store.get(compute) if compute.startswith("/") else None
    inner = (body or {"properties": {}})["properties"].get("properties") or {}
    most = int((inner.get("scaleSettings") or {}).get("maxNodeCount") or 1)
    return max(1, min(most, os.cpu_count() or 1))
