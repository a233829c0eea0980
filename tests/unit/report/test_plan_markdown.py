"""A plan as Markdown stays below its limit, says what was cut, and nothing in it becomes markup."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ezazml.report.plan_markdown import MINIMUM_MAX_CHARS, to_markdown
from ezazml.report.plan_summary import summarise
from tests.unit.report.test_cost import cluster, priced, resource
from tests.unit.report.test_plan_summary import PLAN, change


def many(count: int, kind: str = "azurerm_role_assignment", action: str = "create") -> dict[str, Any]:
    return {"resource_changes": [change(f"{kind}.number_{index}", action) for index in range(count)]}


def test_it_shows_losses_first_changes_and_cost() -> None:
    cost = priced([], [cluster("Standard_DS3_v2", 0, 2), resource("azurerm_firewall")])
    text = to_markdown(summarise(PLAN), cost, title="Plan for dev")
    lines = text.splitlines()
    assert lines[0] == "### Plan for dev"
    assert "**2 to replace, 1 to delete, 2 to update, 1 to create**" in lines
    assert "> - **replace** `azurerm_key_vault.v` (because of location, sku.0.name)" in lines
    assert "`--allow-replace azurerm_key_vault.v --allow-replace azurerm_storage_account.s`" in text
    assert "  - `tags.a: 1 -> 2`" in lines
    assert "Monthly cost, estimated in EUR (list prices of westeurope)" in text
    assert "- price unknown, not counted: `azurerm_firewall.one`" in text
    assert "pl4nted" not in text


@given(count=st.integers(0, 400), limit=st.integers(MINIMUM_MAX_CHARS, 20_000), losing=st.booleans())
def test_it_never_gets_longer_than_allowed(count: int, limit: int, losing: bool) -> None:
    plan = many(count, "azurerm_key_vault", "delete") if losing else many(count)
    cost = priced([], [cluster("Standard_DS3_v2", 0, 2)])
    assert len(to_markdown(summarise(plan), cost, title="Plan", max_chars=limit)) <= limit


def test_what_was_cut_is_said() -> None:
    text = to_markdown(summarise(many(100)), priced([], []), title="Plan", max_chars=1000)
    shown = sum(line.startswith("- **create**") for line in text.splitlines())
    assert 0 < shown < 100
    assert f"_Cut at 1000 characters: {100 - shown} of 100 changes and the rest of the report not shown." in text
    assert "**100 to create**" in text


def test_text_of_the_configuration_is_no_markup() -> None:
    tags = {"before": {"tags": {"a": "x"}}, "after": {"tags": {"a": "`</details>` @everyone"}}}
    plan = {"resource_changes": [change("azurerm_resource_group.g", "update", **tags)]}
    text = to_markdown(summarise(plan), None, title="Plan of @team <b>*x*")
    assert "`tags.a: x -> '</details>' @everyone`" in text
    assert text.splitlines()[0] == "### Plan of @\u200bteam \\<b\\>\\*x\\*"


def test_why_it_will_be_refused_comes_before_the_changes() -> None:
    text = to_markdown(summarise(many(100)), None, title="Plan", warnings=("the name is *held*",), max_chars=1000)
    assert text.index("> [!WARNING]\n> the name is \\*held\\*\n") < text.index("- **create**")
