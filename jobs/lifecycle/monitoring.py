"""Who watches the models, and the compute instances that nobody uses? Monitors, data collection, idle times."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ezazml.config.models import ComputeInstance
from ezazml.errors import InputError
from jobs.assets.asset import Definition
from jobs.azure_errors import readable_errors
from jobs.connection import Connection
from jobs.lifecycle.schedules import Schedule, declared_schedules, list_schedules, put_schedule

Show = Callable[[str], None]


@dataclass(frozen=True)
class Applied:
    """One thing that was set, or found to be as declared."""

    what: str
    name: str
    result: str
    note: str = ""

    def as_json(self) -> dict[str, str]:
        """For programs."""
        return dict(self.__dict__)


def apply_monitoring(connection: Connection, *, show: Show = lambda _line: None) -> list[Applied]:
    """Put monitors and schedules as declared, and idle times and schedules of compute instances.

    Retraining stays off unless the environment says so. Raises :class:`InputError` for a monitor of a deployment that
    does not exist, before anything is set.
    """
    monitors_ = declared_schedules(connection, monitors=True)
    collecting = {row["deployment"]: row["collects"] for row in collection(connection)}
    notes = {str(one.data["name"]): _note_on(one, collecting) for one in monitors_}
    done = [
        Applied("monitor", name, put_schedule(connection, one, enabled=True, show=show), notes[name])
        for one in monitors_
        for name in [str(one.data["name"])]
    ]
    retraining = connection.deployment.environment.settings.lifecycle.retraining.enabled
    for one in declared_schedules(connection, monitors=False):
        result = put_schedule(connection, one, enabled=retraining, show=show)
        note = "" if retraining else "off: lifecycle.retraining.enabled is false"
        done.append(Applied("schedule", str(one.data["name"]), result, note))
    return [*done, *_apply_instances(connection, show)]


def monitors(connection: Connection) -> list[Schedule]:
    """The monitors of the workspace, and those that are declared only."""
    return [one for one in list_schedules(connection) if one.what == "monitor"]


def collection(connection: Connection) -> list[dict[str, str]]:
    """Each online deployment and what it collects of its requests and answers."""
    rows = []
    with readable_errors("Listing the online deployments"):
        for endpoint in connection.ml.online_endpoints.list():
            for one in connection.ml.online_deployments.list(endpoint_name=endpoint.name):
                rows.append({"deployment": f"{endpoint.name}/{one.name}", "collects": _collected(one)})
    return sorted(rows, key=lambda row: row["deployment"])


def _collected(deployment: Any) -> str:
    collector = getattr(deployment, "data_collector", None)
    kinds = getattr(collector, "collections", None) or {}
    return ", ".join(sorted(name for name, one in kinds.items() if str(one.enabled).lower() == "true")) or "nothing"


def _note_on(definition: Definition, collecting: dict[str, str]) -> str:
    """Whether what a monitor watches exists, and collects what it needs."""
    target = (definition.data.get("create_monitor") or {}).get("monitoring_target") or {}
    watched = str(target.get("endpoint_deployment_id") or "").removeprefix("azureml:").replace(":", "/")
    if not watched:
        return ""
    field = ("create_monitor", "monitoring_target", "endpoint_deployment_id")
    if watched not in collecting:
        raise InputError(
            f"{definition.place(field)}: there is no online deployment {watched}.",
            hint=f"Deployed: {', '.join(collecting) or 'none'}.",
        )
    return "" if collecting[watched] != "nothing" else f"{watched} collects no data: add data_collector to it"


def _apply_instances(connection: Connection, show: Show) -> Iterator[Applied]:
    """Terraform's provider knows neither idle times nor schedules, so they are set here."""
    environment = connection.deployment.environment
    for compute in environment.names.compute_instances:
        wanted = environment.settings.compute.instances[compute.index]
        if wanted.idle_minutes is None and not wanted.schedules:
            continue
        yield Applied("compute instance", compute.full_name, _set_instance(connection, compute.full_name, wanted, show))


def _set_instance(connection: Connection, name: str, wanted: ComputeInstance, show: Show) -> str:
    from azure.ai.ml.entities import ComputeSchedules  # noqa: PLC0415 - takes 0.8 s
    from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415

    with readable_errors(f"Compute instance {name}"):
        try:
            present: Any = connection.ml.compute.get(name)
        except ResourceNotFoundError as error:
            raise InputError(
                f"There is no compute instance {name!r}.", hint=f"Run: ezazml deploy {connection.deployment.name}"
            ) from error
        before = (_minutes(present), _plan_of(present))
        after = (wanted.idle_minutes, sorted((one.action, one.cron, one.time_zone) for one in wanted.schedules))
        if before == after:
            return "unchanged"
        show(f"compute instance {name}: setting idle time and schedules")
        present.idle_time_before_shutdown_minutes = wanted.idle_minutes
        present.schedules = ComputeSchedules(compute_start_stop=[_schedule(one) for one in wanted.schedules])
        connection.ml.compute.begin_create_or_update(present).result()
    return "updated"


def _schedule(wanted: Any) -> Any:
    from azure.ai.ml.constants import TimeZone  # noqa: PLC0415
    from azure.ai.ml.entities import ComputeStartStopSchedule, CronTrigger  # noqa: PLC0415

    zone = TimeZone(wanted.time_zone) if wanted.time_zone in {one.value for one in TimeZone} else wanted.time_zone
    return ComputeStartStopSchedule(trigger=CronTrigger(expression=wanted.cron, time_zone=zone), action=wanted.action)


def _minutes(instance: Any) -> int | None:
    value = getattr(instance, "idle_time_before_shutdown_minutes", None)
    return int(value) if value else None


def _plan_of(instance: Any) -> list[tuple[str, str, str]]:
    schedules = getattr(getattr(instance, "schedules", None), "compute_start_stop", None) or []
    return sorted(
        (str(one.action).lower(), str(one.trigger.expression), str(one.trigger.time_zone))
        for one in schedules
        if getattr(one.trigger, "expression", None)
    )
