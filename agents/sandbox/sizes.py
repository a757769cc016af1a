"""Amounts of memory and disk as people write them: ``512m``, ``1g``, ``64k``. Pure and exact."""

import re

UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
"""Bytes; a kilobyte is 1,024 of them, as for Docker and for control groups."""

_LARGEST = 1 << 50
_WRITTEN = re.compile(r"([0-9]{1,16}) ?([kmgt]?)(?:i?b)?", re.ASCII)


class InvalidSize(ValueError):
    """A text that is no amount; the message says how one is written."""


def parse(text: str) -> int:
    """The bytes that a text names. Raises `InvalidSize`."""
    found = _WRITTEN.fullmatch(text.strip().lower())
    if found is None:
        raise InvalidSize(
            f"{text!r} is no size: write a whole number and k, m or g, such as 512m or 2g"
        )
    size = int(found[1]) * UNITS[found[2]]
    if size > _LARGEST:
        raise InvalidSize(f"{text!r} is more than a petabyte: write less")
    return size


def written(size: int) -> str:
    """Bytes as `parse` reads them, in the largest unit in which they are whole."""
    units = [unit for unit, factor in UNITS.items() if not size % factor] if size else [""]
    return f"{size // UNITS[units[-1]]}{units[-1]}"
