"""What Azure keeps, what the state does not know and what was changed past the project: found, and put right."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.store import Store
from tests.e2e.conftest import Project

pytestmark = pytest.mark.e2e

#: Quick to deploy: a workspace and what it needs, deleted softly.
SMALL = """target: sandbox
on_destroy: keep
container_registry: {enabled: false}
identities: {application: {enabled: false}}
destroy:
  confirmation: name
  require_reason: false
  require_ticket: false
  require_committed: false
  business_hours: null
  waiting_minutes: 0
  notify: "off"
"""
CLUSTER = "compute: {clusters: [{name: cpu, size: Standard_DS3_v2, max_nodes: 4}]}\n"


@pytest.fixture
def small(at: Project) -> Project:
    (at.folder / "environments" / "small.yaml").write_text(SMALL)
    return at


def actions(at: Project, name: str) -> dict[str, set[str]]:
    """Planned action -> Terraform types."""
    found: dict[str, set[str]] = {}
    for change in at.plan(name)["changes"]:
        found.setdefault(change["action"], set()).add(change["type"])
    return found


def report(at: Project, *command: str, code: int = 0) -> Any:
    answer = at.ezazml(*command, "--output", "json")
    assert answer.code == code, answer.text
    return json.loads(answer.out)


def test_what_was_deleted_and_kept_comes_back(at: Project) -> None:
    at.edit("target: sandbox", "target: sandbox\non_destroy: keep")
    at.ok("deploy", "sandbox", "--yes")
    state = json.loads((at.home.states / "sandbox.tfstate").read_text())
    at.ok("destroy", "sandbox", "--confirm", "sandbox")

    refused = at.ezazml("deploy", "sandbox", "--yes")
    assert refused.code == 1
    assert "Soft-deleted workspace exists" in refused.err
    assert "ezazml recover sandbox" in refused.err
    assert "ezazml purge sandbox" in refused.err

    at.ok("recover", "sandbox", "--yes")
    planned = actions(at, "sandbox")
    assert planned.keys() == {"create"}
    assert "azurerm_machine_learning_workspace" not in planned["create"]
    at.ok("deploy", "sandbox", "--yes")
    assert workspace_ids(at) == {instance_of(state)["workspace_id"]}

    # The state is lost: all of it is found again in Azure, but for the secret that Entra never tells again.
    (at.home.states / "sandbox.tfstate").unlink()
    imported = report(at, "import", "sandbox", "--all", "--yes")
    assert set(imported["unimportable"]) == {
        "azuread_application_password.application",
        "azurerm_key_vault_secret.secret_client_secret",
    }
    assert actions(at, "sandbox") == {"create": {"azuread_application_password", "azurerm_key_vault_secret"}}
    deployed = at.ok("deploy", "sandbox", "--yes")  # also takes over the vault's secret, with the new value
    assert at.plan()["changes"] == []
    assert not (at.stack() / "imports.tf.json").exists()
    secrets = [at.home.credentials.user_password, at.home.credentials.client_secret]
    assert not [secret for secret in secrets if secret in json.dumps(imported) + deployed.text]


def test_what_is_purged_makes_room_for_a_new_one(small: Project) -> None:
    small.ok("deploy", "small", "--yes")
    small.ok("destroy", "small", "--confirm", "small")
    kept = report(small, "purge", "small", "--list")["kept"]
    assert {item["kind"] for item in kept} == {"key vault", "workspace", "log analytics"}

    wrong = small.ezazml("purge", "small", "--confirm", "sandbox")
    assert wrong.code == 2
    assert "nothing was purged" in wrong.err
    assert len(small.home.soft_deleted()) == 3

    purged = report(small, "purge", "small", "--confirm", "small")["purged"]
    assert {item["result"] for item in purged} == {"purged"}
    assert small.home.soft_deleted() == []
    small.ok("deploy", "small", "--yes")
    nothing = small.ezazml("recover", "small", "--yes")
    assert nothing.code == 2
    assert "keeps nothing deleted" in nothing.err


def test_drift_is_taken_back_and_an_import_changes_nothing_that_it_should_not(small: Project) -> None:
    small.ok("deploy", "small", "--yes")
    assert report(small, "drift", "small", "--detailed-exitcode")["drift"] == []
    with Store.transaction(small.home.store_file) as store:
        (account,) = store.find("Microsoft.Storage/storageAccounts")
        account["properties"]["minimumTlsVersion"] = "TLS1_0"
        store.put(account)
        store.delete(f"{account['id']}/blobServices/default/containers/data")

    drift = report(small, "drift", "small", "--detailed-exitcode", code=2)["drift"]
    assert [(one["action"], one["address"], one["fields"]) for one in drift] == [
        ("gone", "azurerm_storage_container.container_data", []),
        ("changed", "azurerm_storage_account.storage", ["min_tls_version"]),
    ]
    markdown = small.ok("drift", "small", "--output", "markdown").out
    assert "| infrastructure | gone | `azurerm_storage_container.container_data` |  |" in markdown
    small.ok("deploy", "small", "--yes")
    assert "no drift" in small.ok("drift", "small", "--detailed-exitcode").out

    nothing = small.ezazml("import", "small", "--resource", "storage", "--yes")
    assert nothing.code == 2
    assert "its state holds it already" in nothing.err
    state = small.home.states / "small.tfstate"
    state.unlink()
    with Store.transaction(small.home.store_file) as store:
        account["location"] = "northeurope"
        store.put(account)
    replaced = small.ezazml("import", "small", "--resource", "storage", "--yes")
    assert replaced.code == 2, replaced.text
    assert "azurerm_storage_account.storage: location" in replaced.err
    other = small.ezazml("import", "small", "--resource", "storage", "--id", f"{account['id']}x", "--yes")
    assert other.code == 2
    assert "nothing in Azure with the id" in other.err
    declined = small.ezazml("import", "small", "--resource", "key-vault", stdin="n\n")
    assert declined.code == 1
    assert "nothing was changed" in declined.err
    assert not state.exists()


def test_the_doctor_sees_what_a_deployment_would_stumble_over(small: Project) -> None:
    small.home.up()
    file = small.folder / "environments" / "small.yaml"
    file.write_text(SMALL + CLUSTER)
    small.ok("sandbox", "limits", "--quota", "StandardDSv2Family@westeurope=8", "--taken", "ezazmlsmallasa01")
    before = report(small, "doctor", "small", code=1)
    problems = {one["check"]: one["text"] for one in before["checks"] if one["verdict"] == "problem"}
    assert problems.keys() == {"names", "quota"}
    assert "16 cores declared, 8 of 8 left" in problems["quota"]
    assert {one["check"]: one["verdict"] for one in before["checks"]}["services"] == "warning"

    refused = small.ezazml("deploy", "small", "--yes")
    assert refused.code == 1
    assert "ezazmlsmallasa01" in refused.err
    file.write_text(SMALL + CLUSTER + "names: {storage_account: ezazmlsmallown01}\n")
    refused = small.ezazml("deploy", "small", "--yes")
    assert refused.code == 1
    assert "Maximum allowed: 8, Current in use: 0, Additional requested: 16" in refused.err
    assert "ezazml doctor small" in refused.err

    small.ok("sandbox", "limits", "--off")
    small.ok("deploy", "small", "--yes")
    after = report(small, "doctor", "small")
    assert "problem" not in after["summary"]
    assert "warning" not in after["summary"]


def workspace_ids(at: Project) -> set[str]:
    with Store.transaction(at.home.store_file) as store:
        return {one["properties"]["workspaceId"] for one in store.find("Microsoft.MachineLearningServices/workspaces")}


def instance_of(state: dict[str, Any]) -> dict[str, Any]:
    """The workspace in a state."""
    kind = "azurerm_machine_learning_workspace"
    found: dict[str, Any] = next(one["instances"][0]["attributes"] for one in state["resources"] if one["type"] == kind)
    return found
