"""Who watches the models, and the compute instances that nobody uses? Monitors, data collection, idle times."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ezazml.errors import InputError
from jobs.assets.asset import Definition
from jobs.azure_errors import readable_errors
from jobs.connection import Connection
from jobs.endpoint_signals import EndpointSignals
from jobs.lifecycle.compute_instances import set_instances
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
    done += [Applied("compute instance", name, result) for name, result in set_instances(connection, show=show)]
    return [*done, *_endpoint_logs(connection, show)]


def _endpoint_logs(connection: Connection, show: Show) -> Iterator[Applied]:
    """Where the logs of every endpoint go, also of those that were made past this project."""
    signals = EndpointSignals(connection)
    with readable_errors("Listing the online endpoints"):
        names = sorted(str(one.name) for one in connection.ml.online_endpoints.list())
    for name in names:
        if signals.difference(name) is None:
            yield Applied("endpoint logs", name, "unchanged")
            continue
        show(f"endpoint {name}: setting where its logs go")
        warning = signals.settle(name)
        yield Applied("endpoint logs", name, "not set" if warning else "updated", warning)


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
