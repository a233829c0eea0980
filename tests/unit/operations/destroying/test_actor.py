"""Who acts is whom Azure knows; a pipeline's person counts for a pipeline's login only."""

from __future__ import annotations

import base64
import json

import pytest

from ezazml.operations.destroying.actor import actor_of, claims_in

CI = {"GITHUB_ACTIONS": "true", "GITHUB_ACTOR": "bob"}


def test_a_person_is_who_the_token_says() -> None:
    actor = actor_of({"upn": "Alice@Example.org", "oid": "o-1", "appid": "cli", "idtyp": "user"}, CI)
    assert actor.name == "Alice@Example.org"
    assert actor.is_one_of(("alice@example.ORG",))
    assert actor.is_one_of(("o-1",))
    assert not actor.is_one_of(("github:bob",))  # anybody can set that variable
    assert not actor.is_one_of(("cli",))


def test_a_pipeline_is_its_application_and_who_started_it() -> None:
    claims = {"appid": "app-1", "oid": "o-2", "idtyp": "app"}
    actor = actor_of(claims, CI)
    assert actor.name == "github:bob (application app-1)"
    for allowed in ("github:Bob", "app-1", "o-2"):
        assert actor.is_one_of((allowed,))
    assert not actor.is_one_of(("bob",))
    assert actor_of(claims, {**CI, "GITHUB_TRIGGERING_ACTOR": "carol"}).is_one_of(("github:carol",))
    assert not actor_of(claims, {"GITHUB_ACTOR": "bob"}).is_one_of(("github:bob",))


def test_an_application_without_a_pipeline_has_no_person() -> None:
    assert actor_of({"appid": "app-1", "oid": "o-2"}, {}).name == "application app-1"
    assert not actor_of({}, {}).is_one_of(("somebody",))
    assert actor_of({}, {}).is_one_of(())


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "a.!!.c", "a." + base64.urlsafe_b64encode(b"[1]").decode() + ".c"])
def test_a_token_that_cannot_be_read_says_nothing(token: str) -> None:
    assert claims_in(token) == {}


def test_claims_are_read_from_the_tokens_middle() -> None:
    middle = base64.urlsafe_b64encode(json.dumps({"oid": "ö"}).encode()).decode().rstrip("=")
    assert claims_in(f"head.{middle}.signature") == {"oid": "ö"}
