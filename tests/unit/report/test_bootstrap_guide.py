"""What is left to do after a bootstrap."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ezazml.config.bootstrap_names import bootstrap_names
from ezazml.config.loading import load_environment
from ezazml.report.bootstrap_guide import Guide, guide_for

OUTPUTS = {
    "client_id": "aaaaaaaa-0000-4000-8000-000000000001",
    "tenant_id": "aaaaaaaa-0000-4000-8000-000000000002",
    "subscription_id": "aaaaaaaa-0000-4000-8000-000000000003",
    "service_principal_object_id": "aaaaaaaa-0000-4000-8000-000000000004",
}


def guide(folder: Path, **settings: Any) -> Guide:
    (folder / "environments").mkdir()
    text = yaml.safe_dump({"subscription_id": OUTPUTS["subscription_id"], **settings})
    (folder / "environments" / "dev.yaml").write_text(text)
    environment = load_environment("dev", root=folder, environ={})
    return guide_for(environment, bootstrap_names(environment), OUTPUTS)


def test_the_variables_for_github(tmp_path: Path) -> None:
    made = guide(tmp_path, bootstrap={"github": {"repository": "contoso/ml", "environment": "the dev"}})
    assert made.github_variables["AZURE_CLIENT_ID"] == OUTPUTS["client_id"]
    assert made.github_commands[0] == (
        "gh variable set AZURE_CLIENT_ID --repo contoso/ml --env 'the dev' --body aaaaaaaa-0000-4000-8000-000000000001"
    )
    assert made.subjects == [
        "jobs in the GitHub environment the dev of contoso/ml",
        "jobs in the GitHub environment the dev-plan",
    ]
    assert made.ids_command.startswith("gh api repos/contoso/ml ")


def test_a_repository_with_ids_is_trusted_with_them_and_called_without(tmp_path: Path) -> None:
    made = guide(tmp_path, bootstrap={"github": {"repository": "contoso@5/ml@8", "pull_requests": True}})
    assert " --repo contoso/ml " in made.github_commands[0]
    assert "of contoso@5/ml@8" in made.subjects[0]
    assert made.subjects[-1] == "workflows of pull requests"
    assert made.ids_command == ""


def test_without_a_repository_nobody_may_log_in(tmp_path: Path) -> None:
    made = guide(tmp_path)
    assert (made.github_commands, made.subjects) == ([], [])
    assert made.backend["storage_account_name"].startswith("ezazmldevtf")


@pytest.mark.parametrize("enabled", [True, False])
def test_the_permission_for_users_only_where_there_is_one(tmp_path: Path, enabled: bool) -> None:
    made = guide(tmp_path, user={"enabled": enabled})
    assert ("User.ReadWrite.All" in made.graph_permissions) is enabled
    assert made.administrator_commands[0].count("=Role") == 2 + enabled
    assert made.administrator_commands[1] == f"az ad app permission admin-consent --id {OUTPUTS['client_id']}"
