"""Routes, pages, tokens and hosts: the small parts that every answer goes through."""

from __future__ import annotations

from collections import Counter

import pytest

from sandbox import tokens
from sandbox.azureml_api import pages
from sandbox.azureml_api.references import short_uri
from sandbox.hosts import HOSTS, find_host
from sandbox.web import Answer, Call, Refusal, Routes


def call(**values: object) -> Call:
    return Call(**{"method": "GET", "host": "management.azure.com", "path": "/x", **values})  # type: ignore[arg-type]


def routes() -> Routes:
    routes = Routes()
    routes.add("GET", "/workspaces/{workspace}/data/{name}", "one", lambda _cloud, _call: Answer())
    routes.add("GET", "/{scope*}/providers/{type}", "any", lambda _cloud, _call: Answer())
    return routes


def test_paths_ignore_case_but_their_parts_keep_it() -> None:
    found = routes().find("GET", "/WorkSpaces/Mine/DATA/rows/")
    assert found is not None
    assert (found[0].title, found[1]) == ("one", {"workspace": "Mine", "name": "rows"})


def test_a_star_takes_the_rest_and_a_name_takes_one_part() -> None:
    found = routes().find("GET", "/a/b/providers/kind")
    assert found is not None
    assert found[1] == {"scope": "a/b", "type": "kind"}
    assert routes().find("GET", "/workspaces/mine/data/rows/more") is None
    assert routes().find("PUT", "/workspaces/mine/data/rows") is None


def test_no_operation_hides_another_of_the_same_path() -> None:
    for host in HOSTS:
        twice = [key for key, count in Counter((r.method, r.pattern.pattern) for r in host.routes).items() if count > 1]
        assert twice == [], host.name


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(content: bytes) -> None:
    with pytest.raises(Refusal) as caught:
        call(content=content).json()
    assert (caught.value.status, caught.value.code) == (400, "InvalidRequestContent")


def test_pages_link_to_the_next_one() -> None:
    first = pages.answer(range(pages.PAGE + 1), call(query={"a": "b"})).body
    assert len(first["value"]) == pages.PAGE
    assert first["nextLink"] == f"https://management.azure.com/x?a=b&%24skip={pages.PAGE}"
    last = pages.answer(range(pages.PAGE + 1), call(query={"$skip": str(pages.PAGE)})).body
    assert last == {"value": [pages.PAGE]}
    assert pages.answer(range(9), call(query={"$top": "1"})).body == {"value": [0]}
    with pytest.raises(Refusal, match="must be a number"):
        pages.answer([], call(query={"$top": "many"}))


def test_a_token_ends_and_belongs_to_the_tenant() -> None:
    token = tokens.issue(audience="a", client_id="c", now=1000)
    assert tokens.read(token, now=1000 + tokens.LIFETIME_SECONDS - 1) is not None
    assert tokens.read(token, now=1000 + tokens.LIFETIME_SECONDS + 1) is None
    assert tokens.read("no.token.here") is None


@pytest.mark.parametrize(
    ("name", "served"),
    [
        ("management.azure.com", True),
        ("WestEurope.api.azureml.ms", True),
        ("azuremlschemas.azureedge.net", True),
        ("account01.blob.core.windows.net", True),
        ("management.azure.com.example.com", False),
        ("evilmanagement.azure.com", False),
        ("api.azureml.ms", False),
        ("vault.vault.azure.net", False),
        ("", False),
    ],
)
def test_hosts_are_matched_whole(name: str, served: bool) -> None:
    assert (find_host(name) is not None) == served


def test_an_address_in_a_datastore_has_one_short_form() -> None:
    scope = "subscriptions/s/resourcegroups/g/workspaces/w/"
    assert short_uri(f"azureml://{scope}datastores/d/paths/a/b") == "azureml://datastores/d/paths/a/b"
    assert short_uri("https://example.com/a") == "https://example.com/a"
