"""Each rule of the guard: what it lets through, what it refuses, and what it tells to do."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ezazml.config.loading import load_environment
from ezazml.errors import ConfigurationError
from ezazml.operations.destroying.guard import check, check_confirmation, expected_confirmation
from tests.unit.operations.destroying.stage import WEDNESDAY, request_for, write_environment


def refused(root: Path, guard: str = "", more: str = "", **request: Any) -> list[str]:
    """The rules that refuse."""
    findings = check(request_for(write_environment(root, guard, more), **request))
    return [finding.rule for finding in findings if not finding.ok]


def text_of(root: Path, rule: str, guard: str = "", more: str = "", **request: Any) -> str:
    findings = check(request_for(write_environment(root, guard, more), **request))
    finding = next(finding for finding in findings if finding.rule == rule)
    return f"{finding.text} {finding.fix}"


def test_the_strict_rules_let_the_right_request_through(tmp_path: Path) -> None:
    assert refused(tmp_path) == []


def test_each_missing_thing_is_refused_and_all_are_told(tmp_path: Path) -> None:
    assert refused(tmp_path, reason=None, ticket="  ", now=datetime(2026, 3, 7, 10, tzinfo=UTC)) == [
        "reason",
        "ticket",
        "hours",
    ]
    guard = "require_reason: false, require_ticket: false, business_hours: null"
    assert refused(tmp_path, guard, reason=None, ticket=None, now=datetime(2026, 3, 7, 3, tzinfo=UTC)) == []


def test_a_protected_environment_is_refused(tmp_path: Path) -> None:
    more = "protected: true\non_destroy: keep"
    assert refused(tmp_path, more=more) == ["protected"]
    assert "protected: false in a reviewed change" in text_of(tmp_path, "protected", more=more)


@pytest.mark.parametrize(
    ("variable", "value", "setting"),
    [
        ("EZAZML_PROTECTED", "false", "protected"),
        ("EZAZML_DESTROY__WAITING_MINUTES", "0", "destroy.waiting_minutes"),
        ("EZAZML_DESTROY__ALLOWED_ACTORS", "mallory", "destroy.allowed_actors"),
        ("EZAZML_DESTROY__REQUIRE_TICKET", "false", "destroy.require_ticket"),
    ],
)
def test_a_variable_does_not_switch_a_rule_off(tmp_path: Path, variable: str, value: str, setting: str) -> None:
    write_environment(tmp_path)
    environment = load_environment("dev", root=tmp_path, environ={variable: value})
    findings = {finding.rule: finding for finding in check(request_for(environment))}
    assert not findings["settings"].ok
    assert f"{setting}" in findings["settings"].text
    assert variable in findings["settings"].text


def test_an_env_file_does_not_switch_a_rule_off_either(tmp_path: Path) -> None:
    write_environment(tmp_path)
    (tmp_path / "environments" / "dev.env").write_text("EZAZML_DESTROY__NOTIFY=off\n")
    findings = check(request_for(load_environment("dev", root=tmp_path, environ={})))
    assert [finding.rule for finding in findings if not finding.ok] == ["settings"]


@pytest.mark.parametrize(
    ("allowed", "refuses"),
    [
        ("[]", False),
        ("[Alice@Example.org]", False),
        ("[bob@example.org, oid-1]", False),
        ("[bob@example.org]", True),
        ("['github:alice@example.org']", True),
    ],
)
def test_only_listed_actors_may(tmp_path: Path, allowed: str, refuses: bool) -> None:
    assert (refused(tmp_path, f"allowed_actors: {allowed}") == ["actor"]) is refuses


@pytest.mark.parametrize(
    ("now", "zone", "open_"),
    [
        ("2026-03-04T09:00", "UTC", True),
        ("2026-03-04T08:59", "UTC", False),
        ("2026-03-04T17:00", "UTC", False),
        ("2026-03-04T16:59", "UTC", True),
        ("2026-03-07T10:00", "UTC", False),  # a Saturday
        ("2026-03-04T08:30", "Europe/Amsterdam", True),
        ("2026-03-08T23:30", "Pacific/Auckland", True),  # Monday there
        ("2026-03-06T21:00", "Pacific/Auckland", False),  # Saturday there
        ("2026-03-27T07:30", "Europe/Amsterdam", False),  # 08:30, the Friday before summer time
        ("2026-03-30T07:30", "Europe/Amsterdam", True),  # 09:30, the Monday after
        ("2026-10-23T14:30", "Europe/Amsterdam", True),  # 16:30, the Friday before winter time
        ("2026-10-26T16:30", "Europe/Amsterdam", False),  # 17:30, the Monday after
    ],
)
def test_business_hours_are_those_at_home(tmp_path: Path, now: str, zone: str, open_: bool) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert (refused(tmp_path, f"time_zone: {zone}", now=moment) == []) is open_


def test_hours_and_days_can_be_set(tmp_path: Path) -> None:
    saturday = datetime(2026, 3, 7, 20, 0, tzinfo=UTC)
    assert refused(tmp_path, "business_days: [Sat], business_hours: '19:00-22:30'", now=saturday) == []
    text = text_of(tmp_path, "hours", now=saturday)
    assert "Sat 20:00 is outside of the business hours (Mon/Tue/Wed/Thu/Fri 09:00-17:00 UTC)." in text


@pytest.mark.parametrize(("ticket", "refuses"), [("OPS-12", False), ("ops-12", True), ("OPS-12 and more", True)])
def test_a_ticket_must_look_like_one(tmp_path: Path, ticket: str, refuses: bool) -> None:
    assert (refused(tmp_path, r"ticket_pattern: '[A-Z]+-\d+'", ticket=ticket) == ["ticket"]) is refuses


def test_fail_closed_needs_somebody_to_tell(tmp_path: Path) -> None:
    assert refused(tmp_path, "notify: fail_closed") == ["notify"]
    assert refused(tmp_path, "notify: fail_closed", "notifications: {smtp_server: mail}") == ["notify"]
    told = "notifications: {smtp_server: mail, recipients: [a@example.org]}"
    assert refused(tmp_path, "notify: fail_closed", told) == []
    assert refused(tmp_path, "notify: warn") == []
    assert "nobody can be told" in text_of(tmp_path, "notify", "notify: warn")


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def test_a_change_that_is_not_committed_is_refused(tmp_path: Path) -> None:
    write_environment(tmp_path)
    git(tmp_path, "init", "-q")
    assert refused(tmp_path) == ["committed"]  # git does not know the file
    git(tmp_path, "add", ".")
    assert refused(tmp_path) == ["committed"]  # nobody has reviewed it
    git(tmp_path, "commit", "-qm", "x")
    assert refused(tmp_path) == []
    assert refused(tmp_path, "require_ticket: false") == ["committed"]
    assert refused(tmp_path, "require_committed: false") == []


def test_outside_of_a_repository_nothing_can_be_compared(tmp_path: Path) -> None:
    assert refused(tmp_path) == []
    assert "not in a git repository" in text_of(tmp_path, "committed")


def test_where_git_does_not_tell_it_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_environment(tmp_path)
    (tmp_path / ".git").write_text("gitdir: nowhere\n")  # a repository that cannot be read
    assert "git does not tell" in text_of(tmp_path, "committed")
    assert refused(tmp_path) == ["committed"]
    monkeypatch.setenv("PATH", str(tmp_path))  # no git
    assert "git was not found" in text_of(tmp_path, "committed")
    assert refused(tmp_path) == ["committed"]


def test_the_confirmation_names_environment_and_todays_date_at_home(tmp_path: Path) -> None:
    request = request_for(write_environment(tmp_path, "time_zone: Pacific/Auckland"), now=WEDNESDAY.replace(hour=22))
    expected = "DESTROY-INFRASTRUCTURE-DEV-2026-03-05"
    assert expected_confirmation(request) == expected
    assert check_confirmation(request, f" {expected}\n").ok
    for wrong in (
        None,
        "",
        "dev",
        "DESTROY-INFRASTRUCTURE-DEV-2026-03-04",
        "DESTROY-INFRASTRUCTURE-PRD-2026-03-05",
        expected.lower(),
        f"{expected}x",
    ):
        finding = check_confirmation(request, wrong)
        assert not finding.ok
        assert "the date is today's in Pacific/Auckland" in finding.fix


def test_the_name_is_enough_where_the_file_says_so(tmp_path: Path) -> None:
    request = request_for(write_environment(tmp_path, "confirmation: name"))
    assert check_confirmation(request, "dev").ok
    assert not check_confirmation(request, "prd").ok


@pytest.mark.parametrize(
    ("guard", "expected"),
    [
        ("time_zone: Europe/Atlantis", "destroy.time_zone: 'Europe/Atlantis' is not a time zone"),
        ("time_zone: Europe", "destroy.time_zone: 'Europe' is not a time zone"),
        ("time_zone: ../x", "destroy.time_zone: '../x' is not a time zone"),
        ("business_hours: '9-17'", "destroy.business_hours: '9-17' is not a span of a day"),
        ("business_hours: '17:00-09:00'", "destroy.business_hours: '17:00-09:00' is not a span of a day"),
        ("business_hours: '25:00-26:00'", "destroy.business_hours: '25:00-26:00' is not a span of a day"),
        ("business_days: [Someday]", "destroy.business_days[0]"),
        ("ticket_pattern: '['", "destroy.ticket_pattern: '[' is not a regular expression"),
        ("waiting_minutes: -1", "destroy.waiting_minutes"),
        ("waiting_minutes: yes", "destroy.waiting_minutes"),
        ("notify: loudly", "destroy.notify"),
        ("confirmation: please", "destroy.confirmation"),
        ("require_resaon: true", "destroy.require_resaon"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, guard: str, expected: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        write_environment(tmp_path, guard)
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("notifications: {recipients: [nobody]}", "notifications.recipients[0]: 'nobody' is not a mail address"),
        ("notifications: {sender: 'a b@c'}", "notifications.sender: 'a b@c' is not a mail address"),
        ("deploy: {plan_max_age_hours: 0}", "deploy.plan_max_age_hours"),
    ],
)
def test_wrong_settings_of_mail_and_plans_are_named(tmp_path: Path, more: str, expected: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        write_environment(tmp_path, more=more)
    assert expected in str(caught.value)
