"""The first steps of a team: a project of its own, the state's storage and the deploying identity, in the sandbox."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from sandbox.store import Store
from tests.e2e.conftest import Project

pytestmark = pytest.mark.e2e


LEASE = "11111111-2222-4333-8444-555555555555"
#: Locks the state as Terraform does: a lease on the blob, and who has it in the blob's metadata.
HOLD = f"""
import base64, json, sys
from azure.identity import EnvironmentCredential
from azure.storage.blob import BlobClient

url = f"https://{{sys.argv[1]}}.blob.core.windows.net"
blob = BlobClient(url, "tfstate", "sandbox.bootstrap.tfstate", credential=EnvironmentCredential())
info = {{"ID": "{LEASE}", "Operation": "OperationTypeApply", "Who": "bob@other", "Created": "2026-03-04T10:00:00Z"}}
held = base64.b64encode(json.dumps(info).encode()).decode()
blob.set_blob_metadata({{"terraformlockid": held}}, lease=blob.acquire_lease(lease_id="{LEASE}"))
"""


def files_with(folder: Path, secret: str) -> list[Path]:
    """Files of the project that hold a secret, without the sandbox's own."""
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and ".sandbox" not in path.parts and "node_modules" not in path.parts
        and secret.encode() in path.read_bytes()
    ]  # fmt: skip


def test_a_bootstrap_and_what_it_leaves(at: Project) -> None:
    # the first one makes everything, moves its state into it, and writes the file
    first = at.ok("bootstrap", "sandbox", "--github", "contoso@5/ml@8", "--write", "--yes", "--output", "json")
    told = json.loads(first.out)
    assert told["changes"]["create"] == 13
    assert told["written"] == ["backend", "bootstrap"]
    assert set(told["github_variables"]) == {"AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_SUBSCRIPTION_ID"}
    assert "gh variable set AZURE_CLIENT_ID --repo contoso/ml --env sandbox" in told["github_commands"][0]
    settings = yaml.safe_load((at.folder / "environments" / "sandbox.yaml").read_text())
    assert settings["backend"] == told["backend"]
    assert settings["bootstrap"] == {"github": {"repository": "contoso@5/ml@8"}}
    local = at.home.states / "sandbox.bootstrap.tfstate"
    assert not local.exists()
    secret = at.home.credentials.client_secret
    assert secret not in first.text
    assert files_with(at.folder, secret) == []

    # the state is in the blob, where Terraform finds it
    stack = at.folder / ".ezazml" / "bootstrap" / "sandbox" / "sandbox"
    pulled = at.in_sandbox("terraform", f"-chdir={stack}", "state", "pull")
    assert len(json.loads(pulled.out)["resources"]) == 14, pulled.text

    # again: nothing to do, also for somebody who has no copy of the folder
    again = at.ok("bootstrap", "sandbox", "--write", "--yes")
    assert "Everything exists." in again.out
    assert "environments/sandbox.yaml: has the right settings already." in again.out
    assert "gh variable set AZURE_TENANT_ID" in again.out
    assert "az ad app permission admin-consent" in again.out

    # after an interruption before the move, the state on this machine is the one that counts
    local.write_text(pulled.out)
    interrupted = json.loads(at.ok("bootstrap", "sandbox", "--yes", "--output", "json").out)
    assert not any(interrupted["changes"].values())
    assert not local.exists()

    # somebody else is at it: who, since when, and how to break the lock if that process is gone
    held = at.in_sandbox("python", "-c", HOLD, told["backend"]["storage_account_name"])
    assert held.code == 0, held.text
    at.variables["EZAZML_DEPLOY__LOCK_TIMEOUT_SECONDS"] = "0"
    locked = at.ezazml("bootstrap", "sandbox", "--yes")
    assert locked.code == 1
    assert "locked: bob@other has held it since 2026-03-04 10:00:00+00:00 for an apply" in locked.err
    assert f"ezazml unlock sandbox --bootstrap --id {LEASE}" in locked.err
    other = at.ezazml("unlock", "sandbox", "--bootstrap", "--id", "another", "--yes")
    assert (other.code, "does not match existing lock" in other.err) == (1, True)
    at.ok("unlock", "sandbox", "--bootstrap", "--id", LEASE, "--yes")
    assert "Everything exists." in at.ok("bootstrap", "sandbox", "--yes").out

    # what would lose the state is refused before anything happens
    at.edit("location: westeurope", "location: northeurope")
    refused = at.ezazml("bootstrap", "sandbox", "--yes")
    assert refused.code == 2
    assert "would replace or delete the storage account of the state, and with it the state; nothing was" in refused.err
    with Store.transaction(at.home.store_file) as store:
        (account,) = store.find("Microsoft.Storage/storageAccounts")
    assert (account["location"], account["name"]) == ("westeurope", told["backend"]["storage_account_name"])


def test_a_bootstrap_asks_first(at: Project) -> None:
    answer = at.ezazml("bootstrap", "sandbox", stdin="n\n")
    assert answer.code == 1
    assert "azurerm_storage_account.storage" in answer.out
    assert "Not confirmed; nothing was changed." in answer.err
    assert at.home.count_by_type() == {}
    wrong = at.ezazml("bootstrap", "sandbox", "--github", "no-owner", "--yes")
    assert wrong.code == 2
    assert "bootstrap.github.repository: 'no-owner'" in wrong.err


def test_a_project_of_ones_own_passes_its_own_tests(at: Project, tmp_path: Path) -> None:
    folder = tmp_path / "own project"
    options = ("--prefix", "contoso", "--environments", "dev,staging", "--github", "contoso/ml")
    made = at.ok("init", str(folder), "--yes", *options)
    assert "Your project is in" in made.out
    assert "could not be written" not in made.text
    own = Project(folder)
    assert own.ok("config", "validate").out.count(": valid") == 3
    tested = own.run("python", "-m", "pytest", "-q", "tests/synth")
    assert tested.code == 0, tested.text
    assert at.ezazml("init", str(folder), "--yes").code == 2
