"""What do the answers of the sandbox's Azure work with? The store, the blobs, the login and what runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.blob import BlobService
from sandbox.identity import Credentials
from sandbox.store import Connections

if TYPE_CHECKING:
    from sandbox.compute.runner import Runner
    from sandbox.compute.servers import Servers
    from sandbox.monitor.platform_logs import PlatformLogs
    from sandbox.monitor.records import Records


@dataclass(frozen=True)
class Cloud:
    """One sandbox, as the modules that answer for Azure see it."""

    stores: Connections
    blobs: BlobService
    credentials: Credentials
    runner: Runner
    servers: Servers
    #: What Azure Monitor was told, and who tells it.
    records: Records
    platform_logs: PlatformLogs
