"""Asking Azure Resource Manager, without Azure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from azure.core.rest import HttpRequest

from ezazml.errors import EzazmlError
from ezazml.operations import resource_groups

SUBSCRIPTION = "11111111-2222-4333-8444-555555555555"
FIRST = f"https://management.azure.com/subscriptions/{SUBSCRIPTION}/resourcegroups"
SECOND = f"{FIRST}?page=2"


class Answer:
    """What azure-core needs of an answer."""

    def __init__(self, request: HttpRequest, status: int, body: Any) -> None:
        self.request, self.status_code = request, status
        self.headers: dict[str, str] = {}
        self.reason, self.content_type, self._body = "Reason", "application/json", body

    def json(self) -> Any:
        return self._body

    def text(self) -> str:
        return json.dumps(self._body)

    def raise_for_status(self) -> None:
        from azure.core.exceptions import HttpResponseError

        if self.status_code >= 400:
            raise HttpResponseError(message=self._body["error"]["message"], response=self)


class Azure:
    """A client that answers from a table of addresses."""

    def __init__(self, answers: dict[str, tuple[int, Any]]) -> None:
        self.answers, self.asked = answers, list[HttpRequest]()

    def __enter__(self) -> Azure:
        return self

    def __exit__(self, *_: object) -> None: ...

    def send_request(self, request: HttpRequest) -> Answer:
        self.asked.append(request)
        for address, (status, body) in self.answers.items():
            if request.url.split("?api-version")[0] == address:
                return Answer(request, status, body)
        return Answer(request, 404, {"error": {"message": "not found"}})


@pytest.fixture
def azure(monkeypatch: pytest.MonkeyPatch) -> Iterator[Azure]:
    one = Azure({})
    monkeypatch.setattr(resource_groups, "_client", lambda _tenant, _environ: one)
    yield one


def groups() -> list[resource_groups.ResourceGroup]:
    return resource_groups.tagged_groups(SUBSCRIPTION, "ExpireOn", tenant_id=None, environ={})


def test_every_page_is_read(azure: Azure) -> None:
    tagged = {"name": "a", "tags": {"ExpireOn": "x"}}
    azure.answers = {
        FIRST: (200, {"value": [tagged, {"name": "b"}, {"name": "c", "tags": None}], "nextLink": SECOND}),
        SECOND: (200, {"value": [{**tagged, "name": "d"}]}),
    }
    assert [group.name for group in groups()] == ["a", "d"]
    assert "$filter=tagName eq 'ExpireOn'" in unquote(azure.asked[0].url)
    assert azure.asked[1].url == SECOND


def test_a_refusal_is_one_message(azure: Azure) -> None:
    azure.answers = {FIRST: (403, {"error": {"message": "The client does not have authorization."}})}
    with pytest.raises(EzazmlError, match=r"resourcegroups: .*not have authorization\. The login lacks"):
        groups()


@pytest.mark.parametrize(("status", "exists"), [(200, True), (404, False)])
def test_whether_something_exists(azure: Azure, status: int, exists: bool) -> None:
    identifier = "/subscriptions/x/resourceGroups/y"
    azure.answers = {f"https://management.azure.com{identifier}": (status, {})}
    assert resource_groups.resource_exists(identifier, "2021-04-01", tenant_id=None, environ={}) is exists


def test_not_knowing_is_no_answer(azure: Azure) -> None:
    azure.answers = {"https://management.azure.com/x": (500, {"error": {"message": "Internal error"}})}
    with pytest.raises(EzazmlError, match="Internal error"):
        resource_groups.resource_exists("/x", "2021-04-01", tenant_id=None, environ={})
