"""What do the answers of the sandbox's Azure work with? The store, the blobs and the login of one sandbox."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.blob import BlobService
from sandbox.identity import Credentials
from sandbox.store import Connections


@dataclass(frozen=True)
class Cloud:
    """One sandbox, as the modules that answer for Azure see it."""

    stores: Connections
    blobs: BlobService
    credentials: Credentials
