"""Where is a saved plan between the job that shows it and the job that applies it? Where the state is.

A plan holds secrets in clear, as the state does. So it goes where the state is and whoever may read one may read the
other: into the state's container, reached with the same login and without a key. Never into an artefact.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ezazml.config.environment import Environment
from ezazml.config.lasting_state import require_lasting_state
from ezazml.config.models import AzurermBackend
from ezazml.errors import EzazmlError, InputError
from ezazml.operations.saved_plan import read_record, record_file, require_made_for

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

FOLDER = "plans"
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_FILES = ("tfplan", "tfplan.json")


class PlanStore(Protocol):
    """Keeps small files by name."""

    def write(self, name: str, content: bytes) -> None:
        """Keep ``content``; replaces what has the name."""

    def read(self, name: str) -> bytes | None:
        """The content, or ``None``."""

    def remove(self, name: str) -> None:
        """Remove it, if it is there."""

    def older_than(self, prefix: str, moment: datetime) -> list[str]:
        """Names under the prefix that were written before the moment."""


class BlobStore:
    """In the container of the state."""

    def __init__(self, container: ContainerClient) -> None:
        self._container = container

    def write(self, name: str, content: bytes) -> None:
        """Keep ``content``; replaces what has the name."""
        self._container.upload_blob(name, content, overwrite=True)

    def read(self, name: str) -> bytes | None:
        """The content, or ``None``."""
        from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415

        try:
            return self._container.download_blob(name).readall()
        except ResourceNotFoundError:
            return None

    def remove(self, name: str) -> None:
        """Remove it, if it is there."""
        from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415

        try:
            self._container.delete_blob(name)
        except ResourceNotFoundError:
            return

    def older_than(self, prefix: str, moment: datetime) -> list[str]:
        """Names under the prefix that were written before the moment."""
        return [blob.name for blob in self._container.list_blobs(prefix) if blob.last_modified < moment]


class FolderStore:
    """Beside a state on this machine, readable by its owner alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, name: str, content: bytes) -> None:
        """Keep ``content``; replaces what has the name."""
        write_private(self._folder / name, content)

    def read(self, name: str) -> bytes | None:
        """The content, or ``None``."""
        path = self._folder / name
        return path.read_bytes() if path.is_file() else None

    def remove(self, name: str) -> None:
        """Remove it, if it is there."""
        path = self._folder / name
        path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # there is none, or another plan is in it
            path.parent.rmdir()

    def older_than(self, prefix: str, moment: datetime) -> list[str]:
        """Names under the prefix that were written before the moment."""
        files = [path for path in (self._folder / prefix).rglob("*") if path.is_file()]
        return [str(path.relative_to(self._folder)) for path in files if path.stat().st_mtime < moment.timestamp()]


def store_of(environment: Environment, environ: Mapping[str, str]) -> PlanStore:
    """Where the plans of an environment are kept. Raises :class:`InputError` where no other machine would find them."""
    settings = environment.settings
    if isinstance(settings.backend, AzurermBackend):
        return BlobStore(_container(environment, settings.backend, environ))
    require_lasting_state(environment, environ)
    return FolderStore(environment.root / ".ezazml" / "kept-plans")


def save(environment: Environment, store: PlanStore, plan: Path, key: str) -> None:
    """Keep a plan of ``ezazml plan --out`` under ``key``, and remove plans that are too old to be applied."""
    require_made_for(environment.name, read_record(plan), plan)
    limit = datetime.now(UTC) - timedelta(hours=environment.settings.deploy.plan_max_age_hours)
    with _readable(f"Keeping the plan of {environment.name}"):
        for name in store.older_than(f"{FOLDER}/{environment.name}/", limit):
            store.remove(name)
        for name, path in zip(_names(environment.name, key), (plan, record_file(plan)), strict=True):
            store.write(name, path.read_bytes())


def fetch(environment: Environment, store: PlanStore, plan: Path, key: str) -> None:
    """Write the plan kept under ``key`` to ``plan``. Raises :class:`EzazmlError` when it is not there."""
    names = _names(environment.name, key)
    with _readable(f"Reading the plan of {environment.name}"):
        contents = [store.read(name) for name in names]
    for content, path in zip(contents, (plan, record_file(plan)), strict=True):
        if content is None:
            raise EzazmlError(
                f"{environment.name}: there is no plan {key!r}: it was applied, or was older than "
                f"{environment.settings.deploy.plan_max_age_hours:g} hours. Nothing was changed.",
                hint="Run the whole workflow again, which plans anew.",
            )
        write_private(path, content)


def drop(environment: Environment, store: PlanStore, key: str) -> None:
    """Remove the plan kept under ``key``, if it is there."""
    with _readable(f"Removing the plan of {environment.name}"):
        for name in _names(environment.name, key):
            store.remove(name)


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, from its first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def _names(environment: str, key: str) -> list[str]:
    if not _KEY.fullmatch(key):
        raise InputError(
            f"--key: {key!r} must be 1 to 100 letters, digits, dots, underscores and hyphens.",
            hint="In a workflow: ${{ github.sha }}-${{ github.run_id }}",
        )
    return [f"{FOLDER}/{environment}/{key}/{file}" for file in _FILES]


def _container(environment: Environment, backend: AzurermBackend, environ: Mapping[str, str]) -> ContainerClient:
    from azure.storage.blob import ContainerClient  # noqa: PLC0415 - only where the state is in Azure

    from jobs.connection import credential_of  # noqa: PLC0415

    return ContainerClient(
        f"https://{backend.storage_account_name}.blob.core.windows.net",
        backend.container_name,
        credential=credential_of(environ, tenant_id=environment.settings.tenant_id),
    )


@contextmanager
def _readable(action: str) -> Iterator[None]:
    from jobs.azure_errors import readable_errors  # noqa: PLC0415

    with readable_errors(action):
        yield
