"""What became of a job? Listing, showing, following, cancelling, and the reason of a failure."""

from __future__ import annotations

import contextlib
import io
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ezazml.errors import EzazmlError, InputError
from jobs.azure_errors import readable_errors
from jobs.connection import Connection
from jobs.lifecycle import tags
from jobs.lifecycle.metrics import BEST_TRIAL, metrics_of

Show = Callable[[str], None]

#: Statuses after which nothing changes any more (azure-ai-ml, RunHistoryConstants).
FINAL = frozenset({"Completed", "Failed", "Canceled", "NotResponding", "Paused"})
#: Lines of the log that a failure shows.
_TAIL = 15
#: Jobs that consist of jobs.
_PARENTS = frozenset({"pipeline", "sweep"})
#: Logs that people read: of commands (new and old compute), pipelines and sweeps.
_LOGS = ("user_logs/", "azureml-logs/70_driver", "logs/azureml/executionlogs", "azureml-logs/hyperdrive")
_PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True)
class Run:
    """A job, as people ask about it."""

    name: str
    display_name: str
    type: str
    experiment: str
    status: str
    created: str
    studio_url: str | None
    tags: dict[str, str]

    @property
    def has_ended(self) -> bool:
        """Whether its status is final."""
        return self.status in FINAL

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return dict(self.__dict__)


def get_run(connection: Connection, name: str) -> Run:
    """The job of that name. Raises :class:`InputError` if the workspace has none."""
    return _run_of(_get(connection, name))


def list_runs(
    connection: Connection, *, limit: int, experiment: str | None = None, status: str | None = None
) -> list[Run]:
    """The newest jobs first, without the steps of pipelines."""
    with readable_errors("Listing the jobs"):
        # The SDK gives nothing for a job that it cannot read.
        found = (_run_of(job) for job in connection.ml.jobs.list() if job is not None)
        wanted = (
            run
            for run in found
            if (experiment is None or run.experiment == experiment) and (status is None or run.status == status)
        )
        return list(islice(wanted, limit))


def describe(connection: Connection, name: str) -> dict[str, Any]:
    """Everything about a job: also its metrics, inputs, outputs, steps and, if it failed, why."""
    job = _get(connection, name)
    run = _run_of(job)
    steps = steps_of(connection, name) if run.type in _PARENTS else []
    return {
        **run.as_json(),
        "inputs": {key: _place(value) for key, value in (getattr(job, "inputs", None) or {}).items()},
        "outputs": {key: _place(value) for key, value in (getattr(job, "outputs", None) or {}).items()},
        "steps": {step.display_name: f"{step.status} ({step.name})" for step in steps},
        "metrics": metrics_of(connection, name),
        "failure": failure_of(connection, name) if run.status == "Failed" else None,
    }


def steps_of(connection: Connection, name: str) -> list[Run]:
    """The steps of a pipeline, or the trials of a sweep, as they began."""
    with readable_errors(f"Listing the steps of job {name}"):
        found = [_run_of(job) for job in connection.ml.jobs.list(parent_job_name=name) if job is not None]
    return sorted(found, key=lambda run: run.created)


def follow(connection: Connection, name: str, write: Callable[[str], None]) -> Run:
    """Write the job's log while it runs, until it has ended; then the job as it ended."""
    from azure.ai.ml.exceptions import JobException  # noqa: PLC0415 - azure-ai-ml takes 0.8 s

    get_run(connection, name)
    # The SDK raises for a job that failed; the reason is told by whoever asked for the run.
    with (
        readable_errors(f"Following job {name}"),
        contextlib.redirect_stdout(_Lines(write)),
        contextlib.suppress(JobException),
    ):
        connection.ml.jobs.stream(name)
    return wait(connection, name)


def wait(connection: Connection, name: str, show: Show = lambda _line: None) -> Run:
    """The job once it has ended, asked for more and more seldom."""
    shown, attempt = "", 0
    while not (run := get_run(connection, name)).has_ended:
        if run.status != shown:
            shown = run.status
            show(f"{name}: {shown}")
        time.sleep(_PAUSES[min(attempt, len(_PAUSES) - 1)])
        attempt += 1
    return run


def require_completed(connection: Connection, run: Run) -> None:
    """Raise :class:`EzazmlError` with the reason unless the job completed."""
    if run.status == "Completed":
        return
    if run.status == "Canceled":
        raise EzazmlError(f"Job {run.name} was cancelled.")
    reason = failure_of(connection, run.name)
    raise EzazmlError(
        f"Job {run.name} ({run.display_name}) ended as {run.status}: {reason}",
        hint=f"Its log: ezazml jobs stream {connection.deployment.name} {run.name}",
    )


