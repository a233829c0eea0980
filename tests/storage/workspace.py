"""A workspace for tests that need no control plane: real blobs, and made-up datastores and data assets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobServiceClient, ContainerClient

from tests.azurite import Azurite

SUBSCRIPTION = "11111111-2222-4333-8444-555555555555"


@dataclass
class FakeDatastores:
    """Datastores by name, as ``MLClient.datastores``."""

    known: dict[str, Any] = field(default_factory=dict)

    def get(self, name: str) -> Any:
        if name not in self.known:
            raise ResourceNotFoundError(f"no datastore {name}")
        return self.known[name]

    def get_default(self) -> Any:
        return next(iter(self.known.values()))

    def list(self) -> Iterable[Any]:
        return self.known.values()

    def create_or_update(self, entity: Any) -> Any:
        self.known[entity.name] = entity
        return entity


@dataclass
class FakeData:
    """Versions of data assets by name, as ``MLClient.data``; ``writes`` counts registrations."""

    versions: dict[str, list[Any]] = field(default_factory=dict)
    writes: int = 0

    def get(self, name: str, version: str | None = None, label: str | None = None) -> Any:
        found = [one for one in self.versions.get(name, []) if version in (None, one.version)]
        if not found:
            raise ResourceNotFoundError(f"no data asset {name}")
        return found[-1]

    def list(self, name: str | None = None) -> Iterable[Any]:
        return self.versions.get(name, []) if name else [versions[-1] for versions in self.versions.values()]

    def create_or_update(self, data: Any) -> Any:
        self.writes += 1
        versions = self.versions.setdefault(data.name, [])
        made = SimpleNamespace(
            name=data.name,
            version=data.version or str(max((int(one.version) for one in versions), default=0) + 1),
            type=data.type,
            path=data.path,
            tags=data.tags,
            description=data.description,
        )
        versions.append(made)
        return made

    def add(self, name: str, type: str, path: str) -> None:
        """A data asset that is there already."""
        number = str(len(self.versions.get(name, [])) + 1)
        self.versions.setdefault(name, []).append(
            SimpleNamespace(name=name, version=number, type=type, path=path, tags={})
        )


class FakeConnection:
    """A :class:`jobs.connection.Connection` whose storage account is Azurite's, whatever its name."""

    def __init__(self, storage: Azurite, container: ContainerClient) -> None:
        self._storage = storage
        self.container = container
        blob = SimpleNamespace(
            name="store", type="AzureBlob", account_name="acc", container_name=container.container_name
        )
        share = SimpleNamespace(name="share", type="AzureFile", account_name="acc", file_share_name="x")
        self.datastores = FakeDatastores({"store": blob, "share": share})
        self.data = FakeData()
        self.ml = SimpleNamespace(datastores=self.datastores, data=self.data)
        self.asked: list[str] = []
        self.deployment = SimpleNamespace(
            name="dev",
            subscription_id=SUBSCRIPTION,
            resource_group="rg",
            workspace="ws",
            storage_account="acc",
            outputs={"compute_cluster_names": ["cpu"]},
        )

    def blobs(self, account: str) -> BlobServiceClient:
        self.asked.append(account)
        return self._storage.service
