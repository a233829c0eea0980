"""How does a program in the sandbox reach Azure's hosts? An HTTPS proxy on this machine that forwards to nobody.

A program connects to it because of ``HTTPS_PROXY``. For a host that the sandbox serves, the connection is passed to
the sandbox's own server, or to Azurite; every other host is refused by name. So a program cannot leave the machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
import socket
import time
from collections.abc import Awaitable, Callable, Mapping

from starlette.concurrency import run_in_threadpool

from sandbox.blob import HOST_SUFFIX, BlobError, BlobService
from sandbox.faults import FaultKind, FaultSource
from sandbox.hosts import find_host

_LOG = logging.getLogger(__name__)
_CHUNK = 2**18
_HEAD_SECONDS = 10.0
_QUICK_ACKNOWLEDGE = getattr(socket, "TCP_QUICKACK", None)
#: A connection to the blobs that is to break does so after this many bytes at most.
_DROP_WITHIN_BYTES = 2**18

Control = Callable[[str, str, Mapping[str, str]], Awaitable[tuple[int, object]]]


class Proxy:
    """The proxy. ``control`` answers requests to the proxy itself: method, path, headers -> status, JSON."""

    def __init__(self, app_port: int, blobs: BlobService, faults: FaultSource, control: Control) -> None:
        self._app_port = app_port
        self._blobs = blobs
        self._faults = faults
        self._control = control
        self._tunnels: dict[int, asyncio.StreamWriter] = {}
        self._server: asyncio.Server | None = None
        #: When bytes last went through, and when they last went to or from the blobs (monotonic seconds).
        self.last_used = time.monotonic()
        self.blobs_used = 0.0

    async def start(self, port: int) -> int:
        """Listen on 127.0.0.1, at ``port`` if it is free; returns the port."""
        try:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, limit=_CHUNK)
        except OSError:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_CHUNK)
        return int(self._server.sockets[0].getsockname()[1])

    def close(self) -> None:
        """Listen no longer, and end what is open."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._tunnels.values()):
            writer.transport.abort()

    def drop(self, port: int) -> None:
        """End the program's connection that reached the server from ``port``, without a word."""
        writer = self._tunnels.get(port)
        if writer is not None:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _HEAD_SECONDS)
            method, target, headers = _parse(head)
            if method == "CONNECT":
                await self._connect(target, reader, writer)
            else:
                await self._direct(method, target, headers, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            pass  # whoever connected is gone, or does not speak HTTP
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _connect(self, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = target.rpartition(":")
        host = host.lower()
        if port != "443" or find_host(host) is None:
            _LOG.warning("Refused: %s", target)
            await _refuse(writer, 403, f"The sandbox does not serve {target}")
            return
        self.last_used = time.monotonic()
        drop_after: int | None = None
        is_blob = host.endswith(HOST_SUFFIX) and await run_in_threadpool(
            self._blobs.has_account, host.removesuffix(HOST_SUFFIX)
        )
        try:
            inner_port = await run_in_threadpool(self._blobs.ready) if is_blob else self._app_port
        except BlobError as error:
            _LOG.error("%s", error)
            await _refuse(writer, 503, str(error))
            return
        if is_blob and self._faults.strike(FaultKind.DROP) is not None:
            drop_after = random.randrange(_DROP_WITHIN_BYTES)  # noqa: S311 - no secret
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", inner_port, limit=_CHUNK)
        key = int(inner_writer.get_extra_info("sockname")[1])
        self._tunnels[key] = writer
        try:
            writer.write(b"HTTP/1.1 200 Connection Established\r\n\r\n")
            _acknowledge(writer)
            _LOG.info("Connected: %s", host)
            pipes = [
                asyncio.create_task(self._pipe(reader, inner_writer, writer, is_blob=is_blob, drop_after=drop_after)),
                asyncio.create_task(self._pipe(inner_reader, writer, writer, is_blob=is_blob, drop_after=None)),
            ]
            # HTTP has no use for a half-closed connection: when one side ends, the other does.
            _, other = await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
            for pipe in other:
                pipe.cancel()
        finally:
            del self._tunnels[key]
            inner_writer.close()

    async def _pipe(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        program: asyncio.StreamWriter,
        *,
        is_blob: bool,
        drop_after: int | None,
    ) -> None:
        """Pass on what comes, until its end; with ``drop_after`` break the program's connection after so many bytes."""
        passed = 0
        with contextlib.suppress(OSError):
            while content := await reader.read(_CHUNK):
                _acknowledge(program)
                self.last_used = time.monotonic()
                if is_blob:
                    self.blobs_used = self.last_used
                passed += len(content)
                if drop_after is not None and passed > drop_after:
                    _LOG.info("Dropped a connection to the blobs (an ordered fault)")
                    program.transport.abort()
                    return
                writer.write(content)
                await writer.drain()

    async def _direct(self, method: str, target: str, headers: Mapping[str, str], writer: asyncio.StreamWriter) -> None:
        if not target.startswith("/"):
            _LOG.warning("Refused: %s (not HTTPS)", target.partition("?")[0])
            await _refuse(writer, 403, f"The sandbox does not serve {target.partition('?')[0]}")
            return
        status, body = await self._control(method, target, headers)
        content = json.dumps(body).encode()
        writer.write(_head(status, "OK" if status == 200 else "Refused", "application/json", len(content)) + content)
        await writer.drain()


def _acknowledge(writer: asyncio.StreamWriter) -> None:
    """Acknowledge what was received at once, where the system can.

    Through a proxy urllib3 sends a request's head and body apart and, by Nagle's algorithm, the second only after the
    first was acknowledged: which the system puts off by 40 ms, for every request.
    """
    if _QUICK_ACKNOWLEDGE is not None:
        with contextlib.suppress(OSError):
            writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, _QUICK_ACKNOWLEDGE, 1)


def _parse(head: bytes) -> tuple[str, str, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    pairs = (line.partition(":") for line in lines if line)
    return method, target, {name.strip().lower(): value.strip() for name, _, value in pairs}


async def _refuse(writer: asyncio.StreamWriter, status: int, text: str) -> None:
    """Say no. Most programs show the line with the status only, so the text stands there too."""
    reason = text.replace("\r", " ").replace("\n", " ")
    content = f"{text}.\n".encode()
    writer.write(_head(status, reason, "text/plain; charset=utf-8", len(content)) + content)
    await writer.drain()


def _head(status: int, reason: str, kind: str, length: int) -> bytes:
    return (
        f"HTTP/1.1 {status} {reason}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    ).encode("latin-1", "replace")
