"""When does something run by itself? Declared schedules of jobs and monitors, put, switched on and off, listed."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from ezazml.errors import InputError
from jobs.assets.asset import Definition, Kind
from jobs.assets.loading import load_entity
from jobs.azure_errors import readable_errors
from jobs.connection import Connection
from jobs.data.azure_jobs import compute_of
from jobs.lifecycle.declarations import definitions_in, fingerprint_of, folder_of, require_loadable
from jobs.tags import HASH_TAG

Show = Callable[[str], None]

#: Value of the SDK's ScheduleListViewType, which it exports nowhere.
_EVERY: Any = "All"


@dataclass(frozen=True)
class Schedule:
    """A schedule of the workspace."""

    name: str
    display_name: str
    what: str
    trigger: str
    is_enabled: bool
    state: str

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return dict(self.__dict__)


def declared_schedules(connection: Connection, *, monitors: bool) -> list[Definition]:
    """The monitors, or the other schedules, of the lifecycle folder."""
    deployment = connection.deployment
    found = definitions_in(folder_of(deployment), deployment, {Kind.SCHEDULE})
    return [one for one in found if ("create_monitor" in one.data) is monitors]


def put_schedule(connection: Connection, definition: Definition, *, enabled: bool, show: Show) -> str:
    """Put a declared schedule and switch it on or off; ``created``, ``updated`` or ``unchanged``."""
    from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415

    definition = replace(definition, data=deepcopy(definition.data))
    require_loadable(definition, connection.deployment.environment.root)
    name = str(definition.data["name"])
    fingerprint = fingerprint_of(definition)
    operations = connection.ml.schedules
    with readable_errors(f"Schedule {name}"):
        try:
            present: Any = operations.get(name)
        except ResourceNotFoundError:
            present = None
        same = present is not None and (present.tags or {}).get(HASH_TAG) == fingerprint
        if same and bool(present.is_enabled) is enabled:
            return "unchanged"
        entity = load_entity(definition)
        entity.tags = {**(entity.tags or {}), HASH_TAG: fingerprint}
        entity._is_enabled = enabled
        _default_compute(entity, connection)
        show(f"schedule {name}: {'updating' if present is not None else 'creating'}")
        quiet = io.StringIO()
        with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
            put = operations.begin_create_or_update(entity).result()
        if bool(put.is_enabled) is not enabled:
            (operations.begin_enable if enabled else operations.begin_disable)(name).result()
    return "created" if present is None else "updated"


def enable(connection: Connection, name: str, *, show: Show) -> str:
    """Switch a schedule on; a declared one is put first. Refused for retraining that the environment keeps off."""
    environment = connection.deployment.environment
    declared = {str(one.data.get("name")): one for one in declared_schedules(connection, monitors=False)}
    if name not in declared:
        return _switch(connection, name, on=True)
    if not environment.settings.lifecycle.retraining.enabled:
        raise InputError(
            f"Retraining is off in {environment.name}: schedule {name} stays off.",
            hint=f"Set lifecycle.retraining.enabled: true in environments/{environment.name}.yaml.",
        )
    return put_schedule(connection, declared[name], enabled=True, show=show)


def disable(connection: Connection, name: str) -> str:
    """Switch a schedule off. Raises :class:`InputError` if there is none."""
    return _switch(connection, name, on=False)


def list_schedules(connection: Connection) -> list[Schedule]:
    """Every schedule of the workspace, and what is declared and not there yet."""
    with readable_errors("Listing the schedules"):
        there = [_schedule_of(one) for one in connection.ml.schedules.list(list_view_type=_EVERY)]
    names = {one.name for one in there}
    waiting = [
        Schedule(str(one.data["name"]), str(one.data.get("display_name") or ""), what, "", False, "declared only")
        for what, monitors in (("job", False), ("monitor", True))
        for one in declared_schedules(connection, monitors=monitors)
        if one.data.get("name") not in names
    ]
    return sorted([*there, *waiting], key=lambda one: one.name)


def _switch(connection: Connection, name: str, *, on: bool) -> str:
    from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415

    operations = connection.ml.schedules
    with readable_errors(f"Schedule {name}"):
        try:
            present: Any = operations.get(name)
        except ResourceNotFoundError as error:
            known = ", ".join(one.name for one in list_schedules(connection)) or "none"
            raise InputError(f"There is no schedule {name!r}.", hint=f"Known: {known}.") from error
        if bool(present.is_enabled) is on:
            return "unchanged"
        (operations.begin_enable if on else operations.begin_disable)(name).result()
    return "updated"


def _default_compute(entity: Any, connection: Connection) -> None:
    """A pipeline that names no compute runs on the environment's first cluster, as with ``ezazml train``."""
    job = getattr(entity, "create_job", None)
    settings = getattr(job, "settings", None)
    if settings is not None and not getattr(settings, "default_compute", None):
        settings.default_compute = compute_of(connection.deployment, None)


def _schedule_of(entity: Any) -> Schedule:
    what = "monitor" if getattr(entity, "create_monitor", None) is not None else "job"
    trigger = entity.trigger
    cron = getattr(trigger, "expression", None)
    every = f"every {getattr(trigger, 'interval', '?')} {getattr(trigger, 'frequency', '')}"
    text = f"cron {cron}" if cron else every
    return Schedule(
        str(entity.name),
        str(entity.display_name or ""),
        what,
        text.strip().lower(),
        bool(entity.is_enabled),
        str(getattr(entity.provisioning_state, "value", entity.provisioning_state) or ""),
    )
