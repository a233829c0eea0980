"""An environment's life in the sandbox, through ``ezazml``."""

from __future__ import annotations

import json
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from sandbox.store import Store
from tests.e2e.conftest import BIN, COUNT, Project
from tests.e2e.halfway import interrupted

pytestmark = pytest.mark.e2e

STORAGE = (
    "/subscriptions/00000000-0000-0000-0000-5a4db0c50001/resourceGroups/ezazml-sandbox-rg/providers/"
    "Microsoft.Storage/storageAccounts/ezazmlsandboxasa01"
)


@pytest.mark.parametrize("engine", ["found", "launcher"])
def test_an_environments_life(at: Project, engine: str) -> None:
    if engine == "launcher":
        at.variables["TERRAFORM_BINARY_NAME"] = str(BIN / "ezazml-terraform")

    # A first deployment makes everything.
    first = at.ok("deploy", "sandbox", "--yes")
    assert "sandbox on this machine" in first.out
    assert f"sandbox is deployed: {COUNT} to create done." in first.out

    # again: nothing to do
    assert "no changes, everything is as declared" in at.ok("deploy", "sandbox", "--yes").out
    assert at.ezazml("plan", "sandbox", "--detailed-exitcode").code == 0

    # a changed tag: in place, and nothing else
    at.edit("CostCenter: none", "CostCenter: changed")
    plan = at.plan()
    assert plan["counts"]["replace"] == plan["counts"]["create"] == plan["counts"]["delete"] == 0
    assert {field for change in plan["changes"] for field in change["fields"]} == {"tags"}
    assert at.ezazml("plan", "sandbox", "--detailed-exitcode").code == 2
    at.ok("deploy", "sandbox", "--yes")
    assert at.plan()["changes"] == []

    # a changed location: announced as a replacement, what loses data first
    at.edit("location: westeurope", "location: northeurope")
    plan = at.plan()
    assert plan["changes"][0]["action"] == "replace"
    assert plan["changes"][0]["type"] == "azurerm_container_registry"
    assert plan["changes"][0]["replaced_by"] == ["location"]
    shown = at.ok("plan", "sandbox").out
    assert "LOSES DATA  (because of location)" in shown
    at.edit("location: northeurope", "location: westeurope")

    # storage that moves into availability zones: Azure makes it anew as well
    at.edit("replication: LRS", "replication: ZRS")
    assert (
        "azurerm_storage_account.storage  LOSES DATA  (because of account_replication_type)"
        in at.ok("plan", "sandbox").out
    )
    at.edit("replication: ZRS", "replication: LRS")

    # destroy: asks, refuses a wrong name, then leaves nothing
    assert at.ezazml("destroy", "sandbox", stdin="sandbx\n").code == 2
    assert len(json.loads(at.ok("show", "sandbox", "--output", "json").out)["resources"]) == COUNT
    assert f"{COUNT} resources removed" in at.ok("destroy", "sandbox", "--confirm", "sandbox").out
    assert json.loads(at.ok("sandbox", "status", "-o", "json").out)["objects"] == {}
    assert "nothing is deployed" in at.ok("destroy", "sandbox", "--confirm", "sandbox").out


def test_what_is_deleted_behind_our_back_is_made_again(at: Project) -> None:
    at.ok("deploy", "sandbox", "--yes")
    with Store.transaction(at.home.store_file) as store:
        store.delete(f"{STORAGE}/blobServices/default/containers/models")
        body = store.get(STORAGE)
        assert body is not None
        store.put({**body, "tags": {"changed": "by hand"}})
    plan = at.plan()
    assert {(change["action"], change["address"]) for change in plan["changes"]} == {
        ("create", "azurerm_storage_container.container_models"),
        ("update", "azurerm_storage_account.storage"),
    }
    at.ok("deploy", "sandbox", "--yes")
    assert at.plan()["changes"] == []


