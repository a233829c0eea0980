"""Alerts, diagnostic settings, budgets and look-ups in the directory behave like Azure where users meet them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sandbox.terraform_provider.rules import DATA_SOURCES, RESOURCES
from sandbox.terraform_provider.rules.base import UNKNOWN, Azure, Values
from tests.sandbox.azure import azure, create, delete, group, insights, refused, storage, vault, workspace

HERE = {"resource_group_name": "rg"}
MONTH = f"{datetime.now(UTC):%Y-%m}-01T00:00:00Z"
METRIC = {
    "metric_namespace": "Microsoft.MachineLearningServices/workspaces",
    "metric_name": "Failed Runs",
    "aggregation": "Total",
    "operator": "GreaterThanOrEqual",
    "threshold": 1,
    "dimension": [],
    "skip_metric_validation": False,
}
NOTIFICATION = {
    "threshold": 80,
    "threshold_type": "Actual",
    "operator": "GreaterThanOrEqualTo",
    "enabled": True,
    "contact_emails": ["a@b.de"],
    "contact_roles": None,
    "contact_groups": None,
}


def action_group(cloud: Azure, **changes: Any) -> Values:
    mail = {"name": "mail-1", "email_address": "a@b.de", "use_common_alert_schema": True}
    return create(
        cloud,
        "azurerm_monitor_action_group",
        **{"name": "ag", "short_name": "ag", "email_receiver": [mail], **HERE, **changes},
    )


def metric_alert(cloud: Azure, scope: str, **changes: Any) -> Values:
    arguments = {"name": "failed", "scopes": [scope], "criteria": [METRIC], "action": [], "description": None, **HERE}
    return create(cloud, "azurerm_monitor_metric_alert", **{**arguments, **changes})


def setting(cloud: Azure, target: str, **changes: Any) -> Values:
    arguments: Values = {
        "name": "logs",
        "target_resource_id": target,
        "enabled_log": [{"category": None, "category_group": "allLogs", "retention_policy": []}],
        "enabled_metric": [{"category": "AllMetrics"}],
    }
    return create(cloud, "azurerm_monitor_diagnostic_setting", **{**arguments, **changes})


def budget(cloud: Azure, **changes: Any) -> Values:
    arguments: Values = {
        "name": "budget",
        "resource_group_id": group(cloud)["id"],
        "amount": 100,
        "time_period": [{"start_date": MONTH, "end_date": None}],
        "notification": [NOTIFICATION],
        "filter": [],
    }
    return create(cloud, "azurerm_consumption_budget_resource_group", **{**arguments, **changes})


def logs_of(cloud: Azure) -> str:
    body = cloud.store.find("Microsoft.OperationalInsights/workspaces")[0]
    return str(body["id"])


def test_what_is_made_reads_back_the_same(tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        group(cloud)
        insights(cloud)
        target = vault(cloud)["id"]
        made = {
            "azurerm_monitor_action_group": action_group(cloud),
            "azurerm_monitor_metric_alert": metric_alert(
                cloud, target, criteria=[{**METRIC, "metric_namespace": "X/y", "metric_name": "any"}]
            ),
            "azurerm_monitor_diagnostic_setting": setting(cloud, target, log_analytics_workspace_id=logs_of(cloud)),
        }
        for kind, state in made.items():
            read = RESOURCES[kind].read(cloud, {"id": state["id"]})
            assert read is not None
            assert {name: state[name] for name in read if name in state} == {
                n: v for n, v in read.items() if n in state
            }
        assert made["azurerm_monitor_diagnostic_setting"]["id"] == f"{target}|logs"


def test_alert_rules_need_their_resource_metric_and_group(tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        group(cloud)
        state = workspace(cloud)["id"]
        assert metric_alert(cloud, state)["scopes"] == [state]
        for changes, code in (
            ({"scopes": [f"{state}-gone"]}, "ResourceNotFound"),
            ({"action": [{"action_group_id": "/gone"}]}, "action group '/gone' was not found"),
            ({"criteria": [{**METRIC, "metric_name": "Failed Jobs"}]}, "Couldn't find a metric named Failed Jobs"),
            ({"frequency": "PT1H", "window_size": "PT5M"}, "must be at least the evaluation frequency"),
        ):
            with refused(code):
                metric_alert(cloud, **{"scope": state, "name": "other", **changes})


def test_a_query_that_measures_needs_a_column(tmp_path: Path) -> None:
    criteria = {"query": "T", "operator": "GreaterThan", "threshold": 1, "time_aggregation_method": "Maximum"}
    with refused("metricMeasureColumn"), azure(tmp_path) as cloud:
        group(cloud)
        create(
            cloud,
            "azurerm_monitor_scheduled_query_rules_alert_v2",
            name="q",
            location="westeurope",
            scopes=[vault(cloud)["id"]],
            evaluation_frequency="PT15M",
            window_duration="PT15M",
            severity=2,
            criteria=[criteria],
            **HERE,
        )


def test_receivers_of_one_name_are_refused(tmp_path: Path) -> None:
    mail = {"name": "mail", "email_address": "a@b.de"}
    with refused("ReceiverNamesNotUnique"), azure(tmp_path) as cloud:
        group(cloud)
        action_group(cloud, email_receiver=[mail, mail])


def test_an_activity_log_alert_is_in_few_regions(tmp_path: Path) -> None:
    rules = RESOURCES["azurerm_monitor_activity_log_alert"]
    with azure(tmp_path) as cloud:
        rules.customize_plan(cloud, None, {"location": "global"})
        rules.customize_plan(cloud, None, {"location": UNKNOWN})
        with refused("only supported in the following regions"):
            rules.customize_plan(cloud, None, {"location": "eastus"})


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"target_resource_id": "/subscriptions/gone"}, "ResourceNotFound"),
        ({"enabled_metric": [{"category": "Everything"}]}, "Metric category 'Everything' is not supported"),
        ({"log_analytics_workspace_id": "/gone"}, "ParentResourceNotFound"),
    ],
)
def test_a_diagnostic_setting_that_azure_refuses_is_refused(tmp_path: Path, changes: Values, code: str) -> None:
    with refused(code), azure(tmp_path) as cloud:
        group(cloud)
        setting(cloud, vault(cloud)["id"], **changes)


def test_storage_tells_through_its_services(tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        group(cloud)
        account = storage(cloud)["id"]
        transactions = [{"category": "Transaction"}]
        setting(cloud, account, enabled_log=[], enabled_metric=transactions)
        setting(cloud, f"{account}/tableServices/default", enabled_metric=transactions)
        with refused("'AllMetrics' is not supported"):
            setting(cloud, account, name="more", enabled_log=[])
        with refused("has no logs of its own"):
            setting(cloud, account, name="more", enabled_metric=transactions)


def test_one_resource_sends_to_one_place_only_once(tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        group(cloud)
        insights(cloud)
        target, place = vault(cloud)["id"], logs_of(cloud)
        first = setting(cloud, target, log_analytics_workspace_id=place)
        with refused("is already used in diagnostic setting 'logs'"):
            setting(cloud, target, name="again", log_analytics_workspace_id=place)
        delete(cloud, "azurerm_monitor_diagnostic_setting", first)
        setting(cloud, target, name="again", log_analytics_workspace_id=place)


def test_a_budget_starts_this_month_and_ends_in_ten_years(tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        made = budget(cloud)
        end = made["time_period"][0]["end_date"]
        assert int(end[:4]) == datetime.now(UTC).year + 10
        read = RESOURCES["azurerm_consumption_budget_resource_group"].read(cloud, made)
        assert read is not None
        assert (read["amount"], read["notification"]) == (100, [NOTIFICATION])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"time_period": [{"start_date": "2020-01-01T00:00:00Z"}]}, "must be within the current time grain"),
        ({"notification": [{**NOTIFICATION, "contact_emails": None}]}, "at least one contact"),
        ({"resource_group_id": "/subscriptions/x/resourceGroups/gone"}, "ParentResourceNotFound"),
    ],
)
def test_a_budget_that_azure_refuses_is_refused(tmp_path: Path, changes: Values, code: str) -> None:
    with refused(code), azure(tmp_path) as cloud:
        budget(cloud, **changes)


@pytest.mark.parametrize(
    ("kind", "config", "attribute"),
    [
        ("azurerm_monitor_action_group", {"name": "a", "short_name": "thirteen-long"}, "short_name"),
        ("azurerm_monitor_metric_alert", {"name": "a", "frequency": "PT2M"}, "frequency"),
        ("azurerm_monitor_metric_alert", {"name": "a", "severity": 5}, "severity"),
        ("azurerm_monitor_metric_alert", {"name": "a", "criteria": [{"operator": "More"}]}, "criteria.0.operator"),
        ("azurerm_monitor_scheduled_query_rules_alert_v2", {"name": "a", "window_duration": "P9D"}, "window_duration"),
        ("azurerm_monitor_activity_log_alert", {"name": "a", "criteria": [{"category": "X"}]}, "criteria.0.category"),
        (
            "azurerm_monitor_activity_log_alert",
            {"name": "a", "criteria": [{"category": "Policy", "level": "Error", "levels": ["Error"]}]},
            "criteria.0.level",
        ),
        ("azurerm_monitor_diagnostic_setting", {"name": "a", "enabled_log": [{}]}, "log_analytics_workspace_id"),
        ("azurerm_monitor_diagnostic_setting", {"name": "a", "log_analytics_workspace_id": "x"}, "enabled_log"),
        ("azurerm_consumption_budget_resource_group", {"name": "a b"}, "name"),
        ("azurerm_consumption_budget_resource_group", {"name": "a", "amount": 0}, "amount"),
        (
            "azurerm_consumption_budget_resource_group",
            {"name": "a", "time_period": [{"start_date": "2026-01-02T00:00:00Z"}]},
            "time_period.0.start_date",
        ),
        (
            "azurerm_consumption_budget_resource_group",
            {"name": "a", "time_period": [{"start_date": "January"}]},
            "time_period.0.start_date",
        ),
        (
            "azurerm_consumption_budget_resource_group",
            {"name": "a", "notification": [{"threshold": 1001}]},
            "notification.0.threshold",
        ),
        ("azurerm_key_vault_secret", {"name": "a", "value_wo": "x"}, "value_wo"),
        ("azurerm_key_vault_secret", {"name": "a", "value": "x", "value_wo": "x", "value_wo_version": 1}, "value"),
    ],
)
def test_a_value_that_the_provider_refuses_is_refused(kind: str, config: Values, attribute: str) -> None:
    assert [finding.attribute for finding in RESOURCES[kind].validate(config)] == [attribute]


def test_groups_and_people_are_found_by_what_they_are_called(tmp_path: Path) -> None:
    with azure(tmp_path) as cloud:
        team = {"displayName": "Team", "securityEnabled": True}
        cloud.store.put({"id": "/groups/1", "type": "Microsoft.Graph/groups", "name": "Team", "properties": team})
        ada = {"userPrincipalName": "ada@sandbox.onmicrosoft.com", "mail": "Ada@contoso.com"}
        cloud.store.put({"id": "/users/2", "type": "Microsoft.Graph/users", "name": "Ada", "properties": ada})
        groups, users = DATA_SOURCES["azuread_group"], DATA_SOURCES["azuread_user"]
        assert groups.read(cloud, {"display_name": "team", "security_enabled": True})["object_id"] == "1"
        assert users.read(cloud, {"mail": "ada@contoso.com"})["object_id"] == "2"
        assert users.read(cloud, {"object_id": "2"})["mail"] == "Ada@contoso.com"
        with refused("No group found with display_name 'Other'"):
            groups.read(cloud, {"display_name": "Other"})
        with refused("No group found"):
            groups.read(cloud, {"display_name": "Team", "security_enabled": False})
        with refused("must be specified, and only one"):
            users.read(cloud, {"mail": "a@b.de", "object_id": "2"})
        cloud.store.put({"id": "/groups/3", "type": "Microsoft.Graph/groups", "name": "Team", "properties": team})
        with refused("More than one group"):
            groups.read(cloud, {"display_name": "Team"})
