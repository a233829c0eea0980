"""A datastore is made of options or the original variables, by identity unless a key is asked for."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from ezazml.config.models import Datastore
from ezazml.errors import InputError
from jobs.data.datastores import DatastoreRequest, entity_of, request_from

SETTINGS = Datastore(enabled=True, name="store", account_name="acc", container_name="data", description="d")
KEYED = SETTINGS.model_copy(update={"account_key": SecretStr("PLANTED")})


def test_the_environments_settings() -> None:
    assert request_from(SETTINGS) == DatastoreRequest("store", "acc", "data", "https", "d", None)


def test_arguments_win() -> None:
    request = request_from(SETTINGS, name="other", account="acc2", container="c2x", protocol="wasbs", description="e")
    assert request == DatastoreRequest("other", "acc2", "c2x", "wasbs", "e", None)


def test_the_workspaces_own_account_is_the_last_resort() -> None:
    settings = Datastore(enabled=True, name="store", container_name="data")
    assert request_from(settings, default_account="own").account == "own"


def test_a_key_is_used_only_where_it_is_wanted() -> None:
    assert request_from(KEYED).account_key == "PLANTED"
    assert request_from(KEYED, use_key=False).account_key is None


@pytest.mark.parametrize(
    ("settings", "arguments", "message"),
    [
        (Datastore(), {}, "ADLS_ACTIVATE"),
        (Datastore(enabled=True), {}, "name is not set. Set --name or ABDS_NAME"),
        (Datastore(enabled=True, name="a"), {}, "account is not set. Set --account-name or ABDS_ACCOUNT_NAME"),
        (Datastore(enabled=True, name="a", account_name="abc"), {}, "ABDS_CONTAINER_NAME"),
        (SETTINGS, {"name": "my-store"}, "Azure refuses the name 'my-store' for a datastore"),
        (SETTINGS, {"account": "Acc"}, "for a storage account"),
        (SETTINGS, {"container": "a_b"}, "for a container"),
        (KEYED, {"protocol": "abfss"}, "takes no account key"),
    ],
)
def test_what_is_refused(settings: Datastore, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        request_from(settings, **arguments)
    assert "PLANTED" not in str(caught.value)


def test_blob_storage_by_identity_and_by_key() -> None:
    entity = entity_of(request_from(SETTINGS))
    assert (entity.type, entity.account_name, entity.container_name) == ("AzureBlob", "acc", "data")
    assert entity._to_rest_object().properties.credentials.credentials_type == "None"
    keyed = entity_of(request_from(KEYED))._to_rest_object().properties
    assert keyed.credentials.credentials_type == "AccountKey"
    assert keyed.protocol == "https"


def test_adls_gen2() -> None:
    entity = entity_of(request_from(SETTINGS, protocol="abfss"))
    assert (entity.type, entity.account_name, entity.filesystem) == ("AzureDataLakeGen2", "acc", "data")
