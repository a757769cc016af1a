"""The format of history.json: a JSON array, one entry a line, the comma leading.

    [
    {"id":…}
    ,{"id":…}
    ]

An append overwrites only the closing ``]``, so it costs the same at any length and never touches
a byte that was acknowledged, not even the newline that ends the entry before it. A position is
the offset of an entry's line.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from state.codec import InvalidValue, entry_from_json, loads
from state.history import Entry

OPENING = b"[\n"
CLOSING = b"]\n"
EMPTY = OPENING + CLOSING
FIRST = len(OPENING)
"""The position of the first entry."""


class Damaged(ValueError):
    """Bytes that are not what `frame` writes."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Entries that were read, with their positions."""

    entries: tuple[Entry, ...] = ()
    positions: tuple[int, ...] = ()


def frame(lines: Sequence[bytes], at: int) -> bytes:
    """What to write at `at`, over the closing, to append these lines and close the array again."""
    comma = b"," if at > FIRST else b""
    return comma + b"\n,".join(lines) + b"\n" + CLOSING


def positions(lines: Sequence[bytes], at: int) -> tuple[int, ...]:
    """Where each line of a frame begins."""
    starts = []
    for line in lines:
        starts.append(at)
        at += len(line) + (2 if at > FIRST else 1)
    return tuple(starts)


def read(data: bytes) -> Lines:
    """A whole file. Raises `Damaged` (which another layout of the same JSON is, too)."""
    if not data.startswith(OPENING) or not data.endswith(CLOSING):
        raise Damaged("it does not begin with '[' and end with ']' on lines of their own")
    return read_lines(data[FIRST : -len(CLOSING)], FIRST)


def read_lines(data: bytes, at: int) -> Lines:
    """The whole lines that begin at `at`, without the closing. Raises `Damaged`."""
    if not data:
        return Lines()
    if not data.endswith(b"\n"):
        raise Damaged("the last line is cut")
    lines = data[:-1].split(b"\n")
    starts = [at]
    for line in lines:
        if not line.startswith(b",{" if starts[-1] > FIRST else b"{"):
            raise Damaged(f"no entry begins at {starts[-1]}")
        starts.append(starts[-1] + len(line) + 1)
    try:
        raw = loads(b"[" + data[at > FIRST :] + b"]")
        if len(raw) != len(lines):
            raise Damaged("there is not one entry on each line")
        return Lines(tuple(map(entry_from_json, raw)), tuple(starts[:-1]))
    except InvalidValue as error:
        raise Damaged(str(error)) from error
