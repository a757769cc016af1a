"""Lengths of time are read exactly, and what is none is refused with how to write one."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state.durations import InvalidDuration, parse, written


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("12h", timedelta(hours=12)),
        ("30d", timedelta(days=30)),
        ("2w", timedelta(days=14)),
        ("6m", timedelta(days=180)),
        ("0d", timedelta(0)),
        (" 1d ", timedelta(days=1)),
        ("36500d", timedelta(days=36_500)),
    ],
)
def test_a_duration_is_exact(text: str, length: timedelta) -> None:
    assert parse(text) == length


@pytest.mark.parametrize("text", ["", "30", "d", "-1d", "1.5h", "1y", "30 d", "1d2h", "3D", "٣d"])
def test_what_is_no_duration_is_refused_with_how_to_write_one(text: str) -> None:
    with pytest.raises(InvalidDuration, match="such as 12h or 30d"):
        parse(text)


@pytest.mark.parametrize("text", ["36501d", "999999999m"])
def test_nothing_is_longer_than_a_hundred_years(text: str) -> None:
    with pytest.raises(InvalidDuration, match="hundred years"):
        parse(text)


@given(st.integers(0, 36_500 * 24))
def test_what_is_written_reads_the_same(hours: int) -> None:
    assert parse(written(timedelta(hours=hours))) == timedelta(hours=hours)


def test_days_are_written_as_days_and_hours_as_hours() -> None:
    assert (written(timedelta(days=30)), written(timedelta(hours=36))) == ("30d", "36h")
    with pytest.raises(InvalidDuration):
        written(timedelta(minutes=90))
