"""Where are the blobs? Azurite, kept in step with the storage accounts and containers of the store.

Azurite is the real program that Microsoft makes for this. It is started when a program first connects to a storage
account, and it ends with the service, also when that is killed. What exists is decided by the store: a container
that Terraform made appears, one that was destroyed is emptied and gone; one that a program made by the blob service's
own API appears in the store, as in Azure.
"""

from __future__ import annotations

import base64
import fcntl
import json
import logging
import os
import secrets
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import httpx

from sandbox import tokens
from sandbox.certificates import Authority
from sandbox.store import Connections, Store
from sandbox.system_datastores import CONTAINERS, add_container
from sandbox.whole_files import write_whole

_LOG = logging.getLogger(__name__)

ACCOUNTS = "Microsoft.Storage/storageAccounts"
HOST_SUFFIX = ".blob.core.windows.net"
_API_VERSION = "2024-08-04"
_START_SECONDS = 120.0
#: Another program may take the port that was free a moment ago.
_ATTEMPTS = 3
_STOP_SECONDS = 30.0
_GUARD = Path(__file__).with_name("azurite_guard.cjs")


class BlobError(Exception):
    """The blob service cannot be used; the message says why."""


class _EndedAtOnceError(BlobError):
    """Azurite ended while it was starting."""


@dataclass(frozen=True)
class _Wanted:
    """What the store says exists: keys by account, and each container with the time it was made."""

    keys: Mapping[str, tuple[str, str]]
    containers: Mapping[tuple[str, str], str]


