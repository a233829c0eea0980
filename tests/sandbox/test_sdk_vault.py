"""Secrets of key vaults, read over the wire by those who may."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from ezazml.errors import InputError
from jobs.assets.secret_values import key_vault_reader
from jobs.azure_errors import AzureError
from sandbox.identity import SANDBOX_TENANT_ID
from tests.sandbox.azure import OBJECT_ID, azure, create, vault
from tests.sandbox.conftest import Served, made_once

pytestmark = pytest.mark.usefixtures("cloud", "secret")

ADDRESS = "https://read-01.vault.azure.net/"


@made_once
def secret(running: Served) -> Any:
    """A secret in a vault where the sandbox's own login may read."""
    with azure(running.home.root) as store:
        made = vault(store, "read-01")
        for caller in (OBJECT_ID, running.home.credentials.object_id):
            create(
                store,
                "azurerm_key_vault_access_policy",
                key_vault_id=made["id"],
                tenant_id=SANDBOX_TENANT_ID,
                object_id=caller,
                secret_permissions=["Get", "Set"],
            )
        vault(store, "closed-01")
        ends = {"expiration_date": "2030-01-01T00:00:00Z"}
        return create(
            store, "azurerm_key_vault_secret", name="storage", key_vault_id=made["id"], value="pl4nted", **ends
        )


def credential() -> Any:
    from azure.identity import DefaultAzureCredential

    return DefaultAzureCredential()


def get(url: str) -> requests.Response:
    token = credential().get_token("https://vault.azure.net/.default").token
    return requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=30)


def test_a_secret_is_read_by_name_and_by_version(secret: Any) -> None:
    assert key_vault_reader(ADDRESS, credential())("storage") == "pl4nted"
    answer = get(secret["id"])
    assert answer.json()["id"] == secret["id"]
    assert answer.json()["attributes"] == {"enabled": True, "exp": 1893456000}


def test_what_is_not_there_is_azures_404() -> None:
    with pytest.raises(InputError, match="there is no such secret"):
        key_vault_reader(ADDRESS, credential())("gone")
    for path in ("gone", "storage/00000000000000000000000000000000"):
        answer = get(f"{ADDRESS}secrets/{path}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "SecretNotFound")


def test_who_has_no_access_reads_nothing() -> None:
    with pytest.raises(AzureError, match="403"):
        key_vault_reader("https://closed-01.vault.azure.net/", credential())("storage")
    answer = requests.get(f"{ADDRESS}secrets/storage", timeout=30)
    assert answer.status_code == 401
    assert 'resource="https://vault.azure.net"' in answer.headers["WWW-Authenticate"]
