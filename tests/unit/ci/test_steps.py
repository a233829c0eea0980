"""Steps that decide what is deployed and say why: what a push means, and texts that stay texts."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ezazml.cli.ci import ci
from ezazml.errors import InputError
from tests.workflow_files import outputs_in

NASTY = (
    '"; rm -rf / #',
    "$(id)",
    "`id`",
    "a\nb",
    "a\r\n::set-output name=x::y",
    "<b>@everyone</b>",
    "${{ github.token }}",
)


@pytest.fixture
def repository(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """main is one commit ahead of release."""
    git(project, "init", "-q", "-b", "main")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "first")
    git(project, "branch", "release")
    (project / "new").write_text("new")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "second")
    monkeypatch.chdir(project)
    return project


def git(folder: Path, *arguments: str) -> None:
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@localhost", *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def step(folder: Path, *arguments: str, **environ: str) -> tuple[Result, dict[str, str], str]:
    output, summary = folder / "output", folder / "summary"
    output.write_text("")
    summary.write_text("")
    files = {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)}
    answer = CliRunner().invoke(ci, list(arguments), env={**files, **environ})
    return answer, outputs_in(output.read_text()), summary.read_text()


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (("--ref", "refs/heads/main"), "dev"),
        (("--ref", "refs/heads/release"), "uat"),
        (("--ref", "refs/tags/1.2.0", "--commit", "release"), "prd"),
        (("--ref", "refs/heads/feature/x"), ""),
        (("--ref", "refs/tags/v1"), ""),
        (("--ref", "refs/heads/main", "--environment", "preprod"), "preprod"),
    ],
)
def test_what_a_push_or_a_person_deploys(repository: Path, arguments: tuple[str, ...], environment: str) -> None:
    answer, outputs, _ = step(repository, "target", *arguments)
    assert answer.exit_code == 0, answer.output
    assert outputs == {"environment": environment}


def test_a_release_is_a_commit_of_the_release_branch(repository: Path) -> None:
    answer, outputs, _ = step(repository, "target", "--ref", "refs/tags/1.2.0", "--commit", "main")
    assert isinstance(answer.exception, InputError)
    assert "its commit is not on the branch release" in str(answer.exception)
    assert outputs == {}


@pytest.mark.parametrize("text", [*NASTY, "sandbox", "../dev"])
def test_only_environments_of_the_table_are_deployed(repository: Path, text: str) -> None:
    answer, outputs, _ = step(repository, "target", "--ref", "refs/heads/main", "--environment", text)
    assert isinstance(answer.exception, InputError)
    assert "so no workflow deploys it" in str(answer.exception)
    assert outputs == {}


@pytest.mark.parametrize("text", NASTY)
def test_a_reason_is_shown_as_the_text_that_it_is(project: Path, text: str) -> None:
    answer, outputs, summary = step(project, "reason", "dev", REASON=text, TICKET=text, GITHUB_ACTOR="alice")
    assert answer.exit_code == 0, answer.output
    assert outputs == {}
    lines = summary.split("\n")
    assert [line.split(":")[0] for line in lines if line] == ["- environment", "- by", "- reason", "- ticket"]
    assert "<b>" not in summary
    assert "@everyone" not in summary


def test_a_reason_cannot_hold_a_secret_or_a_novel(project: Path) -> None:
    _, _, summary = step(
        project, "reason", "dev", REASON=f"because my-secret-1 {'x' * 5000}", SMTP_PASSWORD="my-secret-1"
    )
    assert "my-secret-1" not in summary
    assert len(summary) < 1200


def test_a_pull_request_plans_what_it_changes_and_names_what_is_protected(repository: Path) -> None:
    for name in ("dev", "prd"):
        file = repository / "environments" / f"{name}.yaml"
        file.write_text(f"{file.read_text()}# changed\n")
    git(repository, "commit", "-qam", "change")
    answer, outputs, _ = step(repository, "affected", "--base", "release")
    assert answer.exit_code == 0, answer.output
    # "new" is known to nobody, so it may change every plan
    assert json.loads(outputs["environments"]) == ["dev", "uat", "preprod"]
    answer, outputs, _ = step(repository, "affected", "--base", "HEAD~1")
    assert (json.loads(outputs["environments"]), json.loads(outputs["left_out"])) == (["dev"], ["prd"])
