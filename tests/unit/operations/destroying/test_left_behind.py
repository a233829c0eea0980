"""Locks that a killed run lifted are known, found missing, and put back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ezazml.errors import EzazmlError
from ezazml.operations.destroying.audit import AuditLog, audit_file
from ezazml.operations.destroying.left_behind import locks_left_lifted, missing_locks, put_back
from ezazml.operations.destroying.obstacles import Lock
from tests.unit.operations.destroying.stage import GROUP, LOCK, PlayedAzure, as_azure, write_environment
from tests.unit.operations.destroying.test_destruction import LOCKED, Run

KEEP = {"id": LOCK, "level": "CanNotDelete", "notes": "keep it"}
OTHER = {"id": f"{LOCK}-2", "level": "ReadOnly", "notes": None}


def log(root: Path, *records: dict[str, Any]) -> Path:
    file = root / "audit" / "dev.jsonl"
    file.parent.mkdir(exist_ok=True)
    file.write_text("".join(json.dumps({"run": "first", **one}) + "\n" for one in records))
    return file


@pytest.mark.parametrize(
    ("records", "left"),
    [
        ([], []),
        ([{"event": "started"}], []),
        ([{"event": "lifting-locks", "locks_lifted": [KEEP]}], [LOCK]),
        ([{"event": "lifting-locks", "locks_lifted": [KEEP, OTHER]}], [LOCK, f"{LOCK}-2"]),
        (
            [
                {"event": "lifting-locks", "locks_lifted": [KEEP]},
                {"event": "failed", "locks_lifted": [KEEP], "locks_not_restored": []},
            ],
            [],
        ),
        (
            [
                {"event": "lifting-locks", "locks_lifted": [KEEP, OTHER]},
                {"event": "interrupted", "locks_not_restored": [OTHER]},
            ],
            [f"{LOCK}-2"],
        ),
        (
            [
                {"event": "lifting-locks", "locks_lifted": [KEEP]},
                {"run": "second", "event": "refused"},
                {"run": "third", "event": "failed"},  # before it lifted anything
            ],
            [LOCK],
        ),
        (
            [
                {"event": "lifting-locks", "locks_lifted": [KEEP]},
                {"run": "second", "event": "destroyed"},
            ],
            [],
        ),
        (
            [
                {"event": "lifting-locks", "locks_lifted": [KEEP, OTHER]},
                {"run": "second", "event": "locks-put-back", "locks_put_back": [KEEP]},
            ],
            [f"{LOCK}-2"],
        ),
    ],
)
def test_what_the_records_say(tmp_path: Path, records: list[dict[str, Any]], left: list[str]) -> None:
    assert [lock.id for lock in locks_left_lifted(log(tmp_path, *records))] == left


def test_a_line_that_a_killed_run_did_not_finish_hides_nothing(tmp_path: Path) -> None:
    file = log(tmp_path, {"event": "lifting-locks", "locks_lifted": [KEEP]})
    file.write_text(f'{file.read_text()}[]\n{{"event": "fai')
    assert locks_left_lifted(file) == (Lock(LOCK, "CanNotDelete", "keep it"),)


def test_without_records_nothing_is_missing(tmp_path: Path) -> None:
    assert locks_left_lifted(tmp_path / "audit" / "dev.jsonl") == ()


@pytest.mark.parametrize(("there", "missing"), [([GROUP], 1), ([GROUP, LOCK], 0), ([], 0)])
def test_only_a_lock_that_is_gone_from_what_is_there_is_missing(tmp_path: Path, there: list[str], missing: int) -> None:
    environment = write_environment(tmp_path)
    log(tmp_path, {"event": "lifting-locks", "locks_lifted": [KEEP]})
    azure = PlayedAzure({identifier: {"id": identifier} for identifier in there})
    assert len(missing_locks(environment, as_azure(azure))) == missing


def test_they_are_put_back_once_and_that_is_recorded(tmp_path: Path) -> None:
    environment = write_environment(tmp_path)
    log(tmp_path, {"event": "lifting-locks", "locks_lifted": [KEEP]})
    azure = PlayedAzure({GROUP: {"id": GROUP}})
    audit = AuditLog(audit_file(environment), {"environment": "dev"})
    done, failed = put_back(environment, as_azure(azure), audit, show=lambda _line: None)
    assert ([lock.id for lock in done], failed) == ([LOCK], ())
    assert azure.objects[LOCK]["properties"] == {"level": "CanNotDelete", "notes": "keep it"}
    assert locks_left_lifted(audit_file(environment)) == ()
    assert put_back(environment, as_azure(azure), audit, show=lambda _line: None) == ((), ())
    assert len(audit_file(environment).read_text().splitlines()) == 2


def test_what_azure_refuses_stays_known(tmp_path: Path) -> None:
    environment = write_environment(tmp_path)
    log(tmp_path, {"event": "lifting-locks", "locks_lifted": [KEEP]})
    azure = PlayedAzure({GROUP: {"id": GROUP}}, refuses=f"put {LOCK}")
    done, failed = put_back(
        environment, as_azure(azure), AuditLog(audit_file(environment), {}), show=lambda _line: None
    )
    assert (done, [lock.id for lock in failed]) == ((), [LOCK])
    assert len(locks_left_lifted(audit_file(environment))) == 1


def test_the_next_run_that_fails_puts_back_what_a_killed_one_lifted(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.azure.objects = {GROUP: LOCKED[GROUP]}
    log(tmp_path, {"event": "lifting-locks", "locks_lifted": [KEEP]})
    run.bench.terraform.fails = EzazmlError("boom")
    with pytest.raises(EzazmlError, match="boom"):
        run.go()
    assert run.azure.objects[LOCK]["properties"] == {"level": "CanNotDelete", "notes": "keep it"}
    assert run.events()[-2:] == ["lifting-locks", "failed"]
    assert locks_left_lifted(tmp_path / "audit" / "dev.jsonl") == ()


def test_the_next_run_that_succeeds_leaves_nothing_to_put_back(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.azure.objects = {GROUP: LOCKED[GROUP]}
    log(tmp_path, {"event": "lifting-locks", "locks_lifted": [KEEP]})
    run.go()
    assert LOCK not in run.azure.objects
    assert locks_left_lifted(tmp_path / "audit" / "dev.jsonl") == ()
