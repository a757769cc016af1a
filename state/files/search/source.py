"""A session's files as the index reads them: which there are, and what in them is new."""

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from state.files import journal
from state.files.journal import CLOSING, Damaged
from state.files.layout import ARCHIVE, HISTORY, Layout
from state.files.reading import open_file, read_entries_behind, read_range
from state.files.repair import Cut, repair
from state.history import Entry
from state.keys import SessionId

UNKNOWN = -1
"""An mtime that no file has: the file must be looked at again."""

_TRIES = 5
_PAUSE = 0.002
_MARK = 64


@dataclass(frozen=True, slots=True)
class Source:
    """A file as far as it is indexed: up to `end`, and what was right before that (`mark`)."""

    id: int
    session: int
    file: str
    inode: int
    end: int
    changed: int
    mark: bytes

    def is_still(self, found: os.stat_result) -> bool:
        """Whether the file is as it was left, and nothing was appended."""
        was = self.inode, self.end + len(CLOSING), self.changed
        return was == (found.st_ino, found.st_size, found.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class Piece:
    """Entries that were read from a file.

    `ends` are the offsets behind each; None when they were salvaged from a damaged file, which
    has to be read as a whole again once it changes.
    """

    entries: tuple[Entry, ...]
    ends: tuple[int, ...] | None
    inode: int
    changed: int


def session_files(layout: Layout, name: SessionId) -> dict[str, os.stat_result]:
    """The files with a session's words, by their names in its folder: history.json, archive/*."""
    folder = layout.folder(name)
    names = [HISTORY]
    try:
        with os.scandir(folder / ARCHIVE) as found:
            names += sorted(f"{ARCHIVE}/{e.name}" for e in found if e.name.endswith(".json"))
    except (FileNotFoundError, NotADirectoryError):
        pass
    files = {}
    for each in names:
        with suppress(FileNotFoundError, NotADirectoryError):
            files[each] = os.stat(folder / each)  # noqa: PTH116 - a third of the time
    return files


def new_in(path: Path, known: Source | None) -> tuple[Piece, bool] | None:
    """What has to be added, and whether it stands in the place of what is known of the file.

    None when the file is gone. Raises OSError.
    """
    fd = open_file(path)
    if fd is None:
        return None
    try:
        if known is not None:
            for _ in range(_TRIES):
                piece = _appended(fd, known)
                if piece is not None:
                    return piece, False
                if not _is_known(fd, known):
                    break
                # An append is half written at this instant, most likely.
                time.sleep(_PAUSE)
        return _whole(fd), True
    finally:
        os.close(fd)


def mark(path: Path, end: int) -> bytes:
    """Tells what is right before an offset, without saying it; empty when the file is gone."""
    fd = open_file(path)
    if fd is None:
        return b""
    try:
        return _mark(fd, end)
    finally:
        os.close(fd)


def _mark(fd: int, end: int) -> bytes:
    return blake2b(read_range(fd, max(0, end - _MARK), end), digest_size=8).digest()


def _is_known(fd: int, known: Source) -> bool:
    return os.fstat(fd).st_ino == known.inode and _mark(fd, known.end) == known.mark


def _appended(fd: int, known: Source) -> Piece | None:
    found = os.fstat(fd)
    if not _is_known(fd, known):
        return None
    lines = read_entries_behind(fd, known.end, found.st_size)
    return None if lines is None else _piece(lines, found)


def _whole(fd: int) -> Piece:
    found = os.fstat(fd)
    data = b""
    for _ in range(_TRIES):
        found = os.fstat(fd)
        data = read_range(fd, 0, found.st_size)
        try:
            return _piece(journal.read(data), found)
        except Damaged:
            time.sleep(_PAUSE)
    plan = repair(data, 0)
    left = data[: plan.end] + CLOSING if isinstance(plan, Cut) else plan.data
    return Piece(journal.read(left).entries, None, found.st_ino, UNKNOWN)


def _piece(lines: journal.Lines, found: os.stat_result) -> Piece:
    ends = (*lines.positions[1:], found.st_size - len(CLOSING))[: len(lines.entries)]
    return Piece(lines.entries, ends, found.st_ino, found.st_mtime_ns)
