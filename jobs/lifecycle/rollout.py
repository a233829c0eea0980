"""How do requests move to a deployment? In declared steps, each followed by a check, and back at once if one fails."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ezazml.config.yaml_file import read_yaml
from ezazml.errors import ConfigurationError, EzazmlError, InputError, Problem
from jobs.azure_errors import readable_errors
from jobs.connection import Connection
from jobs.lifecycle.scoring import Scorer, read_request
from jobs.lifecycle.tags import PREVIOUS_TRAFFIC
from jobs.lifecycle.traffic import Split, shown, steps_to

Show = Callable[[str], None]

#: Ending of the file beside the endpoint's: ``passengers.rollout.yml`` for the endpoint ``passengers``.
ENDING = ".rollout.yml"


class RolloutFile(BaseModel):
    """The file's settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sample_request: str | None = None
    steps: tuple[int, ...] = (10, 100)
    requests: int = Field(5, ge=1, le=10_000)
    pause_seconds: float = Field(0, ge=0, le=86_400)


@dataclass(frozen=True)
class Rollout:
    """How an endpoint's traffic moves. Without a sample request nothing can be checked, and it is said so."""

    steps: Sequence[int] = (100,)
    requests: int = 5
    pause_seconds: float = 0
    sample: Any = None

    @property
    def has_check(self) -> bool:
        """Whether deployments are asked before they get traffic."""
        return self.sample is not None


def read_rollout(path: Path, *, label: str) -> Rollout:
    """The rollout in a file; the plain one if there is none. Raises :class:`ConfigurationError`."""
    if not path.is_file():
        return Rollout()
    file = read_yaml(path, label=label)
    try:
        settings = RolloutFile.model_validate(file.data)
    except ValidationError as error:
        raise ConfigurationError(
            Problem(label, ".".join(map(str, one["loc"])), f"{one['msg']}.", "Correct it (docs/lifecycle.md).")
            for one in error.errors()
        ) from error
    wrong = [step for step in settings.steps if not 0 < step <= 100]
    if wrong or not settings.steps:
        raise ConfigurationError([Problem(label, "steps", f"{list(settings.steps)} are no shares.", "Use 1 to 100.")])
    sample = read_request(path.parent / settings.sample_request) if settings.sample_request else None
    return Rollout(settings.steps, settings.requests, settings.pause_seconds, sample)


def check(scorer: Scorer, deployment: str, rollout: Rollout) -> Any:
    """Ask a deployment with the sample request, as often as declared; the last answer.

    Raises :class:`EzazmlError` if it fails once.
    """
    answer = None
    for _ in range(rollout.requests):
        answer = scorer.ask(rollout.sample, deployment=deployment).body
    return answer


def shift(connection: Connection, name: str, target: Split, rollout: Rollout, show: Show) -> list[Split]:
    """Move the endpoint's traffic to ``target``; the splits that were set, in order. None if it was so already.

    The split before is kept as a tag for a rollback. When a check fails, it is restored before the error is raised.
    """
    start = traffic_of(connection, name)
    gaining = sorted(one for one, share in target.items() if share > start.get(one, 0))
    scorer = Scorer(connection, name)
    done: list[Split] = []
    for split in steps_to(start, target, rollout.steps):
        with _telling_the_split(connection, name, done[-1] if done else start):
            set_traffic(connection, name, split, previous=start)
        done.append(split)
        show(f"traffic: {shown(split)}")
        if rollout.has_check:
            with _going_back(connection, name, start, split):
                time.sleep(rollout.pause_seconds)
                for deployment in gaining:
                    check(scorer, deployment, rollout)
    return done


def mirror(connection: Connection, name: str, wanted: Mapping[str, int], show: Show) -> None:
    """Copy the declared share of the requests to a deployment whose answers nobody sees; nothing if it is so."""
    endpoint = get_endpoint(connection, name)
    if dict(endpoint.mirror_traffic or {}) == dict(wanted):
        return
    endpoint.mirror_traffic = dict(wanted)
    with readable_errors(f"Mirroring the traffic of endpoint {name}"):
        connection.ml.online_endpoints.begin_create_or_update(endpoint).result()
    show(f"mirrored: {shown(wanted)}")