def test_a_resource_made_outside_is_imported_at_its_address(at: Project) -> None:
    at.ok("deploy", "sandbox", "--yes")
    gone = at.in_sandbox("terraform", f"-chdir={at.stack()}", "state", "rm", "azurerm_storage_account.storage")
    assert gone.code == 0, gone.text
    imported = at.in_sandbox("terraform", f"-chdir={at.stack()}", "import", "azurerm_storage_account.storage", STORAGE)
    assert imported.code == 0, imported.text
    assert [change for change in at.plan()["changes"] if change["action"] != "update"] == []
    wrong = at.in_sandbox(
        "terraform", f"-chdir={at.stack()}", "import", "azurerm_storage_container.nothing", "nonsense"
    )
    assert wrong.code != 0


def test_two_environments_at_once_do_not_disturb_each_other(at: Project) -> None:
    def deploy(name: str) -> subprocess.CompletedProcess[str]:
        answer = at.in_sandbox("ezazml", "deploy", name, "--yes", environments=["sandbox", "dev", "uat"])
        return subprocess.CompletedProcess([], answer.code, answer.text, "")

    at.home.up()
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(deploy, ["dev", "uat", "sandbox"]))
    assert [answer.returncode for answer in answers] == [0, 0, 0], [answer.stdout for answer in answers]
    with Store.transaction(at.home.store_file) as store:
        groups = {one["name"] for one in store.find("Microsoft.Resources/resourceGroups")}
    assert groups == {"ezazml-dev-rg", "ezazml-uat-rg", "ezazml-sandbox-rg"}
    destroyed = at.in_sandbox("ezazml", "destroy", "dev", "--confirm", "dev", environments=["dev"])
    assert destroyed.code == 0, destroyed.text
    assert at.plan()["changes"] == []


def test_a_protected_environment_is_not_destroyed(at: Project) -> None:
    environments = ["prd"]
    at.variables["EZAZML_KEY_VAULT__ROLE_WAIT_SECONDS"] = "0"
    deployed = at.in_sandbox("ezazml", "deploy", "prd", "--yes", environments=environments)
    assert deployed.code == 0, deployed.text
    refused = at.in_sandbox("ezazml", "destroy", "prd", "--confirm", "prd", environments=environments)
    assert refused.code == 2
    assert "a protected environment is not destroyed" in refused.err
    # Terraform itself refuses as well, for those who go around ezazml.
    direct = at.in_sandbox(
        "terraform", f"-chdir={at.stack('prd')}", "destroy", "-auto-approve", environments=environments
    )
    assert direct.code != 0
    assert "prevent_destroy" in direct.text


def test_a_protected_environment_still_changes(at: Project) -> None:
    at.variables["EZAZML_KEY_VAULT__ROLE_WAIT_SECONDS"] = "0"

    def run(*command: str) -> str:
        answer = at.in_sandbox("ezazml", *command, environments=["prd"])
        assert answer.code == 0, answer.text
        return answer.out

    run("deploy", "prd", "--yes")
    # Another size replaces a cluster, and with it the roles of its identity on the locked storage and registry.
    at.edit("size: Standard_DS4_v2", "size: Standard_DS5_v2", "prd")
    run("deploy", "prd", "--yes")
    assert json.loads(run("plan", "prd", "-o", "json"))["changes"] == []
    # The other cluster is the last in the file: without it, its roles go.
    path = at.folder / "environments" / "prd.yaml"
    path.write_text(path.read_text().split("    - name: gpu-cluster")[0])
    run("deploy", "prd", "--yes")
    assert json.loads(run("plan", "prd", "-o", "json"))["changes"] == []
    with Store.transaction(at.home.store_file) as store:
        assert len(store.find("Microsoft.Authorization/locks")) == 3


def test_a_kept_vault_and_workspace_hold_their_names(at: Project) -> None:
    at.edit("target: sandbox\n", "target: sandbox\non_destroy: keep\n")
    at.ok("deploy", "sandbox", "--yes")
    at.ok("destroy", "sandbox", "--confirm", "sandbox")
    held = json.loads(at.ok("sandbox", "status", "-o", "json").out)["soft_deleted"]
    assert {one.rsplit("/", 1)[-1] for one in held} >= {"ezazml-sandbox-akv-01", "ezazml-sandbox-aml-w01"}
    again = at.ezazml("deploy", "sandbox", "--yes")
    assert again.code == 1
    assert "Soft-deleted workspace exists. Please purge or recover it." in again.err
    assert "azurerm_machine_learning_workspace.workspace" in again.err


