"""A destroy that does not get to its end: killed, cancelled, without a login. Docs/operations.md has the commands."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.store import Store
from tests.e2e.conftest import Answer, Project
from tests.e2e.halfway import interrupted, killed
from tests.e2e.test_repair import SMALL

pytestmark = pytest.mark.e2e

GROUP = "/subscriptions/00000000-0000-0000-0000-5a4db0c50001/resourceGroups/ezazml-small-rg"
LOCK = f"{GROUP}/providers/Microsoft.Authorization/locks/keep"
DESTROY = ("ezazml", "destroy", "small", "--confirm", "small")


def records(at: Project, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (at.folder / "audit" / f"{name}.jsonl").read_text().splitlines()]


def lock_is_there(at: Project) -> bool:
    with Store.transaction(at.home.store_file) as store:
        return store.get(LOCK) is not None


def group_is_there(store: Store) -> bool:
    """Terraform destroys it last."""
    return store.get(GROUP) is not None


def deploy(at: Project) -> None:
    at.ok("deploy", "small", "--yes")
    with Store.transaction(at.home.store_file) as store:
        level = {"level": "CanNotDelete", "notes": "made outside"}
        store.put({"id": LOCK, "type": "Microsoft.Authorization/locks", "name": "keep", "properties": level})


def destroy_halfway(at: Project, stop: Callable[..., Answer], **how: Any) -> Answer:
    """Destroy, and stop that once the first resource is gone; again where Terraform was quicker."""
    for _ in range(10):
        answer = stop(at, *DESTROY, after=lambda line: "Destruction complete" in line, **how)
        with Store.transaction(at.home.store_file) as store:
            halfway = group_is_there(store)
        if halfway:
            return answer
        deploy(at)
    raise AssertionError("Terraform was always quicker")


def test_a_destroy_that_is_killed_or_cancelled_leaves_what_the_next_one_finishes(at: Project) -> None:
    (at.folder / "environments" / "small.yaml").write_text(SMALL.replace("on_destroy: keep", "on_destroy: purge"))
    deploy(at)

    # a pipeline is cancelled: Terraform stops in order, and the lock is put back
    cancelled = destroy_halfway(at, interrupted, number=signal.SIGTERM, still=group_is_there)
    assert cancelled.code == 130, cancelled.err
    assert "Interrupt received" in cancelled.err
    assert lock_is_there(at)
    assert records(at, "small")[-1]["event"] == "interrupted"
    assert records(at, "small")[-1]["locks_not_restored"] == []
    assert records(at, "small")[-1]["state_after"]["resources"] > 0

    # a machine is lost: nobody puts the lock back, but the records know
    lost = destroy_halfway(at, killed)
    assert lost.code == -signal.SIGKILL
    assert not lock_is_there(at)
    assert records(at, "small")[-1]["event"] == "lifting-locks"
    doctor = at.ezazml("doctor", "small", "--output", "json")
    missing = [one for one in json.loads(doctor.out)["checks"] if one["check"] == "locks"]
    assert doctor.code == 1
    assert [one["verdict"] for one in missing] == ["problem"]
    assert missing[0]["fix"] == "Put it back: ezazml destroy small --put-back-locks"
    put_back = json.loads(at.ok("destroy", "small", "--put-back-locks", "-o", "json").out)
    assert [lock["id"] for lock in put_back["put_back"]] == [LOCK]
    assert lock_is_there(at)
    assert records(at, "small")[-1]["event"] == "locks-put-back"

    at.ok("destroy", "small", "--confirm", "small")
    assert json.loads(at.ok("sandbox", "status", "-o", "json").out)["objects"] == {}
    assert records(at, "small")[-1]["event"] == "destroyed"
    assert "no lock is missing" in at.ok("destroy", "small", "--put-back-locks").out
    assert list((at.folder / ".ezazml" / "plans").iterdir()) == []


def test_a_destroy_finds_what_is_there_although_its_state_was_cut_short(at: Project) -> None:
    (at.folder / "environments" / "small.yaml").write_text(SMALL.replace("on_destroy: keep", "on_destroy: purge"))
    deploy(at)
    state = at.home.states / "small.tfstate"
    before = state.read_text()
    lost = destroy_halfway(at, killed)
    assert lost.code == -signal.SIGKILL
    # As if it was killed between emptying and writing the state: by then Terraform has made the backup.
    state.with_name("small.tfstate.backup").write_text(before)
    state.write_text("")
    done = at.ok("destroy", "small", "--confirm", "small")
    assert "small.tfstate was cut short when Terraform was killed; its backup is used" in done.err
    assert json.loads(at.ok("sandbox", "status", "-o", "json").out)["objects"] == {}


def test_what_ends_a_destroy_before_it_begins_is_recorded(at: Project) -> None:
    why = ["--confirm", "x", "--reason", "gone", "--ticket", "OPS-1"]
    without = at.ezazml("destroy", "dev", *why)
    assert (without.code, "subscription_id" in without.err) == (2, True)
    file = at.folder / "environments" / "dev.yaml"
    file.write_text(f"{file.read_text()}\nnonsense: 1\n")
    invalid = at.ezazml("destroy", "dev", *why)
    assert (invalid.code, "nonsense" in invalid.err) == (2, True)
    assert [record["event"] for record in records(at, "dev")] == ["refused", "refused"]
    assert records(at, "dev")[0]["actor"] == "unknown: not logged in yet"
    assert {record["reason"] for record in records(at, "dev")} == {"gone"}
    unknown = at.ezazml("destroy", "nowhere", *why)
    assert (unknown.code, "Environment 'nowhere' is unknown" in unknown.err) == (2, True)
    assert not (at.folder / "audit" / "nowhere.jsonl").exists()
