"""One gateway owns a state folder: a lock of the kernel, which no crash can leave behind."""

import fcntl
import os
import time
from pathlib import Path

from state.files.layout import FILE_MODE, Layout
from state.store import StateLocked

# Whoever asks who holds the lock holds it, shared, for an instant; an owner waits that long.
_PATIENCE = 0.5
_PAUSE = 0.01


class StateLock:
    """The lock, held from `take` until `release` or the end of the process."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    @classmethod
    def take(cls, state_dir: Path) -> "StateLock":
        """Own the folder. Raises `StateLocked` naming the owner's pid, OSError."""
        path = Layout(state_dir).lock
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        try:
            patience = time.monotonic() + _PATIENCE
            while not _try(fd, fcntl.LOCK_EX):
                if time.monotonic() > patience:
                    raise StateLocked(_owned_by(state_dir, _pid(fd)))
                time.sleep(_PAUSE)
            os.ftruncate(fd, 0)
            os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        except BaseException:
            os.close(fd)
            raise
        return cls(fd)

    def release(self) -> None:
        """Let go of the folder."""
        os.ftruncate(self._fd, 0)
        os.close(self._fd)


def lock_holder(state_dir: Path) -> int | None:
    """The pid of the process that owns a state folder; None when nobody does. Never waits."""
    try:
        fd = os.open(Layout(state_dir).lock, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return None if _try(fd, fcntl.LOCK_SH) else _pid(fd)
    finally:
        os.close(fd)


def _try(fd: int, kind: int) -> bool:
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _pid(fd: int) -> int:
    """The owner's pid; 0 while it is about to be written."""
    written = os.pread(fd, 32, 0).strip()
    return int(written) if written.isdigit() else 0


def _owned_by(state_dir: Path, pid: int) -> str:
    who = f"process {pid}" if pid else "another process"
    return (
        f"{state_dir} is in use by {who}; a state folder has one gateway at a time. "
        "Stop that one (argent gateway stop), or set ARGENT_STATE_DIR to another folder"
    )
