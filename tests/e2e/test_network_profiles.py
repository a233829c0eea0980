"""The three network profiles deploy, plan no change and go again; existing resources are used and left alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from sandbox.identity import SANDBOX_SUBSCRIPTION_ID, SANDBOX_TENANT_ID
from sandbox.store import Store
from sandbox.terraform_provider.rules.base import Azure
from tests.e2e.conftest import ROOT, Project
from tests.sandbox.azure import create, group, insights, storage, vault

pytestmark = pytest.mark.e2e
SHARED = f"/subscriptions/{SANDBOX_SUBSCRIPTION_ID}/resourceGroups/shared"
LANDING = f"{SHARED}/providers/Microsoft.Storage/storageAccounts/landing01"
#: As in the shipped sandbox: nothing real is lost.
GUARD = {
    "confirmation": "name",
    "require_reason": False,
    "require_ticket": False,
    "require_committed": False,
    "business_hours": None,
    "waiting_minutes": 0,
    "notify": "off",
    "audit_file": ".sandbox/audit/sandbox.jsonl",
}
ADDRESSES = Path(__file__).resolve().parents[1] / "golden"


def profile(at: Project, name: str) -> None:
    shutil.copy(ROOT / "tests" / "environments" / f"{name}.yaml", at.folder / "environments")


def managed_resources(name: str) -> int:
    lines = (ADDRESSES / f"profile_{name}.addresses.txt").read_text().splitlines()
    return len([line for line in lines if not line.startswith("data.")])


def found_again(at: Project, name: str) -> None:
    """The state is lost: everything is imported, but for a secret that Entra never tells again."""
    (at.home.states / f"{name}.tfstate").unlink()
    imported = json.loads(at.ok("import", name, "--all", "--yes", "--output", "json").out)
    untold = {
        "private": set(),
        "managed": {"azuread_application_password.application", "azurerm_key_vault_secret.secret_client_secret"},
    }[name]
    assert set(imported["unimportable"]) == untold
    done = json.loads(at.ok("deploy", name, "--yes", "--output", "json").out)
    assert {one["address"] for one in done["changes"]} == untold


@pytest.mark.parametrize("name", ["public", "managed", "private"])
def test_a_profile_deploys_plans_no_change_and_goes_again(at: Project, name: str) -> None:
    profile(at, name)
    at.ok("sandbox", "up")
    with Store.transaction(at.home.store_file) as store:
        store.put({"id": LANDING, "type": "Microsoft.Storage/storageAccounts", "name": "landing01", "properties": {}})
    (at.folder / "assets").mkdir()
    deployed = at.ok("deploy", name, "--yes", "--output", "json")
    # From outside nobody reaches the private storage account, to which the assets' files go.
    assert ("The declared assets are left out" in deployed.err) == (name == "private")
    done = json.loads(deployed.out)
    assert (done["assets"] is None) == (name == "private")
    assert done["counts"]["create"] == managed_resources(name)
    assert at.plan(name)["changes"] == []
    if name != "public":
        found_again(at, name)
    gone = json.loads(at.ok("destroy", name, "--confirm", name, "--output", "json").out)
    assert gone["counts"]["delete"] == managed_resources(name)
    with Store.transaction(at.home.store_file) as store:
        assert [one["id"] for one in store.find() if one["type"].startswith("Microsoft.Network/")] == []
        assert store.get(LANDING) is not None


def test_resources_that_exist_are_used_and_left_alone(at: Project) -> None:
    at.ok("sandbox", "up")
    with Store.transaction(at.home.store_file) as store:
        cloud = Azure(store, SANDBOX_SUBSCRIPTION_ID, SANDBOX_TENANT_ID, client_id="", object_id="")
        group(cloud)
        there = {
            "storage_account_id": storage(cloud, "shared01")["id"],
            "key_vault_id": vault(cloud, "shared-01")["id"],
            "application_insights_id": insights(cloud)["id"],
            "container_registry_id": create(
                cloud,
                "azurerm_container_registry",
                name="shared01",
                resource_group_name="rg",
                location="westeurope",
                sku="Standard",
            )["id"],
        }
    settings = {"target": "sandbox", "existing": there, "compute": {"clusters": [{"name": "cpu"}]}, "destroy": GUARD}
    (at.folder / "environments" / "byo.yaml").write_text(json.dumps(settings))
    at.ok("deploy", "byo", "--yes")
    assert at.plan("byo")["changes"] == []
    at.ok("destroy", "byo", "--confirm", "byo")
    with Store.transaction(at.home.store_file) as store:
        assert all(store.get(identifier) for identifier in there.values())
        assert store.get(there["storage_account_id"].split("/providers/")[0]) is not None