class BlobService:
    """Azurite and its accounts. Methods may be called from several threads."""

    def __init__(self, root: Path, stores: Connections, authority: Authority, program: Path | None = None) -> None:
        self._folder = root / "blobs"
        self._known_file = self._folder / "containers.json"
        self._log_file = root / "logs" / "azurite.log"
        self._stores = stores
        self._authority = authority
        self._program = program
        self._lock = threading.RLock()
        self._process: subprocess.Popen[bytes] | None = None
        self._keys: Mapping[str, tuple[str, str]] = {}
        #: Keys that only this process knows, of accounts whose own keys must not be used.
        self._own_keys: dict[str, str] = {}
        self._seen: _Wanted | None = None
        #: Containers that were there since this Azurite started: one that is missing now was removed by a program.
        self._present: set[tuple[str, str]] = set()
        self._client: httpx.Client | None = None
        self._closed = False
        self.port = 0

    @property
    def pid(self) -> int | None:
        """Azurite's process, while it runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def has_account(self, account: str) -> bool:
        """Whether such a storage account exists."""
        with self._stores.reading() as store:
            return account.lower() in _accounts(store)

    def ready(self) -> int:
        """Start Azurite if need be, bring it in step with the store, and return its port.

        Raises :class:`BlobError`.
        """
        with self._lock:
            self._step()
            return self.port

    def refresh(self, *, look: bool) -> None:
        """Bring a running Azurite in step with the store; does nothing while none runs.

        With ``look``, also see what programs made and removed by the blob service's own API.
        """
        with self._lock:
            if self.pid is not None:
                self._seen = None if look else self._seen
                self._step()

    def account_key(self, account: str) -> str:
        """A key that opens the account here: its own, or where its keys are switched off one that only we know."""
        with self._lock, self._stores.reading() as store:
            return self._wanted(store).keys[account.lower()][0]

    def ask(
        self,
        method: str,
        account: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: Iterable[bytes] | None = None,
    ) -> httpx.Response:
        """One request to the blob service, as the service itself: for jobs and deployments that run here.

        Raises :class:`BlobError` for an account that does not exist, and httpx's errors.
        """
        if not self.has_account(account):
            raise BlobError(f"There is no storage account '{account}'.")
        port = self.ready()
        client = self._client
        assert client is not None
        url = f"https://127.0.0.1:{port}/{quote(path)}"
        return client.request(
            method, url, params=params, headers={**_own_headers(account), **(headers or {})}, content=content
        )

    def close(self) -> None:
        """End Azurite, and start none again: who still asks is refused."""
        with self._lock:
            self._closed = True
            self.stop()

    def stop(self) -> None:
        """End Azurite; it writes down what it holds."""
        with self._lock:
            process, self._process = self._process, None
            if self._client is not None:
                self._client.close()
                self._client = None
            if process is None:
                return
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                _LOG.warning("Azurite did not end in time and was killed")
                process.kill()
                process.wait()

    # --- in step with the store -------------------------------------------------------------------------

    def _step(self) -> None:
        if self._closed:
            raise BlobError("The sandbox's service is ending.")
        with self._stores.reading() as store:
            wanted = self._wanted(store)
        if self.pid is None or wanted.keys != self._keys:
            self.stop()
            self._start_somewhere(wanted.keys)
            self._seen, self._present = None, set()
        if wanted != self._seen:
            self._seen = self._merge(wanted)

    def _wanted(self, store: Store) -> _Wanted:
        keys = {name: self._keys_of(store, account) for name, account in _accounts(store).items()}
        containers = {_place(key): born for key, born in store.births(CONTAINERS).items()}
        return _Wanted(keys, {place: born for place, born in containers.items() if place[0] in keys})

    def _keys_of(self, store: Store, account: dict[str, Any]) -> tuple[str, str]:
        name = account["name"].lower()
        if account["properties"].get("allowSharedKeyAccess") is False:
            own = self._own_keys.setdefault(name, base64.b64encode(secrets.token_bytes(64)).decode())
            return own, own
        first = store.secret(account["id"], "primary") or ""
        return first, store.secret(account["id"], "secondary") or first

    def _merge(self, wanted: _Wanted) -> _Wanted:
        """Three ways: the store, Azurite, and what both had last time, which tells new from removed."""
        known = self._known()
        containers = dict(wanted.containers)
        there = {(account, name) for account in wanted.keys for name in self._list(account)}
        for place in sorted(there - containers.keys()):
            if place in known:
                self._call("DELETE", *place)
                there.discard(place)
            else:
                containers[place] = self._adopt(*place)
        for place, born in sorted(containers.items()):
            if place in there and known.get(place, born) != born:
                # Destroyed and made again since: what was in it is gone, as in Azure.
                self._call("DELETE", *place)
                there.discard(place)
            if place in there:
                continue
            if place in self._present and known.get(place) == born:
                self._forget(*place)
                del containers[place]
            else:
                self._call("PUT", *place)
        gone = {place: born for place, born in known.items() if place[0] not in wanted.keys}
        self._write_known({**gone, **containers})
        self._present = set(containers)
        return _Wanted(wanted.keys, containers)

    def _adopt(self, account: str, container: str) -> str:
        with self._stores.writing() as store:
            body = _accounts(store)[account]
            add_container(store, body, container)
            return store.births(CONTAINERS)[f"{body['id']}/blobServices/default/containers/{container}".lower()]

    def _forget(self, account: str, container: str) -> None:
        with self._stores.writing() as store:
            found = _accounts(store).get(account)
            if found is not None:
                store.delete(f"{found['id']}/blobServices/default/containers/{container}")

    def _known(self) -> dict[tuple[str, str], str]:
        try:
            rows = json.loads(self._known_file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError:
            _LOG.warning("%s is broken; containers of programs that are in Azurite are kept", self._known_file)
            return {}
        return {(account, container): born for account, container, born in rows}

    def _write_known(self, containers: Mapping[tuple[str, str], str]) -> None:
        rows = [[account, container, born] for (account, container), born in sorted(containers.items())]
        write_whole(self._known_file, json.dumps(rows))

    # --- Azurite ----------------------------------------------------------------------------------------

    def _list(self, account: str) -> list[str]:
        answer = self._call("GET", account, "", comp="list")
        return [str(name.text) for name in ET.fromstring(answer).iter("Name")]  # noqa: S314 - Azurite's own answer

    def _call(self, method: str, account: str, container: str, **query: str) -> bytes:
        assert self._client is not None
        try:
            answer = self._client.request(
                method,
                f"https://127.0.0.1:{self.port}/{quote(container)}",
                params={"restype": "container", **query} if container else query,
                headers=_own_headers(account),
            )
        except httpx.HTTPError as error:
            raise BlobError(f"Azurite did not answer {method} {account}/{container}: {error}") from error
        if answer.is_error and answer.status_code not in (404, 409):
            raise BlobError(f"Azurite answered {answer.status_code} to {method} {account}/{container}: {answer.text}")
        return answer.content

    def _start_somewhere(self, keys: Mapping[str, tuple[str, str]]) -> None:
        for attempt in range(_ATTEMPTS):
            try:
                self._start(keys)
            except _EndedAtOnceError:
                if attempt == _ATTEMPTS - 1:
                    raise
            else:
                return

    def _start(self, keys: Mapping[str, tuple[str, str]]) -> None:
        program = self._program or _find_program(self._folder)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        certificate, key = self._authority.write_pair("azurite", [f"*{HOST_SUFFIX}", "127.0.0.1"])
        accounts = ";".join(f"{name}:{first}:{second}" for name, (first, second) in sorted(keys.items()))
        self.port = _free_port()
        arguments = ["--blobHost", "127.0.0.1", "--blobPort", str(self.port), "--location", str(self._folder)]
        arguments += ["--cert", str(certificate), "--key", str(key), "--oauth", "basic"]
        arguments += ["--skipApiVersionCheck", "--loose", "--silent", "--disableTelemetry"]
        node = shutil.which("node")
        if node is None:
            raise BlobError("Node.js was not found on PATH (node); Azurite needs it. Install Node.js 22 or 24.")
        with self._log_file.open("ab") as log, self._used() as used:
            self._process = subprocess.Popen(
                [node, "--require", str(_GUARD), str(program), *arguments],
                # Keys go by variable, never by argument, which everybody on the machine can see.
                env={"PATH": os.environ.get("PATH", ""), "AZURITE_ACCOUNTS": accounts or "none:bm9uZQ=="},
                # Azurite ends when this pipe does: when this process does, however it ends.
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=(used.fileno(),),
            )
        self._keys = keys
        self._client = httpx.Client(verify=self._authority.client_context(), trust_env=False, timeout=30)
        self._wait()
        _LOG.info("Azurite runs: pid %s, port %s, accounts %s", self._process.pid, self.port, ", ".join(keys) or "none")

    @contextmanager
    def _used(self) -> Iterator[IO[bytes]]:
        """A lock on the blobs, for Azurite to inherit: what an Azurite whose service was killed still writes is kept.

        Raises :class:`BlobError` when that one does not end.
        """
        end = time.monotonic() + _START_SECONDS
        with (self._folder / "in-use.lock").open("wb") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > end:
                        raise BlobError(f"Another Azurite uses {self._folder} and does not end.") from None
                    time.sleep(0.05)
            yield file

    def _wait(self) -> None:
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end:
            if self.pid is None:
                self.stop()
                raise _EndedAtOnceError(f"Azurite did not start; see {self._log_file}.")
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        self.stop()
        raise BlobError(f"Azurite did not answer within {_START_SECONDS:.0f} seconds; see {self._log_file}.")


def _own_headers(account: str) -> dict[str, str]:
    """The service's own login to Azurite."""
    token = tokens.issue(audience="https://storage.azure.com", client_id="sandbox")
    return {"Host": f"{account}{HOST_SUFFIX}", "x-ms-version": _API_VERSION, "Authorization": f"Bearer {token}"}


def _accounts(store: Store) -> dict[str, dict[str, Any]]:
    return {body["name"].lower(): body for body in store.find(ACCOUNTS)}


def _place(key: str) -> tuple[str, str]:
    """Account and container of a container's id."""
    parts = key.split("/")
    return parts[-5], parts[-1]


def _find_program(folder: Path) -> Path:
    """Azurite in the project's own packages, else on PATH. Raises :class:`BlobError`."""
    project = folder.parent.parent
    own = project / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
    if own.is_file():
        return own
    found = shutil.which("azurite-blob")
    if found is None:
        raise BlobError(f"Azurite was found neither in {project / 'node_modules'} nor on PATH. Run: make setup")
    return Path(found).resolve()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
