"""A sandbox whose service runs, for tests with Azure's own SDKs. What is deployed stands in the store directly."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.home import SandboxHome
from sandbox.identity import SANDBOX_SUBSCRIPTION_ID
from sandbox.services import ServiceRecord
from sandbox.system_datastores import follow_workspace
from tests.sandbox.azure import azure, create, group, storage, workspace

if TYPE_CHECKING:
    from azure.ai.ml import MLClient
    from azure.storage.blob import BlobServiceClient

ROOT = Path(__file__).resolve().parents[2]
WORKSPACE = "workspace"
#: The account of the workspace: no keys. And one more, with keys.
ACCOUNT, KEY_ACCOUNT = "identity01", "keys01"


@dataclass
class Served:
    """A sandbox with a resource group, a workspace, two storage accounts, a container and a cluster."""

    home: SandboxHome
    service: ServiceRecord

    @property
    def id(self) -> str:
        """The workspace's id."""
        group_id = f"/subscriptions/{SANDBOX_SUBSCRIPTION_ID}/resourceGroups/rg"
        return f"{group_id}/providers/Microsoft.MachineLearningServices/workspaces/{WORKSPACE}"

    def ml(self, name: str = WORKSPACE, **arguments: Any) -> MLClient:
        """The unmodified client, as everybody makes it."""
        from azure.ai.ml import MLClient
        from azure.identity import DefaultAzureCredential

        credential = DefaultAzureCredential()
        return MLClient(credential, SANDBOX_SUBSCRIPTION_ID, "rg", name, show_progress=False, **arguments)

    def blobs(self, account: str = ACCOUNT, credential: Any = None, **arguments: Any) -> BlobServiceClient:
        """The unmodified client, as everybody makes it."""
        from azure.identity import DefaultAzureCredential
        from azure.storage.blob import BlobServiceClient

        url = f"https://{account}.blob.core.windows.net"
        return BlobServiceClient(url, credential=credential or DefaultAzureCredential(), **arguments)

    @contextmanager
    def variables(self) -> Iterator[None]:
        """This sandbox's variables in this process, where the SDKs find them."""
        before = dict(os.environ)
        wanted = self.home.environ(["sandbox"], before, service=self.service)
        os.environ.clear()
        os.environ.update(wanted)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)

    def secret(self, identifier: str, name: str) -> str:
        """A secret of the store."""
        with azure(self.home.root) as cloud:
            value = cloud.store.secret(identifier, name)
        assert value is not None
        return value


def made_once(make: Callable[..., Any]) -> Any:
    """A fixture that makes something in the running sandbox: once in a session, for all tests that ask for it.

    It asks for ``running``. The scope of a module would make it again: pytest-xdist gives a process the tests of a
    module in several portions.
    """

    def made(**fixtures: Any) -> Any:
        with fixtures["running"].variables():
            return make(**fixtures)

    made.__name__, made.__doc__ = make.__name__, make.__doc__
    made.__signature__ = inspect.signature(make)  # type: ignore[attr-defined]
    return pytest.fixture(scope="session")(made)


def make_home(folder: Path) -> SandboxHome:
    """A sandbox that is up, in a project of its own."""
    folder.mkdir(parents=True)
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    home = SandboxHome(folder / ".sandbox")
    home.up()
    return home


def deploy_into(home: SandboxHome) -> None:
    """Everything that :class:`Served` says."""
    with azure(home.root) as cloud:
        group(cloud)
        account = storage(cloud, name=ACCOUNT, shared_access_key_enabled=False)
        storage(cloud, name=KEY_ACCOUNT)
        made = workspace(cloud, name=WORKSPACE, storage_account_id=account["id"])
        body = cloud.store.get(made["id"])
        assert body is not None
        body["properties"]["systemDatastoresAuthMode"] = "identity"  # as the asset step does where keys are off
        cloud.store.put(body)
        follow_workspace(cloud.store, body)
        create(cloud, "azurerm_storage_container", name="data", storage_account_id=account["id"])
        create(
            cloud,
            "azurerm_machine_learning_compute_cluster",
            name="cpu-cluster",
            location="westeurope",
            machine_learning_workspace_id=made["id"],
            vm_size="Standard_DS3_v2",
            vm_priority="Dedicated",
            scale_settings=[
                {"min_node_count": 0, "max_node_count": 2, "scale_down_nodes_after_idle_duration": "PT120S"}
            ],
        )


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One service for all tests of a session."""
    home = make_home(tmp_path_factory.mktemp("served") / "a project")
    deploy_into(home)
    yield Served(home, home.services.start())
    home.services.stop()


@pytest.fixture(scope="module")
def cloud(running: Served) -> Iterator[Served]:
    """The running sandbox, with its variables set."""
    with running.variables():
        yield running


@pytest.fixture(autouse=True)
def _own_headers() -> Iterator[None]:
    """azure-ai-ml writes key and deployment of a request into headers that all later requests of the process share."""
    yield
    if "azure.ai.ml" in sys.modules:
        from azure.ai.ml.constants._endpoint import EndpointInvokeFields

        for name in EndpointInvokeFields.DEFAULT_HEADER.keys() - {"Content-Type"}:
            del EndpointInvokeFields.DEFAULT_HEADER[name]
