"""The client follows pages and operations, and turns what Azure refuses into one message."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.rest import HttpRequest

from ezazml.azure.arm import version_of
from ezazml.azure.rest import RestClient
from jobs.azure_errors import AzureError

PATH = "/subscriptions/s/resourceGroups/g"


class Login:
    def __init__(self, token: str = "t") -> None:
        self.token = token

    def get_token(self, *scopes: str, **_options: Any) -> AccessToken:
        return AccessToken(self.token, 2**40)


class Reply:
    """What the client reads of an answer."""

    def __init__(self, status: int, body: Any = None, **headers: str) -> None:
        self.status_code, self.headers, self.reason = status, headers, "reason"
        self.content = b"" if body is None else json.dumps(body).encode()

    def read(self) -> bytes:
        return self.content

    def json(self) -> Any:
        return json.loads(self.content)

    def text(self, encoding: str | None = None) -> str:
        return self.content.decode()

    body = read


def client_that_gets(
    monkeypatch: pytest.MonkeyPatch, *replies: Reply, token: str = "t"
) -> tuple[RestClient, list[HttpRequest], list[float]]:
    waiting, asked, slept = list(replies), list[HttpRequest](), list[float]()
    client = RestClient(Login(token), "https://management.azure.com", sleep=slept.append)

    def send(request: HttpRequest) -> Reply:
        asked.append(request)
        return waiting.pop(0)

    monkeypatch.setattr(client._client, "send_request", send)
    return client, asked, slept


def test_a_resource_that_is_missing_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    client, asked, _ = client_that_gets(monkeypatch, Reply(404, {"error": {"code": "ResourceNotFound"}}))
    assert client.get(PATH, **{"api-version": "1"}) is None
    assert asked[0].url == f"https://management.azure.com{PATH}?api-version=1"


def test_a_filter_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    client, asked, _ = client_that_gets(monkeypatch, Reply(200, {"value": []}))
    client.list(PATH, **{"$filter": "displayName eq 'a&b #1'"})
    assert "displayName%20eq%20%27a%26b%20%231%27" in asked[0].url


def test_a_list_follows_its_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    first = Reply(200, {"value": [{"n": 1}], "nextLink": "https://management.azure.com/next"})
    client, asked, _ = client_that_gets(monkeypatch, first, Reply(200, {"value": [{"n": 2}]}))
    assert client.list(PATH) == [{"n": 1}, {"n": 2}]
    assert asked[1].url == "https://management.azure.com/next"


def test_a_list_below_what_does_not_exist_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    client, _, _ = client_that_gets(monkeypatch, Reply(404))
    assert client.list(PATH) == []


def test_a_refusal_is_one_message_with_azures_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = Reply(403, {"error": {"code": "AuthorizationFailed", "message": "No right to do it."}})
    client, _, _ = client_that_gets(monkeypatch, refusal)
    with pytest.raises(AzureError, match=rf"GET {PATH}: .*AuthorizationFailed.*No right to do it"):
        client.get(PATH)


def test_an_operation_is_waited_for_as_long_as_azure_says(monkeypatch: pytest.MonkeyPatch) -> None:
    client, asked, slept = client_that_gets(
        monkeypatch,
        Reply(202, None, **{"Azure-AsyncOperation": "https://management.azure.com/op"}),
        Reply(200, {"status": "InProgress"}, **{"Retry-After": "7"}),
        Reply(200, {"status": "Succeeded"}),
    )
    assert client.delete(PATH) is True
    assert [request.url for request in asked[1:]] == ["https://management.azure.com/op"] * 2
    assert slept == [7.0]


def test_an_operation_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = {"status": "Failed", "error": {"code": "Conflict", "message": "held"}}
    client, _, _ = client_that_gets(
        monkeypatch, Reply(201, {}, **{"Azure-AsyncOperation": "https://management.azure.com/op"}), Reply(200, failed)
    )
    with pytest.raises(AzureError, match="Conflict: held"):
        client.put(PATH, {})


def test_an_operation_with_a_location_ends_when_it_is_no_longer_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    location = {"Location": "https://management.azure.com/result"}
    client, _, slept = client_that_gets(monkeypatch, Reply(202, None, **location), Reply(202), Reply(204))
    assert client.delete(PATH) is True
    assert len(slept) == 1


def test_an_operation_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    running = [Reply(200, {"status": "Running"}, **{"Retry-After": "900"}) for _ in range(3)]
    client, _, _ = client_that_gets(
        monkeypatch, Reply(202, None, **{"Azure-AsyncOperation": "https://management.azure.com/op"}), *running
    )
    with pytest.raises(AzureError, match="has not finished after 30 minutes"):
        client.delete(PATH)


def test_what_was_not_there_is_told_from_what_was_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    client, _, _ = client_that_gets(monkeypatch, Reply(204), Reply(200))
    assert (client.delete(PATH), client.delete(PATH)) == (False, True)


def test_what_is_made_is_read_after_the_operation(monkeypatch: pytest.MonkeyPatch) -> None:
    client, _, _ = client_that_gets(monkeypatch, Reply(201, {}), Reply(200, {"name": "g"}))
    assert client.put(PATH, {"location": "westeurope"}) == {"name": "g"}


@pytest.mark.parametrize("token", ["opaque", "a.b.c", "a.e30.c"])
def test_a_token_that_says_nothing_has_no_claims(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    client, _, _ = client_that_gets(monkeypatch, token=token)
    assert client.claims() == {}


def test_the_claims_of_a_token_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    part = base64.urlsafe_b64encode(json.dumps({"roles": ["User.ReadWrite.All"]}).encode()).decode().rstrip("=")
    client, _, _ = client_that_gets(monkeypatch, token=f"h.{part}.s")
    assert client.claims()["roles"] == ["User.ReadWrite.All"]


@pytest.mark.parametrize(
    ("identifier", "version"),
    [
        ("/subscriptions/s", "2022-09-01"),
        ("/subscriptions/s/resourceGroups/g", "2022-09-01"),
        ("/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a", "2023-05-01"),
        ("/subscriptions/s/providers/microsoft.keyvault/deletedVaults", "2023-07-01"),
        (
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a/providers/"
            "Microsoft.Authorization/roleAssignments/r",
            "2022-04-01",
        ),
        ("/subscriptions/s/providers/Microsoft.Authorization/locks/l", "2020-05-01"),
    ],
)
def test_the_version_is_that_of_the_last_service_in_the_id(identifier: str, version: str) -> None:
    assert version_of(identifier) == {"api-version": version}
