"""Making changes to files durable."""

import os
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from state.files.calls import SystemCalls, syncfs_is_enough
from state.files.layout import FILE_MODE

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

Clock = Callable[[], datetime]
Synced = Callable[[str, float], None]
"""Hears that what was written to a store (``histories``, ``ledger``) was made durable, and in how
many seconds. Called in the store's thread; quick, and never raises."""

_POOL = 16


def untimed(_store: str, _seconds: float) -> None:
    """Nobody wants to know."""


class Disk:
    """The folder's file system: how its files become durable, and at least cost.

    One dirty file takes an fdatasync; several take one syncfs where that is as good, else an
    fdatasync each, in a few threads so that the device sees them together.
    """

    def __init__(
        self, root: Path, calls: SystemCalls, clock: Clock, synced: Synced = untimed
    ) -> None:
        self.calls = calls
        self.clock = clock
        self._synced = synced
        self._one_for_all = syncfs_is_enough(root)
        self._pool: ThreadPoolExecutor | None = None

    def sync(self, fds: Sequence[int], folders: Sequence[int] = ()) -> dict[int, OSError]:
        """Make these files, and the names in these folders, durable; those that failed, with why.

        A syncfs that fails does not say for which file, so it fails for all of them.
        """
        began = time.monotonic()
        failed = self._sync(fds, folders)
        self._synced("histories", time.monotonic() - began)
        return failed

    def _sync(self, fds: Sequence[int], folders: Sequence[int]) -> dict[int, OSError]:
        every = [*((self.calls.fdatasync, fd) for fd in fds)]
        every += [(self.calls.fsync, fd) for fd in folders]
        if not every:
            return {}
        if len(every) == 1:
            return _attempt(every[0])
        if self._one_for_all:
            both = [*fds, *folders]
            failed = _attempt((self.calls.syncfs, both[0]))
            return {fd: error for error in failed.values() for fd in both}
        if self._pool is None:
            from concurrent.futures import ThreadPoolExecutor

            self._pool = ThreadPoolExecutor(_POOL, "argent-sync")
        return {fd: e for failed in self._pool.map(_attempt, every) for fd, e in failed.items()}

    def sync_folder(self, folder: Path) -> None:
        """Make the names in a folder durable."""
        fd = self.calls.open(folder, os.O_RDONLY | os.O_DIRECTORY, 0)
        try:
            self.calls.fsync(fd)
        finally:
            os.close(fd)

    def write_beside(self, path: Path, data: bytes) -> int:
        """Write the file that will replace `path`; its descriptor, not synced yet."""
        beside = beside_name(path)
        fd = self.calls.open(beside, os.O_RDWR | os.O_CREAT | os.O_TRUNC, FILE_MODE)
        try:
            self.calls.write_all(fd, data, 0)
        except BaseException:
            os.close(fd)
            beside.unlink(missing_ok=True)
            raise
        return fd

    def replace(self, path: Path, data: bytes) -> None:
        """Give a file new content, durably: a crash leaves the old or the new one."""
        fd = self.write_beside(path, data)
        try:
            self.calls.fsync(fd)
            self.calls.replace(beside_name(path), path)
        except BaseException:
            beside_name(path).unlink(missing_ok=True)
            raise
        finally:
            os.close(fd)
        self.sync_folder(path.parent)

    def keep_aside(self, path: Path, data: bytes | None = None) -> str:
        """Keep a damaged file, or only these bytes of it, under a new name in the same folder.

        The file itself stays until it is replaced, so that there is one at every moment.
        """
        aside = self.free_name(path.parent, f"{path.name}.damaged-{self.stamp()}")
        if data is None:
            self.calls.link(path, aside)
        else:
            self.replace(aside, data)
        return aside.name

    def move_aside(self, path: Path) -> str:
        """Give what stands in a file's place, and is none, another name in the same folder."""
        aside = self.free_name(path.parent, f"{path.name}.damaged-{self.stamp()}")
        self.calls.replace(path, aside)
        self.sync_folder(path.parent)
        return aside.name

    def stamp(self) -> str:
        """The time as it is written in file names."""
        return f"{self.clock():%Y%m%dT%H%M%SZ}"

    @staticmethod
    def free_name(folder: Path, name: str) -> Path:
        """A path of this name, numbered where the name is taken."""
        path, number = folder / name, 1
        while os.path.lexists(path):
            number += 1
            path = folder / f"{name}-{number}"
        return path

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown()


def _attempt(call: tuple[Callable[[int], None], int]) -> dict[int, OSError]:
    sync, fd = call
    try:
        sync(fd)
    except OSError as error:
        return {fd: error}
    return {}


def beside_name(path: Path) -> Path:
    """What the file that will replace `path` is called until it does."""
    return path.with_name(f".{path.name}.new")
