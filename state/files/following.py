"""Reading on in a history that its owner writes to, as ``tail -F`` does.

An append makes the file longer. A clear, an erasure and a repair put another file in its place:
what was seen of it before is found again by the entries' ids.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from state.files import journal
from state.files.journal import CLOSING, FIRST, Damaged, Lines
from state.files.reading import open_file, read_entries_behind, read_range
from state.history import Entry

_REMEMBERED = 256
"""Entries that were seen last, by which a file that took the place of another is recognised."""

_TRIES = 5
"""Looks at the same bytes until they are taken for damaged: an append in the middle of its write
may show the size and the time that it has at its end."""


@dataclass(frozen=True, slots=True)
class News:
    """What was appended since the last look. `anew`: the conversation begins with it again."""

    entries: tuple[Entry, ...] = ()
    anew: bool = False


class Following:
    """Looks at one history.json again and again; what was `seen` before is not told.

    `where` says where it is: a session can be moved. A file that is missing, or half written at
    this instant, has no news: the next look may.
    """

    def __init__(self, where: Callable[[], Path], seen: Iterable[Entry] = ()) -> None:
        self._where = where
        self._seen = deque((entry.id for entry in seen), maxlen=_REMEMBERED)
        self._file: tuple[int, int] | None = None
        self._end = FIRST
        self._known: tuple[int, ...] = ()
        self._misread = 0

    def look(self) -> News:
        """The news since the last look. Raises OSError."""
        fd = open_file(self._where())
        if fd is None:
            return News()
        try:
            found = os.fstat(fd)
            if _state(found) == self._known and not 0 < self._misread < _TRIES:
                return News()
            if (found.st_dev, found.st_ino) == self._file and found.st_size >= self._end:
                return self._read_on(fd, found)
            return self._begin(fd, found)
        finally:
            os.close(fd)

    def _read_on(self, fd: int, found: os.stat_result) -> News:
        lines = read_entries_behind(fd, self._end, found.st_size)
        if lines is None:
            # Half of an append, or bytes before the end were changed: all of it tells which.
            return self._begin(fd, found)
        self._keep(found, lines.entries)
        return News(lines.entries)

    def _begin(self, fd: int, found: os.stat_result) -> News:
        lines = _whole(fd, found.st_size)
        if lines is None:
            self._misread = self._misread + 1 if _state(found) == self._known else 1
            self._known = _state(found)
            return News()
        first = self._after_what_was_seen(lines)
        anew = first == 0 and bool(self._seen)
        entries = lines.entries[first:]
        if anew:
            self._seen.clear()
        self._keep(found, entries)
        return News(entries, anew)

    def _after_what_was_seen(self, lines: Lines) -> int:
        seen = set(self._seen)
        for number in range(len(lines.entries) - 1, -1, -1):
            if lines.entries[number].id in seen:
                return number + 1
        return 0

    def _keep(self, found: os.stat_result, entries: Iterable[Entry]) -> None:
        self._file = (found.st_dev, found.st_ino)
        self._end = found.st_size - len(CLOSING)
        self._known, self._misread = _state(found), 0
        self._seen.extend(entry.id for entry in entries)


def _whole(fd: int, size: int) -> Lines | None:
    try:
        return journal.read(read_range(fd, 0, size))
    except Damaged:
        return None


def _state(found: os.stat_result) -> tuple[int, ...]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
