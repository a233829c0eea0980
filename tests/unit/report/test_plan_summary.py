"""Summaries put what loses data first and show no values."""

from __future__ import annotations

from typing import Any

from ezazml.report.plan_summary import summarise


def change(address: str, *actions: str, **values: Any) -> dict[str, Any]:
    kind = address.split(".", maxsplit=1)[0]
    return {"address": address, "type": kind, "change": {"actions": list(actions), **values}}


PLAN = {
    "resource_changes": [
        change("azurerm_role_assignment.a", "create"),
        change("azurerm_role_assignment.b", "delete", "create", replace_paths=[["scope"]]),
        change("azurerm_resource_group.g", "update", before={"tags": {"a": "1"}}, after={"tags": {"a": "2"}}),
        change("azurerm_key_vault.v", "create", "delete", replace_paths=[["location"], ["sku", 0, "name"]]),
        change("azurerm_storage_account.s", "delete"),
        change("azurerm_resource_group.same", "no-op"),
        change("data.azurerm_client_config.login", "read"),
        change(
            "azurerm_key_vault_secret.x",
            "update",
            before={"value": "pl4nted-old", "id": "1"},
            after={"value": "pl4nted-new"},
            after_unknown={"id": True},
        ),
    ],
    "output_changes": {"one": {"actions": ["update"]}, "two": {"actions": ["no-op"]}},
}


def test_what_loses_data_comes_first_then_by_weight() -> None:
    summary = summarise(PLAN)
    assert [one.address for one in summary.changes] == [
        "azurerm_key_vault.v",
        "azurerm_storage_account.s",
        "azurerm_role_assignment.b",
        "azurerm_key_vault_secret.x",
        "azurerm_resource_group.g",
        "azurerm_role_assignment.a",
    ]
    assert [one.loses_data for one in summary.changes] == [True, True, False, False, False, False]
    assert summary.headline() == "2 to replace, 1 to delete, 2 to update, 1 to create"


def test_fields_are_named_without_values() -> None:
    summary = summarise(PLAN)
    assert summary.changes[0].replaced_by == ("location", "sku.0.name")
    assert summary.changes[3].fields == ("value",)
    assert "pl4nted" not in repr(summary)


def test_an_empty_plan_is_empty() -> None:
    assert summarise({}).is_empty
    assert summarise({}).headline() == "no changes"
    outputs = summarise({"output_changes": PLAN["output_changes"]})
    assert not outputs.is_empty
    assert outputs.outputs_changed == ("one",)
    assert outputs.headline() == "outputs change"
