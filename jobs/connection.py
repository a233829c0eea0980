"""How does a job reach Azure? One login, and the clients that share it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from ezazml.errors import InputError
from jobs.deployment import Deployment

if TYPE_CHECKING:
    from azure.ai.ml import MLClient
    from azure.core.credentials import TokenCredential
    from azure.storage.blob import BlobServiceClient

#: What Entra ID expects in a token that is exchanged for one of its own ("Workload identity federation").
_AUDIENCE = "api://AzureADTokenExchange"


class Connection:
    """Clients of one deployment. They are made when first used, so that a command imports only what it needs."""

    def __init__(self, deployment: Deployment, *, environ: Mapping[str, str] | None = None) -> None:
        self.deployment = deployment
        self._environ = os.environ if environ is None else environ

    @cached_property
    def credential(self) -> TokenCredential:
        """The login that Terraform uses too. Raises :class:`InputError` for an incomplete one."""
        return credential_of(self._environ, tenant_id=self.deployment.tenant_id)

    @cached_property
    def ml(self) -> MLClient:
        """The workspace, through azure-ai-ml."""
        return self.client()

    def client(self, **options: Any) -> MLClient:
        """A client of one's own, with options of azure-core's pipelines (``retry_total``, ``read_timeout``, ...)."""
        from azure.ai.ml import MLClient  # noqa: PLC0415 - takes 0.8 s, and few commands need it

        return MLClient(
            self.credential,
            self.deployment.subscription_id,
            self.deployment.resource_group,
            self.deployment.workspace,
            show_progress=False,
            **options,
        )

    def blobs(self, account: str) -> BlobServiceClient:
        """The blob service of a storage account, reached with the login (no account key)."""
        from azure.storage.blob import BlobServiceClient, ExponentialRetry  # noqa: PLC0415 - only commands about data need it

        return BlobServiceClient(
            f"https://{account}.blob.core.windows.net",
            credential=self.credential,
            # One block up to 8 MiB goes in one request; larger files in blocks of 8 MiB, so that a retry is cheap.
            max_single_put_size=8 * 2**20,
            max_block_size=8 * 2**20,
            # The SDK's own first pause is 15 seconds; one request of thousands that fails must not stop the rest.
            retry_policy=ExponentialRetry(initial_backoff=1, increment_base=2, retry_total=5, random_jitter_range=1),
        )


def credential_of(environ: Mapping[str, str], *, tenant_id: str | None) -> TokenCredential:
    """The login that the variables describe, in the order of the Terraform providers: client secret, OIDC, Azure CLI.

    Without any of their variables, azure-identity's own order (managed identity, Azure CLI, ...). Raises
    :class:`InputError` when a variable is missing that another one calls for.
    """
    from azure.identity import (  # noqa: PLC0415
        ClientAssertionCredential,
        ClientSecretCredential,
        DefaultAzureCredential,
    )

    tenant = tenant_id or environ.get("ARM_TENANT_ID") or environ.get("AZURE_TENANT_ID")
    client = environ.get("ARM_CLIENT_ID") or environ.get("AZURE_CLIENT_ID")
    secret = environ.get("ARM_CLIENT_SECRET") or environ.get("AZURE_CLIENT_SECRET")
    if secret:
        return ClientSecretCredential(_need(tenant, "ARM_TENANT_ID"), _need(client, "ARM_CLIENT_ID"), secret)
    if environ.get("ARM_USE_OIDC", "").lower() in {"true", "1"}:
        return ClientAssertionCredential(
            _need(tenant, "ARM_TENANT_ID"), _need(client, "ARM_CLIENT_ID"), lambda: _assertion(environ)
        )
    return DefaultAzureCredential(
        exclude_interactive_browser_credential=True, additionally_allowed_tenants=[tenant] if tenant else []
    )


def _need(value: str | None, variable: str) -> str:
    if not value:
        raise InputError(f"Variable {variable} is not set, but the login needs it.", hint="Set it, or run: az login")
    return value


def _assertion(environ: Mapping[str, str]) -> str:
    """The token of whoever vouches for us: given, in a file, or asked of GitHub Actions."""
    if environ.get("ARM_OIDC_TOKEN"):
        return environ["ARM_OIDC_TOKEN"]
    file = environ.get("ARM_OIDC_TOKEN_FILE_PATH") or environ.get("AZURE_FEDERATED_TOKEN_FILE")
    if file:
        return Path(file).read_text(encoding="utf-8").strip()
    url = environ.get("ARM_OIDC_REQUEST_URL") or environ.get("ACTIONS_ID_TOKEN_REQUEST_URL")
    token = environ.get("ARM_OIDC_REQUEST_TOKEN") or environ.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
    if not url or not token:
        raise InputError(
            "ARM_USE_OIDC is set, but there is no token to log in with: none of ARM_OIDC_TOKEN, "
            "ARM_OIDC_TOKEN_FILE_PATH and ACTIONS_ID_TOKEN_REQUEST_URL is set.",
            hint="In GitHub Actions give the job `permissions: id-token: write`.",
        )
    import requests  # noqa: PLC0415 - part of azure-core

    joined = "&" if urlsplit(url).query else "?"
    answer = requests.get(
        f"{url}{joined}audience={quote(_AUDIENCE, safe='')}", headers={"Authorization": f"Bearer {token}"}, timeout=30
    )
    answer.raise_for_status()
    return str(answer.json()["value"])
