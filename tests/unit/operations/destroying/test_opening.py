"""What ends a destroy before its first rule is in the audit record too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ezazml.errors import ConfigurationError, EzazmlError, InputError
from ezazml.operations.destroying.opening import recorded
from tests.unit.operations.destroying.stage import write_environment


def opening(root: Path, *, name: str = "dev", dry_run: bool = False) -> Any:
    return recorded(name, root=root, environ={}, reason="done with it", ticket="OPS-1", dry_run=dry_run)


def records(root: Path, file: str = "audit/dev.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (root / file).read_text().splitlines()]


@pytest.mark.parametrize(
    ("error", "event"),
    [
        (EzazmlError("Nobody is logged in.", hint="az login"), "failed"),
        (InputError("subscription_id: set it."), "refused"),
        (KeyboardInterrupt(), "interrupted"),
        (RuntimeError("a mistake of ours"), "failed"),
    ],
)
def test_what_fails_before_the_sequence_is_recorded(tmp_path: Path, error: BaseException, event: str) -> None:
    write_environment(tmp_path)
    with pytest.raises(type(error)), opening(tmp_path):
        raise error
    (record,) = records(tmp_path)
    assert record["event"] == event
    assert (record["environment"], record["reason"], record["ticket"]) == ("dev", "done with it", "OPS-1")
    assert record["actor"] == "unknown: not logged in yet"
    assert "@" in record["machine"]
    assert str(error) in record["error"] or record["error"] == type(error).__name__
    assert "dry_run" not in record


def test_what_is_recorded_already_is_not_recorded_again(tmp_path: Path) -> None:
    write_environment(tmp_path)
    with pytest.raises(InputError), opening(tmp_path) as audit:
        try:
            raise InputError("no")
        except InputError as error:
            audit.write("refused", error=error)
            raise
    assert len(records(tmp_path)) == 1


def test_a_dry_run_that_fails_says_that_it_was_one(tmp_path: Path) -> None:
    write_environment(tmp_path)
    with pytest.raises(EzazmlError), opening(tmp_path, dry_run=True):
        raise EzazmlError("no login")
    assert records(tmp_path)[0]["dry_run"] is True


def test_a_configuration_that_is_wrong_is_recorded_where_records_are_by_default(tmp_path: Path) -> None:
    write_environment(tmp_path)
    file = tmp_path / "environments" / "dev.yaml"
    file.write_text(file.read_text().replace("destroy: {", "destroy: {waiting_minutes: long"))
    with pytest.raises(ConfigurationError), opening(tmp_path):
        pytest.fail("nothing may happen")
    (record,) = records(tmp_path)
    assert record["event"] == "refused"
    assert "destroy.waiting_minutes" in record["error"]


def test_the_file_that_the_environment_names_is_used(tmp_path: Path) -> None:
    write_environment(tmp_path, "audit_file: kept/here.jsonl")
    with pytest.raises(InputError), opening(tmp_path):
        raise InputError("no")
    assert records(tmp_path, "kept/here.jsonl")[0]["event"] == "refused"


def test_an_environment_that_does_not_exist_gets_no_record(tmp_path: Path) -> None:
    write_environment(tmp_path)
    with pytest.raises(InputError, match="'devv' is unknown"), opening(tmp_path, name="devv"):
        pytest.fail("nothing may happen")
    assert not (tmp_path / "audit").exists()


def test_without_a_record_nothing_begins(tmp_path: Path) -> None:
    write_environment(tmp_path)
    (tmp_path / "audit").write_text("not a folder")
    with pytest.raises(EzazmlError, match="the audit record cannot be written"), opening(tmp_path):
        pytest.fail("nothing may happen")
