"""Log files: JSON lines in one that grows, behind it those that were full, numbered in order.

``gateway.jsonl`` becomes ``gateway.000017.jsonl`` in one rename, so a crash leaves either name and
a reader needs no clock to know the order. Several processes may write to one file: each batch is
one append, and whoever finds that the name means another file by now opens that one.
"""

import errno
import fcntl
import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from state.files.layout import FILE_MODE, FOLDER_MODE, LOGS

NAME = "gateway.jsonl"

_READ_BACK = 1


def log_file(setting: bool | str, state_dir: Path) -> Path | None:
    """Where lines are kept by ``log.file``, a path being below the state folder; None: nowhere."""
    if setting is False:
        return None
    return state_dir / LOGS / NAME if setting is True else state_dir / Path(setting).expanduser()


def in_order(current: Path) -> list[Path]:
    """The files that there are, the oldest first, the one that grows last. Raises OSError."""
    there = [path for _, path in sorted(full(current))]
    return [*there, current] if current.exists() else there


class LogFile:
    """A log file that is appended to, by one thread.

    Beyond `most` bytes it is put behind the others, of which `keep` stay.
    """

    def __init__(self, path: Path, *, most: int, keep: int) -> None:
        self._path = path
        self._most = most
        self._keep = keep
        self._fd: int | None = None
        self._torn = False

    @property
    def path(self) -> Path:
        """The file that grows."""
        return self._path

    def append(self, lines: Sequence[bytes]) -> None:
        """Write these as lines. Raises OSError; then none or some of them are there."""
        fd = self._current()
        data = b"\n".join((*lines, b""))
        if (size := os.fstat(fd).st_size) and size + len(data) > self._most:
            fd = self._turned(fd)
        # Half a line may be there, of a disk that was full or a process that was killed.
        data = b"\n" + data if self._torn else data
        self._torn = True
        while data:
            data = data[os.write(fd, data) :]
        self._torn = False

    def close(self) -> None:
        """Let go of the file."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _current(self) -> int:
        if self._fd is not None and _is(self._path, self._fd):
            return self._fd
        self.close()
        self._path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        # A FIFO in its place would hold up whoever opens it.
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
        self._fd = fd = os.open(self._path, flags, FILE_MODE)
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            self.close()
            raise OSError(errno.EINVAL, "it is no file", str(self._path))
        size = found.st_size
        self._torn = size > 0 and os.pread(fd, _READ_BACK, size - _READ_BACK) != b"\n"
        return fd

    def _turned(self, fd: int) -> int:
        """The file to go on in, once the full one is behind it; the same while that cannot be."""
        # Too long a file is better than lines that are nowhere.
        with suppress(OSError):
            self._turn(fd)
        return self._current()

    def _turn(self, fd: int) -> None:
        with alone(self._path.parent) as nobody_else:
            # Another process may just be doing it: the next look finds what that one made.
            if nobody_else and _is(self._path, fd):
                self._drop(turn_over(self._path))

    def _drop(self, newest: int) -> None:
        for number, path in full(self._path):
            if number <= newest - self._keep:
                with suppress(OSError):
                    path.unlink()


def turn_over(current: Path) -> int:
    """Put the file that grows behind the others, for whoever is `alone`; its number there."""
    number = max((number for number, _ in full(current)), default=0) + 1
    current.rename(_numbered(current, number))
    return number


def full(current: Path) -> Iterator[tuple[int, Path]]:
    """The numbered files, in no order."""
    name = re.compile(rf"{re.escape(current.stem)}\.([0-9]{{1,18}}){re.escape(current.suffix)}")
    with suppress(FileNotFoundError):
        for path in current.parent.iterdir():
            if found := name.fullmatch(path.name):
                yield int(found[1]), path


def _numbered(current: Path, number: int) -> Path:
    return current.with_name(f"{current.stem}.{number:06d}{current.suffix}")


def _is(path: Path, fd: int) -> bool:
    """Whether a name means the file that is open."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return False
    return os.path.samestat(found, os.fstat(fd))


@contextmanager
def alone(folder: Path, *, waits: bool = False) -> Iterator[bool]:
    """Keeps others from renaming in a folder; False when somebody is, unless one `waits`."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX if waits else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(fd)
