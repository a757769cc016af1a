"""Removes a folder with all that is in it, however deep a command in a workspace has made it.

`shutil.rmtree` of Python 3.11 calls itself for each level, and a path may have 4,096 bytes only. So
whatever is deeper is moved up, level by level, until nothing is left.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove_tree(folder: Path | str, *, ignore_errors: bool = False) -> None:
    """Remove a folder; links in it are removed and not followed. Raises OSError."""
    with suppress(*((OSError,) if ignore_errors else ())):
        top = os.open(folder, _FOLDER)
        try:
            _empty(top)
        finally:
            os.close(top)
        Path(folder).rmdir()


def _empty(top: int) -> None:
    # Names that are not in use: what is moved up must not meet what lies there.
    names = (f".removed-{number}" for number in count())
    while found := os.listdir(top):
        for name in found:
            if not _is_folder(name, top):
                os.unlink(name, dir_fd=top)
                continue
            inner = _opened(name, top)
            try:
                for each in os.listdir(inner):  # noqa: PTH208 -- a descriptor has no path
                    if _is_folder(each, inner):
                        _allow(each, inner)
                        os.rename(each, _free(names, top), src_dir_fd=inner, dst_dir_fd=top)
                    else:
                        os.unlink(each, dir_fd=inner)
            finally:
                os.close(inner)
            os.rmdir(name, dir_fd=top)


def _free(names: Iterator[str], top: int) -> str:
    for name in names:
        try:
            os.lstat(name, dir_fd=top)
        except FileNotFoundError:
            return name
    raise AssertionError("there are names without end")


def _opened(name: str, parent: int) -> int:
    try:
        return os.open(name, _FOLDER, dir_fd=parent)
    except PermissionError:
        _allow(name, parent)
        return os.open(name, _FOLDER, dir_fd=parent)


def _allow(name: str, parent: int) -> None:
    """Whoever made it may have locked it; a folder that is moved must be writable itself."""
    with suppress(PermissionError):
        os.chmod(name, 0o700, dir_fd=parent)


def _is_folder(name: str, parent: int) -> bool:
    return stat.S_ISDIR(os.lstat(name, dir_fd=parent).st_mode)
