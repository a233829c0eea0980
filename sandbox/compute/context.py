"""What does everything on the sandbox's compute work with? The store, blobs, folders, the login, and Azure's API."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from sandbox.blob import BlobService
from sandbox.compute import addresses
from sandbox.compute.files import BlobFiles, Place
from sandbox.compute.process import Log
from sandbox.compute.records import Records
from sandbox.compute.runtime import Runtime
from sandbox.compute.tracking import Tracking
from sandbox.store import ArmObject, Connections

Api = Callable[[str, str, "dict[str, Any] | None"], Any]


class Context:
    """What everything that runs on the sandbox's compute works with."""

    def __init__(
        self,
        root: Path,
        stores: Connections,
        blobs: BlobService,
        *,
        variables: Callable[[], Mapping[str, str]],
        secrets: Callable[[], Collection[str]],
        api: Api,
    ) -> None:
        self.root = root
        self.stores = stores
        self.files = BlobFiles(blobs)
        self.records = Records(stores)
        self.runtime = Runtime(root / "packages")
        #: The variables with which Azure's SDKs find the sandbox and log in.
        self.variables = variables
        self.secrets = secrets
        #: Azure Resource Manager as this sandbox answers it: method, path, body -> body; raises Refusal.
        self.api = api

    def tracking(self, workspace: ArmObject) -> Tracking:
        """MLflow's store of a workspace."""
        return Tracking(self.root / "mlflow" / str(workspace["properties"]["workspaceId"]))

    def place(self, workspace: ArmObject, reference: str) -> Place:
        """The blobs that a reference or an address means. Raises :class:`ComputeError`."""
        with self.stores.reading() as store:
            return addresses.place_of(store, workspace, reference)

    def uri(self, workspace: ArmObject, reference: str) -> str:
        """The address behind a reference. Raises :class:`ComputeError`."""
        with self.stores.reading() as store:
            return addresses.uri_of(store, workspace, reference)

    def job_folder(self, identifier: str) -> Path:
        """Where the files of a job are on this machine."""
        digest = hashlib.sha256(identifier.lower().encode()).hexdigest()[:12]
        return self.root / "jobs" / f"{digest}-{identifier.rsplit('/', 1)[-1]}"

    def log(self, identifier: str) -> Log:
        """The log of a job that its user reads."""
        return Log(self.job_folder(identifier) / "user_logs" / "std_log.txt", self.secrets)