@contextmanager
def _telling_the_split(connection: Connection, name: str, split: Split) -> Iterator[None]:
    """Say where the traffic stays when it cannot be moved on."""
    try:
        yield
    except EzazmlError as error:
        raise type(error)(
            f"{error.message}\nThe traffic of endpoint {name} stays at {shown(split)}.",
            hint=error.hint or f"See: ezazml endpoint status {connection.deployment.name} {name}",
        ) from error


@contextmanager
def _going_back(connection: Connection, name: str, start: Split, split: Split) -> Iterator[None]:
    """Restore ``start`` when a check at ``split`` fails; when somebody interrupts it, say that it was not restored."""
    back = f"ezazml endpoint rollback {connection.deployment.name} {name}"
    try:
        yield
    except EzazmlError as error:
        try:
            set_traffic(connection, name, start, previous=split)
        except EzazmlError as problem:
            raise EzazmlError(
                f"The check at {shown(split)} failed: {error.message}\n"
                f"The traffic is still {shown(split)}: it could not be set back to {shown(start)}: {problem.message}",
                hint=f"Restore it: {back}",
            ) from error
        raise EzazmlError(
            f"The check at {shown(split)} failed, so the traffic is back at {shown(start)}: {error.message}",
            hint=error.hint,
        ) from error
    except KeyboardInterrupt as stop:
        stop.add_note(f"The traffic of endpoint {name} stays at {shown(split)}. Restore {shown(start)}: {back}")
        raise


def roll_back(connection: Connection, name: str) -> tuple[Split, Split]:
    """Restore the split before the last change; returns it and the one that it replaced.

    Raises :class:`InputError` if none is known, or if it names a deployment that is gone.
    """
    endpoint = get_endpoint(connection, name)
    text = (endpoint.tags or {}).get(PREVIOUS_TRAFFIC)
    previous: Split = {str(one): int(share) for one, share in json.loads(text or "{}").items()}
    if not previous:
        raise InputError(
            f"Endpoint {name} keeps no earlier split to go back to.",
            hint="Only ezazml endpoint deploy keeps one, from the second split on. Set the traffic with --traffic.",
        )
    with readable_errors(f"Listing the deployments of {name}"):
        there = {str(one.name) for one in connection.ml.online_deployments.list(endpoint_name=name)}
    gone = sorted(set(previous) - there)
    if gone:
        raise InputError(
            f"The earlier split of endpoint {name} ({shown(previous)}) names {', '.join(gone)}, which is deleted.",
            hint="Deploy it again, or set the traffic with --traffic.",
        )
    current = {str(one): int(share) for one, share in (endpoint.traffic or {}).items() if share}
    set_traffic(connection, name, previous, previous=current)
    return previous, current


def traffic_of(connection: Connection, name: str) -> Split:
    """The present split, without zeros."""
    return {str(one): int(share) for one, share in (get_endpoint(connection, name).traffic or {}).items() if share}


def set_traffic(connection: Connection, name: str, split: Mapping[str, int], *, previous: Mapping[str, int]) -> None:
    """Set the split, and keep the previous one as a tag."""
    endpoint = get_endpoint(connection, name)
    endpoint.traffic = dict(split)
    endpoint.tags = {**(endpoint.tags or {}), PREVIOUS_TRAFFIC: json.dumps(dict(previous), sort_keys=True)}
    with readable_errors(f"Setting the traffic of endpoint {name}"):
        connection.ml.online_endpoints.begin_create_or_update(endpoint).result()


def get_endpoint(connection: Connection, name: str) -> Any:
    """The online endpoint. Raises :class:`InputError` if there is none."""
    from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415

    operations = connection.ml.online_endpoints
    with readable_errors(f"Looking for endpoint {name}"):
        try:
            return operations.get(name)
        except ResourceNotFoundError as error:
            known = sorted(str(one.name) for one in operations.list())
            raise InputError(
                f"There is no online endpoint {name!r}.",
                hint=f"There is {', '.join(known)}." if known else "None is deployed: ezazml endpoint deploy.",
            ) from error
