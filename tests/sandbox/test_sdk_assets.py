"""Data, environments, models, components and datastores, written and read with the unmodified azure-ai-ml."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.azure import azure
from tests.sandbox.conftest import ACCOUNT, KEY_ACCOUNT, Served

URI = "azureml://datastores/workspaceblobstore/paths/folder/file.csv"


def data(name: str, version: str | None = "1", path: str = URI, kind: str = "uri_file", **values: Any) -> Any:
    from azure.ai.ml.entities import Data

    return Data(name=name, version=version, path=path, type=kind, **values)


def refused(work: Any) -> Any:
    from azure.core.exceptions import HttpResponseError

    with pytest.raises(HttpResponseError) as caught:
        work()
    return caught.value


def test_a_workspace_tells_where_it_is(cloud: Served) -> None:
    workspace = cloud.ml().workspaces.get("workspace")
    assert workspace.id.lower() == cloud.id.lower()
    assert workspace.storage_account.endswith(f"/{ACCOUNT}")
    assert [found.name for found in cloud.ml().workspaces.list()] == ["workspace"]


def test_a_workspace_that_was_not_deployed_is_not_found(cloud: Served) -> None:
    error = refused(lambda: cloud.ml("another").data.get("anything", version="1"))
    assert (error.status_code, error.error.code) == (404, "ResourceNotFound")
    assert "workspaces/another' under resource group 'rg' was not found" in error.message


def test_a_workspace_has_its_own_datastores(cloud: Served) -> None:
    found = {store.name: store for store in cloud.ml().datastores.list()}
    own = {"workspaceblobstore", "workspaceartifactstore", "workspacefilestore", "workspaceworkingdirectory"}
    assert own <= set(found)
    assert cloud.ml().datastores.get_default().name == "workspaceblobstore"
    assert found["workspaceblobstore"].account_name == ACCOUNT


def test_versions_count_up_and_the_latest_is_found(cloud: Served) -> None:
    ml = cloud.ml()
    for expected in ("1", "2", "3"):
        assert ml.data.create_or_update(data("counted", None)).version == expected
    assert ml.data.get("counted", label="latest").version == "3"
    assert [version.version for version in ml.data.list("counted")] == ["3", "2", "1"]


def test_a_version_keeps_its_path_and_type_but_changes_tags(cloud: Served) -> None:
    ml = cloud.ml()
    ml.data.create_or_update(data("kept", tags={"a": "1"}))
    assert ml.data.create_or_update(data("kept", tags={"a": "2"}, description="new")).tags == {"a": "2"}
    error = refused(lambda: ml.data.create_or_update(data("kept", path=f"{URI}.other")))
    assert (error.status_code, error.message.splitlines()[0]) == (400, "(UserError) Asset paths cannot be updated.")
    assert ml.data.get("kept", version="1").path.endswith("file.csv")


def test_the_long_form_of_a_path_is_the_same_path(cloud: Served) -> None:
    ml = cloud.ml()
    ml.data.create_or_update(data("long-form"))
    scope = f"subscriptions/{ml.subscription_id}/resourcegroups/rg/workspaces/workspace"
    again = ml.data.create_or_update(data("long-form", path=URI.replace("azureml://", f"azureml://{scope}/")))
    assert again.version == "1"


def test_a_name_has_one_type_of_data(cloud: Served) -> None:
    ml = cloud.ml()
    ml.data.create_or_update(data("typed"))
    error = refused(lambda: ml.data.create_or_update(data("typed", "2", kind="uri_folder")))
    assert "has type uri_file" in error.message


def test_archived_versions_are_listed_only_on_request(cloud: Served) -> None:
    from azure.ai.ml.constants import ListViewType

    ml = cloud.ml()
    ml.data.create_or_update(data("archived"))
    ml.data.archive("archived", version="1")
    assert list(ml.data.list("archived")) == []
    assert [found.version for found in ml.data.list("archived", list_view_type=ListViewType.ARCHIVED_ONLY)] == ["1"]
    ml.data.restore("archived", version="1")
    assert len(list(ml.data.list("archived"))) == 1


@pytest.mark.parametrize(
    ("asset", "code", "text"),
    [
        (data("bad name!"), 400, "the name 'bad name!' must have 1 to 255 letters"),
        (data("nowhere", path="azureml://datastores/unknown/paths/x"), 400, "Could not find datastore 'unknown'"),
        (data("v", "not a version"), 400, "version: the name 'not a version'"),
    ],
)
def test_what_azure_refuses_of_data_is_refused(cloud: Served, asset: Any, code: int, text: str) -> None:
    error = refused(lambda: cloud.ml().data.create_or_update(asset))
    assert error.status_code == code
    assert text in error.message


def test_a_missing_version_is_not_found(cloud: Served) -> None:
    assert refused(lambda: cloud.ml().data.get("missing", version="1")).status_code == 404


def test_long_lists_come_in_pages(cloud: Served) -> None:
    from sandbox.azureml_api.pages import PAGE

    ml = cloud.ml()
    for number in range(PAGE + 5):
        ml.data.create_or_update(data("paged", str(number + 1)))
    assert len(list(ml.data.list("paged"))) == PAGE + 5


def test_many_programs_write_at_once(cloud: Served) -> None:
    ml = cloud.ml()

    def register(number: int) -> str:
        return str(ml.data.create_or_update(data(f"at-once-{number}")).name)

    with ThreadPoolExecutor(16) as pool:
        names = pool.map(register, range(60))
        # Terraform's side writes to the same store meanwhile.
        for number in range(30):
            with azure(cloud.home.root) as store:
                store.store.put({"id": f"/elsewhere/{number}", "type": "Test/things", "name": str(number)})
        registered = set(names)
    assert {found.name for found in ml.data.list() if found.name.startswith("at-once-")} == registered
    assert len(registered) == 60


def test_a_local_folder_is_uploaded_and_found_again(cloud: Served, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n")
    made = cloud.ml().data.create_or_update(data("uploaded", path=str(tmp_path), kind="uri_folder"))
    store = cloud.ml().datastores.get_default()
    path = made.path.split("/paths/")[1].rstrip("/")
    blob = cloud.blobs().get_blob_client(store.container_name, f"{path}/rows.csv")
    assert blob.download_blob().readall() == b"a,b\n1,2\n"


def test_an_mltable_is_registered_without_a_network(cloud: Served, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a\n1\n")
    (tmp_path / "MLTable").write_text(
        "paths:\n  - file: ./rows.csv\ntransformations:\n  - read_delimited:\n      delimiter: ','\n"
    )
    made = cloud.ml().data.create_or_update(data("table", path=str(tmp_path), kind="mltable"))
    assert made.type == "mltable"


def test_an_environment_is_registered_once(cloud: Served) -> None:
    from azure.ai.ml.entities import Environment

    def environment(image: str, **values: Any) -> Any:
        return Environment(name="env", version="1", image=image, **values)

    ml = cloud.ml()
    ml.environments.create_or_update(environment("mcr.microsoft.com/a:1"))
    ml.environments.create_or_update(environment("mcr.microsoft.com/a:1", tags={"a": "b"}))
    error = refused(lambda: ml.environments.create_or_update(environment("mcr.microsoft.com/a:2")))
    assert error.status_code == 409
    assert "Environment env with version 1 is already registered and cannot be changed." in error.message
    assert ml.environments.get("env", version="1").tags == {"a": "b"}


def test_a_model_from_a_folder_counts_up(cloud: Served, tmp_path: Path) -> None:
    from azure.ai.ml.entities import Model

    (tmp_path / "model.bin").write_bytes(b"weights")
    ml = cloud.ml()
    assert ml.models.create_or_update(Model(name="model", path=str(tmp_path))).version == "1"
    assert ml.models.create_or_update(Model(name="model", path=str(tmp_path))).version == "2"
    assert ml.models.get("model", label="latest").version == "2"


def test_code_is_uploaded_once_and_a_component_stays(cloud: Served, tmp_path: Path) -> None:
    from azure.ai.ml import command
    from azure.ai.ml.entities import Environment

    (tmp_path / "train.py").write_text("print(1)\n")
    ml = cloud.ml()
    ml.environments.create_or_update(Environment(name="component-env", version="1", image="mcr.microsoft.com/a:1"))

    def component(text: str) -> Any:
        step = command(
            name="step", version="1", command=text, code=str(tmp_path), environment="azureml:component-env:1"
        )
        return step.component

    first = ml.components.create_or_update(component("python train.py"))
    again = ml.components.create_or_update(component("python train.py"))
    assert first.code == again.code
    error = refused(lambda: ml.components.create_or_update(component("python other.py")))
    assert (error.status_code, error.error.code) == (409, "UserError")


def test_secrets_of_a_datastore_are_told_only_on_request(cloud: Served) -> None:
    from azure.ai.ml.entities import AzureBlobDatastore, SasTokenConfiguration

    ml = cloud.ml()
    ml.datastores.create_or_update(
        AzureBlobDatastore(
            name="sas",
            account_name=KEY_ACCOUNT,
            container_name="data",
            credentials=SasTokenConfiguration(sas_token="sig=pl4nted"),
        )
    )
    assert "pl4nted" not in str(ml.datastores.get("sas")._to_dict())
    assert ml.datastores.get("sas", include_secrets=True).credentials.sas_token == "sig=pl4nted"
    logs = "".join(path.read_text() for path in cloud.home.logs.glob("*.log"))
    assert "pl4nted" not in logs


def test_an_account_key_is_handed_out_as_a_signature_that_opens_the_container(cloud: Served) -> None:
    from azure.ai.ml.entities import AccountKeyConfiguration, AzureBlobDatastore

    account_id = cloud.id.split("/providers/")[0] + f"/providers/Microsoft.Storage/storageAccounts/{KEY_ACCOUNT}"
    key = cloud.secret(account_id, "primary")
    cloud.blobs(KEY_ACCOUNT, credential=key).create_container("opened")
    ml = cloud.ml()
    ml.datastores.create_or_update(
        AzureBlobDatastore(
            name="keyed",
            account_name=KEY_ACCOUNT,
            container_name="opened",
            credentials=AccountKeyConfiguration(account_key=key),
        )
    )
    token = ml.datastores.get("keyed", include_secrets=True).credentials.sas_token
    container = cloud.blobs(KEY_ACCOUNT, credential=token).get_container_client("opened")
    container.upload_blob("a", b"b")
    assert [blob.name for blob in container.list_blobs()] == ["a"]


def test_the_default_datastore_stays_and_others_go(cloud: Served) -> None:
    from azure.ai.ml.entities import AzureDataLakeGen2Datastore

    ml = cloud.ml()
    ml.datastores.create_or_update(AzureDataLakeGen2Datastore(name="lake", account_name=ACCOUNT, filesystem="data"))
    ml.datastores.delete("lake")
    assert refused(lambda: ml.datastores.get("lake")).status_code == 404
    assert "default datastore" in refused(lambda: ml.datastores.delete("workspaceblobstore")).message


def test_a_datastore_name_has_letters_digits_and_underscores(cloud: Served) -> None:
    from azure.ai.ml.entities import AzureBlobDatastore

    wrong = AzureBlobDatastore(name="with-hyphen", account_name=ACCOUNT, container_name="data")
    assert "letters, digits and underscores" in refused(lambda: cloud.ml().datastores.create_or_update(wrong)).message
