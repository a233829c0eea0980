"""Who hears of what a deployment does? Application Insights by its telemetry, Log Analytics by its endpoint's logs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.compute.context import Context
from sandbox.monitor.platform_logs import PlatformLogs
from sandbox.store import ArmObject
from sandbox.web import Answer, Call, Refusal

CONSOLE, EVENTS, TRAFFIC = "AmlOnlineEndpointConsoleLog", "AmlOnlineEndpointEventLog", "AmlOnlineEndpointTrafficLog"
_SERVER, _INITIALIZER = "inference-server", "storage-initializer"
_OWN = b"[sandbox]"


def insights_environ(context: Context, workspace: ArmObject, deployment: ArmObject) -> dict[str, str]:
    """The variables with which the inference server tells the workspace's Application Insights of every request.

    Empty unless the deployment has ``app_insights_enabled`` and the workspace such a resource.
    """
    identifier = workspace["properties"].get("applicationInsights")
    component = context.records.read(lambda store: store.get(identifier)) if identifier else None
    if component is None or not deployment["properties"].get("appInsightsEnabled"):
        return {}
    return {
        "AML_APP_INSIGHTS_ENABLED": "true",
        "AML_APP_INSIGHTS_KEY": str(component["properties"]["InstrumentationKey"]),
        "SERVICE_NAME": endpoint_of(deployment["id"]).rsplit("/", 1)[-1],
        "WORKSPACE_NAME": str(workspace["name"]),
        # What the exporter tells Microsoft of itself has nobody here to go to.
        "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true",
    }


def endpoint_of(deployment: str) -> str:
    """The id of a deployment's endpoint."""
    return deployment[: deployment.lower().rindex("/deployments/")]


def described(deployment: str) -> dict[str, Any]:
    """The columns that all logs of an endpoint have."""
    endpoint = endpoint_of(deployment)
    workspace = endpoint[: endpoint.lower().rindex("/onlineendpoints/")]
    return {
        "AzureMLWorkspaceId": workspace,
        "AzureMLWorkspaceName": workspace.rsplit("/", 1)[-1],
        "EndpointName": endpoint.rsplit("/", 1)[-1],
        "DeploymentName": deployment.rsplit("/", 1)[-1],
    }


def console(logs: PlatformLogs, deployment: str) -> Callable[[bytes], None]:
    """Sends every line that a deployment writes to its endpoint's logs."""

    def send(content: bytes) -> None:
        rows = [
            {
                **described(deployment),
                "OperationName": "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/consolelog",
                "InstanceId": deployment.rsplit("/", 1)[-1],
                "ContainerName": _INITIALIZER if line.startswith(_OWN) else _SERVER,
                "Message": line.decode("utf-8", "replace"),
            }
            for line in content.splitlines()
            if line.strip()
        ]
        if rows:
            logs.send(endpoint_of(deployment), CONSOLE, rows)

    return send


def event(logs: PlatformLogs, deployment: str, name: str, message: str) -> None:
    """Tell of a step in the life of a deployment's container: ``Started``, ``BackOff``."""
    row = {
        **described(deployment),
        "OperationName": "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/eventlog",
        "InstanceId": deployment.rsplit("/", 1)[-1],
        "Name": name,
        "Message": message,
    }
    logs.send(endpoint_of(deployment), EVENTS, [row])


def traffic_row(
    endpoint: ArmObject, deployment: str, call: Call, answer: Answer, refusal: Refusal | None
) -> dict[str, Any]:
    """What the traffic log says of one request (Microsoft Learn, "AmlOnlineEndpointTrafficLog"), but for its time."""
    model = answer.headers.get("ms-azureml-model-error-statuscode") or ("" if refusal else str(answer.status))
    failed = str(answer.headers.get("ms-azureml-model-error-reason", ""))
    return {
        **described(f"{endpoint['id']}/deployments/{deployment}"),
        "OperationName": "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/trafficlog",
        "Location": endpoint["location"],
        "SubscriptionId": endpoint["id"].split("/")[2],
        "Method": call.method,
        "Path": call.path,
        "Protocol": "HTTP/1.1",
        "ResponseCode": answer.status,
        "ResponseCodeReason": refusal.code if refusal else failed or "OK",
        "ModelStatusCode": int(model) if model else None,
        "ModelStatusReason": failed,
        "RequestPayloadSize": len(call.content),
        "ResponsePayloadSize": len(answer.body) if isinstance(answer.body, bytes) else 0,
        "UserAgent": call.headers.get("user-agent", ""),
        "XRequestId": call.headers.get("x-request-id", ""),
        "XMSClientRequestId": call.headers.get("x-ms-client-request-id", ""),
    }
