"""What does an event of Azure ask for? The environment that it comes from, and the job, model or data it is about.

Event Grid's events reach a workflow as GitHub's ``repository_dispatch``, with the event as ``client_payload``
("Azure Machine Learning as an Event Grid source", "Azure Blob Storage as an Event Grid source"). A workspace tells of
every job and every model, and an account of every blob, also those that jobs write: most of it is nobody's wish.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ezazml.config.environment import Environment
from ezazml.config.loading import environ_to_look, load_environment
from ezazml.config.promotion import Promotion, Step
from ezazml.config.yaml_file import read_yaml
from ezazml.errors import ConfigurationError, InputError
from ezazml.operations.lifecycle import MODEL, TRAINING
from jobs.lifecycle import tags

JOB_COMPLETED = "machinelearningservices-runcompleted"
MODEL_REGISTERED = "machinelearningservices-modelregistered"
#: Events of blobs that may have changed what a job would read.
DATA_CHANGED = ("storage-blobcreated", "storage-blobdeleted", "storage-blobrenamed", "storage-directoryrenamed")

_SOURCE = re.compile(
    r"/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]+/providers/"
    r"(Microsoft\.MachineLearningServices/workspaces|Microsoft\.Storage/storageAccounts)/[^/]+",
    re.IGNORECASE,
)
_BLOB = re.compile(r"/blobServices/default/containers/(?P<container>[^/]+)/blobs/(?P<path>.+)", re.DOTALL)
#: What Azure ML allows in names of jobs, models and versions.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
_BRANCH = "refs/heads/"
_HINT = "docs/events.md shows what is sent."


@dataclass(frozen=True)
class Event:
    """One event. ``kind`` is its type as GitHub's types of events write it; ``source`` and keys are in lower case."""

    kind: str
    source: str
    subject: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Wish:
    """What a workflow shall do: nothing where ``environment`` is empty, and then ``reason`` says why."""

    environment: str = ""
    job: str = ""
    model: str = ""
    reason: str = ""


def read_event(path: Path) -> Event:
    """The event in the file that GITHUB_EVENT_PATH names. Raises :class:`InputError` for what is none."""
    try:
        payload = json.loads(path.read_text(encoding="utf-8"))["client_payload"]
        # Event Grid's own form, or that of CloudEvents.
        kind, source = payload.get("eventType") or payload["type"], payload.get("topic") or payload["source"]
        data = {str(name).lower(): value for name, value in payload["data"].items()}
        is_known = _SOURCE.fullmatch(source) is not None
        subject = str(payload.get("subject") or "")
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(
            f"{path}: is no repository_dispatch with an event of Event Grid as client_payload.", hint=_HINT
        ) from error
    if not is_known:
        raise InputError(
            f"{path}: the event comes from {source!r}, which is no workspace and no storage account.",
            hint=_HINT,
        )
    short = str(kind).lower().removeprefix("microsoft.").replace(".", "-")
    return Event(short, source.lower(), subject, data)


def wish_of(event: Event, *, root: Path, table: Promotion, ref: str, environ: Mapping[str, str]) -> Wish:
    """What the event asks for. Raises :class:`InputError` for names that Azure ML cannot have given.

    ``ref`` is what the workflow runs on (``refs/heads/main``): its code is that of one environment alone.
    """
    found = _environment_of(event, root, table, environ)
    if found is None:
        return Wish(reason=f"{event.source} belongs to no environment of environments/promotion.yaml.")
    step, environment = found
    if step.branch is None or ref != f"{_BRANCH}{step.branch}":
        how = f"what deploys {environment.name} is: {step.trigger}; this runs on {ref}"
        return Wish(reason=f"{how}. Start the workflow by hand there.")
    if event.kind == JOB_COMPLETED:
        return _of_job(event, step, environment)
    if event.kind == MODEL_REGISTERED:
        return _of_model(event, environment)
    if event.kind in DATA_CHANGED:
        return _of_data(event, environment)
    return Wish(reason=f"Nothing is done for {event.kind}.")


