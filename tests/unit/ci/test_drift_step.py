"""One issue per environment tells of drift: opened, updated in place, closed when there is none, without secrets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

from ezazml.cli import repair
from ezazml.cli.ci import ci
from ezazml.operations import drift as operation
from ezazml.report.drift import Drifted
from tests.fake_github import TOKEN, FakeGitHub, fake_github

FOUND = Drifted("infrastructure", "changed", "azurerm_storage_account.a", ("tags.Owner my-secret-1",))


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    with fake_github() as served:
        yield served


def run(monkeypatch: pytest.MonkeyPatch, github: FakeGitHub, environment: str, *found: Drifted) -> Result:
    def with_terraform(*_arguments: object) -> tuple[object, None]:
        os.environ["HTTP_PROXY"] = "http://127.0.0.1:9"  # as that of the sandbox: GitHub is not behind it
        return SimpleNamespace(where="here"), None

    monkeypatch.setattr(repair, "with_terraform", with_terraform)
    monkeypatch.setattr(repair, "other_sources", lambda _bench: [])
    monkeypatch.setattr(operation, "find_drift", lambda _bench, others: found)
    environ = {
        "GITHUB_REPOSITORY": "contoso/ml",
        "GITHUB_TOKEN": TOKEN,
        "GITHUB_API_URL": github.url,
        "ARM_CLIENT_SECRET": "my-secret-1",
    }
    answer = CliRunner().invoke(ci, ["drift", environment], env=environ)
    assert answer.exit_code == 0, answer.output
    return answer


def test_an_issue_is_opened_updated_and_closed(monkeypatch: pytest.MonkeyPatch, github: FakeGitHub) -> None:
    run(monkeypatch, github, "dev", FOUND)
    run(monkeypatch, github, "dev", FOUND, FOUND)
    run(monkeypatch, github, "uat", FOUND)
    assert [one["title"] for one in github.issues] == [
        "Drift in dev: 2 not as deployed",
        "Drift in uat: 1 not as deployed",
    ]
    assert "azurerm_storage_account.a" in github.issues[0]["body"]
    assert "my-secret-1" not in github.issues[0]["body"]
    assert "no drift. Closed https://github.test/1" in run(monkeypatch, github, "dev").output
    assert [one.get("state", "open") for one in github.issues] == ["closed", "open"]


def test_without_drift_and_without_an_issue_nothing_is_written(
    monkeypatch: pytest.MonkeyPatch, github: FakeGitHub
) -> None:
    run(monkeypatch, github, "dev")
    assert github.issues == []
    assert {request.split()[0] for request in github.requests} == {"GET"}
