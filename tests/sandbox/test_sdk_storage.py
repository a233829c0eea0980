"""Blobs with the unmodified azure-storage-blob: what was deployed decides what exists."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.store import Store
from tests.sandbox.azure import azure, create
from tests.sandbox.conftest import ACCOUNT, KEY_ACCOUNT, Served
from tests.waiting import eventually


def account_id(cloud: Served, name: str) -> str:
    return cloud.id.split("/providers/")[0] + f"/providers/Microsoft.Storage/storageAccounts/{name}"


def test_an_upload_is_read_back(cloud: Served) -> None:
    container = cloud.blobs().get_container_client("data")
    container.upload_blob("folder/a.csv", b"a,b\n1,2\n", overwrite=True)
    assert container.download_blob("folder/a.csv").readall() == b"a,b\n1,2\n"


def test_connections_to_the_blobs_stay_open_while_programs_keep_them(cloud: Served) -> None:
    kept = {}
    cloud.blobs().get_container_client("data").get_container_properties(
        raw_response_hook=lambda answer: kept.update(answer.http_response.headers)
    )
    assert kept["Keep-Alive"] == "timeout=600"


def test_a_large_upload_in_parallel_blocks_is_whole(cloud: Served) -> None:
    content = bytes(range(256)) * 4096 * 12
    client = cloud.blobs(max_single_put_size=2**20, max_block_size=2**20).get_container_client("data")
    client.upload_blob("large", content, overwrite=True, max_concurrency=4)
    assert client.download_blob("large", max_concurrency=4).readall() == content


def test_a_container_that_was_not_deployed_refuses_the_upload(cloud: Served) -> None:
    from azure.core.exceptions import ResourceNotFoundError

    with pytest.raises(ResourceNotFoundError) as caught:
        cloud.blobs().get_container_client("undeployed").upload_blob("a", b"b")
    assert "ErrorCode:ContainerNotFound" in str(caught.value)


def test_an_account_that_was_not_deployed_is_named(cloud: Served) -> None:
    from azure.core.exceptions import ResourceNotFoundError

    with pytest.raises(ResourceNotFoundError, match="There is no storage account 'elsewhere'"):
        cloud.blobs("elsewhere").get_container_client("data").upload_blob("a", b"b")


def test_the_data_lake_endpoint_says_that_it_is_not_served(cloud: Served) -> None:
    from azure.core.exceptions import HttpResponseError
    from azure.identity import DefaultAzureCredential
    from azure.storage.filedatalake import DataLakeServiceClient

    lake = DataLakeServiceClient(f"https://{ACCOUNT}.dfs.core.windows.net", credential=DefaultAzureCredential())
    with pytest.raises(HttpResponseError, match="Azurite has no Data Lake endpoint") as caught:
        lake.get_file_system_client("data").create_file("a")
    assert caught.value.status_code == 501


def test_keys_open_an_account_unless_they_are_switched_off(cloud: Served) -> None:
    from azure.core.exceptions import ClientAuthenticationError

    key = cloud.secret(account_id(cloud, KEY_ACCOUNT), "secondary")
    cloud.blobs(KEY_ACCOUNT, credential=key).create_container("by-key")
    off = cloud.secret(account_id(cloud, ACCOUNT), "primary")
    with pytest.raises(ClientAuthenticationError):
        cloud.blobs(ACCOUNT, credential=off).get_container_client("data").upload_blob("by-key", b"b")


def container_rows(store: Store, account: str) -> list[Any]:
    kind = "Microsoft.Storage/storageAccounts/blobServices/containers"
    return [body["name"] for body in store.find(kind) if f"/{account}/" in body["id"]]


def test_containers_come_and_go_with_terraform_while_a_connection_is_open(cloud: Served) -> None:
    blobs = cloud.blobs(KEY_ACCOUNT)
    list(blobs.list_containers())
    identifier = account_id(cloud, KEY_ACCOUNT)
    with azure(cloud.home.root) as store:
        create(store, "azurerm_storage_container", name="deployed", storage_account_id=identifier)
    eventually(lambda: blobs.get_container_client("deployed").exists())
    blobs.get_container_client("deployed").upload_blob("a", b"b")
    with azure(cloud.home.root) as store:
        store.store.delete(f"{identifier}/blobServices/default/containers/deployed")
    eventually(lambda: not blobs.get_container_client("deployed").exists())


def test_a_container_that_was_destroyed_and_made_again_is_empty(cloud: Served) -> None:
    from azure.core.exceptions import ResourceNotFoundError

    identifier = account_id(cloud, KEY_ACCOUNT)
    with azure(cloud.home.root) as store:
        create(store, "azurerm_storage_container", name="renewed", storage_account_id=identifier)
    blobs = cloud.blobs(KEY_ACCOUNT)
    eventually(lambda: blobs.get_container_client("renewed").exists())
    blobs.get_container_client("renewed").upload_blob("old", b"b")
    with azure(cloud.home.root) as store:
        store.store.delete(f"{identifier}/blobServices/default/containers/renewed")
        create(store, "azurerm_storage_container", name="renewed", storage_account_id=identifier)

    def is_empty() -> bool:
        try:
            return not list(blobs.get_container_client("renewed").list_blobs())
        except ResourceNotFoundError:
            return False  # just destroyed

    eventually(is_empty)


def test_a_container_that_a_program_makes_or_removes_shows_in_resource_manager(cloud: Served) -> None:
    blobs = cloud.blobs(KEY_ACCOUNT)
    blobs.create_container("by-program")

    def known() -> bool:
        with azure(cloud.home.root) as store:
            return "by-program" in container_rows(store.store, KEY_ACCOUNT)

    eventually(known)
    blobs.delete_container("by-program")
    eventually(lambda: not known())


def test_an_account_deployed_later_works_and_the_others_keep_their_blobs(cloud: Served) -> None:
    from tests.sandbox.azure import storage

    cloud.blobs().get_container_client("data").upload_blob("kept", b"1", overwrite=True)
    with azure(cloud.home.root) as store:
        made = storage(store, name="later01")
        create(store, "azurerm_storage_container", name="data", storage_account_id=made["id"])
    cloud.blobs("later01").get_container_client("data").upload_blob("a", b"b")
    assert cloud.blobs().get_container_client("data").download_blob("kept").readall() == b"1"
