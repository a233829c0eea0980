"""Commands ask people, never programs, and their exit codes can be told apart."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from ezazml.cli.common import asking
from ezazml.cli.main import cli
from ezazml.errors import ConfigurationError, EzazmlError, InputError, Problem
from ezazml.operations import deployment, unlocking
from ezazml.operations.deployment import Planned
from ezazml.report.plan_summary import summarise
from sandbox.home import SandboxHome

PLAN: dict[str, Any] = {
    "resource_changes": [],
    "output_changes": {"x": {"actions": ["create"], "before": None, "after": "y"}},
}


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment with a plan that changes something, without Terraform."""

    class Bench:
        where = "sandbox on this machine"
        terraform = type("Terraform", (), {"report_to": lambda self, show: None})()
        backend = type("Backend", (), {"type": "azurerm"})()
        settings = type("Settings", (), {"protected": False, "backend": backend})()
        environment = type("Environment", (), {"settings": settings})()

    planned = Planned(summarise(PLAN), None)

    def deploy(bench: Any, *, confirm: deployment.Confirm, **options: Any) -> Planned:
        if not confirm(planned):
            raise EzazmlError("Not confirmed; nothing was changed.")
        return planned

    monkeypatch.setattr("ezazml.cli.plan.open_bench", lambda name, purpose: Bench())
    monkeypatch.setattr("ezazml.cli.unlock.open_bench", lambda name, purpose: Bench())
    monkeypatch.setattr("ezazml.cli.plan.declares_assets", lambda environment: False)
    monkeypatch.setattr(deployment, "deploy", deploy)
    monkeypatch.setattr(unlocking, "unlock", lambda *_, confirm, **__: confirm() and pytest.fail("unlocked"))
    monkeypatch.setattr(deployment, "plan", lambda bench, destroy, save_to: planned)


@pytest.mark.parametrize(("command", "option"), [("deploy", "--yes"), ("unlock --id x", "--yes")])
def test_where_nobody_can_answer_the_option_is_named(planned: None, command: str, option: str) -> None:
    answer = CliRunner().invoke(cli, [*command.split(), "sandbox"], input="")
    assert isinstance(answer.exception, InputError)
    assert answer.exception.exit_code == 2
    assert f"nobody to ask; nothing was changed. Pass {option}." in str(answer.exception)


def test_an_interrupt_while_asking_is_one() -> None:
    with pytest.raises(click.Abort), asking("--yes"):
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            raise click.Abort from None


@pytest.mark.parametrize(
    ("command", "option"), [("deploy", "--yes"), ("destroy", "--confirm TEXT"), ("unlock --id x", "--yes")]
)
def test_a_program_is_not_asked(planned: None, command: str, option: str) -> None:
    answer = CliRunner().invoke(cli, [*command.split(), "sandbox", "--output", "json"], input="sandbox\n")
    assert answer.exit_code == 2
    assert answer.stdout == ""
    assert f"--output json needs {option}" in answer.stderr


def test_with_detailed_exit_codes_only_changes_are_2(planned: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert CliRunner().invoke(cli, ["plan", "sandbox", "--detailed-exitcode"], standalone_mode=False).return_value == 2

    def wrong(name: str, purpose: object) -> None:
        raise ConfigurationError([Problem("environments/dev.yaml:1", "lokation", "is not a setting.", "")])

    monkeypatch.setattr("ezazml.cli.plan.open_bench", wrong)
    for options, code in (["--detailed-exitcode"], 1), ([], 2):
        answer = CliRunner().invoke(cli, ["plan", "dev", *options])
        assert isinstance(answer.exception, EzazmlError)
        assert answer.exception.exit_code == code
        assert "environments/dev.yaml:1: lokation: is not a setting." in str(answer.exception)


def test_options_after_the_command_belong_to_the_command(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    file = project / "seen"
    script = "import os, pathlib, sys; pathlib.Path('seen').write_text(' '.join(sys.argv[1:]))"
    answer = CliRunner().invoke(cli, ["sandbox", "run", sys.executable, "-c", script, "-e", "FILE"])
    assert answer.exit_code == 0, answer.output
    assert file.read_text() == "-e FILE"
    assert SandboxHome(project / ".sandbox").is_up
