"""What is an asset, as the files declare it? Its kind, its name, what it says and where it says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from ezazml.config.paths import Path as FieldPath
from ezazml.config.paths import format_path
from ezazml.errors import Problem

#: Folder of the declared assets in the project, and of an environment's overlays in ``environments/<name>/``.
FOLDER = "assets"


class Kind(StrEnum):
    """Kinds of assets, in the order in which they are applied."""

    WORKSPACE = "workspace"
    DATASTORE = "datastore"
    ENVIRONMENT = "environment"
    DATA = "data"
    COMPONENT = "component"
    MODEL = "model"
    ONLINE_ENDPOINT = "online-endpoint"
    BATCH_ENDPOINT = "batch-endpoint"
    ONLINE_DEPLOYMENT = "online-deployment"
    BATCH_DEPLOYMENT = "batch-deployment"
    TRAFFIC = "traffic"
    DEFAULT_DEPLOYMENT = "default-deployment"
    SCHEDULE = "schedule"
    #: Submitted by the lifecycle commands; never declared in ``assets/``.
    JOB = "job"


#: Kinds that have versions, which Azure never lets anyone change.
VERSIONED = frozenset({Kind.ENVIRONMENT, Kind.DATA, Kind.COMPONENT, Kind.MODEL})
ENDPOINTS = frozenset({Kind.ONLINE_ENDPOINT, Kind.BATCH_ENDPOINT})
DEPLOYMENTS = frozenset({Kind.ONLINE_DEPLOYMENT, Kind.BATCH_DEPLOYMENT})

_ORDER = {kind: index for index, kind in enumerate(Kind)}


@dataclass(frozen=True)
class Key:
    """Which asset: unique in a workspace. A deployment's name is ``<endpoint>/<deployment>``."""

    kind: Kind
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    def __lt__(self, other: Key) -> bool:
        return (_ORDER[self.kind], self.name) < (_ORDER[other.kind], other.name)


@dataclass(frozen=True)
class Definition:
    """What one file says, with its overlay merged and its references resolved.

    Relative paths in ``data`` count from the folder of ``path``. ``places`` says where each field stands
    (``assets/data/x.yml:12``), for messages.
    """

    kind: Kind
    schema: str
    path: Path
    label: str
    data: dict[str, Any]
    places: Mapping[FieldPath, str]

    def problem(self, field: FieldPath, message: str, fix: str) -> Problem:
        """A problem with ``field``, with the line of it or of what is around it."""
        return Problem(self.place(field), format_path(field), message, fix)

    def place(self, field: FieldPath = ()) -> str:
        """File and line of a field; for a field that is missing, of what it is missing from."""
        for length in range(len(field), 0, -1):
            if field[:length] in self.places:
                return self.places[field[:length]]
        return self.label

    @property
    def key(self) -> Key:
        """Which asset this declares."""
        name = str(self.data.get("name", ""))
        if self.kind in DEPLOYMENTS:
            name = f"{self.data.get('endpoint_name', '')}/{name}"
        return Key(self.kind, name)


@dataclass(frozen=True)
class Asset:
    """One declared asset, checked: what a plan compares and an apply writes.

    ``content`` is the hash of its local files, ``fingerprint`` the hash of these and of everything that is
    declared; ``needs`` are the declared assets that must be there first.
    """

    key: Key
    definition: Definition
    content: str
    fingerprint: str
    needs: frozenset[Key] = frozenset()

    @property
    def data(self) -> dict[str, Any]:
        """What is declared."""
        return self.definition.data

    @property
    def version(self) -> str | None:
        """The version that the declaration insists on, if any."""
        version = self.data.get("version")
        return None if version is None else str(version)