def test_a_replacement_that_could_not_get_its_name_back_is_refused(at: Project) -> None:
    at.edit("target: sandbox\n", "target: sandbox\non_destroy: keep\n")
    at.ok("deploy", "sandbox", "--yes")
    at.edit("location: westeurope", "location: northeurope")
    refused = at.ezazml("deploy", "sandbox", "--yes")
    assert refused.code == 2
    assert "azurerm_machine_learning_workspace.workspace ('ezazml-sandbox-aml-w01', 14 days)" in refused.err
    assert "azurerm_key_vault.key_vault ('ezazml-sandbox-akv-01', key_vault.soft_delete_days)" in refused.err
    assert "names.key_vault" in refused.err
    assert len(json.loads(at.ok("show", "sandbox", "--output", "json").out)["resources"]) == COUNT
    # What the message says works: purge in the same change, and keep again afterwards.
    at.variables["EZAZML_ON_DESTROY"] = "purge"
    losses = [one["address"] for one in at.plan()["changes"] if one["loses_data"]]
    allowed = [option for address in losses for option in ("--allow-replace", address)]
    at.ok("deploy", "sandbox", "--yes", *allowed)
    del at.variables["EZAZML_ON_DESTROY"]
    assert at.plan()["changes"] == []
    assert json.loads(at.ok("sandbox", "status", "-o", "json").out)["soft_deleted"] == []
    # So does the other way: new names.
    at.edit("location: northeurope", "location: uksouth\nnames: {workspace: second-workspace, key_vault: second-vault}")
    at.ok("deploy", "sandbox", "--yes", *allowed)
    assert at.plan()["changes"] == []


def test_a_failed_deployment_is_finished_by_the_next_one(at: Project) -> None:
    at.ok("sandbox", "up")
    with Store.transaction(at.home.store_file) as store:
        taken = {"id": STORAGE.replace("ezazml-sandbox-rg", "other"), "name": "ezazmlsandboxasa01"}
        store.put({**taken, "type": "Microsoft.Storage/storageAccounts", "location": "westeurope"})
    failed = at.ezazml("deploy", "sandbox", "--yes")
    assert failed.code == 1
    assert "StorageAccountAlreadyTaken" in failed.err
    assert "azurerm_storage_account.storage" in failed.err
    assert "Traceback" not in failed.text
    with Store.transaction(at.home.store_file) as store:
        store.delete(taken["id"])
    at.ok("deploy", "sandbox", "--yes")
    assert at.plan()["changes"] == []


def test_the_picture_and_the_inventory_show_what_is_there(at: Project) -> None:
    at.ok("deploy", "sandbox", "--yes")
    shown = at.ok("show", "sandbox").out
    assert "ezazml-sandbox-aml-w01" in shown
    assert "https://ml.azure.com/?wsid=" in shown
    assert "InstrumentationKey=" not in shown
    at.ok("graph", "sandbox")
    assert (at.folder / "graphs" / "sandbox.svg").read_text().startswith("<svg ")
    assert "flowchart LR" in (at.folder / "graphs" / "sandbox.mmd").read_text()


def test_an_interrupted_deployment_stops_in_order_and_is_finished_by_the_next_one(at: Project) -> None:
    answer = interrupted(
        at,
        *("ezazml", "deploy", "sandbox", "--yes"),
        number=signal.SIGINT,
        after=lambda line: "Creation complete" in line,
        still=lambda store: not store.find("Microsoft.MachineLearningServices/workspaces/computes"),
    )
    assert answer.code == 130, answer.err
    assert "Interrupted." in answer.err
    assert "Traceback" not in answer.err
    assert 0 < len(json.loads(at.ok("show", "sandbox", "-o", "json").out)["resources"]) < COUNT
    at.ok("deploy", "sandbox", "--yes")
    assert at.plan()["changes"] == []


def test_programs_get_json_from_deploy_and_destroy(at: Project) -> None:
    assert at.ezazml("deploy", "sandbox", "--output", "json").code == 2
    done = json.loads(at.ok("deploy", "sandbox", "--yes", "--output", "json").out)
    assert done["counts"]["create"] == COUNT
    gone = json.loads(at.ok("destroy", "sandbox", "--confirm", "sandbox", "--output", "json").out)
    assert gone["counts"]["delete"] == COUNT
