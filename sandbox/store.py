"""What exists in the sandbox? A SQLite file with objects shaped as Azure Resource Manager and Microsoft Graph do.

An object is a dict with ``id``, ``type``, ``name`` and, as Azure has them, ``location``, ``tags``, ``identity``,
``sku``, ``kind``, ``properties``. Ids ignore case, as in Azure. Secrets are kept apart from the objects, so that
listing objects never shows one. Several processes may use the file at once.
"""

from __future__ import annotations

import json
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ArmObject = dict[str, Any]

_VERSION = 2
_BUSY_SECONDS = 60.0
_TABLES = """
CREATE TABLE IF NOT EXISTS objects (
    key TEXT PRIMARY KEY, type TEXT NOT NULL, body TEXT NOT NULL, created TEXT NOT NULL, changed TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS objects_by_type ON objects (type);
CREATE TABLE IF NOT EXISTS deleted (
    key TEXT PRIMARY KEY, root TEXT NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL, deleted TEXT NOT NULL,
    purge TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS secrets (
    key TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (key, name)
);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class StoreError(Exception):
    """The store's file cannot be used."""


class Store:
    """Objects, soft-deleted objects and secrets. Use it inside :meth:`transaction`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    @contextmanager
    def transaction(cls, path: Path) -> Iterator[Store]:
        """Open the store at ``path`` (made if missing) for one transaction: all of it happens, or nothing.

        Raises :class:`StoreError` for a file written by a newer version.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
        try:
            _write_ahead(connection)
            connection.execute("BEGIN IMMEDIATE")
            _prepare(connection, path)
            try:
                yield cls(connection)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
        finally:
            connection.close()

    # --- objects ----------------------------------------------------------------------------------------

    def get(self, identifier: str) -> ArmObject | None:
        """The object with that id, or ``None``."""
        row = self._connection.execute("SELECT body FROM objects WHERE key = ?", (_key(identifier),)).fetchone()
        return None if row is None else json.loads(row[0])

    def put(self, body: ArmObject) -> None:
        """Create or replace an object."""
        now = _now().isoformat()
        self._connection.execute(
            "INSERT INTO objects VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET type = excluded.type,"
            " body = excluded.body, changed = excluded.changed",
            (_key(body["id"]), body["type"].lower(), json.dumps(body), now, now),
        )

    def delete(self, identifier: str) -> None:
        """Remove an object, everything below it, and their secrets."""
        for body in [*self.below(identifier), {"id": identifier}]:
            self._connection.execute("DELETE FROM objects WHERE key = ?", (_key(body["id"]),))
            self._connection.execute("DELETE FROM secrets WHERE key = ?", (_key(body["id"]),))

    def find(self, type_name: str | None = None) -> list[ArmObject]:
        """All objects, or those of one type, by id."""
        where, arguments = ("WHERE type = ?", (type_name.lower(),)) if type_name else ("", ())
        rows = self._connection.execute(f"SELECT body FROM objects {where} ORDER BY key", arguments)  # noqa: S608
        return [json.loads(body) for (body,) in rows]

    def below(self, identifier: str, type_name: str | None = None) -> list[ArmObject]:
        """Objects whose ids continue ``identifier``, or those of one type among them, by id."""
        key = _key(identifier)
        # A range of the index: "0" is the character after "/".
        where, arguments = "key > ? AND key < ?", [f"{key}/", f"{key}0"]
        if type_name is not None:
            where, arguments = f"{where} AND type = ?", [*arguments, type_name.lower()]
        rows = self._connection.execute(f"SELECT body FROM objects WHERE {where} ORDER BY key", arguments)  # noqa: S608
        return [json.loads(body) for (body,) in rows]

    def births(self, type_name: str) -> dict[str, str]:
        """When each object of a type was made, by its id in lower case: made anew, it has another time."""
        rows = self._connection.execute("SELECT key, created FROM objects WHERE type = ?", (type_name.lower(),))
        return {str(key): str(created) for key, created in rows}

    # --- soft delete ------------------------------------------------------------------------------------

    def soft_delete(self, identifier: str, *, retention_days: int) -> None:
        """Move an object and everything below it to the deleted ones, which keep its name."""
        now = _now()
        purge = now + timedelta(days=retention_days)
        for body in [self.get(identifier), *self.below(identifier)]:
            if body is not None:
                self._connection.execute(
                    "INSERT OR REPLACE INTO deleted VALUES (?, ?, ?, ?, ?, ?)",
                    (
                        _key(body["id"]),
                        _key(identifier),
                        body["type"].lower(),
                        json.dumps(body),
                        now.isoformat(),
                        purge.isoformat(),
                    ),
                )
                self._connection.execute("DELETE FROM objects WHERE key = ?", (_key(body["id"]),))

    def deleted(self, type_name: str | None = None) -> list[ArmObject]:
        """Soft-deleted objects whose retention is not over, each with ``deletionDate`` and ``scheduledPurgeDate``."""
        rows = self._connection.execute(
            "SELECT body, deleted, purge, type FROM deleted WHERE key = root AND purge > ?", (_now().isoformat(),)
        )
        return [
            {**json.loads(body), "deletionDate": when, "scheduledPurgeDate": purge}
            for body, when, purge, kind in rows
            if type_name is None or kind == type_name.lower()
        ]

    def recover(self, identifier: str) -> None:
        """Bring a soft-deleted object back, with everything that was deleted with it."""
        rows = self._connection.execute("SELECT body FROM deleted WHERE root = ?", (_key(identifier),)).fetchall()
        for (body,) in rows:
            self.put(json.loads(body))
        self._connection.execute("DELETE FROM deleted WHERE root = ?", (_key(identifier),))

    def purge(self, identifier: str) -> None:
        """Remove a soft-deleted object, and soft-deleted ones below it, for good."""
        prefix = _key(identifier) + "/"
        self._connection.execute(
            "DELETE FROM deleted WHERE root = ? OR substr(key, 1, ?) = ?", (_key(identifier), len(prefix), prefix)
        )
        self._connection.execute(
            "DELETE FROM secrets WHERE key = ? OR substr(key, 1, ?) = ?", (_key(identifier), len(prefix), prefix)
        )

    # --- secrets ----------------------------------------------------------------------------------------

    def set_secret(self, identifier: str, name: str, value: str) -> None:
        """Keep a secret of an object."""
        self._connection.execute("INSERT OR REPLACE INTO secrets VALUES (?, ?, ?)", (_key(identifier), name, value))

    def secret(self, identifier: str, name: str) -> str | None:
        """A secret of an object, or ``None``."""
        row = self._connection.execute(
            "SELECT value FROM secrets WHERE key = ? AND name = ?", (_key(identifier), name)
        ).fetchone()
        return None if row is None else str(row[0])

    # --- settings ---------------------------------------------------------------------------------------

    def setting(self, name: str) -> Any:
        """How this Azure is set, such as its quota; ``None`` when nothing is set."""
        row = self._connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return None if row is None else json.loads(row[0])

    def set_setting(self, name: str, value: Any) -> None:
        """Keep a setting (anything that JSON can hold)."""
        self._connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, json.dumps(value)))

    def secret_values(self) -> set[str]:
        """Every secret that is long enough to be one: what a log must not hold."""
        rows = self._connection.execute("SELECT value FROM secrets WHERE length(value) >= 8")
        return {str(value) for (value,) in rows}

    def clear(self) -> None:
        """Remove everything."""
        for table in ("objects", "deleted", "secrets", "settings"):
            self._connection.execute(f"DELETE FROM {table}")  # noqa: S608 - the names stand here


