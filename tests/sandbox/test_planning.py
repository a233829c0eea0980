"""Plans say what Terraform's plugin SDK says: defaults, computed values, replacements."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgpack
import pytest

from sandbox.terraform_provider.codec import complete, contains_unknown, decode, encode
from sandbox.terraform_provider.planning import plan_change, same
from sandbox.terraform_provider.rules import RESOURCES
from sandbox.terraform_provider.rules.base import UNKNOWN, AzureError
from sandbox.terraform_provider.schema.library import SchemaLibrary
from sandbox.terraform_provider.schema.model import Schema
from tests.sandbox.azure import azure

STORAGE = "azurerm_storage_account"
LOGS = "azurerm_log_analytics_workspace"
CONFIG: dict[str, Any] = {
    "name": "storage01",
    "location": "westeurope",
    "resource_group_name": "rg",
    "account_tier": "Standard",
    "account_replication_type": "LRS",
    "tags": {"a": "b"},
    "blob_properties": [{"versioning_enabled": True, "delete_retention_policy": [{"days": 9}]}],
}


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    return SchemaLibrary("azurerm", tmp_path_factory.mktemp("cache")).schemas([STORAGE])[STORAGE]


def plan(folder: Path, schema: Schema, config: dict[str, Any] | None, prior: dict[str, Any] | None) -> Any:
    whole = None if config is None else complete(config, schema)
    with azure(folder) as cloud:
        return plan_change(RESOURCES[STORAGE], schema, cloud, config=whole, prior=prior)


def deployed(folder: Path, schema: Schema) -> dict[str, Any]:
    planned = plan(folder, schema, CONFIG, None).planned
    return {name: ("computed" if value is UNKNOWN else value) for name, value in planned.items()}


def test_a_creation_plans_defaults_and_leaves_the_computed_open(tmp_path: Path, schema: Schema) -> None:
    planned = plan(tmp_path, schema, CONFIG, None).planned
    assert planned["min_tls_version"] == "TLS1_2"
    assert planned["account_kind"] == "StorageV2"
    assert planned["id"] is UNKNOWN
    assert planned["primary_blob_endpoint"] is UNKNOWN
    assert planned["blob_properties"][0]["change_feed_enabled"] is False
    assert planned["blob_properties"][0]["delete_retention_policy"][0]["days"] == 9


def test_the_same_configuration_plans_nothing(tmp_path: Path, schema: Schema) -> None:
    prior = deployed(tmp_path, schema)
    result = plan(tmp_path, schema, CONFIG, prior)
    assert result.planned is prior
    assert result.replace == []


def test_a_tag_changes_in_place_and_computed_values_stay(tmp_path: Path, schema: Schema) -> None:
    result = plan(tmp_path, schema, {**CONFIG, "tags": {"a": "c"}}, deployed(tmp_path, schema))
    assert result.replace == []
    assert result.planned["primary_blob_endpoint"] == "computed"
    assert result.planned["tags"] == {"a": "c"}


@pytest.mark.parametrize("attribute", ["location", "name", "account_tier", "is_hns_enabled"])
def test_an_attribute_that_cannot_change_replaces(tmp_path: Path, schema: Schema, attribute: str) -> None:
    value = True if attribute == "is_hns_enabled" else "other"
    result = plan(tmp_path, schema, {**CONFIG, attribute: value}, deployed(tmp_path, schema))
    assert result.replace == [(attribute,)]


@pytest.mark.parametrize(
    ("change", "replaced"),
    [
        ({"account_replication_type": "GRS"}, False),
        ({"account_replication_type": "ZRS"}, True),
        ({"account_replication_type": "GZRS"}, True),
        ({"account_replication_type": UNKNOWN}, False),
        ({"account_kind": "BlockBlobStorage"}, True),
    ],
)
def test_a_change_replaces_for_certain_values_only(
    tmp_path: Path, schema: Schema, change: dict[str, Any], replaced: bool
) -> None:
    result = plan(tmp_path, schema, {**CONFIG, **change}, deployed(tmp_path, schema))
    assert result.replace == ([(attribute,) for attribute in change] if replaced else [])


@pytest.mark.parametrize(
    ("kind", "prior", "planned", "forced"),
    [
        (STORAGE, {"account_replication_type": "RAGZRS"}, {"account_replication_type": "LRS"}, True),
        (STORAGE, {"account_kind": "Storage"}, {"account_kind": "StorageV2"}, False),
        (STORAGE, {"account_kind": "BlobStorage"}, {"account_kind": "StorageV2"}, False),
        (STORAGE, {"large_file_share_enabled": True}, {"large_file_share_enabled": False}, True),
        (STORAGE, {"large_file_share_enabled": False}, {"large_file_share_enabled": True}, False),
        (LOGS, {"sku": "PerGB2018"}, {"sku": "PerNode"}, True),
        (LOGS, {"sku": "PerGB2018"}, {"sku": "CapacityReservation"}, False),
        (LOGS, {"sku": "CapacityReservation"}, {"sku": "PerGB2018"}, False),
        (LOGS, {"sku": "LACluster"}, {"sku": "PerGB2018"}, False),
    ],
)
def test_which_values_force_a_new_resource(
    kind: str, prior: dict[str, Any], planned: dict[str, Any], forced: bool
) -> None:
    assert (set(planned) <= RESOURCES[kind].forces_new(prior, planned)) is forced


def test_closed_skus_of_log_analytics_are_refused(tmp_path: Path) -> None:
    rules = RESOURCES[LOGS]
    with azure(tmp_path) as cloud:
        rules.customize_plan(cloud, {"sku": "Standard"}, {"sku": "Standard"})
        with pytest.raises(AzureError, match="no longer supported"):
            rules.customize_plan(cloud, None, {"sku": "Premium"})


def test_an_unknown_reference_to_what_cannot_change_replaces(tmp_path: Path, schema: Schema) -> None:
    result = plan(tmp_path, schema, {**CONFIG, "resource_group_name": UNKNOWN}, deployed(tmp_path, schema))
    assert result.replace == [("resource_group_name",)]


def test_a_block_changes_in_place(tmp_path: Path, schema: Schema) -> None:
    config = {**CONFIG, "blob_properties": [{"versioning_enabled": False}]}
    result = plan(tmp_path, schema, config, deployed(tmp_path, schema))
    assert result.replace == []
    assert result.planned["blob_properties"][0]["versioning_enabled"] is False
    assert result.planned["blob_properties"][0]["delete_retention_policy"] == []


def test_a_computed_block_that_is_left_out_stays(tmp_path: Path, schema: Schema) -> None:
    config = {name: value for name, value in CONFIG.items() if name != "blob_properties"}
    prior = deployed(tmp_path, schema)
    assert plan(tmp_path, schema, config, prior).planned is prior


def test_no_configuration_plans_the_removal(tmp_path: Path, schema: Schema) -> None:
    assert plan(tmp_path, schema, None, deployed(tmp_path, schema)).planned is None


def test_values_travel_unchanged(schema: Schema) -> None:
    whole = complete({**CONFIG, "id": UNKNOWN, "tags": {"ü": "1"}}, schema)
    assert decode(encode(whole, schema), schema) == whole
    assert decode(encode(None, schema), schema) is None
    assert contains_unknown(whole)
    assert not contains_unknown(complete(CONFIG, schema))


def test_numbers_that_are_not_whole_travel_as_text(tmp_path: Path) -> None:
    logs = SchemaLibrary("azurerm", tmp_path).schemas([LOGS])[LOGS]
    data = encode({"daily_quota_gb": 0.1}, logs)
    assert msgpack.unpackb(data)["daily_quota_gb"] == "0.1"
    assert (decode(data, logs) or {})["daily_quota_gb"] == 0.1
    assert msgpack.unpackb(encode({"daily_quota_gb": 2.0}, logs))["daily_quota_gb"] == 2


@pytest.mark.parametrize(
    ("cty", "one", "other", "equal"),
    [
        (["set", "string"], ["a", "b"], ["b", "a"], True),
        (["set", "string"], ["a", "a"], ["a", "b"], False),
        (["list", "string"], ["a", "b"], ["b", "a"], False),
        (["map", "string"], {}, None, True),
        (["list", "string"], [], None, True),
        ("string", "", None, False),
        ("string", UNKNOWN, "a", False),
        (
            ["set", ["object", {"a": "string", "b": ["set", "number"]}]],
            [{"a": "x", "b": [1, 2]}],
            [{"a": "x", "b": [2, 1]}],
            True,
        ),
    ],
)
def test_values_are_compared_as_terraform_compares_them(cty: Any, one: Any, other: Any, equal: bool) -> None:
    assert same(cty, one, other) is equal
    assert same(cty, other, one) is equal
