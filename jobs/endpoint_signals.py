"""Where do the logs of an online endpoint go? Its diagnostic setting, which is made when the endpoint is.

Terraform makes no endpoints, so the diagnostic settings of the stack cannot have them. Without one an endpoint sends
nothing, and the alert rules on its answers have nothing to read (Microsoft Learn, "Monitor online endpoints").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from jobs.connection import Connection

if TYPE_CHECKING:
    from azure.core.rest import HttpResponse

    from ezazml.azure.rest import RestClient
    from jobs.deployment import Deployment

#: The same as the stack's settings have.
NAME = "to-log-analytics"
#: Who answered whom, how, in how many milliseconds: what the alert rules read.
TRAFFIC_LOG = "AmlOnlineEndpointTrafficLog"
#: All that an online endpoint has (Microsoft Learn, "Supported logs for .../onlineEndpoints").
LOGS = (TRAFFIC_LOG, "AmlOnlineEndpointConsoleLog", "AmlOnlineEndpointEventLog")
_VERSION = {"api-version": "2021-05-01-preview"}
_FORBIDDEN, _NOT_FOUND = 403, 404


@dataclass(frozen=True)
class Wanted:
    """What an endpoint shall send, and into which Log Analytics workspace."""

    workspace_id: str
    logs: tuple[str, ...]
    metrics: bool

    def as_body(self) -> dict[str, Any]:
        """As Azure Monitor takes it ("Diagnostic Settings - Create Or Update")."""
        return {
            "properties": {
                "workspaceId": self.workspace_id,
                "logs": [{"category": category, "enabled": True} for category in self.logs],
                "metrics": [{"category": "AllMetrics", "enabled": self.metrics}],
            }
        }


def wanted_by(deployment: Deployment) -> Wanted | None:
    """What the environment's settings ask for; ``None`` when its endpoints send nothing.

    With alerts alone only the traffic is sent, which the rules read: the rest is billed and nobody asked for it.
    """
    settings, workspace_id = deployment.environment.settings, deployment.outputs.get("log_analytics_workspace_id")
    if workspace_id is None or not (settings.diagnostics.enabled or settings.alerts.enabled):
        return None
    everything = settings.diagnostics.enabled
    return Wanted(str(workspace_id), LOGS if everything else (TRAFFIC_LOG,), everything)


class EndpointSignals:
    """The diagnostic settings of the online endpoints of one workspace. For use from several threads."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._deployment = connection.deployment
        self.wanted = wanted_by(connection.deployment)

    @cached_property
    def _arm(self) -> RestClient:
        from ezazml.azure.arm import ARM_ENDPOINT  # noqa: PLC0415
        from ezazml.azure.rest import RestClient  # noqa: PLC0415

        return RestClient(self._connection.credential, ARM_ENDPOINT)

    def difference(self, endpoint: str) -> tuple[str, str] | None:
        """What the endpoint sends now and what it shall send, in words; ``None`` when that is the same.

        ``None`` also for a login that may not look, and for a workspace that this project only works in: its owners
        say where its logs go.
        """
        there = self._settings(endpoint) if self._deployment.owns_workspace else None
        return None if there is None else _difference(there, self.wanted)

    def settle(self, endpoint: str) -> str:
        """Make it so; returns a warning for people where the login may not, else nothing.

        That is no error: the endpoint answers all the same, and roles that may deploy models cannot do this.
        Raises :class:`AzureError` for everything else.
        """
        if not self._deployment.owns_workspace:
            return ""
        there = self._settings(endpoint)
        forbidden = there is None
        if there is not None and _difference(there, self.wanted) is not None:
            method, name, body = _request(there, self.wanted)
            forbidden = self._ask(method, f"/{name}", endpoint, body).status_code == _FORBIDDEN
        if not forbidden or self.wanted is None:
            return ""
        return (
            f"Endpoint {endpoint} may send no logs, and no alert watches it then: the login may not read and write "
            "diagnostic settings. Let somebody with Contributor on the resource group run the same command once."
        )

    def forget(self, endpoint: str) -> None:
        """Before an endpoint is deleted: Azure would give the setting to a later one of the same name.

        (Microsoft Learn, "Diagnostic settings in Azure Monitor".)
        """
        if self._deployment.owns_workspace:
            self._ask("DELETE", f"/{NAME}", endpoint)

    def _settings(self, endpoint: str) -> list[dict[str, Any]] | None:
        """What there is; nothing for an endpoint that is yet to be made, ``None`` when the login may not look."""
        answer = self._ask("GET", "", endpoint)
        if answer.status_code == _FORBIDDEN:
            return None
        return [] if answer.status_code == _NOT_FOUND else list(answer.json().get("value") or [])

    def _ask(self, method: str, below: str, endpoint: str, body: dict[str, Any] | None = None) -> HttpResponse:
        at = self._deployment
        path = (
            f"/subscriptions/{at.subscription_id}/resourceGroups/{at.resource_group}/providers/"
            f"Microsoft.MachineLearningServices/workspaces/{at.workspace}/onlineEndpoints/{endpoint}/"
            f"providers/Microsoft.Insights/diagnosticSettings{below}"
        )
        return self._arm.send(method, path, body, query=_VERSION, accept=frozenset({_FORBIDDEN, _NOT_FOUND}))


def _difference(there: Sequence[Mapping[str, Any]], wanted: Wanted | None) -> tuple[str, str] | None:
    own = next((one for one in there if str(one.get("name", "")).lower() == NAME), None)
    if wanted is None:
        return None if own is None else (_sent(own), "nothing")
    # Somebody's policy may have made one too; Azure refuses a second one with the same destination.
    if any(_covers(one, wanted) for one in there):
        return None
    return (_sent(own) if own else "nothing", f"{', '.join(wanted.logs)} to Log Analytics")


def _request(there: Sequence[Mapping[str, Any]], wanted: Wanted | None) -> tuple[str, str, dict[str, Any] | None]:
    """Method, the setting's name and body. A setting of somebody else with our destination is completed: Azure takes
    no second one with it."""
    if wanted is None:
        return "DELETE", NAME, None
    others = [one for one in there if str(one.get("name", "")).lower() != NAME and _sends_to(one, wanted)]
    if not others:
        return "PUT", NAME, wanted.as_body()
    properties = dict(others[0]["properties"])
    kept = [one for one in properties.get("logs") or () if one.get("category") not in wanted.logs]
    asked: list[dict[str, Any]] = wanted.as_body()["properties"]["logs"]
    return "PUT", str(others[0]["name"]), {"properties": {**properties, "logs": [*kept, *asked]}}


def _sends_to(setting: Mapping[str, Any], wanted: Wanted) -> bool:
    workspace = (setting.get("properties") or {}).get("workspaceId")
    return str(workspace or "").lower() == wanted.workspace_id.lower()


def _covers(setting: Mapping[str, Any], wanted: Wanted) -> bool:
    properties = setting.get("properties") or {}
    if not _sends_to(setting, wanted):
        return False
    logs = set(_enabled(properties.get("logs")))
    if str(setting.get("name", "")).lower() != NAME:
        return "allLogs" in logs or set(wanted.logs) <= logs
    # Our own is as wanted, no more and no less.
    return logs == set(wanted.logs) and bool(_enabled(properties.get("metrics"))) == wanted.metrics


def _enabled(entries: Iterable[Mapping[str, Any]] | None) -> list[str]:
    return [str(one.get("category") or one.get("categoryGroup")) for one in entries or () if one.get("enabled")]


def _sent(setting: Mapping[str, Any]) -> str:
    return ", ".join(_enabled((setting.get("properties") or {}).get("logs"))) or "nothing"
