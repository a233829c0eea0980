"""Moving a state into a storage account whose roles do not count yet."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from tenacity import wait_none

from ezazml.terraform.engine import Engine
from ezazml.terraform.provider_cache import ProviderCache
from ezazml.terraform.relocation import RelocatableTerraform, StateRoleMissing, place_state
from ezazml.terraform.runner import TerraformError

REFUSED = "Error: Failed to get existing workspaces: status 403, AuthorizationPermissionMismatch"
BACKEND = {"azurerm": {"storage_account_name": "mine"}}


class Scripted(RelocatableTerraform):
    """Terraform that answers as told."""

    answers: list[str]
    asked: list[Sequence[str]]

    def _run(
        self, arguments: Sequence[str], environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        self.asked.append(arguments)
        error = self.answers.pop(0)
        return subprocess.CompletedProcess([], 1 if error else 0, "", error)


def scripted(folder: Path, *answers: str) -> tuple[Scripted, list[str]]:
    (folder / "cdk.tf.json").write_text(json.dumps({"terraform": {"backend": {"local": {"path": "x"}}}, "output": {}}))
    (folder / ".terraform").mkdir()
    told: list[str] = []
    terraform = Scripted(
        Engine("terraform", (1, 11)), folder, {}, providers=ProviderCache(folder / "p"), progress=told.append
    )
    terraform.answers, terraform.asked = list(answers), []
    return terraform, told


def test_the_backend_is_placed_and_nothing_else_changes(tmp_path: Path) -> None:
    scripted(tmp_path)
    place_state(tmp_path, BACKEND)
    assert json.loads((tmp_path / "cdk.tf.json").read_text()) == {"terraform": {"backend": BACKEND}, "output": {}}


def test_it_waits_until_the_role_counts(tmp_path: Path) -> None:
    terraform, told = scripted(tmp_path, REFUSED, REFUSED, "")
    terraform.move_state(BACKEND, pause=wait_none())
    assert [list(one[:1]) + list(one[3:]) for one in terraform.asked] == [["init", "-migrate-state", "-force-copy"]] * 3
    assert told == ["waiting until the new storage can be used"] * 2


def test_another_error_is_told_at_once(tmp_path: Path) -> None:
    terraform, _ = scripted(tmp_path, "Error: Invalid key")
    with pytest.raises(TerraformError, match="Moving the state failed:\nError: Invalid key"):
        terraform.move_state(BACKEND, pause=wait_none())
    assert len(terraform.asked) == 1


@pytest.mark.parametrize("reason", ["no such host", "unexpected EOF", "connection reset by peer"])
def test_a_new_account_that_cannot_be_reached_yet_is_tried_again(tmp_path: Path, reason: str) -> None:
    terraform, _ = scripted(tmp_path, f"Error: {reason}", "")
    terraform.move_state(BACKEND, pause=wait_none())
    assert len(terraform.asked) == 2


def test_after_a_failure_the_folder_is_initialised_anew(tmp_path: Path) -> None:
    terraform, _ = scripted(tmp_path, "", "Error: Invalid key", "")
    terraform.init()
    with pytest.raises(TerraformError):
        terraform.move_state(BACKEND, pause=wait_none())
    place_state(tmp_path, {"local": {"path": "x"}})
    terraform.init()
    assert len(terraform.asked) == 3


def test_a_login_without_the_role_is_told_what_it_needs(tmp_path: Path) -> None:
    terraform, _ = scripted(tmp_path, REFUSED)
    with pytest.raises(StateRoleMissing, match=r"needs the role Storage Blob Data Contributor"):
        terraform.init()


def test_an_ordinary_error_of_init_stays_what_it_is(tmp_path: Path) -> None:
    terraform, _ = scripted(tmp_path, "Error: Invalid provider")
    with pytest.raises(TerraformError, match="terraform init failed:\nError: Invalid provider"):
        terraform.init()
