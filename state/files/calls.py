"""The system calls that change files, in one replaceable value: tests hand in failing ones."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ctypes

# Local Linux file systems on which one syncfs(2) makes everything durable: the magic numbers of
# statfs(2) for ext2-4, xfs, btrfs, tmpfs, f2fs.
_LOCAL = frozenset({0xEF53, 0x58465342, 0x9123683E, 0x01021994, 0xF2F52010})


@cache
def _libc() -> "ctypes.CDLL":
    import ctypes
    import ctypes.util

    return ctypes.CDLL(ctypes.util.find_library("c") or None, use_errno=True)


def _syncfs(fd: int) -> None:
    if _libc().syncfs(fd) != 0:
        import ctypes

        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _open_in(folder: int, name: str, flags: int, mode: int) -> int:
    return os.open(name, flags | os.O_NOFOLLOW, mode, dir_fd=folder)


def _mkdir_in(folder: int, name: str, mode: int) -> None:
    os.mkdir(name, mode, dir_fd=folder)


def _replace_in(folder: int, old: str, new: str) -> None:
    os.replace(old, new, src_dir_fd=folder, dst_dir_fd=folder)


def _unlink_in(folder: int, name: str) -> None:
    os.unlink(name, dir_fd=folder)


@dataclass(frozen=True, slots=True)
class SystemCalls:
    """What the writers ask of the operating system.

    Those that end in `_in` take an open folder and a name in it, and follow no symbolic link:
    nobody can lead them elsewhere between two calls.
    """

    open: Callable[[Path, int, int], int] = os.open
    pwrite: Callable[[int, bytes, int], int] = os.pwrite
    fdatasync: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)
    fsync: Callable[[int], None] = os.fsync
    syncfs: Callable[[int], None] = _syncfs
    ftruncate: Callable[[int, int], None] = os.ftruncate
    replace: Callable[[Path, Path], None] = os.replace
    link: Callable[[Path, Path], None] = os.link
    unlink: Callable[[Path], None] = os.unlink
    mkdir: Callable[[Path, int], None] = os.mkdir
    open_in: Callable[[int, str, int, int], int] = _open_in
    mkdir_in: Callable[[int, str, int], None] = _mkdir_in
    replace_in: Callable[[int, str, str], None] = _replace_in
    unlink_in: Callable[[int, str], None] = _unlink_in

    def write_all(self, fd: int, data: bytes, offset: int) -> None:
        """Write every byte; a disk that is nearly full may take only some at a time."""
        view = memoryview(data)
        while view:
            written = self.pwrite(fd, view, offset)  # type: ignore[arg-type]
            view, offset = view[written:], offset + written


def syncfs_is_enough(directory: Path) -> bool:
    """Whether one syncfs(2) on this file system is as good as an fdatasync(2) of each file.

    Before Linux 5.8 it did not report failed writes (https://man7.org/linux/man-pages/man2/sync.2.html).
    """
    if not sys.platform.startswith("linux"):
        return False
    import ctypes

    try:
        major, minor = (int(number) for number in os.uname().release.split(".")[:2])
        buffer = ctypes.create_string_buffer(256)  # struct statfs is 120 bytes; f_type comes first
        failed = _libc().statfs(os.fsencode(directory), buffer)
    except (OSError, ValueError, AttributeError):
        return False
    kind = ctypes.c_long.from_buffer(buffer).value & 0xFFFFFFFF
    return not failed and (major, minor) >= (5, 8) and kind in _LOCAL
