"""Estimates say what they know, and what they do not know is never 0."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ezazml.errors import InputError
from ezazml.report.cost import Estimate, PriceTable, Span, estimate, load_prices
from sandbox.terraform_provider.rules import RESOURCES

PRICES = PriceTable.model_validate(
    {
        "currency": "EUR",
        "region": "westeurope",
        "hours_per_month": 100,
        "sources": [{"prices": "machines", "date": "2026-01-02", "page": "https://example.org/prices"}],
        "virtual_machines": {"Standard_DS3_v2": 0.5},
        "low_priority_discount_up_to": 0.8,
        "container_registry": {"Basic": 1.2},
        "fixed": {
            "azurerm_nat_gateway": {"hour": 0.05, "note": "and by GiB"},
            "azurerm_private_dns_zone": {"month": 0.5},
        },
        "by_use": {"azurerm_storage_account": "by GiB"},
        "unknown": {"azurerm_rule": "Azure makes a firewall"},
        "free": ["azurerm_resource_group"],
    }
)
CLUSTER = "azurerm_machine_learning_compute_cluster"
WORKSPACE = "azurerm_machine_learning_workspace"
INSTANCE = "azurerm_machine_learning_compute_instance"


def resource(kind: str, name: str = "one", **values: Any) -> dict[str, Any]:
    return {"address": f"{kind}.{name}", "type": kind, "mode": "managed", "values": values}


def cluster(size: str, low: int, high: int, priority: str = "Dedicated") -> dict[str, Any]:
    scale = [{"min_node_count": low, "max_node_count": high}]
    return resource(CLUSTER, vm_size=size, vm_priority=priority, scale_settings=scale)


def priced(before: list[dict[str, Any]], after: list[dict[str, Any]], *, location: str = "westeurope") -> Estimate:
    plan = {
        "prior_state": {"values": {"root_module": {"resources": before}}},
        "planned_values": {"root_module": {"resources": after}},
    }
    return estimate(plan, PRICES, location=location)


def test_a_cluster_costs_from_its_fewest_to_its_most_nodes() -> None:
    result = priced([], [cluster("standard_ds3_V2", 1, 4)])
    assert result.lines[0].after == Span(50.0, 200.0)
    assert result.after.text() == "50.00 to 200.00"


def test_low_priority_is_cheaper_at_the_low_end_only() -> None:
    line = priced([], [cluster("Standard_DS3_v2", 1, 2, "LowPriority")]).lines[0]
    assert line.after is not None
    assert line.after.low == pytest.approx(10.0)
    assert line.after.high == pytest.approx(100.0)
    assert "up to 80% less" in line.note


def test_the_difference_is_that_of_the_plan() -> None:
    registry = resource("azurerm_container_registry", sku="Basic")
    instance = resource(INSTANCE, virtual_machine_size="Standard_DS3_v2")
    result = priced([registry, instance], [registry, cluster("Standard_DS3_v2", 0, 1)])
    assert result.change == Span(-50.0, 0.0)
    assert result.change.text(signed=True) == "-50.00 to +0.00"
    gone = next(line for line in result.lines if line.address.startswith(INSTANCE))
    assert (gone.before, gone.after) == (Span(50.0, 50.0), None)


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (resource(INSTANCE, virtual_machine_size="Standard_X1"), "Standard_X1 is not in the price table"),
        (cluster("Standard_X1", 0, 1), "Standard_X1 is not in the price table"),
        (resource(CLUSTER, vm_size="Standard_DS3_v2"), "its numbers of nodes are known only after apply"),
        (resource("azurerm_container_registry", sku="Gold"), "tier Gold is not in the price table"),
        (resource("azurerm_container_registry", sku="Basic", georeplications=[{}]), "each replica costs"),
        (resource("azurerm_firewall"), "its type is not in the price table"),
        (resource("azurerm_rule"), "Azure makes a firewall"),
        (resource(WORKSPACE, managed_network=[{"isolation_mode": "AllowInternetOutbound"}]), "private endpoints"),
    ],
)
def test_what_has_no_price_is_unknown_and_not_nothing(one: dict[str, Any], why: str) -> None:
    result = priced([], [one])
    assert result.lines == ()
    assert [unknown.address for unknown in result.unknown] == [one["address"]]
    assert why in result.unknown[0].why


def test_a_cluster_without_nodes_costs_nothing_whatever_its_size() -> None:
    result = priced([], [cluster("Standard_X1", 0, 0)])
    assert (result.unknown, result.after) == ((), Span(0.0, 0.0))


def test_what_is_free_or_paid_by_use_is_told_apart() -> None:
    result = priced([], [resource("azurerm_resource_group"), resource("azurerm_storage_account")])
    assert (result.lines, result.unknown) == ((), ())
    assert [one.address for one in result.by_use] == ["azurerm_storage_account.one"]


@pytest.mark.parametrize("network", [[], [{"isolation_mode": "Disabled"}], None])
def test_a_workspace_without_a_managed_network_is_free(network: Any) -> None:
    result = priced([], [resource(WORKSPACE, managed_network=network)])
    assert (result.lines, result.by_use, result.unknown) == ((), (), ())


def test_what_costs_as_long_as_it_exists_is_counted() -> None:
    result = priced([], [resource("azurerm_nat_gateway"), resource("azurerm_private_dns_zone")])
    assert [(line.after, line.note) for line in result.lines] == [
        (Span(5.0, 5.0), "and by GiB"),
        (Span(0.5, 0.5), ""),
    ]


def test_the_shipped_table_knows_everything_that_a_stack_can_have(tmp_path: Path) -> None:
    prices = load_prices(tmp_path)
    parts = [set(prices.fixed), set(prices.by_use), set(prices.unknown), set(prices.free), {CLUSTER, INSTANCE}]
    parts.append({WORKSPACE, "azurerm_container_registry"})
    assert RESOURCES.keys() - set().union(*parts) == set()
    assert sum(map(len, parts)) == len(set().union(*parts))  # each is said once


def test_currency_region_date_and_page_are_told() -> None:
    result = priced([], [], location="uksouth")
    assert (result.currency, result.region) == ("EUR", "westeurope")
    assert result.sources == ("machines: 2026-01-02, https://example.org/prices",)
    assert result.remark == "The environment is in uksouth; the prices are those of westeurope."
    assert priced([], []).remark is None


def test_the_shipped_table_prices_what_the_shipped_environments_use(tmp_path: Path) -> None:
    prices = load_prices(tmp_path)
    for size in ("Standard_DS3_v2", "Standard_DS4_v2", "Standard_NC4as_T4_v3"):
        assert prices.sizes[size.lower()] > 0
    assert set(prices.container_registry) == {"Basic", "Standard", "Premium"}
    assert prices.currency == "USD"


def test_a_project_may_have_a_table_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "prices.yaml").write_text(
        "currency: SEK\nregion: swedencentral\nsources: [{prices: all, date: 2026-02-03, page: our contract}]\n"
    )
    assert load_prices(tmp_path).currency == "SEK"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("currency: [", "is not valid YAML"),
        ("currency: EUR\nregion: x\nsources: []\n", "sources: "),
        ("nonsense: 1\n", "currency: "),
        ("", "prices.yaml: "),
    ],
)
def test_a_wrong_table_is_told_with_its_place(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "prices.yaml").write_text(text)
    with pytest.raises(InputError, match=r"prices\.yaml") as caught:
        load_prices(tmp_path)
    assert expected in str(caught.value)
