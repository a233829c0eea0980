"""Which fields count as different: values, not the way Azure writes them back."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.assets.compare import differences

MODEL = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/models/m/versions/3"


@pytest.mark.parametrize(
    ("declared", "remote"),
    [
        ({"auth_mode": "aml_token"}, {"auth_mode": "AMLToken"}),
        ({"type": "azure_blob"}, {"type": "AzureBlob"}),
        ({"instance_count": 1}, {"instance_count": "1"}),
        ({"enabled": True}, {"enabled": "true"}),
        ({"model": "azureml:m:3"}, {"model": MODEL}),
        ({"model": "azureml:m:3"}, {"model": f"azureml:{MODEL}"}),
        ({"model": "azureml:m@latest"}, {"model": MODEL}),
        ({"compute": "azureml:cpu"}, {"compute": MODEL.split("/models", maxsplit=1)[0] + "/computes/cpu"}),
        ({"trigger": {"start_time": "2026-01-01T10:00:00"}}, {"trigger": {"start_time": "2026-01-01 10:00:00"}}),
        ({"tags": {"a": 1}}, {"tags": {"a": "1", "ezazml.hash": "x", "by": "hand"}}),
        ({"unknown_to_the_service": 1}, {}),
        ({"credentials": {"account_key": "${env:KEY}"}}, {"credentials": {"account_key": "secret"}}),
        ({"path": "local.csv"}, {"path": "azureml://datastores/x/paths/y"}),
        ({"description": "same  text"}, {"description": "same text"}),
    ],
)
def test_written_differently_is_the_same(declared: dict[str, Any], remote: dict[str, Any]) -> None:
    assert differences(declared, remote) == ()


@pytest.mark.parametrize(
    ("declared", "remote", "shown"),
    [
        ({"description": "new"}, {"description": "old"}, "description: old -> new"),
        ({"description": "new"}, {}, "description: (none) -> new"),
        ({"tags": {"a": "1"}}, {"tags": {"a": "2"}}, "tags.a: 2 -> 1"),
        ({"tags": {"a": "1"}}, {"tags": None}, "tags.a: (none) -> 1"),
        ({"instance_count": 2}, {"instance_count": 1}, "instance_count: 1 -> 2"),
        ({"model": "azureml:m:4"}, {"model": MODEL}, f"model: {MODEL[:57]}... -> azureml:m:4"),
        ({"a": {"b": {"c": 1}}}, {"a": {"b": {"c": 2}}}, "a.b.c: 2 -> 1"),
    ],
)
def test_another_value_is_shown(declared: dict[str, Any], remote: dict[str, Any], shown: str) -> None:
    assert [str(one) for one in differences(declared, remote)] == [shown]


def test_a_decimal_point_counts() -> None:
    assert [str(one) for one in differences({"instance_count": 1.5}, {"instance_count": 15})] == [
        "instance_count: 15 -> 1.5"
    ]


def test_variables_of_a_deployment_are_not_shown() -> None:
    declared = {"environment_variables": {"API_KEY": "planted1"}}
    (found,) = differences(declared, {"environment_variables": {"API_KEY": "planted2"}})
    assert str(found) == "environment_variables.API_KEY: (a value) -> (another value)"
