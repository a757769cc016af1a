"""How much a folder holds, seen by somebody whom its owner may try to lead astray."""

from __future__ import annotations

import os

from agents.sandbox.keeper import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from agents.sandbox.keeper.plan import Watch

_BLOCK = 512
_DEEPEST = 200
"""Folders inside each other: each holds a descriptor while it is looked into. Nobody means more;
who makes more hides something, or wants that nobody can remove it."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


_FAR = 4
"""How many times too many files are counted, to see whether they become more."""
_SLACK = 64 << 20
"""Bytes that others may write on a file system that is full already."""


def used(root: int, most: int) -> tuple[int, int]:
    """The bytes and the number of what is in a folder; it ends early beyond `most` entries.

    So it does where folders are too deep in each other, which counts as too many. Links are not
    followed, whenever they are made: every folder is opened from its parent's descriptor.
    """
    size = count = 0
    ways = [iter(_entries(root))]
    open_folders = [root]
    while ways:
        entry = next(ways[-1], None)
        if entry is None:
            ways.pop()
            folder = open_folders.pop()
            if folder != root:
                os.close(folder)
            continue
        count += 1
        if count > most or len(ways) > _DEEPEST:
            count = most + 1
            break
        try:
            seen = entry.stat(follow_symlinks=False)
            size += seen.st_blocks * _BLOCK
            if entry.is_dir(follow_symlinks=False):
                inner = os.open(entry.name, _FOLDER, dir_fd=open_folders[-1])
                open_folders.append(inner)
                ways.append(iter(_entries(inner)))
        except OSError:
            continue
    for folder in open_folders:
        if folder != root:
            os.close(folder)
    return size, count


def _entries(folder: int) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError:
        return []


class Allowance:
    """How far a workspace may grow.

    One that holds too much already may be used, so that it can be tidied up, but may not grow.
    """

    __slots__ = ("_files", "_free", "_root", "_size")

    def __init__(self, root: int, watch: Watch) -> None:
        size, count = used(root, _FAR * watch["files"])
        self._root = root
        self._size = max(watch["disk"], size)
        self._files = max(watch["files"], count)
        self._free = min(watch["free"], free(root))

    def exceeded(self) -> bool:
        """Whether it holds too much now, the files without a name of running processes included."""
        size, count = used(self._root, self._files)
        if count > self._files or size > self._size or free(self._root) < self._free - _SLACK:
            return True
        device = os.fstat(self._root).st_dev
        return size + tree.unlinked(tree.descendants(), device) > self._size


def free(root: int) -> int:
    """The bytes that are free on a folder's file system."""
    seen = os.fstatvfs(root)
    return seen.f_bavail * seen.f_frsize
