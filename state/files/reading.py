"""Reading files that another process may be writing."""

import os
from pathlib import Path

from state.files import journal
from state.files.journal import CLOSING, FIRST, Damaged, Lines


def read_file(path: Path) -> bytes | None:
    """A file's content; None when there is none. Raises OSError."""
    try:
        fd = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        return read_range(fd, 0, os.fstat(fd).st_size)
    finally:
        os.close(fd)


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


def read_entries_behind(fd: int, start: int, size: int) -> Lines | None:
    """The entries from `start` to the closing of a file of this size; None if they do not read."""
    end = size - len(CLOSING)
    if start > end or read_range(fd, end, size) != CLOSING:
        return None
    return read_entries(fd, start, end)
