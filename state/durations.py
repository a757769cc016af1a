"""Lengths of time as people write them: ``12h``, ``30d``, ``2w``, ``6m``. Pure and exact."""

import re
from datetime import timedelta

UNITS = {
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "m": timedelta(days=30),
}
"""Hours, days, weeks, and months of thirty days."""

_LONGEST = timedelta(days=36_500)
_WRITTEN = re.compile(r"([0-9]{1,9})([hdwm])")


class InvalidDuration(ValueError):
    """A text that is no length of time; the message says how one is written."""


def parse(text: str) -> timedelta:
    """The length of time that a text names. Raises `InvalidDuration`."""
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise InvalidDuration(
            f"{text!r} is no length of time: write a number and h (hours), d (days), w (weeks) or "
            "m (months of 30 days), such as 12h or 30d"
        )
    number, unit = int(found[1]), UNITS[found[2]]
    if number > _LONGEST // unit:
        raise InvalidDuration(f"{text!r} is longer than a hundred years: write less")
    return number * unit


def written(length: timedelta) -> str:
    """A length of time as `parse` reads it: in days where they are whole, else in hours.

    Raises `InvalidDuration` for one that has no whole hours.
    """
    for unit in ("d", "h"):
        number, rest = divmod(length, UNITS[unit])
        if not rest and number >= 0:
            return f"{number}{unit}"
    raise InvalidDuration(f"{length} has no whole hours")
