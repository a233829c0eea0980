"""Drift is what was changed past the project, told without a value."""

from __future__ import annotations

from typing import Any

import pytest

from ezazml.report.drift import Drifted, drift_of, to_markdown

STORAGE = "azurerm_storage_account.storage"


def changed(address: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> dict[str, Any]:
    actions = ["delete"] if after is None else ["update"]
    change = {"actions": actions, "before": before, "after": after}
    return {"address": address, "type": address.split(".", maxsplit=1)[0], "change": change}


def policy(who: str, *permissions: str) -> dict[str, Any]:
    return {"object_id": who, "secret_permissions": list(permissions)}


def vault_plan(*in_vault: dict[str, Any], rbac: bool = False) -> dict[str, Any]:
    """The project has one policy: ``us`` may get and list."""
    vault = {"id": "/v", "access_policy": list(in_vault), "rbac_authorization_enabled": rbac}
    resources = [
        {"type": "azurerm_key_vault", "address": "azurerm_key_vault.key_vault", "values": vault},
        {
            "type": "azurerm_key_vault_access_policy",
            "address": "azurerm_key_vault_access_policy.us",
            "values": {"key_vault_id": "/v", **policy("us", "Get", "List")},
        },
    ]
    drift = changed("azurerm_key_vault.key_vault", {"access_policy": []}, vault | {"id": None})
    drift["change"]["before"] = vault | {"id": None, "access_policy": []}
    return {"resource_drift": [drift], "prior_state": {"values": {"root_module": {"resources": resources}}}}


def test_nothing_changed_is_no_drift() -> None:
    assert drift_of({}) == ()
    assert drift_of({"resource_drift": [changed(STORAGE, {"a": 1}, {"a": 1})]}) == ()


def test_a_change_is_told_by_its_fields_without_their_values() -> None:
    plan = {"resource_drift": [changed(STORAGE, {"key": "s3cret-1", "tls": 1}, {"key": "s3cret-2", "tls": 2})]}
    (drifted,) = drift_of(plan)
    assert drifted == Drifted("infrastructure", "changed", STORAGE, ("key", "tls"))
    assert "s3cret" not in repr(drifted)


def test_what_is_gone_comes_first() -> None:
    plan = {"resource_drift": [changed("a.a", {"x": 1}, {"x": 2}), changed("z.z", {"x": 1}, None)]}
    assert [(one.action, one.address) for one in drift_of(plan)] == [("gone", "z.z"), ("changed", "a.a")]


def test_the_projects_own_access_policies_are_no_drift() -> None:
    assert drift_of(vault_plan(policy("us", "get", "List"))) == ()


@pytest.mark.parametrize(
    "foreign", [policy("stranger", "Get"), policy("us", "Get", "List", "Purge")], ids=["who", "what"]
)
def test_an_access_policy_that_the_project_does_not_know_is_drift(foreign: dict[str, Any]) -> None:
    (drifted,) = drift_of(vault_plan(policy("us", "Get", "List"), foreign))
    assert drifted.fields == ("access_policy",)
    assert "remove the access policy" in drifted.note


def test_it_is_drift_also_once_the_state_has_seen_it() -> None:
    plan = vault_plan(policy("us", "Get", "List"), policy("stranger", "Get"))
    plan["resource_drift"] = []
    assert len(drift_of(plan)) == 1


def test_access_policies_have_no_effect_where_roles_decide() -> None:
    assert drift_of(vault_plan(policy("stranger", "Get"), rbac=True)) == ()


def test_the_markdown_is_a_table_or_one_line() -> None:
    assert to_markdown("dev", []) == "**dev**: no drift.\n"
    text = to_markdown("dev", [Drifted("assets", "changed", "a|b", ("x", "y"))])
    assert "1 not as deployed" in text
    assert text.endswith("| assets | changed | `a|b` | x, y |\n")
