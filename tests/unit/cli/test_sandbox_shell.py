"""A shell of the sandbox may look at every configuration, and a broken file stops only those who use it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from ezazml.cli.main import cli
from ezazml.config.targets import SANDBOX_SUBSCRIPTION_ID
from ezazml.errors import ConfigurationError
from sandbox.home import SandboxHome


@pytest.fixture
def shell(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project's folder, in a shell that is set for the sandbox's own environment."""
    home = SandboxHome(project / ".sandbox")
    home.up()
    for name, value in home.environ(["sandbox"], os.environ).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(project)
    return project


def test_every_environment_is_validated(shell: Path) -> None:
    answer = CliRunner().invoke(cli, ["config", "validate", "--output", "json"])
    assert answer.exit_code == 0, answer.output
    assert set(json.loads(answer.stdout)) == {"dev", "uat", "preprod", "prd", "sandbox"}


def test_an_environment_of_azure_is_shown_as_a_new_shell_sees_it(shell: Path) -> None:
    shown = {}
    for name in ("dev", "sandbox"):
        answer = CliRunner().invoke(cli, ["config", "show", name, "--output", "json"])
        assert answer.exit_code == 0, answer.output
        shown[name] = {row["setting"]: row["value"] for row in json.loads(answer.stdout)["settings"]}
    assert (shown["dev"]["target"], shown["dev"]["subscription_id"]) == ("azure", None)
    assert shown["dev"]["credentials.client_id"] is None
    assert (shown["sandbox"]["target"], shown["sandbox"]["subscription_id"]) == ("sandbox", SANDBOX_SUBSCRIPTION_ID)


def test_a_broken_file_stops_only_those_who_ask_for_it(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    (project / "environments" / "broken.yaml").write_text("location: [\n")
    answer = CliRunner().invoke(cli, ["sandbox", "env", "uat"])
    assert answer.exit_code == 0, answer.output
    assert "export EZAZML_SANDBOX_ENVIRONMENTS=sandbox,uat\n" in answer.stdout
    asked = CliRunner().invoke(cli, ["sandbox", "env", "broken"])
    assert isinstance(asked.exception, ConfigurationError)
    assert "environments/broken.yaml:2:1: is not valid YAML" in str(asked.exception)
