"""What becomes of the data that a deployment collects? Lines of JSON in the blobs, as Azure ML's data collector writes.

In Azure a container beside the model's takes what the package azureml-ai-monitoring sends (``POST /modeldata/log``)
and what the endpoint was asked and answered. Here that is a small server per deployment, at a port of this machine
only. Paths and fields are those of Microsoft Learn, "Collect production data from models deployed for real-time
inferencing", "Store collected data in a blob".
"""

from __future__ import annotations

import json
import logging
import random
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from sandbox.compute.context import Context
from sandbox.compute.errors import ComputeError
from sandbox.compute.process import Log
from sandbox.compute.records import now
from sandbox.store import ArmObject

_LOG = logging.getLogger(__name__)
#: Where collections go that name no data asset (azure-ai-ml, DEFAULT_MDC_PATH).
_FOLDER = "azureml://datastores/workspaceblobstore/paths/modelDataCollector"
#: Collections of whole requests and answers; the others are logged by the scoring script.
_REQUEST, _RESPONSE = "request", "response"
_ROLLING = {"year": "%Y", "month": "%Y/%m", "day": "%Y/%m/%d", "hour": "%Y/%m/%d/%H", "minute": "%Y/%m/%d/%H/%M"}
_FLUSH_SECONDS = 0.5
#: A blob grows up to here, bytes; then another one begins. It is written whole each time.
_LARGEST = 4 * 2**20
_PREFIX = "azureml.inference."


@dataclass(frozen=True)
class Collection:
    """What a deployment declares for one kind of data: the share that is kept, and the folder for it."""

    share: float
    folder: str


def collections_of(deployment: ArmObject) -> dict[str, Collection]:
    """The collections of a deployment that are on, by their names in lower case."""
    _, _, place = deployment["id"].partition("/onlineEndpoints/")
    endpoint, _, name = place.partition("/deployments/")
    given: dict[str, Any] = (deployment["properties"].get("dataCollector") or {}).get("collections") or {}
    found: dict[str, Collection] = {}
    for title, one in given.items():
        if str((one or {}).get("dataCollectionMode")).lower() == "enabled":
            rate = one.get("samplingRate")
            folder = str(one.get("dataId") or f"{_FOLDER}/{endpoint}/{name}/{title}")
            found[title.lower()] = Collection(1.0 if rate is None else float(rate), folder)
    return found


