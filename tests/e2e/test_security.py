"""Identities, roles and secrets of a whole environment, from configuration to deployment."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from sandbox.store import Store
from tests.e2e.conftest import Project

pytestmark = pytest.mark.e2e

GROUP, PERSON = "aaaaaaaa-1111-4000-8000-000000000001", "aaaaaaaa-1111-4000-8000-000000000002"
SECRET = "/vaults/ezazml-sandbox-akv-01/secrets/application-client-secret"


def settings(at: Project, **groups: Any) -> None:
    path = at.folder / "environments" / "sandbox.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **groups}))


def directory(at: Project) -> None:
    """A group and a person who were there before."""
    at.home.up()
    with Store.transaction(at.home.store_file) as store:
        group = {"displayName": "data-science", "securityEnabled": True}
        store.put({"id": f"/groups/{GROUP}", "type": "Microsoft.Graph/groups", "name": "g", "properties": group})
        person = {"userPrincipalName": "ada@sandbox.onmicrosoft.com", "mail": "Ada@contoso.com"}
        store.put({"id": f"/users/{PERSON}", "type": "Microsoft.Graph/users", "name": "p", "properties": person})


def state(at: Project, address: str) -> dict[str, Any]:
    kind, name = address.split(".")
    content = json.loads((at.home.states / "sandbox.tfstate").read_text())
    (found,) = [one for one in content["resources"] if (one["type"], one["name"]) == (kind, name)]
    values: dict[str, Any] = found["instances"][0]["attributes"]
    return values


def vault_secret(at: Project) -> str:
    with Store.transaction(at.home.store_file) as store:
        (body,) = [one for one in store.find("Microsoft.KeyVault/vaults/secrets") if one["id"].endswith(SECRET)]
        value = store.secret(body["id"], "value")
    assert value is not None
    return value


def test_a_strict_environment_deploys_rotates_its_secret_and_goes(at: Project) -> None:
    directory(at)
    settings(
        at,
        workspace={"identity": "user_assigned", "identity_role_wait_seconds": 0},
        key_vault={"authorization": "rbac", "role_wait_seconds": 0, "write_only_secrets": True},
        role_assignments=[
            {"role": "AzureML Data Scientist", "group": "data-science", "scope": "workspace"},
            {"role": "Storage Blob Data Reader", "email": "ada@contoso.com", "scope": "storage"},
            {"role_id": "acdd72a7-3385-48ef-bd42-f606fba81ae7", "group": "data-science", "scope": "resource_group"},
        ],
    )
    at.ok("deploy", "sandbox", "--yes")
    assert at.plan()["changes"] == []
    workspace = state(at, "azurerm_machine_learning_workspace.workspace")
    identity = state(at, "azurerm_user_assigned_identity.workspace_identity")
    assert workspace["identity"][0]["identity_ids"] == [identity["id"]] == [workspace["primary_user_assigned_identity"]]
    with Store.transaction(at.home.store_file) as store:
        given = {one["properties"]["principalId"] for one in store.find("Microsoft.Authorization/roleAssignments")}
    assert {GROUP, PERSON} <= given

    # The vault has the secret, its part of the state has not.
    password = state(at, "azuread_application_password.application")["value"]
    assert vault_secret(at) == password
    kept = state(at, "azurerm_key_vault_secret.secret_client_secret")
    assert password not in json.dumps(kept)

    # Rotating changes these two and nothing else, and the next plan is empty.
    assert at.ezazml("rotate-secret", "sandbox").code == 2  # nobody to ask
    assert vault_secret(at) == password
    changed = json.loads(at.ok("rotate-secret", "sandbox", "--yes", "--output", "json").out)["changed"]
    assert changed == [
        "azuread_application_password.application",
        "azurerm_key_vault_secret.secret_client_secret",
    ]
    assert vault_secret(at) == state(at, "azuread_application_password.application")["value"] != password
    assert at.plan()["changes"] == []

    # With changes that nobody deployed, rotating would carry them along.
    at.edit("CostCenter: none", "CostCenter: other")
    refused = at.ezazml("rotate-secret", "sandbox", "--yes")
    assert refused.code == 2
    assert "sandbox has changes that are not deployed" in refused.err
    at.ok("destroy", "sandbox", "--confirm", "sandbox")
    assert set(json.loads(at.ok("sandbox", "status", "-o", "json").out)["objects"]) <= {
        "Microsoft.Graph/groups",
        "Microsoft.Graph/users",
    }


def test_a_mistake_in_the_roles_is_told_before_anything_runs(at: Project) -> None:
    settings(at, role_assignments=[{"role": "AzureML Data Scientst", "group": "data-science", "scope": "workspce"}])
    answer = at.ezazml("plan", "sandbox")
    assert answer.code == 2
    assert "role_assignments[0].role: 'AzureML Data Scientst'" in answer.err
    assert "Did you mean AzureML Data Scientist?" in answer.err
    assert "Did you mean workspace?" in answer.err


def test_rotating_needs_a_secret(at: Project) -> None:
    settings(at, identities={"application": {"enabled": True, "secret_enabled": False}})
    answer = at.ezazml("rotate-secret", "sandbox", "--yes")
    assert answer.code == 2
    assert "there is no client secret to rotate" in answer.err
