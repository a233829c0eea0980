"""Saved plans, the guarded destroy and what a killed process leaves, in the sandbox and as docs/operations.md tells."""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import random
import signal
import stat
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sandbox.store import Store
from tests.e2e.conftest import Project
from tests.e2e.halfway import killed
from tests.unit.operations.smtp_server import smtp_server

pytestmark = pytest.mark.e2e

GROUP = "/subscriptions/00000000-0000-0000-0000-5a4db0c50001/resourceGroups/ezazml-sandbox-rg"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/ezazml-sandbox-aml-w01"
LOCK = f"{GROUP}/providers/Microsoft.Authorization/locks/keep"
#: How often a deployment is killed before it may finish; 20 with EZAZML_TEST_KILLS=20.
KILLS = int(os.environ.get("EZAZML_TEST_KILLS", "2"))


def guard(at: Project, **settings: Any) -> None:
    """Give the sandbox's environment these settings of the guard, and the strict defaults otherwise."""
    file = at.folder / "environments" / "sandbox.yaml"
    strict = {"business_hours": None, "require_committed": False, **settings}
    file.write_text(f"{file.read_text().split('destroy:')[0]}destroy: {json.dumps(strict)}\n")


def records(at: Project) -> list[dict[str, Any]]:
    lines = (at.folder / "audit" / "sandbox.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def resources(at: Project) -> int:
    return len(json.loads(at.ok("show", "sandbox", "-o", "json").out)["resources"])


def test_exactly_the_saved_plan_is_applied(at: Project) -> None:
    file = at.folder / "tf.tfplan"
    saved = json.loads(at.ok("plan", "sandbox", "--out", "tf.tfplan", "-o", "json").out)
    planned = saved["counts"]["create"]
    assert planned == len(saved["changes"]) > 30
    assert saved["cost"]["currency"] == "USD"
    assert saved["cost"]["after"]["high"] > saved["cost"]["after"]["low"] > 0
    assert saved["saved"]["environment"] == "sandbox"
    for one in (file, file.with_name("tf.tfplan.json")):
        assert stat.S_IMODE(one.stat().st_mode) == 0o600
    at.ok("deploy", "sandbox", "--plan", "tf.tfplan", "--yes")

    # somebody has deployed since: the state is another one
    stale = at.ezazml("deploy", "sandbox", "--plan", "tf.tfplan", "--yes")
    assert stale.code == 2
    assert "this plan is stale: the state has changed since (serial 0 then," in stale.err
    assert "ezazml plan sandbox --out tf.tfplan" in stale.err

    # somebody has changed the configuration since
    at.edit("CostCenter: none", "CostCenter: first")
    at.ok("plan", "sandbox", "--out", "tf.tfplan")
    at.edit("CostCenter: first", "CostCenter: second")
    stale = at.ezazml("deploy", "sandbox", "--plan", "tf.tfplan", "--yes")
    assert (stale.code, "the configuration has changed since" in stale.err) == (2, True)

    # for a pull request
    markdown = at.ok("plan", "sandbox", "-o", "markdown", "--max-chars", "800").out
    assert len(markdown) <= 800
    assert "`tags.CostCenter: none -> second`" in markdown
    assert "_Cut at 800 characters" in markdown

    # what loses data must be named
    at.edit("containers: [data, models]", "containers: [data]")
    refused = at.ezazml("deploy", "sandbox", "--yes")
    assert refused.code == 2
    assert "delete azurerm_storage_container.container_models" in refused.err
    assert resources(at) == planned
    at.ok("deploy", "sandbox", "--yes", "--allow-replace", "azurerm_storage_container.container_models")
    assert resources(at) == planned - 1


def test_the_guard_refuses_waits_tells_and_records(at: Project) -> None:
    at.ok("deploy", "sandbox", "--yes")
    deployed = resources(at)
    guard(at, waiting_minutes=5, notify="fail_closed", audit_file=None)
    typed = f"DESTROY-INFRASTRUCTURE-SANDBOX-{datetime.now(UTC):%Y-%m-%d}"
    why = ["--reason", "the project ended", "--ticket", "OPS-7"]
    with smtp_server() as box:
        at.variables |= {"SMTP_SERVER": "127.0.0.1", "SMTP_PORT": str(box.port), "EMAIL_NOTIFICATIONS": "a@example.org"}
        at.variables["EZAZML_NOTIFICATIONS__SMTP_SECURITY"] = "none"
        with Store.transaction(at.home.store_file) as store:
            level = {"level": "CanNotDelete", "notes": "made outside"}
            store.put({"id": LOCK, "type": "Microsoft.Authorization/locks", "name": "keep", "properties": level})

        wrong = at.ezazml("destroy", "sandbox", "--confirm", "sandbox", *why)
        assert (wrong.code, f"needs {typed} as confirmation, got 'sandbox'; nothing was changed" in wrong.err) == (
            2,
            True,
        )
        missing = at.ezazml("destroy", "sandbox", "--confirm", typed)
        assert (missing.code, "the reason is missing" in missing.err, "the ticket is missing" in missing.err) == (
            2,
            True,
            True,
        )
        shown = at.ok("destroy", "sandbox", "--dry-run", *why).out
        assert "lift lock keep (CanNotDelete)" in shown
        assert "wait 5 minutes" in shown
        assert box.mails == []

        # changing one's mind in the waiting time
        process = subprocess.Popen(
            ["ezazml", "destroy", "sandbox", "--confirm", typed, *why],
            cwd=at.folder,
            env=at.environ(),
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        for line in process.stderr:
            if "destroying in 5:00 min" in line:
                process.send_signal(signal.SIGINT)
                break
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, "Interrupted." in errors) == (130, True)
        assert "Subject: [ezazml] sandbox will be destroyed in 5 minutes" in box.mails[0]
        assert resources(at) == deployed

        guard(at, waiting_minutes=0, notify="fail_closed", audit_file=None)
        at.ok("destroy", "sandbox", "--confirm", typed, *why)
        assert "was destroyed" in box.mails[-1]
    assert json.loads(at.ok("sandbox", "status", "-o", "json").out)["objects"] == {}
    events = [record["event"] for record in records(at)]
    assert events == ["refused", "refused", "dry-run", "interrupted", "started", "lifting-locks", "destroyed", "told"]
    assert records(at)[-1]["locks_lifted"] == [{"id": LOCK, "level": "CanNotDelete", "notes": "made outside"}]
    assert (records(at)[-1]["state_before"]["resources"], records(at)[-1]["state_after"]["resources"]) == (deployed, 0)


def test_a_locked_state_says_who_holds_it(at: Project) -> None:
    at.ok("deploy", "sandbox", "--yes")
    state = at.home.states / "sandbox.tfstate"
    held = {
        "ID": "11111111-2222",
        "Operation": "OperationTypeApply",
        "Who": "bob@other",
        "Created": "2026-03-04T10:00:00Z",
        "Path": str(state),
    }
    state.with_name(f".{state.name}.lock.info").write_text(json.dumps(held))
    at.variables["EZAZML_DEPLOY__LOCK_TIMEOUT_SECONDS"] = "0"
    with state.open("r+") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)  # as Terraform does it
        refused = at.ezazml("plan", "sandbox")
    assert refused.code == 1
    assert (
        "The state of sandbox is locked: bob@other has held it since 2026-03-04 10:00:00+00:00 for an apply"
        in refused.err
    )
    assert "where a lock ends with the process that holds it" in refused.err
    assert "ezazml unlock" not in refused.err
    unlocking = at.ezazml("unlock", "sandbox", "--id", "11111111-2222", "--yes")
    assert (unlocking.code, "its lock ends with the process that holds it" in unlocking.err) == (2, True)
    assert at.plan()["changes"] == []


