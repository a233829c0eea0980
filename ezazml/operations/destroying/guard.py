"""May this environment be destroyed, now, by this actor, for this reason? The rules, each with what to do."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from ezazml.config.environment import Environment
from ezazml.config.operating import NotifyPolicy
from ezazml.config.operating_checks import parse_hours
from ezazml.errors import InputError
from ezazml.operations.destroying.actor import Actor

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True)
class Request:
    """Who wants to destroy what, when (an aware time) and why."""

    environment: Environment
    actor: Actor
    now: datetime
    reason: str | None
    ticket: str | None

    @property
    def local_time(self) -> datetime:
        """Now, where the environment is at home."""
        return self.now.astimezone(ZoneInfo(self.environment.settings.destroy.time_zone))


@dataclass(frozen=True)
class Finding:
    """What one rule says: ``ok``, the text, and what to do where it is not."""

    rule: str
    ok: bool
    text: str
    fix: str = ""


def check(request: Request) -> tuple[Finding, ...]:
    """What every rule says, but for the confirmation, which is asked for last."""
    return tuple(rule(request) for rule in _RULES)


def expected_confirmation(request: Request) -> str:
    """What must be typed: ``DESTROY-INFRASTRUCTURE-<ENV>-<YYYY-MM-DD>``, with today's date where the environment is
    at home; or its name, where its file says so."""
    name = request.environment.name
    if request.environment.settings.destroy.confirmation == "name":
        return name
    return f"DESTROY-INFRASTRUCTURE-{name.upper()}-{request.local_time:%Y-%m-%d}"


def check_confirmation(request: Request, given: str | None) -> Finding:
    """Whether the right text was typed. It tells neither more nor less than the text to type."""
    expected = expected_confirmation(request)
    if given is not None and given.strip() == expected:
        return Finding("confirmation", True, f"confirmed with {expected}")
    if request.environment.settings.destroy.confirmation == "name":
        text = f"destroying {expected!r} needs its name as confirmation, got {given!r}."
        return Finding("confirmation", False, text, f"Type the name, or pass --confirm {expected}.")
    text = f"destroying {request.environment.name!r} needs {expected} as confirmation, got {given!r}."
    zone = request.environment.settings.destroy.time_zone
    return Finding("confirmation", False, text, f"Type it, or pass it as --confirm; the date is today's in {zone}.")


def _settings(request: Request) -> Finding:
    """A variable in somebody's shell must not switch a rule off."""
    environment = request.environment
    file = f"{environment.path.parent.name}/{environment.path.name}"
    foreign = sorted(
        f"{setting} (from {origin})"
        for setting, origin in environment.origins.items()
        if (setting == "protected" or setting.startswith("destroy."))
        and origin != "default"
        and not origin.startswith(f"{file}:")
    )
    if foreign:
        text = f"{', '.join(foreign)}: the guard's settings count only from {file}."
        return Finding("settings", False, text, "Unset the variable, and change the file in a reviewed commit.")
    return Finding("settings", True, f"the rules are those of {file}")


def _protected(request: Request) -> Finding:
    name = request.environment.name
    if request.environment.settings.protected:
        text = f"environments/{name}.yaml: protected: true: a protected environment is not destroyed."
        fix = "Set protected: false in a reviewed change and deploy it first; that also removes the locks."
        return Finding("protected", False, text, fix)
    return Finding("protected", True, "the environment is not protected")


def _committed(request: Request) -> Finding:
    environment = request.environment
    if not environment.settings.destroy.require_committed:
        return Finding("committed", True, "not asked for (destroy.require_committed: false)")
    if not _is_in_repository(environment.path):
        return Finding("committed", True, "the project is not in a git repository, so nothing can be compared")
    try:
        changed = uncommitted(environment.path)
    except InputError as error:
        return Finding("committed", False, error.message, error.hint or "")
    if changed:
        text = f"{environment.path.name} has changes that are not committed."
        return Finding("committed", False, text, "Commit them (reviewed), or undo them: git diff environments/")
    return Finding("committed", True, f"{environment.path.name} is as it is committed")


def _reason(request: Request) -> Finding:
    if request.reason and request.reason.strip():
        return Finding("reason", True, f"reason: {request.reason.strip()}")
    if request.environment.settings.destroy.require_reason:
        return Finding("reason", False, "the reason is missing.", 'Pass --reason "...".')
    return Finding("reason", True, "no reason asked for (destroy.require_reason: false)")


