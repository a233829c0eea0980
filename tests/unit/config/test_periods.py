"""Periods and times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from ezazml.config.periods import format_time, parse_period, parse_time
from ezazml.errors import InputError


@pytest.mark.parametrize(
    ("text", "period"),
    [("90m", timedelta(minutes=90)), ("12h", timedelta(hours=12)), (" 3D ", timedelta(days=3)), ("2w", timedelta(14))],
)
def test_periods(text: str, period: timedelta) -> None:
    assert parse_period(text, option="--ttl") == period


@pytest.mark.parametrize("text", ["", "3", "d", "0d", "-1d", "1.5d", "3 days", "3y", "1d12h", "9999999d", "٣d"])
def test_other_text_is_no_period(text: str) -> None:
    with pytest.raises(InputError, match=r"--ttl: .* is not a period"):
        parse_period(text, option="--ttl")


def test_a_period_may_be_too_long() -> None:
    with pytest.raises(InputError, match=r"'13w' is longer than 90 days. Use at most 90d."):
        parse_period("13w", option="--ttl", longest=timedelta(days=90))


def test_times_are_written_in_utc() -> None:
    time = datetime(2030, 1, 31, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert format_time(time) == "2030-01-30T23:30:00Z"
    assert parse_time(format_time(time)) == time
    assert parse_time("2030-01-30T23:30:00Z") == datetime(2030, 1, 30, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "soon", "2030-01-30", "2030-13-30T00:00:00Z", "2030-01-30T23:30:00+00:00"])
def test_a_tag_that_somebody_edited_is_no_time(text: str) -> None:
    assert parse_time(text) is None
