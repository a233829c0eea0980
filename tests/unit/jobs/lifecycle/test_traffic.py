"""Which split is meant, and by which steps it is reached."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ezazml.errors import InputError
from jobs.lifecycle.traffic import parse_split, steps_to, target_of

NAMES = ["blue", "green", "red"]


def splits() -> st.SearchStrategy[dict[str, int]]:
    cuts = st.lists(st.integers(0, 100), min_size=2, max_size=2).map(sorted)
    return cuts.map(lambda cut: dict(zip(NAMES, (cut[0], cut[1] - cut[0], 100 - cut[1]), strict=True)))


def test_a_share_for_one_leaves_the_rest_to_the_other() -> None:
    assert target_of({"blue": 100}, {"green": 10}) == {"blue": 90, "green": 10}


def test_the_others_keep_their_proportion() -> None:
    assert target_of({"blue": 75, "green": 25}, {"red": 20}) == {"blue": 60, "green": 20, "red": 20}


def test_traffic_that_is_not_mentioned_does_not_change() -> None:
    assert target_of({"blue": 90, "green": 10}, {}) == {"blue": 90, "green": 10}


def test_a_whole_split_replaces_the_present_one() -> None:
    assert target_of({"blue": 100}, {"green": 100}) == {"green": 100}


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"blue": 60, "green": 50}, "adds up to 110"),
        ({"blue": 101}, "not a share"),
        ({"blue": -1}, "not a share"),
        ({"blue": 50}, "no other deployment can take the rest"),
    ],
)
def test_impossible_shares_are_refused(wanted: dict[str, int], said: str) -> None:
    with pytest.raises(InputError, match=said):
        target_of({}, wanted)


def test_the_first_deployment_gets_everything_at_once() -> None:
    assert list(steps_to({}, {"blue": 100}, [10, 100])) == [{"blue": 100}]


def test_a_replacement_goes_in_the_declared_steps() -> None:
    steps = list(steps_to({"blue": 100}, {"green": 100}, [10, 50, 100]))
    assert steps == [{"blue": 90, "green": 10}, {"blue": 50, "green": 50}, {"green": 100}]


def test_steps_beyond_the_target_are_left_out() -> None:
    assert list(steps_to({"blue": 100}, {"blue": 90, "green": 10}, [10, 100])) == [{"blue": 90, "green": 10}]


def test_where_nothing_moves_there_is_no_step() -> None:
    assert list(steps_to({"blue": 100, "green": 0}, {"blue": 100}, [10, 100])) == []


@given(splits(), splits(), st.lists(st.integers(1, 100), max_size=5))
def test_every_step_adds_up_and_the_last_is_the_target(
    start: dict[str, int], end: dict[str, int], steps: list[int]
) -> None:
    found = list(steps_to(start, end, steps))
    assert all(sum(split.values()) == 100 for split in found)
    wanted = {name: share for name, share in end.items() if share}
    assert (found[-1] if found else {name: share for name, share in start.items() if share}) == wanted


def test_a_split_is_read_from_the_command_line() -> None:
    assert parse_split("blue=90, green=10") == {"blue": 90, "green": 10}


@pytest.mark.parametrize("text", ["blue", "blue=", "blue=ten", "blue=-5", "=5x"])
def test_a_malformed_split_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="not name=percent"):
        parse_split(text)