def _ticket(request: Request) -> Finding:
    guard, ticket = request.environment.settings.destroy, (request.ticket or "").strip()
    if not ticket:
        if guard.require_ticket:
            return Finding("ticket", False, "the ticket is missing.", "Pass --ticket ID.")
        return Finding("ticket", True, "no ticket asked for (destroy.require_ticket: false)")
    if guard.ticket_pattern is not None and not re.fullmatch(guard.ticket_pattern, ticket):
        text = f"{ticket!r} does not match destroy.ticket_pattern {guard.ticket_pattern!r}."
        return Finding("ticket", False, text, "Pass the id of a ticket.")
    return Finding("ticket", True, f"ticket: {ticket}")


def _actor(request: Request) -> Finding:
    allowed = request.environment.settings.destroy.allowed_actors
    if not allowed:
        return Finding("actor", True, f"{request.actor.name}; whom Azure lets may (destroy.allowed_actors is empty)")
    if request.actor.is_one_of(allowed):
        return Finding("actor", True, f"{request.actor.name} is one of destroy.allowed_actors")
    text = f"{request.actor.name} is not one of destroy.allowed_actors ({', '.join(allowed)})."
    return Finding("actor", False, text, "Ask one of them, or change the list in a reviewed commit.")


def _hours(request: Request) -> Finding:
    guard, local = request.environment.settings.destroy, request.local_time
    if guard.business_hours is None:
        return Finding("hours", True, "at any time (destroy.business_hours: null)")
    first, last = parse_hours(guard.business_hours)
    spans = f"{'/'.join(guard.business_days)} {guard.business_hours} {guard.time_zone}"
    now = f"{_DAYS[local.weekday()]} {local:%H:%M}"
    if _DAYS[local.weekday()] in guard.business_days and first <= local.time() < last:
        return Finding("hours", True, f"{now} is within {spans}")
    text = f"{now} is outside of the business hours ({spans})."
    return Finding("hours", False, text, "Do it then: people who could help are there.")


def _notify(request: Request) -> Finding:
    settings = request.environment.settings
    mail = settings.notifications
    if settings.destroy.notify is NotifyPolicy.OFF:
        return Finding("notify", True, "nobody is told (destroy.notify: off)")
    missing = [
        name for name, value in (("smtp_server", mail.smtp_server), ("recipients", mail.recipients)) if not value
    ]
    if not missing:
        return Finding("notify", True, f"mail before and after to {', '.join(mail.recipients)}")
    text = f"nobody can be told: notifications.{' and notifications.'.join(missing)} not set"
    if settings.destroy.notify is NotifyPolicy.FAIL_CLOSED:
        fix = "Set SMTP_SERVER and EMAIL_NOTIFICATIONS (and SMTP_USERNAME, SMTP_PASSWORD)."
        return Finding("notify", False, f"{text}, and destroy.notify is fail_closed.", fix)
    return Finding("notify", True, f"{text}; going on without (destroy.notify: warn)")


_RULES: tuple[Callable[[Request], Finding], ...] = (
    _settings,
    _protected,
    _committed,
    _reason,
    _ticket,
    _actor,
    _hours,
    _notify,
)


def uncommitted(file: Path) -> bool:
    """Whether git has not this content of ``file``. Raises :class:`InputError` when git does not tell."""
    what = f"whether {file.name} is as it is committed"
    try:
        answer = subprocess.run(
            ["git", "status", "--porcelain", "--ignored", "--", file.name],
            cwd=file.parent,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    except FileNotFoundError as error:
        raise InputError(f"git was not found, so nobody can tell {what}.", hint="Install git.") from error
    except subprocess.TimeoutExpired as error:
        raise InputError(f"git does not tell {what}: no answer after a minute.", hint="Try: git status") from error
    if answer.returncode != 0:
        reason = " ".join(answer.stderr.split())[:300] or f"exit code {answer.returncode}"
        raise InputError(f"git does not tell {what}: {reason}", hint="Try: git status")
    return bool(answer.stdout.strip())


def _is_in_repository(file: Path) -> bool:
    return any((folder / ".git").exists() for folder in file.absolute().parents)
