"""Which deployments run, and how do they start and end? One inference server per deployment, at a port of its own."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import shutil
import socket
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from sandbox.azureml_api.base import WORKSPACES
from sandbox.compute import observed
from sandbox.compute.collector import Collector, collections_of
from sandbox.compute.command import base_environ, download_code
from sandbox.compute.context import Context
from sandbox.compute.environments import environment_of, environment_of_model
from sandbox.compute.errors import ComputeError, ServiceEndingError
from sandbox.compute.models import download_model
from sandbox.compute.process import Guarded, Log
from sandbox.compute.runtime import python_of
from sandbox.monitor.platform_logs import PlatformLogs
from sandbox.store import ArmObject

_LOG = logging.getLogger(__name__)
_TYPE = f"{WORKSPACES}/onlineEndpoints/deployments"
_PROGRAMS = Path(__file__).with_name("programs")
_START_SECONDS = 300.0
_BEING_MADE = ("Creating", "Updating")
_INTERRUPTED = "The sandbox's service ended while the deployment was being made. Deploy it again."
#: What a running server depends on; a change of anything else starts none anew.
_DECISIVE = (
    "model",
    "modelMountPath",
    "codeConfiguration",
    "environmentId",
    "environmentVariables",
    "appInsightsEnabled",
    "dataCollector",
)


@dataclass
class Server:
    """A running inference server."""

    process: Guarded
    port: int
    fingerprint: str
    folder: Path
    collector: Collector | None = None


class Servers:
    """The inference servers of one sandbox."""

    def __init__(self, context: Context, logs: PlatformLogs) -> None:
        self._context = context
        self._logs = logs
        self._running: dict[str, Server] = {}
        self._starting: set[Guarded] = set()
        self._locks: dict[str, threading.Lock] = {}
        self._operations: dict[str, tuple[str, str | None]] = {}
        self._lock = threading.Lock()
        self._workers = ThreadPoolExecutor(4, thread_name_prefix="deploy")
        self._client = httpx.Client(trust_env=False)
        self._stopping = False

    @property
    def busy(self) -> bool:
        """Whether a deployment is being made."""
        with self._lock:
            return any(status == "InProgress" for status, _ in self._operations.values())

    def recover(self) -> None:
        """Say of deployments that a former service left half made that they failed; remove its files."""
        shutil.rmtree(self._context.root / "deployments" / "running", ignore_errors=True)
        with self._context.stores.writing() as store:
            left = [body for body in store.find(_TYPE) if body["properties"].get("provisioningState") in _BEING_MADE]
            for body in left:
                body["properties"]["provisioningState"] = "Failed"
                store.put(body)
        for body in left:
            self._log(body["id"]).say(_INTERRUPTED)

    # --- operations -------------------------------------------------------------------------------------

    def begin(self, identifier: str) -> str:
        """Start a deployment's server in the background; returns the operation's id."""
        operation = str(uuid.uuid4())
        with self._lock:
            self._operations[operation] = ("InProgress", None)
        self._workers.submit(self._provision, identifier, operation)
        return operation

    def operation(self, operation: str) -> tuple[str, str | None] | None:
        """An operation's status and error."""
        with self._lock:
            return self._operations.get(operation)

    def _provision(self, identifier: str, operation: str) -> None:
        error: str | None = None
        try:
            self.ready(identifier)
        except LookupError:
            error = "The deployment was deleted while it was being made."
        except ComputeError as problem:
            error = str(problem)
        except Exception as problem:
            _LOG.exception("The deployment %s failed in the sandbox itself", identifier)
            error = f"The sandbox itself failed ({problem}); .sandbox/logs/service.log says how."
        state = "Failed" if error else "Succeeded"
        try:
            with self._context.stores.writing() as store:
                body = store.get(identifier)
                if body is not None:
                    body["properties"]["provisioningState"] = state
                    store.put(body)
        finally:
            with self._lock:
                self._operations[operation] = (state, error)

    # --- servers ----------------------------------------------------------------------------------------

    def ready(self, identifier: str) -> Server:
        """The server of a deployment, started if it does not run as the deployment says now.

        Raises :class:`ComputeError` when it does not start, and ``LookupError`` for one that does not exist.
        """
        key = identifier.lower()
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            body, workspace = self._read(identifier)
            fingerprint = _fingerprint(body)
            running = self._running.get(key)
            if running is not None and running.process.running and running.fingerprint == fingerprint:
                return running
            server = self._start(body, workspace, fingerprint)
            with self._lock:
                if self._stopping:
                    server.process.kill()
                    raise ServiceEndingError
                self._running[key] = server
            if running is not None:
                _end(running)
            return server

    def answering(self, identifier: str) -> Server:
        """The server that answers requests now: while an update starts another, and when that fails, the former one.

        Raises :class:`ComputeError` for a deployment that failed, and ``LookupError`` for one that does not exist.
        """
        body, _ = self._read(identifier)
        state = body["properties"].get("provisioningState")
        with self._lock:
            running = self._running.get(identifier.lower())
        if running is not None and running.process.running and state in ("Updating", "Failed"):
            return running
        if state == "Failed":
            raise ComputeError("its deployment failed, and its logs say why")
        return self.ready(identifier)

    def send(
        self, server: Server, method: str, path: str, *, content: bytes, headers: dict[str, str], seconds: float
    ) -> httpx.Response:
        """One request to a server. Raises httpx's errors."""
        url = f"http://127.0.0.1:{server.port}{path}"
        answer = self._client.request(method, url, content=content, headers=headers, timeout=seconds)
        if server.collector is not None and method == "POST":
            server.collector.exchange(
                path=path,
                sent=content,
                answered=answer.content,
                status=answer.status_code,
                identifier=headers.get("x-request-id") or str(uuid.uuid4()),
                content_type=headers.get("content-type", ""),
            )
        return answer

    def log(self, identifier: str, lines: int, container: str | None) -> str:
        """The last lines of a deployment's log: of the server, or of what was brought for it."""
        log = self._log(identifier)
        if container == "StorageInitializer":
            return "".join(line for line in log.tail(10_000).splitlines(keepends=True) if line.startswith("[sandbox]"))
        return log.tail(lines)

    def refresh(self) -> None:
        """End the servers of deployments that do not exist any more."""
        with self._lock:
            known = list(self._running)
        if not known:
            return
        with self._context.stores.reading() as store:
            gone = [key for key in known if store.get(key) is None]
        for key in gone:
            with self._lock:
                server = self._running.pop(key, None)
            if server is not None:
                _end(server)
                self._log(key).file.unlink(missing_ok=True)

    def stop(self) -> None:
        """End every server."""
        with self._lock:
            self._stopping = True
            servers = list(self._running.values())
            self._running.clear()
            for process in self._starting:
                process.kill()
        for server in servers:
            _end(server)
        self._workers.shutdown(wait=False, cancel_futures=True)
        self._client.close()

    # --- starting one -----------------------------------------------------------------------------------

    def _start(self, body: ArmObject, workspace: ArmObject, fingerprint: str) -> Server:
        log = self._log(body["id"])
        properties: dict[str, Any] = body["properties"]
        folder = self._context.root / "deployments" / "running" / uuid.uuid4().hex[:16]
        collector: Collector | None = None
        try:
            instances = int((body.get("sku") or {}).get("capacity") or 1)
            if instances > 1:
                log.say(f"{instances} instances are asked for: on this machine one server answers for them.")
            model = download_model(self._context, workspace, properties.get("model"), folder / "azureml-models")
            script = self._script(workspace, properties, folder / "code")
            if properties.get("environmentId") or (properties.get("codeConfiguration") or {}).get("codeId"):
                environment = environment_of(self._context, workspace, properties.get("environmentId"), log)
            else:
                environment = environment_of_model(self._context, model, log)
            environ = base_environ(self._context, environment, folder)
            environ |= {
                "AZUREML_MODEL_DIR": str(model or folder / "azureml-models"),
                "AML_APP_ROOT": str(script.parent),
                "AZUREML_ENTRY_SCRIPT": str(script),
                "WORKER_COUNT": "1",
            }
            environ |= observed.insights_environ(self._context, workspace, body)
            if collections_of(body):
                collector = Collector(self._context, workspace, body, folder / "collected", log)
                environ |= collector.environ()
            environ |= {key: str(value) for key, value in (properties.get("environmentVariables") or {}).items()}
            port = _free_port()
            command = [str(python_of(environment)), str(_PROGRAMS / "serve.py"), "--entry_script", str(script)]
            command += ["--port", str(port)]
            process = self._launch(command, script.parent, environ, port, log)
        except Exception as problem:
            if collector is not None:
                collector.close()
            shutil.rmtree(folder, ignore_errors=True)
            if isinstance(problem, ComputeError):
                log.say(str(problem))
                observed.event(self._logs, body["id"], "BackOff", str(problem))
            raise
        log.say(f"The deployment '{body['name']}' answers.")
        observed.event(self._logs, body["id"], "Started", "Started container inference-server")
        return Server(process, port, fingerprint, folder, collector)

    def _script(self, workspace: ArmObject, properties: dict[str, Any], folder: Path) -> Path:
        """The scoring script: the deployment's, or for a model of MLflow the one that Azure ML would write."""
        code = properties.get("codeConfiguration") or {}
        if not code.get("codeId"):
            folder.mkdir(parents=True, exist_ok=True)
            return Path(shutil.copy(_PROGRAMS / "mlflow_score.py", folder / "score.py"))
        script: Path = download_code(self._context, workspace, code["codeId"], folder) / code["scoringScript"]
        if not script.is_file():
            raise ComputeError(f"The scoring script '{code['scoringScript']}' is not in the deployment's code.")
        return script

    def _launch(self, command: list[str], folder: Path, environ: dict[str, str], port: int, log: Log) -> Guarded:
        """A server that answers; none is left when it does not. Raises :class:`ComputeError`."""
        with self._lock:
            if self._stopping:
                raise ServiceEndingError
            process = Guarded(command, folder=folder, environ=environ, log=log)
            self._starting.add(process)
        try:
            self._wait(process, port, log)
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            with self._lock:
                self._starting.discard(process)
        return process

    def _wait(self, process: Guarded, port: int, log: Log) -> None:
        """Until the server is alive. Raises :class:`ComputeError` when it ended or takes too long."""
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end and process.running and not self._stopping:
            with contextlib.suppress(httpx.HTTPError, RuntimeError):  # RuntimeError: stop() has closed the client
                if self._client.get(f"http://127.0.0.1:{port}/", timeout=10).status_code == 200:
                    return
            time.sleep(0.1)
        if self._stopping:
            raise ServiceEndingError
        if process.running:
            raise ComputeError(f"The inference server did not answer within {_START_SECONDS:.0f} seconds.")
        process.wait()  # its output is in the log then
        raise ComputeError(f"User container has crashed or terminated: {_last_error(log)}")

    def _read(self, identifier: str) -> tuple[ArmObject, ArmObject]:
        with self._context.stores.reading() as store:
            body = store.get(identifier)
            workspace = store.get(identifier.lower().partition("/onlineendpoints/")[0])
        if body is None or workspace is None:
            raise LookupError(identifier)
        return body, workspace

    def _log(self, identifier: str) -> Log:
        digest = hashlib.sha256(identifier.lower().encode()).hexdigest()[:16]
        file = self._context.root / "deployments" / "logs" / f"{digest}.txt"
        return Log(file, self._context.secrets, told=observed.console(self._logs, identifier))


def _end(server: Server) -> None:
    server.process.kill()
    server.process.wait()
    if server.collector is not None:
        server.collector.close()
    shutil.rmtree(server.folder, ignore_errors=True)


def _fingerprint(body: ArmObject) -> str:
    decisive = {name: body["properties"].get(name) for name in _DECISIVE}
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


def _last_error(log: Log) -> str:
    """The last line that looks like an exception's, so that the error says more than that there was one."""
    for line in reversed(log.tail(200).splitlines()):
        name, _, rest = line.strip().partition(": ")
        is_exception = " " not in name and name.endswith(("Error", "Exception", "Interrupt", "Exit"))
        if rest and is_exception and not name.startswith("azureml_inference_server"):
            return f"{line.strip()} (the deployment's logs say where)"
    return "the deployment's logs say why"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
