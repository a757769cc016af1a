"""The moments that somebody may mean."""

from datetime import datetime, timedelta, timezone

import pytest

from gateway.log_wanted import InvalidTime, moment

NOW = datetime(2026, 1, 30, 12, 0, tzinfo=timezone(timedelta(hours=2)))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("90s", "2026-01-30T09:58:30.000Z"),
        ("10min", "2026-01-30T09:50:00.000Z"),
        ("2h", "2026-01-30T08:00:00.000Z"),
        ("3d", "2026-01-27T10:00:00.000Z"),
        ("1w", "2026-01-23T10:00:00.000Z"),
        ("9:30", "2026-01-30T07:30:00.000Z"),
        ("09:30:10", "2026-01-30T07:30:10.000Z"),
        ("2026-01-29", "2026-01-28T22:00:00.000Z"),
        ("2026-01-29T10:00", "2026-01-29T08:00:00.000Z"),
        ("2026-01-29T10:00Z", "2026-01-29T10:00:00.000Z"),
    ],
)
def test_a_moment_is_said_as_people_say_it(text, meant):
    assert moment(text, NOW) == meant


@pytest.mark.parametrize("text", ["10m", "", "soon", "25:00", "999999w", "-1h", "2026-13-01"])
def test_what_is_no_moment_is_refused_with_what_is_one(text):
    with pytest.raises(InvalidTime, match=r"30d|10min|logs"):
        moment(text, NOW)
