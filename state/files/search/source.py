"""A session's files as the index reads them: which there are, and what in them is new."""

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from state.files import journal
from state.files.journal import CLOSING, FIRST, Damaged, Lines
from state.files.layout import ARCHIVE, HISTORY, PACKED
from state.files.packing import unpack
from state.files.reading import open_file, read_entries_behind, read_range
from state.files.repair import Cut, repair
from state.history import Entry

_TRIES = 5
_PAUSE = 0.002
_MARK = 64
_IN_A_PACK = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """What tells a file from the next one in its place, and from itself after an append.

    A packed history has no inode of its own (0): it is the same history in another form.
    """

    inode: int = 0
    size: int = -1
    changed: int = -1


NEVER = Seen()
"""Of a file that must be looked at again."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file as far as it is indexed: up to `end`, and what was right before that (`mark`)."""

    id: int
    session: int
    file: str
    seen: Seen
    end: int
    mark: bytes


@dataclass(frozen=True, slots=True)
class Piece:
    """Entries of a file that was `seen` so, read up to `end`; `mark` is of what is before that.

    It has no mark when the file is damaged, and is read as a whole again once it changes.
    """

    entries: tuple[Entry, ...]
    seen: Seen
    end: int = FIRST
    mark: bytes = b""


def session_files(folder: Path) -> dict[str, Seen]:
    """The files with a session's words, by their names in its folder: history.json, archive/*."""
    files = {}
    seen = _look(folder / HISTORY) or _look(folder / PACKED)
    if seen is not None:
        files[HISTORY] = seen
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder / ARCHIVE) as found:
        for each in sorted(e.name for e in found if e.name.endswith(".json")):
            if (seen := _look(folder / ARCHIVE / each)) is not None:
                files[f"{ARCHIVE}/{each}"] = seen
    return files


def _look(path: Path) -> Seen | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - a third of the time
    except (FileNotFoundError, NotADirectoryError):
        return None
    return _seen(path.name, found)


def _seen(name: str, found: os.stat_result) -> Seen:
    inode = _IN_A_PACK if name == PACKED else found.st_ino
    return Seen(inode, found.st_size, found.st_mtime_ns)


def new_in(folder: Path, file: str, known: Source | None) -> tuple[Piece, bool] | None:
    """What has to be added, and whether it stands in the place of what is known of the file.

    None when the file is gone. Raises OSError.
    """
    path = folder / file
    fd = open_file(path)
    if fd is None and file == HISTORY:
        path = folder / PACKED
        fd = open_file(path)
    if fd is None:
        return None
    try:
        return _unpacked(fd, known) if path.name == PACKED else _plain(fd, path, known)
    finally:
        os.close(fd)


def _plain(fd: int, path: Path, known: Source | None) -> tuple[Piece, bool]:
    if known is not None:
        for _ in range(_TRIES):
            seen = _seen(path.name, os.fstat(fd))
            if not _is_known(known, seen, mark_of(read_range(fd, *_before(known.end)))):
                break
            lines = read_entries_behind(fd, known.end, seen.size)
            if lines is not None:
                return _piece(fd, lines, seen), False
            # An append is half written at this instant, most likely.
            time.sleep(_PAUSE)
    data, seen = b"", NEVER
    for _ in range(_TRIES):
        seen = _seen(path.name, os.fstat(fd))
        data = read_range(fd, 0, seen.size)
        with suppress(Damaged):
            return _piece(fd, journal.read(data), seen), True
        time.sleep(_PAUSE)
    return _salvaged(data, seen), True


def _unpacked(fd: int, known: Source | None) -> tuple[Piece, bool]:
    found = os.fstat(fd)
    data, seen = unpack(read_range(fd, 0, found.st_size)).data, _seen(PACKED, found)
    end = len(data) - len(CLOSING)
    mark = mark_of(data[slice(*_before(end))])
    if known is not None and known.end == end and _is_known(known, seen, mark):
        return Piece((), seen, end, mark), False
    try:
        return Piece(journal.read(data).entries, seen, end, mark), True
    except Damaged:
        return _salvaged(data, seen), True


def mark_of(data: bytes) -> bytes:
    """Tells bytes from others, without saying them."""
    return blake2b(data, digest_size=8).digest()


def _before(end: int) -> tuple[int, int]:
    return max(0, end - _MARK), end


def _is_known(known: Source, now: Seen, mark: bytes) -> bool:
    """Whether what is indexed of the file still stands in it."""
    same = known.seen.inode == now.inode or _IN_A_PACK in (known.seen.inode, now.inode)
    return same and known.mark == mark


def _piece(fd: int, lines: Lines, seen: Seen) -> Piece:
    end = seen.size - len(CLOSING)
    return Piece(lines.entries, seen, end, mark_of(read_range(fd, *_before(end))))


def _salvaged(data: bytes, seen: Seen) -> Piece:
    plan = repair(data, 0)
    left = data[: plan.end] + CLOSING if isinstance(plan, Cut) else plan.data
    return Piece(journal.read(left).entries, seen)
