"""What does Azure Resource Manager know? Resources by their ids, their API versions, and the two clients we need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ezazml.azure.rest import Json, RestClient
from jobs.connection import credential_of

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

ARM_ENDPOINT = "https://management.azure.com"
GRAPH_ENDPOINT = "https://graph.microsoft.com"

#: API version of each service that is asked.
API_VERSIONS = {
    "microsoft.resources": "2022-09-01",
    "microsoft.storage": "2023-05-01",
    "microsoft.keyvault": "2023-07-01",
    "microsoft.containerregistry": "2023-07-01",
    "microsoft.machinelearningservices": "2024-10-01",
    "microsoft.operationalinsights": "2023-09-01",
    "microsoft.insights": "2020-02-02",
    "microsoft.authorization": "2022-04-01",
    "microsoft.network": "2023-11-01",
    "microsoft.managedidentity": "2023-01-31",
    "microsoft.consumption": "2023-05-01",
}
#: Types that have versions of their own.
TYPE_VERSIONS = {
    "microsoft.authorization/locks": "2020-05-01",
    "microsoft.network/privatednszones": "2020-06-01",
    "microsoft.insights/actiongroups": "2023-01-01",
    "microsoft.insights/activitylogalerts": "2020-10-01",
    "microsoft.insights/diagnosticsettings": "2021-05-01-preview",
    "microsoft.insights/metricalerts": "2018-03-01",
    "microsoft.insights/scheduledqueryrules": "2023-03-15-preview",
}


@dataclass(frozen=True)
class AzureApis:
    """The APIs that one login reaches in one subscription."""

    credential: TokenCredential
    subscription_id: str

    @property
    def subscription(self) -> str:
        """Id of the subscription."""
        return f"/subscriptions/{self.subscription_id}"

    @cached_property
    def arm(self) -> RestClient:
        """Azure Resource Manager."""
        return RestClient(self.credential, ARM_ENDPOINT)

    @cached_property
    def graph(self) -> RestClient:
        """Microsoft Graph."""
        return RestClient(self.credential, GRAPH_ENDPOINT)

    def resource(self, identifier: str) -> Json | None:
        """The resource with that id, or ``None``. Raises :class:`AzureError`."""
        return self.arm.get(identifier, **version_of(identifier))

    def list(self, identifier: str, **query: str) -> list[Json]:
        """The entries of the collection at ``identifier``. Raises :class:`AzureError`."""
        return self.arm.list(identifier, **version_of(identifier), **query)


def apis_of(subscription_id: str, *, tenant_id: str | None, environ: Mapping[str, str]) -> AzureApis:
    """The APIs, with the login that Terraform uses. Raises :class:`InputError` for an incomplete one."""
    return AzureApis(credential_of(environ, tenant_id=tenant_id), subscription_id)


def version_of(identifier: str) -> dict[str, str]:
    """The query that names the API version for an id: that of the last service in it."""
    _, found, rest = identifier.lower().rpartition("/providers/")
    parts = rest.split("/") if found else []
    service = parts[0] if parts else "microsoft.resources"
    kind = f"{service}/{parts[1]}" if len(parts) > 1 else ""
    version = TYPE_VERSIONS.get(kind) or API_VERSIONS.get(service, API_VERSIONS["microsoft.resources"])
    return {"api-version": version}
