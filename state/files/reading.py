"""Reading files that another process may be writing."""

import os
import stat
from pathlib import Path

from state.files import journal
from state.files.journal import CLOSING, FIRST, Damaged, Lines
from state.history import Entry

_PIECE = 64 * 1024


def read_file(path: Path) -> bytes | None:
    """A file's content; None when there is none. Raises OSError.

    A folder, a pipe or a broken link in its place reads as a damaged file: nothing is in it.
    """
    fd = open_file(path)
    if fd is None:
        return b"" if os.path.lexists(path) else None
    try:
        return read_range(fd, 0, os.fstat(fd).st_size)
    finally:
        os.close(fd)


def open_file(path: Path) -> int | None:
    """The descriptor of an ordinary file; None when there is none. Raises OSError."""
    try:
        # A pipe in the file's place would make a plain open wait for a writer.
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    if stat.S_ISREG(os.fstat(fd).st_mode):
        return fd
    os.close(fd)
    return None


def read_range(fd: int, start: int, stop: int) -> bytes:
    """The bytes from `start` to `stop`, fewer where the file ends before. Raises OSError."""
    chunks = []
    while start < stop and (chunk := os.pread(fd, stop - start, start)):
        chunks.append(chunk)
        start += len(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def read_entries(fd: int, start: int, end: int) -> Lines | None:
    """The entries from `start` to `end`; None unless both are where a line begins or ends."""
    if not FIRST <= start <= end:
        return None
    # The newline before shows that `start` is the beginning of a line.
    data = read_range(fd, start - 1, end)
    if len(data) != end - start + 1 or data[:1] != b"\n":
        return None
    try:
        return journal.read_lines(data[1:], start)
    except Damaged:
        return None


def read_entry(fd: int, at: int, end: int) -> Entry | None:
    """The entry whose line begins at `at`; None when none does before `end`."""
    stop = at
    line = b""
    while b"\n" not in line[1:] and stop < end:
        stop = min(stop + _PIECE, end)
        line = read_range(fd, at, stop)
    newline = line.find(b"\n") + 1
    lines = read_entries(fd, at, at + newline) if newline else None
    return lines.entries[0] if lines is not None and lines.entries else None


def read_entries_behind(fd: int, start: int, size: int) -> Lines | None:
    """The entries from `start` to the closing of a file of this size; None if they do not read."""
    end = size - len(CLOSING)
    if start > end or read_range(fd, end, size) != CLOSING:
        return None
    return read_entries(fd, start, end)
