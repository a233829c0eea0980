"""What runs while programs use the sandbox's Azure? One process per sandbox: the proxy, the server, and Azurite.

``python -m sandbox.daemon FOLDER`` is started by :mod:`sandbox.services`, never by hand. It ends by itself when
nobody used it for a while, when its folder is gone or moved, and when it is asked to.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import secrets
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote

import uvicorn
from starlette.concurrency import run_in_threadpool

from sandbox.app import REQUESTS, App
from sandbox.arm import routes as arm_routes
from sandbox.azureml_api.base import WORKSPACES
from sandbox.blob import BlobError, BlobService
from sandbox.certificates import Authority
from sandbox.cloud import Cloud
from sandbox.compute.context import Context
from sandbox.compute.runner import Runner
from sandbox.compute.servers import Servers
from sandbox.compute.works import WORKS
from sandbox.faults import FaultSource
from sandbox.firing import fire
from sandbox.home import SandboxHome
from sandbox.lifeline import Lifeline
from sandbox.monitor.platform_logs import PlatformLogs
from sandbox.monitor.records import Records
from sandbox.proxy import Proxy
from sandbox.services import ServiceRecord, code_version
from sandbox.store import Connections
from sandbox.system_datastores import add_system_datastores
from sandbox.web import Call

_LOG = logging.getLogger("sandbox.daemon")  # it runs as __main__
T = TypeVar("T")
_TICK_SECONDS = 0.5
#: Programs keep connections open; the server must not be the first to close them in the middle of a request.
_KEEP_ALIVE_SECONDS = 600
_LOG_BYTES = 8 * 2**20


class Daemon:
    """The service of one sandbox, until it ends."""

    def __init__(self, home: SandboxHome, idle_seconds: float) -> None:
        self._home = home
        self._folder = os.path.realpath(home.root)
        self._idle_seconds = idle_seconds
        self._code = code_version()
        self._token = secrets.token_urlsafe(24)
        self._authority = Authority(home.certificates)
        stores = Connections(home.store_file)
        self._blobs = BlobService(home.root, stores, self._authority)
        self._faults = FaultSource(home.faults_file)
        context = self._context(stores)
        records = Records(home.root, context.secrets)
        logs = PlatformLogs(stores, records)
        self._runner, self._servers = Runner(context, WORKS), Servers(context, logs)
        self._cloud = Cloud(stores, self._blobs, home.credentials, self._runner, self._servers, records, logs)
        self._looked = 0.0

    async def run(self) -> None:
        """Serve until it is time to end."""
        Lifeline(self._home.root).hold()
        self._authority.ensure()
        with self._cloud.stores.writing() as store:
            for workspace in store.find(WORKSPACES):
                add_system_datastores(store, workspace)
        self._runner.recover()
        self._servers.recover()
        # Only of a socket that names its protocol does asyncio switch off Nagle's algorithm, which costs 40 ms a call.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.bind(("127.0.0.1", 0))
        self._proxy = Proxy(listener.getsockname()[1], self._blobs, self._faults, self._control)
        app = App(self._cloud, self._faults, drop=self._proxy.drop)
        self._server = uvicorn.Server(self._config(app))
        serving = asyncio.create_task(self._server.serve(sockets=[listener]))
        while not self._server.started and not serving.done():
            await asyncio.sleep(0.01)
        port = await self._proxy.start(self._home.last_port())
        self._record = ServiceRecord(pid=os.getpid(), port=port, token=self._token)
        self._record.write(self._home.service_file)
        self._home.remember_port(port)
        _LOG.info("Serving at port %s, pid %s", port, os.getpid())
        watching = asyncio.create_task(self._watch())
        try:
            await serving
        finally:
            watching.cancel()
            self._proxy.close()
            for end in (self._runner.stop, self._servers.stop, self._blobs.close):
                try:
                    await run_in_threadpool(end)
                except Exception:
                    _LOG.exception("%s failed", end.__qualname__)
            self._record.remove(self._home.service_file)
            _LOG.info("Ended")

    def _context(self, stores: Connections) -> Context:
        credentials = self._home.credentials

        def variables() -> dict[str, str]:
            return self._home.program_environ(self._record)

        @cached_for(seconds=2)
        def secret_values() -> frozenset[str]:
            with stores.reading() as store:
                return frozenset({credentials.client_secret, credentials.user_password, *store.secret_values()})

        def api(method: str, path: str, body: dict[str, Any] | None) -> Any:
            content = b"" if body is None else json.dumps(body).encode()
            found = arm_routes.routes.find(method, path)
            assert found is not None, path
            call = Call(method, "management.azure.com", path, content=content, parameters=found[1])
            return found[0].handler(self._cloud, call).body

        root = self._home.root
        return Context(root, stores, self._blobs, variables=variables, secrets=secret_values, api=api)

    def _config(self, app: App) -> uvicorn.Config:
        config = uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=2,
        )
        config.load()
        config.ssl = self._authority.context("localhost")
        config.ssl.sni_callback = self._choose_certificate
        return config

    def _choose_certificate(self, connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        if name:
            connection.context = self._authority.context(name.lower())

    async def _control(self, method: str, path: str, headers: Mapping[str, str]) -> tuple[int, object]:
        """Requests to the proxy itself, from :mod:`sandbox.services`."""
        allowed = secrets.compare_digest(headers.get("x-token", ""), self._token)
        if allowed:  # whoever asks is about to use it
            self._proxy.last_used = time.monotonic()
        if (method, path) == ("GET", "/health"):
            blobs = self._blobs.pid
            return 200, {"pid": os.getpid(), "root": self._folder, "code": self._code, "blobs_pid": blobs}
        if (method, path) == ("POST", "/stop") and allowed:
            self._end("asked to")
            return 200, {}
        if method == "POST" and path.startswith("/fire/") and allowed:
            return await run_in_threadpool(fire, self._cloud, unquote(path.removeprefix("/fire/")))
        return 403, {"error": "The sandbox's proxy answers CONNECT only."}

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            if ServiceRecord.read(self._home.service_file) != self._record:
                self._end("its folder is gone, or another service has taken over")
                return
            if self._runner.busy or self._servers.busy:
                self._proxy.last_used = time.monotonic()
            if time.monotonic() - self._proxy.last_used > self._idle_seconds:
                self._end("nobody used it")
                return
            used = self._proxy.blobs_used
            # Whatever fails here is tried again at the next tick; nobody else would look after it.
            try:
                await run_in_threadpool(self._servers.refresh)
                await run_in_threadpool(self._blobs.refresh, look=used > self._looked)
            except BlobError as error:
                _LOG.warning("The blobs could not be brought in step: %s", error)
            except Exception:
                _LOG.exception("The sandbox could not be brought in step")
            self._looked = used

    def _end(self, why: str) -> None:
        _LOG.info("Ending: %s", why)
        self._server.should_exit = True
        self._proxy.close()


def main() -> None:
    """Serve the sandbox in the folder that the arguments name."""
    parser = argparse.ArgumentParser(prog="sandbox.daemon")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--idle-minutes", type=float, default=30.0)
    arguments = parser.parse_args()
    home = SandboxHome(arguments.folder)
    _log_into(home.logs)
    try:
        asyncio.run(Daemon(home, arguments.idle_minutes * 60).run())
    except Exception:
        _LOG.exception("The service failed")
        raise


def cached_for(*, seconds: float) -> Callable[[Callable[[], T]], Callable[[], T]]:
    """Ask a function again only after some seconds."""

    def decorate(ask: Callable[[], T]) -> Callable[[], T]:
        known: list[tuple[float, T]] = []

        def answer() -> T:
            if not known or time.monotonic() - known[0][0] > seconds:
                known[:] = [(time.monotonic(), ask())]
            return known[0][1]

        return answer

    return decorate


def _log_into(folder: Path) -> None:
    form = logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    for logger, name in ((logging.getLogger("sandbox"), "service.log"), (REQUESTS, "requests.log")):
        handler = RotatingFileHandler(folder / name, maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8")
        handler.setFormatter(form)
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False


if __name__ == "__main__":
    main()
