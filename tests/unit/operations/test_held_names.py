"""Replacements that could not get their name back are seen in the plan."""

from __future__ import annotations

from typing import Any

import pytest

from ezazml.config.models import EnvironmentModel
from ezazml.errors import InputError
from ezazml.operations.held_names import VAULT, WORKSPACE, held_names, require_free_names, warning_of_held_names

BEFORE = {"name": "old", "location": "westeurope", "resource_group_name": "rg"}


def plan(kind: str, *actions: str, **after: Any) -> dict[str, Any]:
    change = {"actions": list(actions), "before": BEFORE, "after": {**BEFORE, **after}}
    return {"resource_changes": [{"type": kind, "address": f"{kind}.one", "change": change}]}


@pytest.mark.parametrize(
    ("planned", "held"),
    [
        (plan(WORKSPACE, "delete", "create"), ["old"]),
        (plan(WORKSPACE, "create", "delete", location="uksouth"), ["old"]),
        (plan(WORKSPACE, "delete", "create", name="new"), []),
        (plan(WORKSPACE, "update"), []),
        (plan(WORKSPACE, "delete"), []),
        (plan(VAULT, "delete", "create", location="uksouth"), ["old"]),
        (plan(VAULT, "delete", "create", resource_group_name="other"), ["old"]),
        (plan(VAULT, "delete", "create"), []),  # recovered where it was
        (plan(VAULT, "delete", "create", location="uksouth", name="new"), []),
        (plan("azurerm_storage_account", "delete", "create"), []),
        ({}, []),
    ],
)
def test_names_that_stay_taken_are_found(planned: dict[str, Any], held: list[str]) -> None:
    assert [one.name for one in held_names(planned)] == held


def settings(**values: Any) -> EnvironmentModel:
    return EnvironmentModel.model_validate({"backend": {"type": "local"}, **values})


def test_what_purges_is_allowed_and_what_cannot_be_purged_needs_a_new_name() -> None:
    planned = plan(VAULT, "delete", "create", location="uksouth")
    require_free_names("dev", settings(on_destroy="purge"), planned)
    assert warning_of_held_names("dev", settings(on_destroy="purge"), planned) is None
    with pytest.raises(InputError, match="set on_destroy: purge in the same change") as caught:
        require_free_names("dev", settings(on_destroy="keep"), planned)
    assert caught.value.exit_code == 2
    warning = warning_of_held_names("dev", settings(on_destroy="keep"), planned)
    assert warning is not None
    assert warning.startswith("ezazml deploy will refuse this plan. environments/dev.yaml: on_destroy: keep:")
    assert "or give new names in the same change (names.key_vault)" in warning
    assert "Nothing was changed" not in warning
    protected = settings(on_destroy="keep", key_vault={"purge_protection_enabled": True})
    with pytest.raises(InputError, match=r"new names in the same change \(names.key_vault\)\.$"):
        require_free_names("dev", protected, planned)


@pytest.mark.parametrize(
    ("identity", "held"), [("UserAssigned", []), ("SystemAssigned", ["old"]), ("SystemAssigned, UserAssigned", ["old"])]
)
def test_a_workspace_with_user_assigned_identities_only_is_not_kept(identity: str, held: list[str]) -> None:
    planned = plan(WORKSPACE, "delete", "create")
    change = planned["resource_changes"][0]["change"]
    change["before"] = {**change["before"], "identity": [{"type": identity}]}
    assert [one.name for one in held_names(planned)] == held
