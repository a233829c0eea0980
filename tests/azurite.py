"""Blob storage for tests: the real Azurite, started once for all tests of a module."""

from __future__ import annotations

import base64
import os
import secrets
import socket
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from azure.storage.blob import BlobServiceClient, ContainerClient

from tests.waiting import eventually

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Azurite:
    """A running Azurite with one account."""

    url: str
    account: str
    key: str

    @property
    def service(self) -> BlobServiceClient:
        return BlobServiceClient(self.url, credential={"account_name": self.account, "account_key": self.key})

    def container(self) -> ContainerClient:
        """A new, empty container."""
        return self.service.create_container(f"c{uuid.uuid4().hex[:20]}")


@contextmanager
def azurite(folder: Path) -> Iterator[Azurite]:
    """Azurite with its data in ``folder``, on a free port of the loopback address."""
    account, key = "ezazmltest", base64.b64encode(secrets.token_bytes(32)).decode()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(ROOT / "node_modules" / ".bin" / "azurite-blob"), "--blobHost", "127.0.0.1", "--blobPort", str(port)]
    options = ["--location", str(folder), "--skipApiVersionCheck", "--loose", "--silent", "--disableTelemetry"]
    process = subprocess.Popen(
        [*command, *options],
        env={**os.environ, "AZURITE_ACCOUNTS": f"{account}:{key}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(port, process)
        yield Azurite(f"http://127.0.0.1:{port}/{account}", account, key)
    finally:
        process.terminate()
        process.wait()


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:

    def answers() -> bool:
        if process.poll() is not None:
            raise RuntimeError("Azurite ended at once")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    eventually(answers)
