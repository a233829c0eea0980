"""What is set in GitHub: the bootstrap's ids where they are known, reviewers for production, nothing secret."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ezazml.ci.setup import variables_in
from ezazml.cli.ci import ci
from ezazml.errors import InputError

ID = "12345678-1234-1234-1234-123456789012"
VARIABLES = {"AZURE_CLIENT_ID": ID, "AZURE_TENANT_ID": ID, "AZURE_SUBSCRIPTION_ID": ID}


def commands(project: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> list[str]:
    monkeypatch.chdir(project)
    answer = CliRunner().invoke(ci, ["setup", "--repository", "contoso/ml", "-o", "json", *arguments])
    assert answer.exit_code == 0, answer.output
    lines: list[str] = json.loads(answer.stdout)["commands"]
    return lines


def body(line: str) -> Any:
    return json.loads(shlex.split(line)[-1])


def test_ids_of_the_repository_are_for_entra_alone(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    answer = CliRunner().invoke(ci, ["setup", "--repository", "contoso@5/ml@8", "-o", "json"])
    assert "repos/contoso/ml/environments/dev" in answer.stdout
    assert "@" not in answer.stdout


def test_a_name_with_a_space_or_a_slash_stays_one_part_of_an_address(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = project / "environments" / "dev.yaml"
    file.write_text(f"{file.read_text()}bootstrap: {{github: {{repository: contoso/ml, environment: the dev}}}}\n")
    table = project / "environments" / "promotion.yaml"
    table.write_text(table.read_text().replace("branch: main", "branch: team/main"))
    lines = commands(project, monkeypatch)
    assert any("repos/contoso/ml/environments/the%20dev " in line for line in lines)
    assert any("repos/contoso/ml/branches/team%2Fmain/protection " in line for line in lines)
    assert any("--env 'the dev-plan'" in line for line in lines)


def test_other_names_than_those_of_the_workflows_are_told(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    file = project / "environments" / "dev.yaml"
    file.write_text(f"{file.read_text()}bootstrap: {{github: {{repository: contoso/ml, environment: play}}}}\n")
    answer = CliRunner().invoke(ci, ["setup", "--repository", "contoso/ml"])
    assert (
        "dev: bootstrap.github names other GitHub environments than the workflows use (dev and dev-plan)"
        in answer.stderr
    )
    assert "uat:" not in answer.stderr


def test_the_bootstraps_output_fills_the_variables(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = project / "dev.json"
    file.write_text(json.dumps({"environment": "dev", "github_variables": VARIABLES}))
    lines = commands(project, monkeypatch, "--bootstrap", str(file))
    for name in ("dev", "dev-plan"):
        assert f"gh variable set AZURE_CLIENT_ID --repo contoso/ml --env {name} --body {ID}" in lines
    assert any(line.startswith("# after the bootstrap") and "--env prd " in line for line in lines)


def test_production_is_approved_and_its_plans_are_not_for_pull_requests(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = commands(project, monkeypatch, "--reviewer", "42")
    (production,) = [line for line in lines if "environments/prd " in line]
    assert body(production)["reviewers"] == [{"type": "User", "id": 42}]
    (plans,) = [line for line in lines if "environments/prd-plan " in line]
    assert "reviewers" not in body(plans)
    allowed = {name: {body(one)["name"] for one in lines if f"/{name}/deployment-branch" in one} for name in
               ("dev", "dev-plan", "prd", "prd-plan")}  # fmt: skip
    assert allowed == {
        "dev": {"main"},
        "dev-plan": {"main", "refs/pull/*/merge"},
        "prd": {"release", "*.*.*"},
        "prd-plan": {"release", "*.*.*", "main"},
    }


def test_branches_are_protected_also_against_administrators(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (main,) = [line for line in commands(project, monkeypatch) if "branches/main/protection" in line]
    assert body(main)["enforce_admins"] is True
    assert "Ensure Workspace Cleanup" in body(main)["required_status_checks"]["contexts"]


@pytest.mark.parametrize(
    "bootstrap",
    [
        {},
        {"environment": "dev"},
        {"environment": "dev", "github_variables": {"AZURE_CLIENT_ID": ID}},
        {"environment": "dev", "github_variables": {**VARIABLES, "AZURE_CLIENT_ID": "$(id)"}},
    ],
)
def test_another_file_is_no_bootstrap(bootstrap: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="--bootstrap"):
        variables_in(bootstrap)


def test_a_repository_that_is_none_is_refused(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    answer = CliRunner().invoke(ci, ["setup", "--repository", "a; id"])
    assert isinstance(answer.exception, InputError)
