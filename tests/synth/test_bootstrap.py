"""The bootstrap's stack: a safe place for states, and an identity that may do no more than it must."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from constructs_lib.delegation import ROLE_IDS, only_these_roles
from constructs_lib.key_vault import ADMINISTRATOR
from constructs_lib.workspace_identity import ROLES_BEFORE_THE_WORKSPACE
from ezazml.config.loading import load_environment
from ezazml.config.roles import BUNDLES
from sandbox.terraform_provider.rules.authorization import BUILT_IN_ROLES
from stacks.bootstrap import BootstrapStack
from tests.synth.stacks import PROFILES, SHIPPED, Stack, profile, resources, shipped, synthesised

SUBSCRIPTION = "11111111-2222-4333-8444-555555555555"
ROLE = "azurerm_role_assignment"
FEDERATION = "azuread_application_federated_identity_credential"


def bootstrap(folder: Path, **settings: Any) -> Stack:
    (folder / "environments").mkdir(exist_ok=True)
    text = yaml.safe_dump({"subscription_id": SUBSCRIPTION, **settings})
    (folder / "environments" / "dev.yaml").write_text(text)
    environment = load_environment("dev", root=folder, environ={})
    return synthesised(lambda app: BootstrapStack(app, environment))


def test_the_state_cannot_be_lost_or_read_by_others(tmp_path: Path) -> None:
    stack = bootstrap(tmp_path)
    (account,) = resources(stack, "azurerm_storage_account").values()
    blobs = account["blob_properties"]
    blobs = blobs[0] if isinstance(blobs, list) else blobs
    assert blobs["versioning_enabled"] is True
    assert "delete_retention_policy" in blobs
    assert "container_delete_retention_policy" in blobs
    assert account["shared_access_key_enabled"] is False
    assert account["min_tls_version"] == "TLS1_2"
    assert account["allow_nested_items_to_be_public"] is False
    assert account["lifecycle"]["prevent_destroy"] is True
    (lock,) = resources(stack, "azurerm_management_lock").values()
    assert (lock["lock_level"], lock["scope"]) == ("CanNotDelete", "${azurerm_storage_account.storage.id}")
    (container,) = resources(stack, "azurerm_storage_container").values()
    assert (container["name"], container["container_access_type"]) == ("tfstate", "private")


def test_the_deploying_identity_gets_the_least_roles(tmp_path: Path) -> None:
    given = resources(bootstrap(tmp_path), ROLE)
    found = {(one["role_definition_name"], one["scope"], one["principal_id"]) for one in given.values()}
    identity = "${azuread_service_principal.application.object_id}"
    container = "${azurerm_storage_container.container_tfstate.id}"
    assert found == {
        ("Contributor", f"/subscriptions/{SUBSCRIPTION}", identity),
        ("Role Based Access Control Administrator", f"/subscriptions/{SUBSCRIPTION}", identity),
        ("Locks Contributor", f"/subscriptions/{SUBSCRIPTION}", identity),
        ("Storage Blob Data Contributor", container, identity),
        ("Storage Blob Data Contributor", container, "${data.azurerm_client_config.login.object_id}"),
    }


def test_it_may_give_the_roles_of_the_stacks_and_no_others(tmp_path: Path) -> None:
    condition = resources(bootstrap(tmp_path), ROLE)["role_deploy_roles"]["condition"]
    ids = {role: BUILT_IN_ROLES[role] for role in BUILT_IN_ROLES}
    stacks = [*map(shipped, SHIPPED), *map(profile, PROFILES)]
    needed = {one["role_definition_name"] for stack in stacks for one in resources(stack, ROLE).values()}
    needed |= {grant.role for bundle in BUNDLES.values() for grant in bundle.grants}
    needed |= {role for roles in ROLES_BEFORE_THE_WORKSPACE.values() for role in roles.values()} | {ADMINISTRATOR}
    assert needed <= set(ROLE_IDS)
    for action, attribute in (("write", "@Request"), ("delete", "@Resource")):
        clause = rf"{action}'}}\)\) OR \({attribute}\[[^]]+\] ForAnyOfAnyValues:GuidEquals {{([^}}]+)}}"
        found = re.search(clause, condition)
        assert found is not None, action
        allowed = set(found[1].split(", "))
        assert allowed == {ids[role] for role in ROLE_IDS}
        assert not allowed & {
            ids["Owner"],
            ids["User Access Administrator"],
            ids["Role Based Access Control Administrator"],
        }


def test_it_may_give_the_roles_of_the_settings_but_none_that_gives_roles(tmp_path: Path) -> None:
    own, owner = "0A000000-0000-4000-8000-000000000000", BUILT_IN_ROLES["Owner"]
    principal = {"object_id": SUBSCRIPTION, "principal_type": "Group"}
    given = [{"role": "AcrPush"}, {"role_id": own}, {"role": "Owner"}, {"role_id": owner.upper()}]
    stack = bootstrap(tmp_path, role_assignments=[{**principal, **role} for role in given[:3]])
    again = bootstrap(tmp_path, role_assignments=[{**principal, **given[3]}])
    condition = resources(stack, ROLE)["role_deploy_roles"]["condition"]
    assert BUILT_IN_ROLES["AcrPush"] in condition
    assert own.lower() in condition
    for one in (stack, again):
        assert owner not in resources(one, ROLE)["role_deploy_roles"]["condition"].lower()


def test_a_stack_that_breaks_a_rule_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="Project"):
        bootstrap(tmp_path, tags={"Project": ""}, required_tags=["Project"])


def test_an_unknown_role_cannot_be_delegated() -> None:
    with pytest.raises(KeyError):
        only_these_roles(["Owner"])


def test_nobody_may_log_in_until_a_repository_is_named(tmp_path: Path) -> None:
    stack = bootstrap(tmp_path)
    assert FEDERATION not in stack["resource"]
    assert "azuread_application_password" not in stack["resource"]


@pytest.mark.parametrize(
    ("github", "protected", "subjects"),
    [
        ({}, False, {"environment:dev", "environment:dev-plan"}),
        ({}, True, {"environment:dev", "environment:dev-plan"}),
        ({"pull_requests": True}, True, {"environment:dev", "environment:dev-plan", "pull_request"}),
        ({"pull_requests": False, "plan_environment": "look"}, False, {"environment:dev", "environment:look"}),
        (
            {"environment": "live", "branch": "main"},
            True,
            {"environment:live", "environment:live-plan", "ref:refs/heads/main"},
        ),
    ],
)
def test_who_may_log_in_from_github(
    tmp_path: Path, github: dict[str, Any], protected: bool, subjects: set[str]
) -> None:
    settings = {"protected": protected, "on_destroy": "keep"}
    stack = bootstrap(tmp_path, **settings, bootstrap={"github": {"repository": "contoso/ml", **github}})
    credentials = resources(stack, FEDERATION).values()
    assert {one["subject"] for one in credentials} == {f"repo:contoso/ml:{subject}" for subject in subjects}
    assert {tuple(one["audiences"]) for one in credentials} == {("api://AzureADTokenExchange",)}


def test_a_repository_with_ids_is_trusted_as_its_tokens_name_it(tmp_path: Path) -> None:
    repository = "contoso@5544123/ml@821093847"
    stack = bootstrap(tmp_path, bootstrap={"github": {"repository": repository}})
    subjects = {one["subject"] for one in resources(stack, FEDERATION).values()}
    assert subjects == {f"repo:{repository}:environment:{name}" for name in ("dev", "dev-plan")}


def test_a_group_of_deployers_gets_the_state(tmp_path: Path) -> None:
    deployer = {"object_id": SUBSCRIPTION, "principal_type": "Group"}
    people = resources(bootstrap(tmp_path, identities={"deployer": deployer}), ROLE)["role_state_people"]
    assert (people["principal_id"], people["principal_type"]) == (SUBSCRIPTION, "Group")
    assert "lifecycle" not in people


def test_who_bootstrapped_first_keeps_the_state_when_another_repeats_it(tmp_path: Path) -> None:
    people = resources(bootstrap(tmp_path), ROLE)["role_state_people"]
    assert people["lifecycle"] == {"ignore_changes": ["principal_id"]}
