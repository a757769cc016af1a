"""One gateway owns a state folder: a lock of the kernel, which no crash can leave behind."""

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path

from state.files.layout import FILE_MODE, Layout
from state.store import StateLocked

# Whoever asks who holds the lock holds it, shared, for an instant; an owner waits that long.
_PATIENCE = 0.5
_PAUSE = 0.01


class FileLock:
    """A locked file, from `take` until `release` or the end of the process.

    It has one holder at a time, also within one process, and holds a note that says who.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd

    @classmethod
    def take(cls, path: Path, note: str) -> "FileLock | None":
        """Lock the file and write the note into it; None when it has a holder. Raises OSError."""
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE)
        try:
            if not _try(fd, fcntl.LOCK_EX):
                os.close(fd)
                return None
            os.ftruncate(fd, 0)
            os.pwrite(fd, note.encode(), 0)
        except BaseException:
            os.close(fd)
            raise
        return cls(fd)

    def release(self) -> None:
        """Let go of it, and take the note out if the disk takes that: the lock alone counts."""
        try:
            with suppress(OSError):
                os.ftruncate(self._fd, 0)
        finally:
            os.close(self._fd)


class StateLock:
    """The lock of a state folder, held from `take` until `release` or the end of the process."""

    def __init__(self, lock: FileLock) -> None:
        self._lock = lock

    @classmethod
    def take(cls, state_dir: Path) -> "StateLock":
        """Own the folder. Raises `StateLocked` naming the owner's pid, OSError."""
        path = Layout(state_dir).lock
        patience = time.monotonic() + _PATIENCE
        while (lock := FileLock.take(path, f"{os.getpid()}\n")) is None:
            if time.monotonic() > patience:
                raise StateLocked(_owned_by(state_dir, _pid(path.read_bytes())))
            time.sleep(_PAUSE)
        return cls(lock)

    def release(self) -> None:
        """Let go of the folder."""
        self._lock.release()


def lock_holder(state_dir: Path) -> int | None:
    """The pid of the process that owns a state folder; None when nobody does. Never waits."""
    try:
        fd = os.open(Layout(state_dir).lock, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return None if _try(fd, fcntl.LOCK_SH) else _pid(os.pread(fd, 32, 0))
    finally:
        os.close(fd)


def _try(fd: int, kind: int) -> bool:
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _pid(note: bytes) -> int:
    """The owner's pid; 0 while it is about to be written."""
    written = note.strip()
    return int(written) if written.isdigit() else 0


def _owned_by(state_dir: Path, pid: int) -> str:
    who = f"process {pid}" if pid else "another process"
    return (
        f"{state_dir} is in use by {who}; a state folder has one gateway at a time. "
        "Stop that one (argent gateway stop), or set ARGENT_STATE_DIR to another folder"
    )
