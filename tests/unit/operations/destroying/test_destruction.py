"""Whatever becomes of a destroy: nothing is destroyed that should not be, and the audit record says what happened."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ezazml.errors import EzazmlError, InputError
from ezazml.operations.destroying.audit import AuditLog, audit_file
from ezazml.operations.destroying.destruction import Conduct, Destruction, Preview
from ezazml.operations.mail import MailError
from ezazml.terraform.diagnostics import TerraformError
from tests.unit.operations.destroying.stage import (
    ENDPOINT,
    GROUP,
    LOCK,
    WEDNESDAY,
    WORKSPACE,
    PlayedAzure,
    PlayedBench,
    as_azure,
    as_bench,
    request_for,
    write_environment,
)
from tests.unit.operations.smtp_server import smtp_server

TYPED = "DESTROY-INFRASTRUCTURE-DEV-2026-03-04"
LOCKED: dict[str, dict[str, Any]] = {
    GROUP: {"id": GROUP},
    LOCK: {"id": LOCK, "properties": {"level": "CanNotDelete", "notes": "keep it"}},
    ENDPOINT: {"id": ENDPOINT},
}


class Run:
    """One destroy on a stage, with everything that it did."""

    def __init__(self, root: Path, guard: str = "", more: str = "", **request: Any) -> None:
        self.root = root
        self.bench = PlayedBench(write_environment(root, guard, more))
        self.azure = PlayedAzure()
        self.request = request
        self.warnings: list[str] = []
        self.waited: list[float] = []

    @property
    def destruction(self) -> Destruction:
        environment = self.bench.environment
        request = request_for(environment, **self.request)
        facts = {"environment": environment.name, "reason": request.reason, "ticket": request.ticket}
        audit = AuditLog(audit_file(environment), facts)
        return Destruction(as_bench(self.bench), request, as_azure(self.azure), audit)

    def go(
        self, typed: str | None = TYPED, wait: Callable[[float], None] | None = None, answered: datetime = WEDNESDAY
    ) -> Any:
        conduct = Conduct(
            confirm=lambda _preview: typed,
            wait=wait or self.waited.append,
            now=lambda: answered,
            show=lambda _line: None,
            warn=self.warnings.append,
        )
        return self.destruction.run(conduct)

    def records(self) -> list[dict[str, Any]]:
        file = self.root / "audit" / "dev.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def events(self) -> list[str]:
        return [record["event"] for record in self.records()]

    def untouched(self) -> bool:
        return self.bench.terraform.applied == 0 and self.azure.calls == []


def notified(port: int, policy: str = "fail_closed") -> tuple[str, str]:
    mail = f"smtp_server: localhost, smtp_port: {port}, smtp_security: none, recipients: [a@example.org]"
    return f"notify: {policy}", f"notifications: {{{mail}}}"


def test_everything_is_recorded(tmp_path: Path) -> None:
    run = Run(tmp_path)
    summary = run.go()
    assert len(summary.changes) == 2
    assert run.waited == [10]
    assert run.events() == ["started", "destroyed"]
    record = run.records()[-1]
    assert record["actor"] == "alice@example.org"
    assert (record["reason"], record["ticket"]) == ("no longer needed", "OPS-1")
    assert record["plan"]["headline"] == "2 to delete"
    assert record["state_before"] == {"lineage": "line", "serial": 7, "resources": 2}
    assert record["state_after"] == {"lineage": "line", "serial": 8, "resources": 0}
    assert len({one["run"] for one in run.records()}) == 1
    assert all(rule["ok"] for rule in record["rules"])


@pytest.mark.parametrize(
    ("typed", "request_", "guard", "more", "text"),
    [
        ("dev", {}, "", "", f"needs {TYPED} as confirmation, got 'dev'; nothing was changed"),
        ("DESTROY-INFRASTRUCTURE-DEV-2026-03-03", {}, "", "", "got 'DESTROY-INFRASTRUCTURE-DEV-2026-03-03'"),
        (None, {}, "", "", "got None"),
        (TYPED, {}, "", "protected: true\non_destroy: keep", "a protected environment is not destroyed"),
        (TYPED, {"reason": None}, "", "", "the reason is missing"),
        (TYPED, {"ticket": None}, "", "", "the ticket is missing"),
        (TYPED, {}, "business_days: [Mon]", "", "outside of the business hours"),
        (TYPED, {}, "allowed_actors: [bob]", "", "alice@example.org is not one of destroy.allowed_actors (bob)"),
        (TYPED, {}, "notify: fail_closed", "", "nobody can be told"),
    ],
)
def test_what_the_rules_refuse_destroys_nothing_and_is_recorded(  # noqa: PLR0917 - pytest passes them by name
    tmp_path: Path, typed: str | None, request_: dict[str, Any], guard: str, more: str, text: str
) -> None:
    run = Run(tmp_path, guard, more, **request_)
    with pytest.raises(InputError) as caught:
        run.go(typed)
    assert text in str(caught.value)
    assert "othing was changed" in str(caught.value)
    assert run.untouched()
    assert run.events() == ["refused"]
    assert text in run.records()[0]["error"]
    assert run.records()[0]["state_after"]["resources"] == 2


def test_several_reasons_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        Run(tmp_path, reason=None, ticket=None).go()
    assert "reason is missing" in str(caught.value)
    assert "ticket is missing" in str(caught.value)


def test_what_is_still_deployed_as_protected_is_refused(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.bench.terraform.kinds["azurerm_management_lock"] = LOCK
    with pytest.raises(InputError, match=r"Deploy protected: false first.*ezazml deploy dev"):
        run.go()
    assert run.untouched()


def test_an_interrupt_in_the_wait_destroys_nothing_and_is_recorded(tmp_path: Path) -> None:
    def interrupted(_minutes: float) -> None:
        raise KeyboardInterrupt

    run = Run(tmp_path)
    run.azure.objects = dict(LOCKED)
    with pytest.raises(KeyboardInterrupt):
        run.go(wait=interrupted)
    assert run.untouched()
    assert run.events() == ["interrupted"]


def test_who_was_told_is_told_too_when_it_is_stopped(tmp_path: Path) -> None:
    def interrupted(_minutes: float) -> None:
        raise KeyboardInterrupt

    with smtp_server() as box:
        run = Run(tmp_path, *notified(box.port))
        with pytest.raises(KeyboardInterrupt):
            run.go(wait=interrupted)
    assert run.untouched()
    assert "dev will be destroyed in 10 minutes" in box.mails[0]
    assert "dev was not destroyed: it was stopped before anything was changed" in " ".join(box.mails[1].split())
    assert run.records()[-1]["mail_after"] == "sent"


@pytest.mark.parametrize(
    ("later", "text"),
    [
        (timedelta(hours=8), "outside of the business hours"),  # 18:00 of the same day
        (timedelta(days=1), "needs DESTROY-INFRASTRUCTURE-DEV-2026-03-05 as confirmation"),
    ],
)
def test_the_rules_hold_when_it_is_typed_not_when_it_was_asked(tmp_path: Path, later: timedelta, text: str) -> None:
    run = Run(tmp_path)
    with pytest.raises(InputError, match=text):
        run.go(answered=WEDNESDAY + later)
    assert run.untouched()
    assert run.events() == ["refused"]


def test_a_deployment_in_the_waiting_time_stops_it(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.azure.objects = dict(LOCKED)

    def somebody_deploys(_minutes: float) -> None:
        run.bench.terraform.serial += 1

    with pytest.raises(InputError, match="The state has changed since the plan was made"):
        run.go(wait=somebody_deploys)
    assert run.untouched()
    assert run.events() == ["refused"]


@pytest.mark.parametrize("late", [LOCK, ENDPOINT])
def test_what_comes_in_the_way_in_the_waiting_time_was_not_shown_and_stops_it(tmp_path: Path, late: str) -> None:
    run = Run(tmp_path)
    run.azure.objects = {name: body for name, body in LOCKED.items() if name != late}

    def somebody_adds(_minutes: float) -> None:
        run.azure.objects[late] = LOCKED[late]

    with pytest.raises(InputError, match=f"something new in the way: {late.rsplit('/', 1)[-1]}"):
        run.go(wait=somebody_adds)
    assert run.untouched()
    assert late in run.azure.objects


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_pipeline_that_is_cancelled_in_the_middle_puts_the_locks_back(tmp_path: Path, number: signal.Signals) -> None:
    run = Run(tmp_path)
    run.azure.objects = dict(LOCKED)
    run.bench.terraform.during = lambda: os.kill(os.getpid(), number)
    with pytest.raises(KeyboardInterrupt):
        run.go()
    assert LOCK in run.azure.objects
    assert run.events()[-1] == "interrupted"


def test_a_second_interrupt_does_not_keep_the_locks_from_being_put_back(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.azure.objects = dict(LOCKED)
    run.azure.during = lambda verb: os.kill(os.getpid(), signal.SIGINT) if verb == "put" else None
    run.bench.terraform.fails = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        run.go()
    assert LOCK in run.azure.objects
    assert run.records()[-1]["locks_not_restored"] == []


def test_a_state_that_holds_nothing_although_the_group_exists_is_told(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.bench.terraform.kinds = {}
    group = "/subscriptions/s/resourceGroups/ezazml-dev-rg"
    run.azure.objects[group] = {"id": group}
    assert run.go(typed=None).is_empty
    assert f"its resource group exists: {group}." in run.warnings[0]
    assert "ezazml import dev --all" in run.warnings[0]


def test_mail_goes_out_before_and_after(tmp_path: Path) -> None:
    with smtp_server() as box:
        run = Run(tmp_path, *notified(box.port))
        run.go(wait=lambda _minutes: box.mails.append("(the wait)"))
    assert len(box.mails) == 3
    assert "dev will be destroyed in 10 minutes" in box.mails[0]
    assert "Why: no longer needed" in box.mails[0]
    assert "delete azurerm_machine_learning_workspace.one" in box.mails[0]
    assert box.mails[1] == "(the wait)"
    assert "was destroyed" in box.mails[2]
    assert run.events() == ["started", "destroyed", "told"]
    assert (run.records()[-1]["mail_before"], run.records()[-1]["mail_after"]) == ("sent", "sent")


def test_fail_closed_destroys_nothing_when_the_mail_cannot_be_sent(tmp_path: Path) -> None:
    with smtp_server() as box:
        port = box.port
    run = Run(tmp_path, *notified(port))
    with pytest.raises(MailError, match=r"Nothing was destroyed: destroy\.notify is fail_closed"):
        run.go()
    assert run.untouched()
    assert run.waited == []
    assert run.events() == ["failed"]
    assert "cannot be reached" in run.records()[0]["mail_before"]


def test_warn_goes_on_when_the_mail_cannot_be_sent(tmp_path: Path) -> None:
    with smtp_server() as box:
        port = box.port
    run = Run(tmp_path, *notified(port, "warn"))
    run.go()
    assert run.bench.terraform.applied == 1
    assert len(run.warnings) == 2
    assert "Going on without: destroy.notify is warn" in run.warnings[0]
    assert "failed" in run.records()[-1]["mail_after"]


def test_a_mail_that_fails_afterwards_does_not_make_it_a_failure(tmp_path: Path) -> None:
    with smtp_server() as box:
        run = Run(tmp_path, *notified(box.port))

        def then_down(_minutes: float) -> None:
            box.refuse = True

        run.go(wait=then_down)
    assert run.events() == ["started", "destroyed", "told"]
    assert "did not take the mail" in run.warnings[0]


def test_locks_go_first_which_would_keep_the_endpoints_then_these_then_the_rest(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.azure.objects = dict(LOCKED)
    run.go()
    assert run.azure.calls == [f"delete {LOCK}", f"delete {ENDPOINT}"]
    assert run.events() == ["started", "lifting-locks", "destroyed"]
    assert run.records()[1]["locks_lifted"] == [{"id": LOCK, "level": "CanNotDelete", "notes": "keep it"}]


@pytest.mark.parametrize("error", [TerraformError("terraform apply failed:\n  boom"), KeyboardInterrupt()])
def test_locks_are_put_back_when_it_fails_in_the_middle(tmp_path: Path, error: BaseException) -> None:
    run = Run(tmp_path)
    run.azure.objects = dict(LOCKED)
    run.bench.terraform.fails = error
    with pytest.raises(type(error)):
        run.go()
    assert run.azure.objects[LOCK]["properties"] == {"level": "CanNotDelete", "notes": "keep it"}
    last = run.records()[-1]
    assert last["event"] == ("interrupted" if isinstance(error, KeyboardInterrupt) else "failed")
    assert last["locks_not_restored"] == []
    assert last["state_after"]["resources"] == 2


def test_a_lock_whose_resource_is_gone_is_not_put_back(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.azure.objects = {name: body for name, body in LOCKED.items() if name != GROUP}
    run.bench.terraform.fails = TerraformError("boom")
    with pytest.raises(TerraformError):
        run.go()
    assert LOCK not in run.azure.objects
    assert run.warnings == []


def test_a_lock_that_cannot_be_put_back_is_told_and_recorded(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.azure.objects = dict(LOCKED)
    run.azure.refuses = f"put {LOCK}"
    run.bench.terraform.fails = TerraformError("boom")
    with pytest.raises(TerraformError):
        run.go()
    again = "put it back by hand, or with: ezazml destroy dev --put-back-locks"
    assert run.warnings == [f"The lock keep (CanNotDelete) on {GROUP} could not be put back; {again}"]
    assert run.records()[-1]["locks_not_restored"][0]["id"] == LOCK


def test_an_endpoint_that_cannot_be_deleted_stops_it_before_terraform(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.azure.objects = dict(LOCKED)
    run.azure.refuses = f"delete {ENDPOINT}"
    with pytest.raises(EzazmlError, match="AuthorizationFailed"):
        run.go()
    assert run.bench.terraform.applied == 0
    assert LOCK in run.azure.objects
    assert run.events() == ["started", "lifting-locks", "failed"]


def test_locks_of_others_can_be_respected(tmp_path: Path) -> None:
    run = Run(tmp_path, "lift_locks: false")
    run.azure.objects = dict(LOCKED)
    with pytest.raises(InputError, match=r"destroy\.lift_locks is false: keep \(CanNotDelete\)"):
        run.go()
    assert run.untouched()


def test_nothing_deployed_is_said_and_recorded(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.bench.terraform.kinds = {}
    assert run.go().is_empty
    assert run.waited == []
    assert run.events() == ["nothing-deployed"]


def test_without_an_audit_record_nothing_happens(tmp_path: Path) -> None:
    (tmp_path / "audit").write_text("not a folder")
    run = Run(tmp_path)
    with pytest.raises(EzazmlError, match="the audit record cannot be written"):
        run.go()
    assert run.untouched()


def test_a_dry_run_shows_the_whole_sequence_and_changes_nothing(tmp_path: Path) -> None:
    with smtp_server() as box:
        run = Run(tmp_path, *notified(box.port))
        run.azure.objects = dict(LOCKED)
        preview: Preview = run.destruction.preview()
    assert preview.refused == ()
    assert list(preview.steps) == [
        "ask for the confirmation",
        "mail to a@example.org (fail_closed)",
        "wait 10 minutes; Ctrl-C stops it",
        f"lift lock keep (CanNotDelete) on {GROUP}; put it back if the rest fails",
        "delete endpoint score with its deployments",
        "terraform apply of the plan that was shown",
        "mail to a@example.org about the result",
        f"record it in {tmp_path / 'audit' / 'dev.jsonl'}",
    ]
    assert run.untouched()
    assert box.mails == []
    assert run.events() == ["dry-run"]


def test_a_dry_run_tells_what_would_be_refused(tmp_path: Path) -> None:
    run = Run(tmp_path, more="protected: true\non_destroy: keep", reason=None)
    assert [finding.rule for finding in run.destruction.preview().refused] == ["protected", "reason"]


def test_secrets_are_in_no_record_and_no_mail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with smtp_server() as box:
        mail = f"smtp_server: localhost, smtp_port: {box.port}, smtp_username: robot, recipients: [a@example.org]"
        run = Run(tmp_path, "notify: warn", f"notifications: {{{mail}}}")
        secrets = "SMTP_PASSWORD=pl4nted\nTF_VAR_user_password=pl4nted\n"
        (tmp_path / "environments" / "dev.env").write_text(secrets)
        run.bench.environment = write_environment(tmp_path, "notify: warn", f"notifications: {{{mail}}}")
        run.go()
    assert run.bench.environment.settings.notifications.smtp_password is not None
    assert "pl4nted" not in json.dumps(run.records()) + "".join(run.warnings) + "".join(box.mails)
    assert WORKSPACE.rsplit("/", 1)[0] not in "".join(box.mails)
