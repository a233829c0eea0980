"""In a workflow no command touches a state that is lost with the job; on a laptop all do."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from ezazml.cli.main import cli
from ezazml.config.lasting_state import require_lasting_state
from ezazml.config.loading import load_environment
from ezazml.errors import InputError

WORKFLOW = {"GITHUB_ACTIONS": "true"}
#: As in a shell that `ezazml sandbox env dev` made.
REHEARSAL = {**WORKFLOW, "EZAZML_TARGET": "sandbox", "EZAZML_SANDBOX_ENVIRONMENTS": "dev"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", "dev"),
        ("deploy", "dev", "--yes"),
        ("destroy", "dev", "--dry-run"),
        ("import", "dev", "--yes"),
        ("recover", "dev", "--yes"),
        ("purge", "dev", "--list"),
        ("drift", "dev"),
        ("assets", "plan", "dev"),
        ("train", "dev", "--no-wait"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_workflow_is_refused_before_anything_happens(
    project: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(project)
    answer = CliRunner().invoke(cli, list(arguments), env=WORKFLOW)
    assert isinstance(answer.exception, InputError), answer.output
    assert "environments/dev.yaml: backend.type is local" in str(answer.exception)
    assert "ezazml bootstrap dev --write" in str(answer.exception)


@pytest.mark.parametrize(
    ("name", "environ"),
    [
        ("dev", {}),
        ("uat", WORKFLOW),
        ("sandbox", WORKFLOW),
        ("dev", REHEARSAL),
        ("dev", {"GITHUB_ACTIONS": "false"}),
    ],
)
def test_others_may(project: Path, name: str, environ: dict[str, str]) -> None:
    require_lasting_state(load_environment(name, root=project, environ=environ), environ)
