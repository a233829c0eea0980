"""``ezazml env`` and ``ezazml bootstrap``: what is wrong is told before anything happens."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from ezazml.cli.bootstrap import bootstrap
from ezazml.cli.feature import env
from ezazml.errors import EzazmlError, InputError
from ezazml.operations.bootstrap import lost_logins
from ezazml.report.plan_summary import summarise

BRANCH = "feature/ABC-123-some-feature"
NAME = "abc-123-g5mmn"


@pytest.fixture(autouse=True)
def in_project(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(project)
    for name in ("ARM_SUBSCRIPTION_ID", "AZURE_SUBSCRIPTION_ID", "EZAZML_TARGET", "TF_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)
    before = dict(os.environ)
    yield project
    # The commands give this process the environment's own variables.
    os.environ.clear()
    os.environ.update(before)


def run(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(env, arguments, input=stdin)


def test_a_file_can_be_printed_without_being_written(in_project: Path) -> None:
    answer = run("create", "--branch", BRANCH, "--print")
    assert answer.exit_code == 0, answer.output
    assert yaml.safe_load(answer.stdout)["feature"]["branch"] == BRANCH
    assert not (in_project / "environments" / f"{NAME}.yaml").exists()


def test_creating_tells_the_next_step_and_what_does_not_count(in_project: Path) -> None:
    (in_project / "environments" / "dev.env").write_text("ARM_CLIENT_ID=11111111-2222-4333-8444-555555555555\n")
    first = run("create", "--branch", BRANCH)
    assert first.exit_code == 0, first.output
    assert f"Deploy it: ezazml deploy {NAME}" in first.output
    assert "environments/dev.env does not count for it" in first.output
    again: dict[str, Any] = json.loads(run("create", "--branch", BRANCH, "--ttl", "1w", "-o", "json").stdout)
    assert (again["name"], again["created"]) == (NAME, False)


def test_files_are_listed_without_azure() -> None:
    assert "There are none." in run("list", "--local").output
    run("create", "--branch", BRANCH, "--ttl", "1h")
    (listed,) = json.loads(run("list", "--local", "-o", "json").stdout)
    assert (listed["name"], listed["deployed"], listed["has_file"]) == (NAME, None, True)
    assert NAME in run("list", "--local").output
    assert json.loads(run("expired", "--local", "-o", "json").stdout) == []
    assert len(json.loads(run("expired", "--local", "--within", "2h", "-o", "json").stdout)) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["create", "--branch", "a b"], "'a b' is not the name of a branch"),
        (["create", "--branch", BRANCH, "--ttl", "soon"], "--ttl: 'soon' is not a period"),
        (["create", "--branch", BRANCH, "--ttl", "91d"], "--ttl: '91d' is longer than 90 days"),
        (["create", "--branch", BRANCH, "--from", "devv"], "Did you mean dev?"),
        (["expired", "--local", "--within", "1"], "--within: '1' is not a period"),
        (["list"], "environments/dev.yaml: subscription_id is not set"),
        (["expired"], "environments/dev.yaml: subscription_id is not set"),
        (["destroy", "dev", "--confirm", "dev"], "subscription_id is not set"),
    ],
)
def test_wrong_input_is_one_message(in_project: Path, arguments: list[str], message: str) -> None:
    answer = run(*arguments)
    assert isinstance(answer.exception, InputError)
    assert message in str(answer.exception)
    assert not (in_project / "environments" / ".gitignore").exists()


def test_a_wrong_name_removes_nothing(in_project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARM_SUBSCRIPTION_ID", "11111111-2222-4333-8444-555555555555")
    run("create", "--branch", BRANCH)
    for answer in (run("destroy", NAME, "--confirm", "dev"), run("destroy", NAME, stdin="dev\n")):
        assert isinstance(answer.exception, InputError)
        assert "got 'dev'; nothing was changed" in str(answer.exception)
    nobody = run("destroy", NAME)
    assert f"Pass --confirm {NAME}" in str(nobody.exception)
    assert run("destroy", NAME, "-o", "json").exit_code == 2
    assert (in_project / "environments" / f"{NAME}.yaml").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["dev"], "environments/dev.yaml: a bootstrap needs subscription_id"),
        (["devv"], "Did you mean dev?"),
        (["dev", "--github", "https://github.com/a/b"], "bootstrap.github.repository"),
    ],
)
def test_a_bootstrap_that_cannot_work_is_refused(arguments: list[str], message: str) -> None:
    answer = CliRunner().invoke(bootstrap, [*arguments, "--yes"])
    assert isinstance(answer.exception, EzazmlError)
    assert message in str(answer.exception)


def test_a_program_cannot_be_asked() -> None:
    assert CliRunner().invoke(bootstrap, ["dev", "-o", "json"]).exit_code == 2


def test_logins_that_a_bootstrap_takes_away_are_known() -> None:
    kind = "azuread_application_federated_identity_credential"
    actions = {"one": ["delete"], "two": ["update"]}
    changes = [
        {"address": f"{kind}.{name}", "type": kind, "change": {"actions": action, "before": {}, "after": {}}}
        for name, action in actions.items()
    ]
    assert lost_logins(summarise({"resource_changes": changes})) == [f"{kind}.one"]
    assert lost_logins(summarise({})) == []
