"""GitHub is told once: comments and issues are updated in place, and an error of GitHub is one message."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ezazml.ci.actions import add_summary, set_output
from ezazml.ci.github import GitHub, github_of
from ezazml.errors import EzazmlError, InputError
from tests.fake_github import TOKEN, FakeGitHub, fake_github
from tests.workflow_files import outputs_in


@pytest.fixture
def server() -> Iterator[FakeGitHub]:
    with fake_github() as served:
        yield served


@pytest.fixture
def github(server: FakeGitHub) -> GitHub:
    return GitHub("contoso/ml", TOKEN, server.url)


def test_a_comment_is_updated_in_place(github: GitHub, server: FakeGitHub) -> None:
    bot = {"type": "Bot"}
    server.comments += [{"id": n + 1, "html_url": "", "user": bot, "body": "other"} for n in range(150)]
    for text in ("first", "second"):
        github.upsert_comment(5, "<!-- m -->", f"<!-- m --> {text}")
    assert [one["body"] for one in server.comments[150:]] == ["<!-- m --> second"]


def test_what_a_person_wrote_is_never_overwritten(github: GitHub, server: FakeGitHub) -> None:
    server.comments.append({"id": 1, "html_url": "", "user": {"type": "User"}, "body": "<!-- m --> mine"})
    github.upsert_comment(5, "<!-- m -->", "<!-- m --> ours")
    assert [one["body"] for one in server.comments] == ["<!-- m --> mine", "<!-- m --> ours"]


def test_one_issue_is_opened_updated_and_closed(github: GitHub, server: FakeGitHub) -> None:
    assert github.close_issue("<!-- d -->", label="drift") is None
    for title in ("1 changed", "2 changed"):
        github.upsert_issue("<!-- d -->", title=title, body="<!-- d --> text", label="drift")
    (issue,) = server.issues
    assert (issue["title"], issue["labels"]) == ("2 changed", ["drift"])
    assert github.close_issue("<!-- d -->", label="drift") is not None
    assert server.issues[0]["state"] == "closed"
    github.upsert_issue("<!-- d -->", title="again", body="<!-- d -->", label="drift")
    assert len(server.issues) == 2


def test_a_branch_that_is_gone_has_no_commit(github: GitHub, server: FakeGitHub) -> None:
    server.branches["a"] = "abc"
    assert (github.head_of("a"), github.head_of("b")) == ("abc", None)
    github.pass_check("Ensure Workspace Cleanup", "abc", text="empty")
    assert server.checks[0]["conclusion"] == "success"


def test_githubs_refusal_is_one_message_without_the_token(server: FakeGitHub) -> None:
    with pytest.raises(EzazmlError, match=r"GitHub answers 401: Bad credentials") as caught:
        GitHub("contoso/ml", "a-wrong-token", server.url).upsert_comment(5, "m", "m")
    assert "a-wrong-token" not in str(caught.value)


def test_an_unreachable_github_is_one_message() -> None:
    with pytest.raises(EzazmlError, match="GitHub cannot be reached"):
        GitHub("contoso/ml", TOKEN, "http://127.0.0.1:9").upsert_comment(5, "m", "m")


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({}, "GITHUB_REPOSITORY: ''"),
        ({"GITHUB_REPOSITORY": "a/b/../c", "GITHUB_TOKEN": "t"}, "is not owner/name"),
        ({"GITHUB_REPOSITORY": "a/b"}, "GITHUB_TOKEN is not set"),
    ],
)
def test_a_variable_that_is_missing_is_named(environ: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        github_of(environ)


def test_an_output_cannot_add_otheroutputs_in(tmp_path: Path) -> None:
    environ = {"GITHUB_OUTPUT": str(tmp_path / "output")}
    set_output(environ, "name", "a\nother<<EOF\nb\nEOF")
    set_output(environ, "next", "c")
    assert outputs_in((tmp_path / "output").read_text()) == {"name": "a\nother<<EOF\nb\nEOF", "next": "c"}


def test_on_a_laptop_outputs_and_summaries_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    set_output({}, "name", "value")
    add_summary({}, "# summary")
    assert capsys.readouterr().out == "name=value\n# summary\n"
