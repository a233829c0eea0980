"""The store keeps objects as Azure does, safe with several processes at once."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sandbox.store import Connections, Store, StoreError

_OBJECT = {"id": "/subscriptions/s/resourceGroups/RG", "type": "Microsoft.Resources/resourceGroups", "name": "RG"}


def test_ids_ignore_case(tmp_path: Path) -> None:
    with Store.transaction(tmp_path / "store.db") as store:
        store.put(_OBJECT)
        assert store.get(_OBJECT["id"].lower()) == _OBJECT
        assert store.find("microsoft.resources/RESOURCEGROUPS") == [_OBJECT]


def test_a_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="stop"), Store.transaction(tmp_path / "store.db") as store:
        store.put(_OBJECT)
        raise ValueError("stop")
    with Store.transaction(tmp_path / "store.db") as store:
        assert store.get(_OBJECT["id"]) is None


def test_below_means_below_not_merely_alike(tmp_path: Path) -> None:
    with Store.transaction(tmp_path / "store.db") as store:
        for name in ("RG", "RG/providers/x", "RG2", "R%"):
            store.put({**_OBJECT, "id": f"/subscriptions/s/resourceGroups/{name}", "name": name})
        assert [one["name"] for one in store.below(_OBJECT["id"])] == ["RG/providers/x"]


def test_deleting_takes_what_is_below_and_the_secrets(tmp_path: Path) -> None:
    with Store.transaction(tmp_path / "store.db") as store:
        store.put(_OBJECT)
        store.put({**_OBJECT, "id": f"{_OBJECT['id']}/a"})
        store.set_secret(f"{_OBJECT['id']}/a", "key", "value")
        store.delete(_OBJECT["id"])
        assert store.find() == []
        assert store.secret(f"{_OBJECT['id']}/a", "key") is None


def test_a_soft_deleted_object_can_be_recovered_or_purged(tmp_path: Path) -> None:
    with Store.transaction(tmp_path / "store.db") as store:
        store.put(_OBJECT)
        store.put({**_OBJECT, "id": f"{_OBJECT['id']}/a"})
        store.soft_delete(_OBJECT["id"], retention_days=7)
        assert store.find() == []
        assert [one["id"] for one in store.deleted()] == [_OBJECT["id"]]
        assert store.deleted()[0]["scheduledPurgeDate"] > store.deleted()[0]["deletionDate"]
        store.recover(_OBJECT["id"])
        assert len(store.find()) == 2
        store.soft_delete(_OBJECT["id"], retention_days=7)
        store.purge(_OBJECT["id"])
        assert store.deleted() == []


def test_secrets_are_not_in_the_objects(tmp_path: Path) -> None:
    with Store.transaction(tmp_path / "store.db") as store:
        store.put(_OBJECT)
        store.set_secret(_OBJECT["id"], "key", "pl4nted")
        assert "pl4nted" not in str(store.find())


def test_a_store_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "store.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreError, match="newer version"), Store.transaction(tmp_path / "store.db"):
        pass


def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from sandbox.store import Store\n"
        "for n in range(25):\n"
        "    with Store.transaction(Path(sys.argv[1])) as store:\n"
        "        body = store.get('/counter') or {'id': '/counter', 'type': 't', 'name': 'c', 'n': 0}\n"
        "        store.put({**body, 'n': body['n'] + 1})\n"
    )
    path = tmp_path / "store.db"
    workers = [subprocess.Popen([sys.executable, "-c", code, str(path)]) for _ in range(4)]
    assert [worker.wait() for worker in workers] == [0, 0, 0, 0]
    with Store.transaction(path) as store:
        assert (store.get("/counter") or {})["n"] == 100


def test_a_new_store_waits_for_whoever_else_opens_it(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE other (n INTEGER)")  # not yet with a write-ahead log, as a file just begun
    other.execute("BEGIN IMMEDIATE")
    done = threading.Timer(0.5, other.execute, ("ROLLBACK",))
    done.start()
    with Store.transaction(path) as store:
        assert store.find() == []
    done.join()
    other.close()


def test_a_transaction_within_another_one_is_a_mistake(tmp_path: Path) -> None:
    stores = Connections(tmp_path / "store.db")
    with stores.writing() as store:
        with pytest.raises(StoreError, match="within another one"), stores.reading():
            pass
        store.put(_OBJECT)
    with stores.reading() as store:
        assert store.get(_OBJECT["id"]) == _OBJECT
