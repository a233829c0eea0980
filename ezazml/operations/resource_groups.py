"""Which resource groups are there in Azure, and with which tags? Asks Azure Resource Manager."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jobs.azure_errors import readable_errors
from jobs.connection import credential_of

if TYPE_CHECKING:
    from azure.core import PipelineClient

_ENDPOINT = "https://management.azure.com"
_API_VERSION = "2021-04-01"


@dataclass(frozen=True)
class ResourceGroup:
    """A resource group and its tags."""

    name: str
    tags: Mapping[str, str]


def tagged_groups(
    subscription_id: str, tag: str, *, tenant_id: str | None, environ: Mapping[str, str]
) -> list[ResourceGroup]:
    """Resource groups of a subscription that carry ``tag`` (Azure, "Resource Groups - List").

    Raises :class:`EzazmlError` when Azure cannot be asked.
    """
    path = f"/subscriptions/{subscription_id}/resourcegroups"
    found: list[ResourceGroup] = []
    with _client(tenant_id, environ) as client:
        url: str | None = f"{_ENDPOINT}{path}"
        parameters: dict[str, str] = {"api-version": _API_VERSION, "$filter": f"tagName eq '{tag}'"}
        while url:
            body = _get(client, url, parameters)
            for group in body["value"]:
                tags = group.get("tags") or {}
                if tag in tags:
                    found.append(ResourceGroup(group["name"], tags))
            url, parameters = body.get("nextLink"), {}
    return found


def resource_exists(resource_id: str, api_version: str, *, tenant_id: str | None, environ: Mapping[str, str]) -> bool:
    """Whether Azure has the resource. Raises :class:`EzazmlError` when Azure cannot be asked, or does not tell."""
    with _client(tenant_id, environ) as client:
        return _get(client, f"{_ENDPOINT}{resource_id}", {"api-version": api_version}, missing=True) is not None


def _client(tenant_id: str | None, environ: Mapping[str, str]) -> PipelineClient[Any, Any]:
    from azure.core import PipelineClient  # noqa: PLC0415 - half a second that other commands do not need
    from azure.core.pipeline.policies import BearerTokenCredentialPolicy, RetryPolicy  # noqa: PLC0415

    login = BearerTokenCredentialPolicy(credential_of(environ, tenant_id=tenant_id), f"{_ENDPOINT}/.default")
    return PipelineClient(_ENDPOINT, policies=[RetryPolicy(), login])


def _get(client: PipelineClient[Any, Any], url: str, parameters: Mapping[str, str], *, missing: bool = False) -> Any:
    from azure.core.rest import HttpRequest  # noqa: PLC0415

    with readable_errors(f"Asking Azure for {url.removeprefix(_ENDPOINT)}"):
        answer = client.send_request(HttpRequest("GET", url, params=parameters))
        if missing and answer.status_code == 404:
            return None
        answer.raise_for_status()
        return answer.json()
