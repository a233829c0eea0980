"""Which rules do the settings of the guard and of mail have beyond their types?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import time
from zoneinfo import ZoneInfo

from ezazml.config.models import EnvironmentModel
from ezazml.config.paths import Path

_HOURS = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")
#: Good enough to find what is no address at all; the server knows the rest. No line ends: they would add headers.
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


def parse_hours(text: str) -> tuple[time, time]:
    """``09:00-17:00`` as its two times. Raises :class:`ValueError` for anything else, also for an empty span."""
    match = _HOURS.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    first, last = time(int(match[1]), int(match[2])), time(int(match[3]), int(match[4]))
    if first >= last:
        raise ValueError(text)
    return first, last


def check_operating(settings: EnvironmentModel) -> Iterator[tuple[Path, str, str]]:
    """Everything that is wrong with ``destroy`` and ``notifications``."""
    yield from _guard(settings)
    yield from _mail(settings)


def _guard(settings: EnvironmentModel) -> Iterator[tuple[Path, str, str]]:
    guard = settings.destroy
    if not is_time_zone(guard.time_zone):
        fix = "Use a name of the IANA database, such as Europe/Amsterdam or UTC."
        yield ("destroy", "time_zone"), f"{guard.time_zone!r} is not a time zone.", fix
    if guard.business_hours is not None:
        try:
            parse_hours(guard.business_hours)
        except ValueError:
            text = f"{guard.business_hours!r} is not a span of a day."
            yield ("destroy", "business_hours"), text, "Use, for example, 09:00-17:00."
    if guard.ticket_pattern is not None:
        try:
            re.compile(guard.ticket_pattern)
        except re.error as error:
            text = f"{guard.ticket_pattern!r} is not a regular expression: {error}."
            yield ("destroy", "ticket_pattern"), text, r"Use, for example, '[A-Z]+-\d+'."


def _mail(settings: EnvironmentModel) -> Iterator[tuple[Path, str, str]]:
    mail = settings.notifications
    for index, address in enumerate(mail.recipients):
        if not _ADDRESS.fullmatch(address):
            yield ("notifications", "recipients", index), f"{address!r} is not a mail address.", "Correct it."
    if mail.sender is not None and not _ADDRESS.fullmatch(mail.sender):
        yield ("notifications", "sender"), f"{mail.sender!r} is not a mail address.", "Correct it."


def is_time_zone(name: str) -> bool:
    """Whether the IANA database has this time zone."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # OSError: a folder of the database, such as "Europe"
        return False
    return True
