"""Do the logs of the endpoints reach Log Analytics? Their diagnostic settings: they are not Terraform's, as endpoints
are made later."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ezazml.azure.arm import ARM_ENDPOINT, version_of
from ezazml.azure.rest import Json, RestClient
from jobs.azure_errors import readable_errors
from jobs.connection import Connection

Show = Callable[[str], None]
#: The name that the diagnostic settings of the stack have too.
NAME = "to-log-analytics"
#: Microsoft Learn, "Supported logs for Microsoft.MachineLearningServices/workspaces/onlineEndpoints".
CATEGORIES = ("AmlOnlineEndpointTrafficLog", "AmlOnlineEndpointConsoleLog", "AmlOnlineEndpointEventLog")


def send_endpoint_logs(connection: Connection, *, show: Show) -> Iterator[tuple[str, str]]:
    """Send the logs of every online endpoint where those of the environment go; each one's name and what happened.

    Nothing where ``diagnostics.enabled`` is off.
    """
    deployment = connection.deployment
    sink = deployment.outputs.get("log_analytics_workspace_id")
    if not deployment.environment.settings.diagnostics.enabled or not sink:
        return
    with readable_errors("Listing the online endpoints"):
        endpoints: list[Any] = sorted(connection.ml.online_endpoints.list(), key=lambda one: str(one.name))
    arm = RestClient(connection.credential, ARM_ENDPOINT) if endpoints else None
    for endpoint in endpoints:
        assert arm is not None
        yield str(endpoint.name), _send(arm, str(endpoint.id), str(sink), lambda: show("endpoint logs: setting"))


def _send(arm: RestClient, endpoint: str, sink: str, show: Callable[[], None]) -> str:
    collection = f"{endpoint}/providers/Microsoft.Insights/diagnosticSettings"
    settings = arm.list(collection, **version_of(collection))
    # Azure takes one setting for each sink: one of another name is completed.
    present = next((one for one in settings if _sink(one) == sink.lower()), None)
    if present is not None and sends_all(present):
        return "unchanged"
    show()
    name = str(present["name"]) if present else NAME
    body: Json = {
        "properties": {
            **((present or {}).get("properties") or {}),
            "workspaceId": sink,
            "logs": [{"category": category, "enabled": True} for category in CATEGORIES],
        }
    }
    arm.put(f"{collection}/{name}", body, **version_of(collection))
    return "updated" if present else "created"


def sends_all(setting: Json) -> bool:
    """Whether a diagnostic setting sends every category of an endpoint's logs."""
    logs = (setting.get("properties") or {}).get("logs") or []
    enabled = [one for one in logs if one.get("enabled")]
    groups = {str(one.get("categoryGroup")).lower() for one in enabled}
    return "alllogs" in groups or set(CATEGORIES) <= {str(one.get("category")) for one in enabled}


def _sink(setting: Json) -> str:
    return str((setting.get("properties") or {}).get("workspaceId") or "").lower()