def test_a_killed_deployment_is_finished_by_the_next_one(at: Project) -> None:
    chance = random.Random(11)
    for number in range(KILLS):
        deploy_and_kill(at, after=chance.randint(3, 20), terraform=number % 2 == 0)
    at.ok("deploy", "sandbox", "--yes")
    assert at.plan()["changes"] == []
    with Store.transaction(at.home.store_file) as store:
        assert len(store.find("Microsoft.Graph/applications")) == 1
        assert len(store.find("Microsoft.Resources/resourceGroups")) == 1


def deploy_and_kill(at: Project, *, after: int, terraform: bool) -> None:
    """Deploy, and kill Terraform or everything after some lines about resources, as a lost machine would."""
    seen = itertools.count(1)

    def enough(line: str) -> bool:
        return ("Creating..." in line or "Creation complete" in line) and next(seen) == after

    killed(at, "ezazml", "deploy", "sandbox", "--yes", after=enough, terraform=terraform)


def test_what_others_made_is_not_adopted(at: Project) -> None:
    at.ok("sandbox", "up")
    with Store.transaction(at.home.store_file) as store:
        group = {"id": GROUP, "type": "Microsoft.Resources/resourceGroups", "name": Path(GROUP).name}
        store.put({**group, "location": "westeurope", "tags": {"owner": "somebody else"}, "properties": {}})
    refused = at.ezazml("deploy", "sandbox", "--yes")
    assert refused.code == 1
    assert "nothing shows that they belong to environment 'sandbox'" in refused.err
    assert f"azurerm_resource_group.resource_group: {GROUP}" in refused.err
    with Store.transaction(at.home.store_file) as store:
        assert (store.get(GROUP) or {})["tags"] == {"owner": "somebody else"}
