"""How do several threads work in one workspace? Each with an SDK client of its own; and where do local files go?"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ezazml.errors import InputError
from jobs.assets.asset import Asset, Key
from jobs.assets.fingerprint import hash_files
from jobs.assets.local_files import local_paths
from jobs.assets.retries import REQUEST_RETRIES, with_retries
from jobs.assets.secret_values import key_vault_reader, read_secret
from jobs.assets.sent_files import skipper
from jobs.connection import Connection
from jobs.data.upload import UploadMode, upload
from jobs.endpoint_signals import EndpointSignals

if TYPE_CHECKING:
    from azure.ai.ml import MLClient
    from azure.storage.blob import ContainerClient

#: Folder of uploads in a datastore, below it one per content: the SDK's own place for them.
_UPLOADS = "LocalUpload"
#: Shown how many bytes of how many are there.
OnBytes = Callable[[int, int], None]


class Workspace:
    """The workspace of a deployment, for use from several threads."""

    def __init__(self, connection: Connection, *, project: str, environ: Mapping[str, str]) -> None:
        self.connection = connection
        self.project = project
        self.environment = connection.deployment.name
        self._environ = environ
        self._local = threading.local()
        self._lock = threading.Lock()
        self._sending: dict[str, threading.Lock] = {}
        self._targets: dict[str, tuple[str, ContainerClient]] = {}
        self._warnings: dict[Key, str] = {}

    @property
    def ml(self) -> MLClient:
        """This thread's client. The SDK's operations keep state while they run, so threads do not share one."""
        client: MLClient | None = getattr(self._local, "ml", None)
        if client is None:
            client = self.connection.client(**REQUEST_RETRIES)
            # The SDK would read an MLTable back and fetch a schema for it from the internet, for every single one;
            # ours are checked before anything is sent.
            client.data._validate = lambda _data: None
            self._local.ml = client
        return client

    def warn(self, key: Key, text: str) -> None:
        """Keep what a person should know of an asset that was written all the same."""
        self._warnings[key] = text

    def warning_of(self, key: Key) -> str:
        """What was kept, or nothing."""
        return self._warnings.get(key, "")

    @cached_property
    def signals(self) -> EndpointSignals:
        """The diagnostic settings of the online endpoints."""
        return EndpointSignals(self.connection)

    @cached_property
    def _vault(self) -> Callable[[str], str]:
        uri = str(self.connection.deployment.output("key_vault_uri"))
        return key_vault_reader(uri, self.connection.credential)

    def secret(self, reference: str) -> str:
        """The secret behind ``${env:...}`` or ``${vault:...}``. Raises :class:`InputError` if it is not there."""
        settings = self.connection.deployment.environment.settings.datastore
        if reference == "${env:ADLS_ACCOUNT_KEY}" and settings.account_key is not None:
            return settings.account_key.get_secret_value()
        return read_secret(reference, self._environ, lambda name: self._vault(name))  # noqa: PLW0108 - looked up when needed

    @contextmanager
    def sending(self, asset: Asset) -> Iterator[None]:
        """Let nobody else send the same files meanwhile.

        The SDK sends the files of components and deployments itself, to a place that their content decides. Two
        threads that send the same files there at once get in each other's way.
        """
        contents = {hash_files([local.path]) for local in local_paths(asset.definition)}
        with ExitStack() as stack:
            for content in sorted(contents):
                stack.enter_context(self._lock_of(content))
            yield

    def _lock_of(self, content: str) -> threading.Lock:
        with self._lock:
            return self._sending.setdefault(content, threading.Lock())

    def upload(self, path: Path, content: str, datastore: str | None, on_bytes: OnBytes | None = None) -> str:
        """Put a local file or folder into a datastore and return its ``azureml://`` address.

        It lies below the hash of its content, so that what is there already is not sent again, and what another
        version of an asset refers to is never changed.
        """
        name, container = self._target(datastore)
        prefix = f"{_UPLOADS}/{content}" if path.is_file() else f"{_UPLOADS}/{content}/{path.resolve().name}"
        with self._lock_of(content):
            with_retries(
                lambda _attempt: upload(
                    path,
                    container=container,
                    prefix=prefix,
                    mode=UploadMode.OVERWRITE,
                    workers=4,
                    on_progress=on_bytes,
                    skip=skipper(path),
                )
            )
        end = f"/{path.name}" if path.is_file() else ""
        return f"azureml://datastores/{name}/paths/{prefix}{end}"

    def _target(self, datastore: str | None) -> tuple[str, ContainerClient]:
        """The datastore's name and its container, looked up once."""
        wanted = (datastore or "").removeprefix("azureml:").rsplit("/", 1)[-1]
        with self._lock:
            if wanted not in self._targets:
                found: Any = with_retries(
                    lambda _attempt: self.ml.datastores.get(wanted) if wanted else self.ml.datastores.get_default()
                )
                container = getattr(found, "container_name", None) or getattr(found, "filesystem", None)
                if not container:
                    raise InputError(
                        f"Datastore {found.name!r} is of type {found.type}; local files can go to blob storage only.",
                        hint="Name another datastore, or leave `datastore` out.",
                    )
                client = self.connection.blobs(str(found.account_name)).get_container_client(str(container))
                self._targets[wanted] = (str(found.name), client)
            return self._targets[wanted]
