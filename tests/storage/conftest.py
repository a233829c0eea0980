"""Blob storage for the tests in this folder: one Azurite for all of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from azure.storage.blob import ContainerClient

from tests.azurite import Azurite, azurite
from tests.storage.workspace import FakeConnection


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    with azurite(tmp_path_factory.mktemp("azurite")) as running:
        yield running


@pytest.fixture
def container(storage: Azurite) -> ContainerClient:
    """A new, empty container."""
    return storage.container()


@pytest.fixture
def connection(storage: Azurite, container: ContainerClient) -> FakeConnection:
    """A workspace whose datastore ``store`` is the container."""
    return FakeConnection(storage, container)
