"""Roles, identities, alerts and budgets that cannot work are told with what would."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from ezazml.config.environment import Environment
from ezazml.config.loading import load_environment
from ezazml.config.roles import BUILT_IN_ROLES, BUNDLES, SCOPES, RoleBundle
from ezazml.errors import ConfigurationError, InputError
from sandbox.terraform_provider.rules.authorization import BUILT_IN_ROLES as SANDBOX_ROLES

ID = "11111111-2222-4333-8444-555555555555"
GOOD = {"role": "Reader", "group": "team", "scope": "workspace"}


def load(folder: Path, settings: dict[str, Any]) -> Environment:
    (folder / "environments").mkdir(exist_ok=True)
    (folder / "environments" / "dev.yaml").write_text(yaml.safe_dump(settings))
    return load_environment("dev", root=folder, environ={})


def problems(folder: Path, settings: dict[str, Any]) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(folder, settings)
    return str(caught.value)


@pytest.mark.parametrize(
    "entry",
    [
        GOOD,
        {"role": "AzureML Data Scientist", "email": "ada@contoso.com"},
        {"role_id": ID, "object_id": ID, "principal_type": "ServicePrincipal", "scope": "resource_group"},
    ],
)
def test_roles_are_settings(tmp_path: Path, entry: dict[str, str]) -> None:
    (assignment,) = load(tmp_path, {"role_assignments": [entry]}).settings.role_assignments
    assert assignment.scope == entry.get("scope", "workspace")


@pytest.mark.parametrize(
    ("entry", "field", "message"),
    [
        ({**GOOD, "role": "Reder"}, "role", "'Reder' is not a role that is known by name. Did you mean Reader?"),
        ({**GOOD, "role": "Emperor"}, "role", "Give its id as role_id instead"),
        ({**GOOD, "role": "reader"}, "role", "Did you mean Reader?"),
        ({**GOOD, "role_id": ID}, None, "needs either role or role_id"),
        ({"group": "team"}, None, "needs either role or role_id"),
        ({"role_id": "reader", "group": "team"}, "role_id", "is not an id"),
        ({**GOOD, "scope": "workspce"}, "scope", "'workspce' is not a scope. Did you mean workspace?"),
        ({**GOOD, "scope": "moon"}, "scope", "Use one of resource_group, workspace"),
        ({"role": "Reader"}, None, "names its principal by nothing"),
        ({**GOOD, "email": "a@b.de"}, None, "by group and email: exactly one"),
        ({**GOOD, "group": " "}, "group", "is empty"),
        ({"role": "Reader", "object_id": "ada", "principal_type": "User"}, "object_id", "is not an id"),
        ({"role": "Reader", "object_id": ID}, "principal_type", "goes with object_id"),
        ({**GOOD, "principal_type": "Group"}, "principal_type", "goes with object_id"),
        ({"role": "Reader", "object_id": ID, "principal_type": "Robot"}, "principal_type", "'Robot' is not one of"),
        ({"role": "Reader", "email": "ada"}, "email", "is not an e-mail address"),
        ({**GOOD, "colour": "red"}, "colour", "is not a setting"),
    ],
)
def test_a_role_that_cannot_be_given_is_told(
    tmp_path: Path, entry: dict[str, str], field: str | None, message: str
) -> None:
    text = problems(tmp_path, {"role_assignments": [GOOD, {**entry}] if entry != GOOD else [entry]})
    place = "role_assignments[1]" + (f".{field}" if field else "")
    assert f"{place}:" in text
    assert message in text


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (GOOD, GOOD),
        (GOOD, {**GOOD, "group": "Team"}),
        (GOOD, {"role_id": BUILT_IN_ROLES["Reader"].upper(), "group": "team", "scope": "workspace"}),
    ],
)
def test_the_same_role_twice_is_refused(tmp_path: Path, first: dict[str, str], second: dict[str, str]) -> None:
    text = problems(tmp_path, {"role_assignments": [first, second]})
    assert "role_assignments[1]: is the same as role_assignments[0]" in text


@pytest.mark.parametrize(
    ("role", "scope", "refused"),
    [
        ("Storage Blob Data Contributor", "storage", True),
        ("Storage Blob Data Contributor", "data_lake", True),
        ("Key Vault Secrets Officer", "key_vault", True),
        ("Storage Blob Data Contributor", "resource_group", False),
        ("Storage Blob Data Reader", "storage", False),
    ],
)
def test_a_role_that_the_deploying_identity_gets_anyway_is_refused(
    tmp_path: Path, role: str, scope: str, refused: bool
) -> None:
    settings: dict[str, Any] = {
        "identities": {"deployer": {"object_id": ID, "principal_type": "Group"}},
        "key_vault": {"authorization": "rbac"},
        "data_lake": {"enabled": True},
        "role_assignments": [{"role": role, "scope": scope, "object_id": ID.upper(), "principal_type": "Group"}],
    }
    if refused:
        assert "role_assignments[0]: is what the deploying identity gets by itself" in problems(tmp_path, settings)
        settings["identities"]["deployer"]["object_id"] = ID.replace("1", "2")
    assert len(load(tmp_path, settings).settings.role_assignments) == 1


def test_a_scope_that_is_switched_off_is_refused(tmp_path: Path) -> None:
    entry = {**GOOD, "scope": "container_registry"}
    text = problems(tmp_path, {"container_registry": {"enabled": False}, "role_assignments": [entry]})
    assert "'container_registry' does not exist in this environment" in text


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"workspace": {"identity": "user_assigned"}, "container_registry": {"enabled": False}},
            "workspace.identity: 'user_assigned' needs the registry",
        ),
        ({"workspace": {"identity": "nobody"}}, "workspace.identity: 'nobody' is not one of"),
        ({"alerts": {"enabled": True}}, "alerts.emails: is empty"),
        ({"alerts": {"emails": ["nobody"]}}, "alerts.emails[0]: 'nobody' is not an e-mail address"),
        ({"alerts": {"emails": ["a@b.de", "A@b.de"]}}, "alerts.emails[1]: 'A@b.de' stands twice"),
        ({"alerts": {"quota_percent": 101}}, "alerts.quota_percent: 101 is not at most 100"),
        ({"alerts": {"failed_jobs": 0}}, "alerts.failed_jobs: 0 is not at least 1"),
        ({"budget": {"monthly_amount": 0.5}}, "budget.monthly_amount: 0.5 is not at least 1"),
        (
            {"budget": {"monthly_amount": 9, "thresholds_percent": [10, 20, 30, 40, 50]}},
            "budget.thresholds_percent: a budget has 1 to 5 thresholds with the forecast's; these are 6",
        ),
        ({"budget": {"monthly_amount": 9, "thresholds_percent": [50, 50]}}, "a threshold stands twice"),
        ({"budget": {"monthly_amount": 9, "thresholds_percent": [0]}}, "is not at least 1"),
        (
            {"budget": {"monthly_amount": 9, "emails": [f"a{number}@b.de" for number in range(51)]}},
            "budget.emails: a budget's mails go to at most 50 addresses",
        ),
        (
            {"identities": {"application": {"secret_enabled": False, "secret_rotation": "x"}}},
            "identities.application.secret_rotation: has nothing to rotate",
        ),
        ({"identities": {"application": {"role": "king"}}}, "identities.application.role: 'king' is not one of"),
        ({"required_tags": ["Owner"]}, "required_tags: tags has no 'Owner'"),
        ({"tags": {"ExpireOn": "soon"}}, "tags.ExpireOn: 'soon' is not a date"),
        ({"tags": {"ExpireOn": "20271231"}}, "tags.ExpireOn: '20271231' is not a date"),
    ],
)
def test_settings_that_contradict_each_other_are_told(tmp_path: Path, settings: dict[str, Any], message: str) -> None:
    assert message in problems(tmp_path, settings).replace("required_tags[0]", "required_tags")


def test_bundles_name_known_roles_and_scopes() -> None:
    assert set(BUNDLES) == set(RoleBundle)
    for bundle in BUNDLES.values():
        assert {grant.role for grant in bundle.grants} <= set(BUILT_IN_ROLES)
        assert {grant.scope for grant in bundle.grants} <= set(SCOPES)
        assert len({grant.id for grant in bundle.grants}) == len(bundle.grants)


def test_the_sandbox_knows_the_same_roles() -> None:
    assert SANDBOX_ROLES == BUILT_IN_ROLES
    assert len(set(BUILT_IN_ROLES.values())) == len(BUILT_IN_ROLES)


def test_the_commit_is_known_only_when_it_is_asked_for(tmp_path: Path) -> None:
    assert load(tmp_path, {}).git_commit is None
    with pytest.raises(InputError, match="tag_git_commit: true: the commit is not known"):
        load(tmp_path, {"tag_git_commit": True})
    for command in (
        ["init", "-q"],
        ["add", "-A"],
        ["-c", "user.name=a", "-c", "user.email=a@b.de", "commit", "-qm", "first"],
    ):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    clean = load(tmp_path, {"tag_git_commit": True}).git_commit
    assert clean is not None
    assert len(clean) == 12
    assert load(tmp_path, {"tag_git_commit": True, "prefix": "other"}).git_commit == f"{clean}-dirty"