def failure_of(connection: Connection, name: str) -> str:
    """Why a job failed: what Azure ML says, and the end of the log."""
    try:
        details: Any = connection.ml.jobs._runs_operations.get_run_details(name)
    except Exception:  # the job's status alone is still worth telling
        return "Azure ML tells no reason."
    error = getattr(getattr(details, "error", None), "error", None)
    message = str(getattr(error, "message", None) or "the command ended with an error").strip()
    failed = [step.name for step in steps_of(connection, name) if step.status == "Failed"]
    tail = [line for one in failed or [name] for line in _own_log(connection, one).splitlines()[-_TAIL:]]
    return "\n".join([message, *(f"  {line}" for line in tail)]) if tail else message


def log_of(connection: Connection, name: str) -> str:
    """The log of a job as far as it is written, with those of its steps; empty if there is none."""
    texts = [_own_log(connection, name)]
    for step in steps_of(connection, name):
        texts += [f"--- {step.display_name} ({step.name}): {step.status}", _own_log(connection, step.name)]
    return "\n".join(text.rstrip("\n") for text in texts if text)


def _own_log(connection: Connection, name: str) -> str:
    from requests import RequestException, get  # noqa: PLC0415 - comes with azure-ai-ml

    with readable_errors(f"Reading the log of job {name}"):
        details: Any = connection.ml.jobs._runs_operations.get_run_details(name)
    files = dict(details.log_files or {})
    texts = []
    for file in sorted(file for file in files if file.startswith(_LOGS)):
        try:
            answer = get(files[file], timeout=60)
        except RequestException as error:
            raise EzazmlError(f"Reading {file} of job {name} failed: {type(error).__name__}.") from error
        if answer.ok:
            texts.append(answer.text)
    return "\n".join(texts)


def cancel(connection: Connection, name: str) -> Run:
    """Stop a job. Raises :class:`InputError` for one that has ended already."""
    run = get_run(connection, name)
    if run.has_ended:
        raise InputError(f"Job {name} has ended already: {run.status}.")
    with readable_errors(f"Cancelling job {name}"):
        connection.ml.jobs.begin_cancel(name).result()
    return get_run(connection, name)


def output_path(connection: Connection, name: str, output: str) -> str:
    """The address of a job's output, of a sweep that of its best trial.

    Raises :class:`InputError` if it has no such output.
    """
    job = _get(connection, name)
    best = best_trial(job)
    if best is not None:
        return output_path(connection, best, output)
    outputs = dict(getattr(job, "outputs", None) or {})
    if output not in outputs:
        known = ", ".join(sorted(key for key in outputs if key != "default")) or "none"
        raise InputError(f"Job {name} has no output {output!r}.", hint=f"Its outputs: {known}.")
    return f"azureml://jobs/{name}/outputs/{output}/paths/"


def best_trial(job: Any) -> str | None:
    """The job with the best metric in a sweep that has ended."""
    return str(found) if (found := (job.properties or {}).get(BEST_TRIAL)) else None


def status_of(job: Any) -> str:
    """The status as Azure writes it: ``Completed``. The SDK gives text or an enumeration."""
    return str(getattr(job.status, "value", job.status) or "")


def data_of(run: Run) -> str | None:
    """The registered data that the job read, as ``name:version``."""
    return run.tags.get(tags.DATA)


def _get(connection: Connection, name: str) -> Any:
    from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415

    with readable_errors(f"Looking for job {name}"):
        try:
            return connection.ml.jobs.get(name)
        except ResourceNotFoundError as error:
            raise InputError(
                f"There is no job {name!r}.", hint=f"Run: ezazml jobs list {connection.deployment.name}"
            ) from error


def _run_of(job: Any) -> Run:
    created = getattr(getattr(job, "creation_context", None), "created_at", None)
    return Run(
        str(job.name),
        str(job.display_name or job.name),
        str(job.type or ""),
        str(job.experiment_name or ""),
        status_of(job),
        created.isoformat(timespec="seconds") if created else "",
        getattr(job, "studio_url", None),
        {str(key): str(value) for key, value in (job.tags or {}).items()},
    )


def _place(value: Any) -> Any:
    """Where an input or output is, or the value of one that is no data."""
    # A pipeline's hold theirs inside, and raise when one without a path is asked for it.
    inner = getattr(value, "_data", None)
    value = value if inner is None else inner
    path = getattr(value, "path", None)
    return path or (str(value) if isinstance(value, (str, int, float)) else "")


class _Lines(io.TextIOBase):
    """Hands on what the SDK prints, in whole lines."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write, self._rest = write, ""
        self._outside = sys.stdout

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        # Whoever gets the lines may print them: not into here again.
        with contextlib.redirect_stdout(self._outside):
            for line in lines:
                self._write(line)
        return len(text)
