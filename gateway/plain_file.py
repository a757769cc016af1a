"""A file that an owner named, read whole: never a pipe to wait for, and never without an end."""

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PlainFile:
    """A file's bytes, and who may do what with it, all of the same moment."""

    content: bytes
    mode: int
    user: int
    group: int

    @property
    def is_private(self) -> bool:
        """Whether nobody but its owner may do anything with it."""
        return not self.mode & (stat.S_IRWXG | stat.S_IRWXO)

    @property
    def is_read_by_all(self) -> bool:
        """Whether everybody on the machine may do something with it."""
        return bool(self.mode & stat.S_IRWXO)

    @property
    def is_written_by_all(self) -> bool:
        """Whether everybody on the machine may change it."""
        return bool(self.mode & stat.S_IWOTH)

    @property
    def is_written_by_some(self) -> bool:
        """Whether somebody may change it who is neither this user nor root, nor of their groups.

        Many systems give everybody a group of their own, which says nothing.
        """
        if self.user not in (0, os.geteuid()):
            return True
        return bool(self.mode & stat.S_IWGRP) and self.group not in (0, os.getegid())


def read(path: Path, *, most: int) -> PlainFile:
    """The file at `path`, through links, of `most` bytes and one more. Raises OSError."""
    # Whoever opens a pipe waits for somebody who writes to it.
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "is no file", str(path))
        # Python's own files refuse a folder with other words than these.
        with os.fdopen(fd, "rb", closefd=False) as file:
            content = file.read(most + 1)
    finally:
        os.close(fd)
    return PlainFile(content, found.st_mode, found.st_uid, found.st_gid)
