"""How long does something live, and until when? Periods such as ``3d``, and times in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from ezazml.errors import InputError

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


def parse_period(text: str, *, option: str, longest: timedelta | None = None) -> timedelta:
    """``90m``, ``12h``, ``3d`` or ``2w`` as a period. Raises :class:`InputError`, which names ``option``."""
    found = re.fullmatch(r"([1-9][0-9]{0,5})([mhdw])", text.strip().lower())
    if found is None:
        raise InputError(
            f"{option}: {text!r} is not a period: a whole number and m, h, d or w.", hint="Use, for example, 3d."
        )
    period = timedelta(**{_UNITS[found[2]]: int(found[1])})
    if longest is not None and period > longest:
        raise InputError(
            f"{option}: {text!r} is longer than {longest.days} days.", hint=f"Use at most {longest.days}d."
        )
    return period


def format_time(time: datetime) -> str:
    """A time as ISO 8601 in UTC, to the second: ``2030-01-31T12:00:00Z``."""
    return time.astimezone(UTC).strftime(_FORMAT)


def parse_time(text: str) -> datetime | None:
    """The reverse of :func:`format_time`; ``None`` for other text, such as a tag that somebody edited."""
    try:
        return datetime.strptime(text, _FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None
