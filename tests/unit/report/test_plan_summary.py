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


def values_of(kind: str = "azurerm_resource_group", **values: Any) -> list[str]:
    summary = summarise({"resource_changes": [change(f"{kind}.x", "update", **values)]})
    return [str(value) for value in summary.changes[0].values]


def test_short_harmless_values_are_shown() -> None:
    before = {"sku": "Basic", "count": 1, "on": False, "tags": {"a": "1", "b": "2"}, "gone": "x"}
    after = {"sku": "Standard", "count": 2, "on": True, "tags": {"a": "1", "b": "3"}, "gone": None}
    assert values_of(before=before, after=after, after_unknown={"location": True}) == [
        "count: 1 -> 2",
        "gone: x -> (none)",
        "location: (none) -> (known after apply)",
        "on: false -> true",
        "sku: Basic -> Standard",
        "tags.b: 2 -> 3",
    ]
    long = values_of(before={"note": "x"}, after={"note": "y" * 300})[0]
    assert long.endswith("…")
    assert len(long) < 120


def test_of_a_replacement_only_what_was_changed_is_told() -> None:
    (one,) = summarise(
        {
            "resource_changes": [
                change(
                    "azurerm_storage_account.s",
                    "delete",
                    "create",
                    replace_paths=[["location"], ["zone"]],
                    before={"location": "westeurope", "blob_host": "a", "zone": "1", "tier": "Hot"},
                    after={"location": "northeurope", "tier": "Cool"},
                    after_unknown={"blob_host": True, "id": True, "zone": True},
                )
            ]
        }
    ).changes
    assert one.fields == ("location", "tier", "zone")
    assert list(map(str, one.values)) == [
        "location: westeurope -> northeurope",
        "tier: Hot -> Cool",
        "zone: 1 -> (known after apply)",
    ]


def test_values_that_may_be_secret_are_not_shown() -> None:
    secret = "pl4nted"
    for name in ("password", "client_secret", "primary_access_key", "connection_string", "sas_url", "Value", "content"):
        assert values_of(before={name: "a"}, after={name: secret}) == []
    marked: dict[str, Any] = {"before": {"x": "a"}, "after": {"x": secret}}
    assert values_of(**marked, after_sensitive={"x": True}) == []
    assert values_of(**marked, before_sensitive={"x": True}) == []
    assert values_of(**marked, after_sensitive=True) == []
    assert values_of(before={"tags": {"token": "a"}}, after={"tags": {"token": secret}}) == []
    assert values_of(before={"block": [{"x": "a"}]}, after={"block": [{"x": secret}]}) == []


def test_what_is_only_imported_is_told() -> None:
    summary = summarise({"resource_changes": [change("azurerm_key_vault.v", "no-op", importing={"id": "x"})]})
    assert summary.headline() == "1 to import"
    assert not summary.is_empty
