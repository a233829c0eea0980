"""Names that Azure takes, and addresses as programs write them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ezazml.config.models import Databricks
from ezazml.errors import InputError
from jobs.data import names
from jobs.data.datastores import DatastoreTarget
from jobs.data.engine import meaning_of
from jobs.data.uri import databricks_uri, datastore_uri, local_uri, storage_uri

DEPLOYMENT: Any = SimpleNamespace(subscription_id="sub", resource_group="rg", workspace="ws")
TARGET = DatastoreTarget("store", "AzureBlob", "acc", "data")


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (names.require_datastore_name, ["store", "My_Store1", "a" * 255], ["", "my-store", "a b", "ü", "a" * 256]),
        (names.require_data_name, ["titanic", "a-b_c.1", "9"], ["", "-a", "a b", "a/b", "a" * 256]),
        (names.require_account_name, ["abc", "a1b2"], ["ab", "Abc", "a-b", "a" * 25]),
        (names.require_container_name, ["data", "a-b-1"], ["ab", "a--b", "-ab", "ab-", "Data", "a_b", "a" * 64]),
        (names.require_version, [None, "1", "42"], ["", "0", "-1", "1.0", "v1", "latest", "²", "1 "]),
    ],
)
def test_names(check: Any, good: list[Any], bad: list[str]) -> None:
    assert [check(name) for name in good] == good
    for name in bad:
        with pytest.raises(InputError, match=r"Allowed|whole number"):
            check(name)


def test_addresses_in_a_datastore() -> None:
    head = "azureml://subscriptions/sub/resourcegroups/rg/workspaces/ws/"
    assert datastore_uri(DEPLOYMENT, "store", "/a/b.csv") == f"{head}datastores/store/paths/a/b.csv"
    assert datastore_uri(DEPLOYMENT, "store", "a", short=True) == "azureml://datastores/store/paths/a"
    assert storage_uri(TARGET, "a b/c.csv", "abfss") == "abfss://data@acc.dfs.core.windows.net/a%20b/c.csv"
    assert storage_uri(TARGET, "a/*.csv", "wasbs") == "wasbs://data@acc.blob.core.windows.net/a/*.csv"
    assert storage_uri(TARGET, "a", "https") == "https://acc.blob.core.windows.net/data/a"


def test_a_path_upwards_is_refused() -> None:
    with pytest.raises(InputError, match=r"holds '\.\.'"):
        datastore_uri(DEPLOYMENT, "store", "a/../b")


@pytest.mark.parametrize(
    ("prefix", "uri"),
    [
        ("dbfs://", "dbfs:///mnt/x.csv"),
        ("dbfs:/", "dbfs:/mnt/x.csv"),
        ("dbfs:/mnt/lake", "dbfs:/mnt/lake/mnt/x.csv"),
        ("dbfs:/mnt/lake/", "dbfs:/mnt/lake/mnt/x.csv"),
    ],
)
def test_addresses_in_databricks(prefix: str, uri: str) -> None:
    assert databricks_uri(Databricks(enabled=True, dbfs_prefix=prefix), "/mnt/x.csv") == uri


def test_databricks_that_is_off_or_has_a_wrong_prefix() -> None:
    with pytest.raises(InputError, match="DATABRICKS_ACTIVATE"):
        databricks_uri(Databricks(), "x")
    with pytest.raises(InputError, match="DATABRICKS_DBFS_PREFIX"):
        databricks_uri(Databricks(enabled=True, dbfs_prefix="s3://x"), "x")


def test_a_local_address(tmp_path: Path) -> None:
    (tmp_path / "a b.csv").write_text("x")
    assert local_uri(tmp_path / "a b.csv") == f"file://{tmp_path}/a%20b.csv"
    with pytest.raises(InputError, match="there is no such file or folder"):
        local_uri(tmp_path / "nope")


@pytest.mark.parametrize(
    ("message", "meaning"),
    [
        ("ExecutionError(StreamError(NotFound))", "a file that the table names does not exist."),
        ("\n | Error Message: Something else| session_id=l_1", "Something else."),
        ("\n\nplain text", "plain text."),
        ("", "the engine gives no reason."),
    ],
)
def test_what_the_engine_means(message: str, meaning: str) -> None:
    assert meaning_of(message) == meaning
