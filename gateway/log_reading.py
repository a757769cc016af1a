"""Reading log files: from their end, block by block, so that the newest lines cost no more in a
hundred megabytes than in one; and on from there, across every turn of the files.

What is no whole JSON line (a crash, a full disk) is counted and left out.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from gateway.log_files import in_order
from gateway.log_wanted import Wanted

Event = Mapping[str, Any]

BLOCK = 256 * 1024
"""Bytes that are read at a time."""

_TRIES = 5


@dataclass(frozen=True, slots=True)
class Written:
    """A line as it stands in the file, and what it says."""

    raw: bytes
    event: Event


@dataclass(slots=True)
class Lines:
    """Turns bytes into the lines that are wanted; counts those that are `damaged`."""

    wanted: Wanted
    damaged: int = 0

    def of(self, data: bytes) -> list[Written]:
        """Those of whole lines."""
        if not self.wanted.may_be_in(data):
            return []
        read = (self._read(raw) for raw in data.split(b"\n") if raw)
        return [line for line in read if line is not None and self.wanted.takes(line.event)]

    def _read(self, raw: bytes) -> Written | None:
        try:
            event = orjson.loads(raw)
        except orjson.JSONDecodeError:
            event = None
        if isinstance(event, dict):
            return Written(raw, event)
        self.damaged += 1
        return None


@dataclass(frozen=True, slots=True)
class _Block:
    """Whole lines in a file that is open."""

    fd: int
    start: int
    end: int

    def read(self) -> bytes:
        return _read(self.fd, self.start, self.end)


@dataclass(slots=True)
class LogReader:
    """Log files, opened at one moment: what is turned over later stays readable here.

    Use it as `opened` gives it.
    """

    path: Path
    _open: list[tuple[int, int]]

    def last(self, count: int, lines: Lines) -> list[Written]:
        """The last `count` lines that are wanted, the oldest first. Raises OSError."""
        found: list[list[Written]] = []
        missing = count
        for block in self._blocks(lines.wanted):
            if missing <= 0:
                break
            here = lines.of(block.read())[-missing:]
            found.append(here)
            missing -= len(here)
        return [line for part in reversed(found) for line in part]

    def all(self, lines: Lines) -> Iterator[Written]:
        """Every line that is wanted, the oldest first. Raises OSError."""
        for block in reversed(list(self._blocks(lines.wanted))):
            yield from lines.of(block.read())

    def on(self) -> "LogFollower":
        """Goes on where these end."""
        return LogFollower(self.path, *(self._open[-1] if self._open else ()))

    def _blocks(self, wanted: Wanted) -> Iterator[_Block]:
        """The blocks, the newest first, as far back as something that is wanted may be.

        Lines stand in the order of their times, but for a clock that was set: so it ends at a whole
        block of lines that are too old.
        """
        for fd, size in reversed(self._open):
            for block in _blocks(fd, size):
                if wanted.since is not None and wanted.too_old(block.read()):
                    return
                yield block

    def close(self) -> None:
        """Let go of the files."""
        for fd, _ in self._open:
            os.close(fd)


@contextmanager
def opened(path: Path) -> Iterator[LogReader]:
    """The log files behind this name as they are now. Raises OSError."""
    reader = LogReader(path, _open_all(path))
    try:
        yield reader
    finally:
        reader.close()


class LogFollower:
    """What is written from some moment on, in the file that grows then and in those after it."""

    def __init__(self, path: Path, fd: int | None = None, at: int = 0) -> None:
        self._path = path
        self._fd = None if fd is None else os.dup(fd)
        self._at = at
        self._known = frozenset(in_order(path)) - {path}

    def look(self) -> bytes:
        """The whole lines that came since the last look. Raises OSError."""
        found = [self._rest()]
        while self._next():
            found.append(self._rest())
        return b"".join(found)

    def close(self) -> None:
        """Let go of the file."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _rest(self) -> bytes:
        if self._fd is None:
            return b""
        end = os.fstat(self._fd).st_size
        if end < self._at:  # it was emptied in its place
            self._at = 0
        data = _read(self._fd, self._at, end)
        whole = data[: data.rfind(b"\n") + 1]
        self._at += len(whole)
        return whole

    def _next(self) -> bool:
        """Open the file behind ours, if any: ours may have been turned over, or removed."""
        there = in_order(self._path)
        ours = None if self._fd is None else os.fstat(self._fd)
        for place, path in enumerate(there):
            if ours is not None and _same(path, ours):
                after = there[place + 1 :]
                break
        else:
            after = [path for path in there if path not in self._known]
        self._known = frozenset(there) - {self._path}
        if not after:
            return False
        try:
            fd = os.open(after[0], os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        # Between the two it may have been turned over: this is the one that followed all the same,
        # unless it is ours again.
        if ours is not None and os.path.samestat(os.fstat(fd), ours):
            os.close(fd)
            return False
        self.close()
        self._fd, self._at = fd, 0
        return True


def _open_all(path: Path) -> list[tuple[int, int]]:
    """Every file and its size, the oldest first; again where one was turned over meanwhile."""
    for _ in range(_TRIES):
        there = in_order(path)
        fds: list[int] = []
        with suppress(FileNotFoundError):
            for each in there:
                # One by one: those that were opened before one was gone are closed below.
                fds.append(os.open(each, os.O_RDONLY | os.O_CLOEXEC))  # noqa: PERF401
        if len(fds) == len(there) and in_order(path) == there and _still(there, fds):
            return [(fd, os.fstat(fd).st_size) for fd in fds]
        for fd in fds:
            os.close(fd)
    raise OSError(f"the log files at {path} are turned over faster than they can be read")


def _still(there: Sequence[Path], fds: Sequence[int]) -> bool:
    return not there or _same(there[-1], os.fstat(fds[-1]))


def _same(path: Path, found: os.stat_result) -> bool:
    try:
        return os.path.samestat(path.stat(), found)
    except FileNotFoundError:
        return False


def _blocks(fd: int, end: int) -> Iterator[_Block]:
    """A file in blocks of whole lines, the last one first; a longer line is a block."""
    while end > 0:
        start = max(0, end - BLOCK)
        while start > 0:
            newline = _read(fd, start, min(end - 1, start + BLOCK)).find(b"\n")
            if newline >= 0:
                start += newline + 1
                break
            start = max(0, start - BLOCK)
        yield _Block(fd, start, end)
        end = start


def _read(fd: int, start: int, end: int) -> bytes:
    parts: list[bytes] = []
    while start < end and (part := os.pread(fd, end - start, start)):
        parts.append(part)
        start += len(part)
    return b"".join(parts)
