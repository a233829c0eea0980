"""When do compute instances stop by themselves? Idle times and schedules, which Terraform's provider cannot set.

A request that writes an existing compute instance anew overwrites it ("a nonrecoverable operation", Compute -
Create Or Update), so each setting has a request of its own: ``updateIdleShutdownSetting`` (Microsoft Learn, "Create an
Azure Machine Learning compute instance", "Configure idle shutdown") and ``updateSchedules`` (azure-rest-api-specs,
Microsoft.MachineLearningServices, 2021-03-01-preview). azure-ai-ml has neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ezazml.azure.arm import ARM_ENDPOINT, version_of
from ezazml.azure.rest import Json, RestClient
from ezazml.config.models import ComputeInstance, ComputeSchedule
from ezazml.errors import InputError
from jobs.azure_errors import AzureError
from jobs.connection import Connection

Show = Callable[[str], None]
_IDLE_VERSION = "2021-07-01"
_SCHEDULES_VERSION = "2021-03-01-preview"


def set_instances(connection: Connection, *, show: Show) -> Iterator[tuple[str, str]]:
    """Set what the environment declares for its compute instances; each one's name, and ``updated`` or ``unchanged``.

    What is not declared is left as it is. Raises :class:`InputError` for an instance that does not exist, and for a
    time zone that Azure ML does not know, before anything is set.
    """
    environment = connection.deployment.environment
    wanted = [
        (compute.full_name, settings)
        for compute in environment.names.compute_instances
        for settings in [environment.settings.compute.instances[compute.index]]
        if settings.idle_minutes is not None or settings.schedules is not None
    ]
    for name, settings in wanted:
        _require_time_zones(name, settings)
    if not wanted:
        return
    arm = RestClient(connection.credential, ARM_ENDPOINT)
    present = {name: _read(connection, arm, name) for name, _ in wanted}
    for name, settings in wanted:
        yield name, _set(arm, present[name], settings, lambda what, name=name: show(f"compute instance {name}: {what}"))  # type: ignore[misc]


def _read(connection: Connection, arm: RestClient, name: str) -> Json:
    deployment = connection.deployment
    identifier = (
        f"/subscriptions/{deployment.subscription_id}/resourceGroups/{deployment.resource_group}"
        f"/providers/Microsoft.MachineLearningServices/workspaces/{deployment.workspace}/computes/{name}"
    )
    found = arm.get(identifier, **version_of(identifier))
    if found is None:
        raise InputError(f"There is no compute instance {name!r}.", hint=f"Run: ezazml deploy {deployment.name}")
    return {**found, "id": identifier}


def _set(arm: RestClient, present: Json, settings: ComputeInstance, show: Show) -> str:
    properties: Json = (present.get("properties") or {}).get("properties") or {}
    result = "unchanged"
    if settings.idle_minutes is not None and idle_minutes(properties) != settings.idle_minutes:
        show(f"stops after {settings.idle_minutes} minutes without work")
        body: Json = {"idleTimeBeforeShutdown": f"PT{settings.idle_minutes}M"}
        _post(arm, f"{present['id']}/updateIdleShutdownSetting", body, _IDLE_VERSION)
        result = "updated"
    if settings.schedules is not None and schedules(properties) != sorted(map(_key, settings.schedules)):
        show(f"{len(settings.schedules)} schedules")
        body = {"computeStartStop": [_schedule(one) for one in settings.schedules]}
        _post(arm, f"{present['id']}/updateSchedules", body, _SCHEDULES_VERSION)
        result = "updated"
    return result


def _post(arm: RestClient, path: str, body: Json, version: str) -> None:
    try:
        arm.post(path, body, **{"api-version": version})
    except AzureError as error:
        name = path.split("/")[-2]
        hint = f"It can also be set in the studio: Compute, {name}, Schedules."
        raise AzureError(f"Compute instance {name}: {error.message}", hint=hint) from error


def idle_minutes(properties: Json) -> int | None:
    """The idle time that an instance has, minutes; it is kept as a period of ISO 8601."""
    import isodate  # noqa: PLC0415 - comes with Azure's SDKs

    text = properties.get("idleTimeBeforeShutdown")
    return int(isodate.parse_duration(str(text)).total_seconds() // 60) if text else None


def schedules(properties: Json) -> list[tuple[str, str, str]]:
    """The schedules that an instance has: action, cron expression and time zone. Others than cron differ from any."""
    given = ((properties.get("schedules") or {}).get("computeStartStop")) or []
    return sorted(_present_key(one) for one in given)


def _present_key(one: dict[str, Any]) -> tuple[str, str, str]:
    cron = one.get("cron") or {}
    if str(one.get("status", "Enabled")).lower() != "enabled" or not cron:
        return (str(one.get("action", "")).lower(), "", str(one.get("status")))
    return (str(one["action"]).lower(), " ".join(str(cron.get("expression", "")).split()), str(cron.get("timeZone")))


def _key(wanted: ComputeSchedule) -> tuple[str, str, str]:
    return (wanted.action, " ".join(wanted.cron.split()), wanted.time_zone)


def _schedule(wanted: ComputeSchedule) -> Json:
    return {
        "status": "Enabled",
        "action": wanted.action.capitalize(),
        "triggerType": "Cron",
        "cron": {"expression": " ".join(wanted.cron.split()), "timeZone": wanted.time_zone},
    }


def _require_time_zones(name: str, settings: ComputeInstance) -> None:
    from azure.ai.ml.constants import TimeZone  # noqa: PLC0415 - takes 0.8 s

    known = {str(one.value) for one in TimeZone}
    for schedule in settings.schedules or ():
        if schedule.time_zone not in known:
            near = [zone for zone in sorted(known) if schedule.time_zone.split(" ")[0].lower() in zone.lower()]
            raise InputError(
                f"compute.instances: {name} has a schedule in the time zone {schedule.time_zone!r}, which is unknown.",
                hint=f"Use a name of Windows, such as {', '.join(near[:3]) or 'W. Europe Standard Time, UTC'}.",
            )