class Collector:
    """Collects what one deployment logs, until it is closed."""

    def __init__(self, context: Context, workspace: ArmObject, deployment: ArmObject, folder: Path, log: Log) -> None:
        settings = deployment["properties"].get("dataCollector") or {}
        self._context = context
        self._workspace = workspace
        self._source = deployment["id"]
        self._collections = collections_of(deployment)
        self._rolling = _ROLLING.get(str(settings.get("rollingRate") or "Hour").lower(), _ROLLING["hour"])
        self._folder = folder
        self._log = log
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._waiting: dict[tuple[str, str], list[str]] = {}
        self._blobs: dict[tuple[str, str], str] = {}
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        for target in (self._serve, self._flush_again):
            threading.Thread(target=target, daemon=True).start()

    def environ(self) -> dict[str, str]:
        """The variables that the package azureml-ai-monitoring reads."""
        kept = {
            name: {"enabled": True, "sampleRatePercentage": round(one.share * 100)}
            for name, one in self._collections.items()
        }
        self._folder.mkdir(parents=True, exist_ok=True)
        file = self._folder / "config.json"
        file.write_text(json.dumps({"collections": kept, "runMode": "cloud"}), encoding="utf-8")
        address = self._server.server_address
        return {
            "AZUREML_MDC_CONFIG_PATH": str(file),
            "AZUREML_MDC_HOST": str(address[0]),
            "AZUREML_MDC_PORT": str(address[1]),
        }

    def exchange(
        self, *, path: str, sent: bytes, answered: bytes, status: int, identifier: str, content_type: str
    ) -> None:
        """Collect a whole request and its answer, where that is declared."""
        drawn = random.random()  # noqa: S311 - no secret
        common = {"correlationid": identifier, "xrequestid": identifier}
        request = {**common, "path": path, "method": "POST"}
        for name, content, more in ((_REQUEST, sent, request), (_RESPONSE, answered, {**common, "statuscode": status})):
            collection = self._collections.get(name)
            if collection is not None and drawn < collection.share:
                self._keep(name, self._event(name, content, content_type or "application/json", more))

    def take(self, headers: Mapping[str, str], content: bytes) -> tuple[int, str]:
        """What a scoring script logs; a status and a text for it."""
        name = str(headers.get("ce-type", "")).removeprefix(_PREFIX)
        if name.lower() not in self._collections:
            return 400, f"collection '{name}' is not enabled"
        more = {
            "correlationid": headers.get("ce-x-request-id"),
            "xrequestid": headers.get("ce-x-request-id"),
            "modelversion": headers.get("ce-model-version") or "default",
            "collectdatatype": headers.get("ce-collect-data-type"),
            "agent": headers.get("ce-agent"),
        }
        event = self._event(name, content, headers.get("content-type", ""), more)
        event["id"] = headers.get("trace-id") or event["id"]
        self._keep(name, event)
        return 200, "ok"

    def close(self) -> None:
        """Take no more, and write what is waiting."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._flush()

    def _event(self, name: str, content: bytes, content_type: str, more: Mapping[str, Any]) -> dict[str, Any]:
        text = content.decode("utf-8", "replace")
        data: Any = text
        if "json" in content_type:
            try:
                data = json.loads(text)
            except ValueError:
                content_type = "text/plain"
        return {
            "specversion": "1.0",
            "id": str(uuid.uuid4()),
            "source": self._source,
            "type": f"{_PREFIX}{name}",
            "datacontenttype": content_type.partition(";")[0],
            "time": now()[:19] + "Z",
            "data": data,
            **{key: value for key, value in more.items() if value is not None},
            "contentrange": f"bytes 0-{max(0, len(content) - 1)}/{len(content)}",
        }

    def _keep(self, name: str, event: Mapping[str, Any]) -> None:
        line = json.dumps(event)
        for secret in self._context.secrets():
            line = line.replace(secret, "*****")
        rolled = datetime.now(UTC).strftime(self._rolling)
        with self._lock:
            self._waiting.setdefault((name.lower(), rolled), []).append(line)

    def _serve(self) -> None:
        self._server.serve_forever(poll_interval=0.05)

    def _flush_again(self) -> None:
        while not self._closing.wait(_FLUSH_SECONDS):
            self._flush()

    def _flush(self) -> None:
        # One at a time: a blob is written whole, and an older state must not come last.
        with self._writing:
            with self._lock:
                waiting, self._waiting = self._waiting, {}
            for key, lines in waiting.items():
                try:
                    self._write(key, lines)
                except ComputeError as error:
                    self._log.say(f"Collected data of '{key[0]}' is lost: {error}")
                except Exception:
                    _LOG.exception("Collected data of %s is lost", self._source)

    def _write(self, key: tuple[str, str], lines: list[str]) -> None:
        instance = self._blobs.setdefault(key, str(uuid.uuid4()))
        file = self._folder / f"{instance}.jsonl"
        with file.open("a", encoding="utf-8") as kept:
            kept.writelines(f"{line}\n" for line in lines)
        place = self._context.place(self._workspace, self._collections[key[0]].folder)
        self._context.files.upload(file, place.below(f"{key[1]}/{instance}.jsonl"))
        if file.stat().st_size > _LARGEST:
            del self._blobs[key]


def _handler(collector: Collector) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """One request of azureml-ai-monitoring."""

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, text = (404, "not found")
            if self.path == "/modeldata/log":
                status, text = collector.take(headers, content)
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    return Handler
