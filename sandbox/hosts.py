"""Which of Azure's hosts does the sandbox stand in for? One table; whoever is not in it cannot be reached.

A host is one module with its routes, and one line below.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.sax.saxutils import escape

from sandbox import graph, login, vault_secrets
from sandbox.arm import routes as arm_routes
from sandbox.azureml_api import data_plane, scoring
from sandbox.blob import HOST_SUFFIX
from sandbox.cloud import Cloud
from sandbox.monitor import ingestion, query_api
from sandbox.web import Answer, Call, Handler, Refusal, Routes


@dataclass(frozen=True)
class Host:
    """Hosts that one module answers for. ``*`` in the name stands for anything."""

    name: str
    title: str
    routes: Routes
    needs_token: bool = True
    #: Whether ordered faults strike here. Never at the login: nothing could start.
    faulty: bool = True

    def matches(self, host: str) -> bool:
        """Whether ``host`` is one of these."""
        return re.fullmatch(re.escape(self.name).replace(r"\*", r"[a-z0-9.-]*"), host) is not None


def _no_schema(_cloud: Cloud, call: Call) -> Answer:
    """azure-ai-ml asks for a schema to check MLTable files with, and goes on without."""
    raise Refusal(404, "BlobNotFound", f"The sandbox has no copy of {call.url}.")


def _no_account(_cloud: Cloud, call: Call) -> Answer:
    account = call.host.removesuffix(HOST_SUFFIX)
    text = f"There is no storage account '{account}' (on Azure its name would not resolve)."
    return _storage_error(404, "ResourceNotFound", text)


def _no_data_lake(_cloud: Cloud, call: Call) -> Answer:
    text = (
        f"The sandbox does not serve {call.host}: Azurite has no Data Lake endpoint. "
        f"Use the account's blob endpoint, {call.host.replace('.dfs.', '.blob.')}."
    )
    return _storage_error(501, "NotImplemented", text)


def _storage_error(status: int, code: str, text: str) -> Answer:
    body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{escape(text)}</Message></Error>'
    return Answer(status, body.encode(), {"x-ms-error-code": code})


def _all(title: str, handler: Handler) -> Routes:
    routes = Routes()
    for method in ("GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"):
        routes.add(method, "/{rest*}", title, handler)
    return routes


HOSTS = (
    Host("management.azure.com", "Azure Resource Manager", arm_routes.routes),
    Host(login.HOST, "Microsoft Entra's login", login.routes, needs_token=False, faulty=False),
    Host("graph.microsoft.com", "Microsoft Graph", graph.routes),
    Host("*.vault.azure.net", "Secrets of key vaults", vault_secrets.routes, needs_token=False),
    Host("*.api.azureml.ms", "Data plane of Azure ML workspaces", data_plane.routes),
    Host("*.inference.ml.azure.com", "Scoring of endpoints", scoring.routes, needs_token=False),
    Host("api.loganalytics.io", "Queries to Application Insights and Log Analytics", query_api.routes),
    Host("dc.services.visualstudio.com", "Telemetry to Application Insights", ingestion.routes, needs_token=False),
    Host("*.in.applicationinsights.azure.com", "The same, by region", ingestion.routes, needs_token=False),
    Host("azuremlschemas*.azureedge.net", "JSON schemas of Azure ML", _all("Not found", _no_schema), needs_token=False),
    Host("*.dfs.core.windows.net", "Data Lake", _all("Not served", _no_data_lake), needs_token=False),
    Host(
        f"*{HOST_SUFFIX}",
        "Blobs of accounts that do not exist (connections to the others go to Azurite)",
        _all("Not found", _no_account),
        needs_token=False,
        faulty=False,
    ),
)


def find_host(name: str) -> Host | None:
    """Who answers for a host name; ``None`` for a host that the sandbox does not serve."""
    return next((host for host in HOSTS if host.matches(name.lower())), None)