class Connections:
    """The connections of a long-running process to a store's file: one per thread, opened once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        # Threads of one process wait for each other here: SQLite's own way to wait is to sleep and try again.
        self._writer = threading.Lock()

    @contextmanager
    def reading(self) -> Iterator[Store]:
        """The store as it is at one moment."""
        with self._transaction("BEGIN") as store:
            yield store

    @contextmanager
    def writing(self) -> Iterator[Store]:
        """The store for one transaction, as :meth:`Store.transaction`."""
        with self._writer, self._transaction("BEGIN IMMEDIATE") as store:
            yield store

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Store]:
        connection = self._connection()
        if connection.in_transaction:  # a mistake in the code around: what it would see is not defined
            raise StoreError("A transaction of the store was begun within another one of the same thread.")
        connection.execute(begin)
        try:
            yield Store(connection)
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            with Store.transaction(self._path):
                pass  # makes what is missing
            connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None)
            # With a write-ahead log a crash of the machine loses the last moments at most, never the file.
            connection.execute("PRAGMA synchronous = NORMAL")
            self._local.connection = connection
        return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Let readers and a writer of several processes work at once.

    SQLite refuses at once, whatever the connection's timeout, a change of the journal's mode while another process
    opens the same new file: of two that wait for each other's lock none would end. It is asked again here.
    """
    until = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(random.uniform(0.001, 0.02))  # noqa: S311


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > _VERSION:
        raise StoreError(
            f"{path} was written by a newer version of the sandbox ({version}, this one knows {_VERSION}). "
            "Update, or run: ezazml sandbox reset"
        )
    if version < _VERSION:
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {_VERSION}")


def _key(identifier: str) -> str:
    return identifier.rstrip("/").lower()


def _now() -> datetime:
    return datetime.now(UTC)
