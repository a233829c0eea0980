"""Logins, and that nothing but the sandbox is reached: with azure-identity and requests, unmodified."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from typing import Any

import pytest
import requests

from sandbox import tokens
from sandbox.identity import SANDBOX_SUBSCRIPTION_ID, SANDBOX_TENANT_ID
from tests.sandbox.azure import application, azure, create
from tests.sandbox.conftest import Served

SCOPE = "https://management.azure.com/.default"
ARM = "https://management.azure.com"
SUBSCRIPTION = f"{ARM}/subscriptions/{SANDBOX_SUBSCRIPTION_ID}"


def secret_login(client: str, secret: str, tenant: str = SANDBOX_TENANT_ID) -> Any:
    from azure.identity import ClientSecretCredential

    return ClientSecretCredential(tenant, client, secret)


def get(url: str, **headers: str) -> requests.Response:
    if not headers:
        from azure.identity import DefaultAzureCredential

        headers = {"Authorization": f"Bearer {DefaultAzureCredential().get_token(SCOPE).token}"}
    return requests.get(url, headers=headers, timeout=30)


def test_the_made_up_login_gets_a_token_of_the_tenant(cloud: Served) -> None:
    own = cloud.home.credentials
    claims = tokens.read(secret_login(own.client_id, own.client_secret).get_token(SCOPE).token)
    assert claims is not None
    assert (claims["oid"], claims["appid"], claims["tid"]) == (own.object_id, own.client_id, SANDBOX_TENANT_ID)
    assert claims["aud"] == ARM


def test_an_application_made_by_terraform_logs_in_with_its_secret(cloud: Served) -> None:
    with azure(cloud.home.root) as store:
        made = application(store)
        secret = create(store, "azuread_application_password", application_id=made["id"])["value"]
    assert secret_login(made["client_id"], secret).get_token(SCOPE).token
    refused(secret_login(made["client_id"], "wrong"), "AADSTS7000215")


def refused(credential: Any, text: str) -> None:
    from azure.core.exceptions import ClientAuthenticationError

    with pytest.raises(ClientAuthenticationError, match=text):
        credential.get_token(SCOPE)


def test_a_wrong_login_is_refused_with_entras_codes(cloud: Served) -> None:
    own = cloud.home.credentials
    refused(secret_login(own.client_id, "wrong"), "AADSTS7000215: Invalid client secret")
    refused(secret_login("11111111-2222-4333-8444-555555555555", "x"), "AADSTS700016: Application with identifier")


def test_another_tenant_is_not_known(cloud: Served) -> None:
    tenant = "11111111-2222-4333-8444-555555555555"
    refused(secret_login("any", "x", tenant=tenant), f"Unable to get authority configuration for .*{tenant}")
    answer = requests.post(f"https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token", timeout=30)
    assert (answer.status_code, answer.json()["error_codes"]) == (400, [90002])


@pytest.mark.parametrize("token", ["", "Bearer ", "Bearer nonsense", "Basic YTpi", "Bearer a.eyJleHAiOiAxfQ.c"])
def test_a_call_without_a_good_token_is_refused(cloud: Served, token: str) -> None:
    answer = get(SUBSCRIPTION, Authorization=token)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "AuthenticationFailed")


def test_everything_deployed_is_read_by_its_id(cloud: Served) -> None:
    listed = get(f"{SUBSCRIPTION}/resourceGroups/rg/resources").json()["value"]
    assert {body["type"] for body in listed} >= {
        "Microsoft.Storage/storageAccounts",
        "Microsoft.KeyVault/vaults",
        "Microsoft.MachineLearningServices/workspaces",
    }
    for body in listed:
        answer = get(f"{ARM}{body['id'].upper().replace('/SUBSCRIPTIONS', '/subscriptions')}")
        assert answer.json()["id"] == body["id"]
    vaults = get(f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/vaults").json()["value"]
    # Other tests make others in the same sandbox.
    assert "vault-01" in [vault["name"] for vault in vaults]
    assert {body["type"] for body in vaults} == {"Microsoft.KeyVault/vaults"}
    assert "rg" in [body["name"] for body in get(f"{SUBSCRIPTION}/resourceGroups").json()["value"]]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/resourceGroups/nothing", "ResourceGroupNotFound"),
        ("/resourceGroups/nothing/providers/Microsoft.KeyVault/vaults", "ResourceGroupNotFound"),
        ("/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/nothing", "ResourceNotFound"),
    ],
)
def test_what_was_not_deployed_is_not_found(cloud: Served, path: str, code: str) -> None:
    answer = get(SUBSCRIPTION + path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, code)


def test_another_subscription_is_not_found(cloud: Served) -> None:
    answer = get(f"{ARM}/subscriptions/11111111-2222-4333-8444-555555555555")
    assert answer.json()["error"]["code"] == "SubscriptionNotFound"


def test_graph_tells_of_the_directory(cloud: Served) -> None:
    with azure(cloud.home.root) as store:
        made = application(store, "told")
    answer = get(f"https://graph.microsoft.com/v1.0/applications?$filter=appId eq '{made['client_id']}'")
    assert [body["displayName"] for body in answer.json()["value"]] == ["told"]
    assert get("https://graph.microsoft.com/v1.0/users/nobody").status_code == 404


def test_an_unknown_operation_is_named_and_logged(cloud: Served) -> None:
    answer = requests.put(
        f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Batch/batchAccounts/new",
        json={},
        headers={"Authorization": f"Bearer {tokens.issue(audience=ARM, client_id='x')}"},
        timeout=30,
    )
    assert answer.status_code == 501
    assert "does not serve PUT https://management.azure.com/subscriptions" in answer.json()["error"]["message"]
    assert "Not served: PUT https://management.azure.com" in (cloud.home.logs / "service.log").read_text()


@pytest.mark.parametrize(
    "host", ["example.com", "vault-01.vault.azure.net.example.com", "management.azure.com.example.com"]
)
def test_every_other_host_is_refused_by_name(cloud: Served, host: str) -> None:
    with pytest.raises(requests.exceptions.ProxyError, match=f"The sandbox does not serve {host}:443"):
        requests.get(f"https://{host}/", timeout=30)
    assert f"Refused: {host}:443" in (cloud.home.logs / "service.log").read_text()


def test_plain_http_and_other_ports_are_refused(cloud: Served) -> None:
    answer = requests.get("http://example.com/path", timeout=30)
    assert (answer.status_code, answer.text) == (403, "The sandbox does not serve http://example.com/path.\n")
    with pytest.raises(requests.exceptions.ProxyError, match=r"does not serve management\.azure\.com:8443"):
        requests.get("https://management.azure.com:8443/", timeout=30)


def test_loopback_is_not_asked_of_the_proxy(cloud: Served) -> None:
    with urllib.request.urlopen(f"{cloud.service.proxy}/health", timeout=30) as answer:
        assert json.load(answer)["pid"] == cloud.service.pid


def test_a_program_outside_does_not_trust_the_sandbox(cloud: Served) -> None:
    outside = {name: value for name, value in os.environ.items() if "CA" not in name and name != "SSL_CERT_FILE"}
    code = "import requests; requests.get('https://management.azure.com/subscriptions', timeout=30)"
    done = subprocess.run([sys.executable, "-c", code], env=outside, capture_output=True, text=True, check=False)
    assert "certificate verify failed" in done.stderr
