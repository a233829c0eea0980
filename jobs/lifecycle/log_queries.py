"""What do Application Insights and Log Analytics know? A KQL query, answered as columns and rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from ezazml.errors import EzazmlError, InputError
from jobs.azure_errors import readable_errors
from jobs.connection import Connection


def run_query(
    connection: Connection, query: str, *, hours: int, resource_id: str | None = None
) -> tuple[list[str], list[Sequence[Any]]]:
    """The columns and rows of the first table that answers ``query``, over the last ``hours``.

    Without ``resource_id`` the workspace's Application Insights is asked (tables ``traces``, ``requests``, ...). Raises
    :class:`InputError` for a query that Azure Monitor refuses, and for a resource that it does not know.
    """
    try:
        from azure.monitor.query import LogsQueryClient, LogsQueryStatus  # noqa: PLC0415 - only this needs it
    except ImportError as error:
        raise EzazmlError("The package azure-monitor-query is not installed.", hint="Run: make setup") from error
    from azure.core.exceptions import HttpResponseError  # noqa: PLC0415

    resource = resource_id or _application_insights(connection)
    if not resource.startswith("/subscriptions/"):
        raise InputError(f"{resource} is no id of a resource.", hint="It begins with /subscriptions/.")
    with readable_errors("Asking Azure Monitor"), LogsQueryClient(connection.credential) as client:
        try:
            answer: Any = client.query_resource(resource, query, timespan=timedelta(hours=hours))
        except HttpResponseError as error:
            if error.status_code == 400:
                raise InputError(f"Azure Monitor refuses the query: {_reason(error)}") from error
            if error.status_code == 404:
                raise InputError(f"Azure Monitor knows no {resource}.", hint="Check --resource-id.") from error
            raise
    if answer.status == LogsQueryStatus.PARTIAL:
        reason = getattr(answer.partial_error, "message", None) or "no reason given"
        raise EzazmlError(f"Azure Monitor answered in part only: {reason}.", hint="Ask for fewer hours.")
    if not answer.tables:
        return [], []
    table = answer.tables[0]
    return [str(column) for column in table.columns], [[_plain(value) for value in row] for row in table.rows]


def _plain(value: Any) -> Any:
    """Times as ISO 8601, which programs read and people sort."""
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def _application_insights(connection: Connection) -> str:
    with readable_errors("Reading the workspace"):
        workspace: Any = connection.ml.workspaces.get(connection.deployment.workspace)
    if not workspace.application_insights:
        raise InputError("The workspace has no Application Insights.", hint="Name another with --resource-id.")
    return str(workspace.application_insights)


def _reason(error: Any) -> str:
    """The innermost message: the outer ones say only that something is wrong."""
    message, inner = str(error.message), getattr(error, "error", None)
    while inner:
        # The SDK gives an object, which holds the rest as it was sent.
        get = inner.get if isinstance(inner, dict) else lambda name, inner=inner: getattr(inner, name, None)
        message, inner = str(get("message") or message), get("innererror")
    return message
