"""What is protected is not deployed where GitHub would ask nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ezazml.cli.ci import ci
from ezazml.errors import EzazmlError
from tests.fake_github import TOKEN, FakeGitHub, fake_github


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    with fake_github() as served:
        yield served


def ask(github: FakeGitHub, project: Path, monkeypatch: pytest.MonkeyPatch, name: str, **environ: str) -> Result:
    monkeypatch.chdir(project)
    told = {"GITHUB_REPOSITORY": "contoso/ml", "GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": github.url, **environ}
    return CliRunner().invoke(ci, ["approval", name], env=told)


def test_reviewers_are_enough(github: FakeGitHub, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    github.environments["prd"] = ["branch_policy", "required_reviewers"]
    answer = ask(github, project, monkeypatch, "prd")
    assert answer.exit_code == 0, answer.output
    assert "prd waits for a reviewer of the GitHub environment prd." in answer.output


@pytest.mark.parametrize(
    ("rules", "what"), [(["branch_policy", "wait_timer"], "has no required reviewers"), (None, "does not exist")]
)
def test_production_without_reviewers_is_not_deployed(
    github: FakeGitHub, project: Path, monkeypatch: pytest.MonkeyPatch, rules: list[str] | None, what: str
) -> None:
    if rules is not None:
        github.environments["prd"] = rules
    answer = ask(github, project, monkeypatch, "prd")
    assert isinstance(answer.exception, EzazmlError)
    assert f"The GitHub environment prd {what}: prd would be deployed without approval" in str(answer.exception)


def test_somebody_may_accept_it(github: FakeGitHub, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "UNREVIEWED is accepted" in ask(github, project, monkeypatch, "prd", UNREVIEWED="accepted").output
    for value in ("", "true", "yes"):
        assert ask(github, project, monkeypatch, "prd", UNREVIEWED=value).exit_code == 1
    assert github.environments == {}


def test_what_is_not_protected_asks_nobody(github: FakeGitHub, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "dev is deployed without approval" in ask(github, project, monkeypatch, "dev").output
    assert github.requests == []


def test_it_is_the_github_environment_of_the_workflows_that_counts(
    github: FakeGitHub, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = project / "environments" / "prd.yaml"
    file.write_text(f"{file.read_text()}bootstrap: {{github: {{repository: contoso/ml, environment: live}}}}\n")
    github.environments["live"] = ["required_reviewers"]
    assert "The GitHub environment prd does not exist" in str(ask(github, project, monkeypatch, "prd").exception)