def _of_job(event: Event, step: Step, environment: Environment) -> Wish:
    experiment, wanted = event.data.get("experimentname"), _declared(environment, TRAINING).get("experiment_name")
    if not wanted or experiment != wanted:
        return Wish(reason=f"The job is of experiment {experiment!r}; {TRAINING} trains in {wanted!r}.")
    told = event.data.get("runtags")
    known = told if isinstance(told, Mapping) else {}
    commit, branch = str(known.get(tags.GIT_COMMIT, "")), str(known.get(tags.GIT_BRANCH, ""))
    if commit.endswith("-dirty"):
        return Wish(reason="The job trained with changes that are in no commit.")
    # A workflow may be on a commit without a branch, which git calls HEAD.
    if branch not in {"", "HEAD", step.branch}:
        return Wish(reason=f"The job trained the code of {branch!r}; {environment.name} gets that of {step.branch!r}.")
    return Wish(environment.name, job=_name(event, "runid"))


def _of_model(event: Event, environment: Environment) -> Wish:
    name = event.data.get("modelname")
    wanted = environment.settings.model.name or _declared(environment, MODEL).get("name")
    if not wanted or name != wanted:
        return Wish(reason=f"The model is {name!r}; this project's is {wanted!r}.")
    return Wish(environment.name, model=f"{_name(event, 'modelname')}:{_name(event, 'modelversion')}")


def _of_data(event: Event, environment: Environment) -> Wish:
    settings = environment.settings
    lake = settings.data_lake.enabled and event.source.endswith(f"/{environment.names.data_lake.lower()}")
    containers = settings.data_lake.containers if lake else settings.storage.containers
    found = _BLOB.fullmatch(event.subject)
    # In the workspace's own containers jobs leave their results: training for these would never end.
    if found is None or found["container"] not in containers:
        return Wish(reason=f"{event.subject!r} is in none of the project's containers {', '.join(containers)}.")
    return Wish(environment.name)


def _environment_of(
    event: Event, root: Path, table: Promotion, environ: Mapping[str, str]
) -> tuple[Step, Environment] | None:
    for step in table.steps:
        environment = _loaded(step.environment, event, root, environ)
        if event.source in _sources(environment):
            return step, environment
    return None


def _loaded(name: str, event: Event, root: Path, environ: Mapping[str, str]) -> Environment:
    """The environment; where its file leaves the subscription to the login, which is not there yet, the event's."""
    look = environ_to_look(name, environ)
    try:
        environment = load_environment(name, root=root, environ=look)
        if environment.settings.subscription_id is not None:
            return environment
    except ConfigurationError:
        pass  # such as names made of the subscription; what else is wrong is told by the next line
    return load_environment(name, root=root, environ={**look, "ARM_SUBSCRIPTION_ID": event.source.split("/")[2]})


def _sources(environment: Environment) -> set[str]:
    """Ids of what sends events, in lower case."""
    settings, names = environment.settings, environment.names
    group = f"/subscriptions/{settings.subscription_id}/resourceGroups/{names.resource_group}/providers"
    accounts = f"{group}/Microsoft.Storage/storageAccounts"
    found = [
        f"{group}/Microsoft.MachineLearningServices/workspaces/{names.workspace}",
        settings.existing.storage_account_id or f"{accounts}/{names.storage_account}",
    ]
    if settings.data_lake.enabled:
        found.append(f"{accounts}/{names.data_lake}")
    return {one.lower() for one in found}


def _declared(environment: Environment, file: str) -> Mapping[str, Any]:
    path = environment.root / environment.settings.lifecycle.folder / file
    return read_yaml(path, label=file).data if path.is_file() else {}


def _name(event: Event, key: str) -> str:
    text = str(event.data.get(key, ""))
    if not _NAME.fullmatch(text):
        raise InputError(f"The event's {key} is {text!r}: no name of Azure ML.", hint=_HINT)
    return text
