"""The files of one workspace: read, written and listed beneath one descriptor, never by a path.

All of it blocks: call it in a thread.
"""

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from agents.workspace.beneath import FOLDER, open_beneath
from agents.workspace.errors import FileRefused, OutsideWorkspace, TooLarge, shown
from agents.workspace.paths import parse

MOST_READ = 1 << 20
MOST_WRITTEN = 1 << 20
"""Bytes of a file."""
MOST_LISTED = 1_000

_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_PRIVATE_FILE, _PRIVATE_FOLDER = 0o600, 0o700
_TEMPORARY = ".argent-"
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Version:
    """Which content a file had: another one has another."""

    inode: int
    changed: int
    size: int

    @classmethod
    def of(cls, seen: os.stat_result) -> "Version":
        """As a look at the file shows it."""
        return cls(seen.st_ino, seen.st_mtime_ns, seen.st_size)


@dataclass(frozen=True, slots=True)
class Content:
    """What is in a file, and which version that was."""

    data: bytes
    version: Version


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry of a folder: its name, what it is (``file``, ``folder``, ``link``, ``other``), and a
    file's bytes."""

    name: str
    kind: str
    size: int


class Workspace:
    """A workspace, open. With `strict`, files that have a second name (hard links) are refused, as
    the other name can be outside."""

    def __init__(self, folder: Path, *, strict: bool = True) -> None:
        self._root = os.open(folder, FOLDER | os.O_NOFOLLOW | os.O_CLOEXEC)
        seen = os.fstat(self._root)
        self._owner = (seen.st_uid, seen.st_gid)
        self._strict = strict

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let it go."""
        if self._root >= 0:
            os.close(self._root)
            self._root = -1

    def read(self, path: str, *, most: int = MOST_READ) -> Content:
        """A plain file's content, of at most `most` bytes. Raises `FileRefused`."""
        names = parse(path)
        with _explained(path), self._opened(names, _READ) as file:
            seen = os.fstat(file)
            self._check_plain(path, seen)
            if seen.st_size > most:
                raise TooLarge(f"{shown(path)} has {seen.st_size} bytes, and {most} is the most.")
            return Content(_bytes_of(file, most), Version.of(seen))

    def write(
        self,
        path: str,
        data: bytes,
        *,
        instead_of: Version | None = None,
        most: int = MOST_WRITTEN,
    ) -> bool:
        """Put a file in place, whole or not at all; whether there was one before.

        A link of that name is replaced, not followed, and the folders on the way are made. With
        `instead_of`, only that version is replaced. Raises `FileRefused`.
        """
        names = parse(path)
        if not names:
            raise FileRefused(f"{shown(path)} is a folder.")
        if len(data) > most:
            raise TooLarge(f"{len(data)} bytes are too many: {most} is the most.")
        with _explained(path), self._folder_for(names[:-1]) as folder:
            return self._put(folder, names[-1], path, data, instead_of)

    def list(self, path: str = "", *, most: int = MOST_LISTED) -> tuple[tuple[Listed, ...], int]:
        """What is in a folder, by name, at most so many; and how many there are. Raises
        `FileRefused`."""
        names = parse(path)
        with _explained(path), self._opened(names, os.O_RDONLY | os.O_DIRECTORY) as folder:
            there = os.listdir(folder)  # noqa: PTH208 - a path has no descriptors
            found = sorted(name for name in there if not name.startswith(_TEMPORARY))
            return tuple(_listed(folder, name) for name in found[:most]), len(found)

    @contextmanager
    def _opened(self, names: tuple[str, ...], flags: int) -> Iterator[int]:
        descriptor = open_beneath(self._root, names, flags)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def _folder_for(self, names: tuple[str, ...]) -> Iterator[int]:
        """A folder of the workspace, made where it is missing. No link on the way is followed."""
        place = os.dup(self._root)
        try:
            for number, name in enumerate(names, 1):
                try:
                    inner = open_beneath(self._root, names[:number], FOLDER, links=False)
                except FileNotFoundError:
                    inner = self._new_folder(place, name)
                os.close(place)
                place = inner
            yield place
        finally:
            os.close(place)

    def _new_folder(self, place: int, name: str) -> int:
        with suppress(FileExistsError):
            os.mkdir(name, _PRIVATE_FOLDER, dir_fd=place)
        # Whatever stands there by now, it is in the workspace, and its owner's at worst already.
        inner = open_beneath(place, (name,), os.O_RDONLY | os.O_DIRECTORY, links=False)
        self._give(inner)
        return inner

    def _put(
        self, folder: int, name: str, path: str, data: bytes, instead_of: Version | None
    ) -> bool:
        temporary = f"{_TEMPORARY}{secrets.token_hex(8)}"
        file = os.open(temporary, _NEW, _PRIVATE_FILE, dir_fd=folder)
        try:
            with os.fdopen(file, "wb") as writing:
                writing.write(data)
                writing.flush()
                there = _seen(folder, name)
                self._check_replaced(path, there, instead_of)
                if there is not None and stat.S_ISREG(there.st_mode):
                    os.fchmod(writing.fileno(), stat.S_IMODE(there.st_mode) & 0o777)
                self._give(writing.fileno())
                os.fsync(writing.fileno())
            os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary, dir_fd=folder)
            raise
        _sync(folder)
        return there is not None

    def _check_replaced(
        self, path: str, there: os.stat_result | None, instead_of: Version | None
    ) -> None:
        if there is not None and stat.S_ISDIR(there.st_mode):
            raise FileRefused(f"{shown(path)} is a folder.")
        if instead_of is not None and (there is None or Version.of(there) != instead_of):
            raise FileRefused(f"{shown(path)} has changed meanwhile: read it again.")

    def _check_plain(self, path: str, seen: os.stat_result) -> None:
        if stat.S_ISDIR(seen.st_mode):
            raise FileRefused(f"{shown(path)} is a folder: list it.")
        if not stat.S_ISREG(seen.st_mode):
            raise FileRefused(f"{shown(path)} is no plain file.")
        if self._strict and seen.st_nlink > 1:
            raise FileRefused(f"{shown(path)} has more than one name: make a copy, and read that.")

    def _give(self, descriptor: int) -> None:
        """To the workspace's own user, where that is not ours."""
        if self._owner[0] != os.geteuid():
            os.fchown(descriptor, *self._owner)


def _bytes_of(file: int, most: int) -> bytes:
    """A file to its end, which may have moved since it was looked at."""
    parts: list[bytes] = []
    left = most
    while left > 0 and (part := os.read(file, min(_CHUNK, left))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _seen(folder: int, name: str) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _listed(folder: int, name: str) -> Listed:
    shown_name = os.fsencode(name).decode("utf-8", "replace")
    seen = _seen(folder, name)
    if seen is None:
        return Listed(shown_name, "other", 0)
    kinds = ((stat.S_ISREG, "file"), (stat.S_ISDIR, "folder"), (stat.S_ISLNK, "link"))
    kind = next((word for test, word in kinds if test(seen.st_mode)), "other")
    return Listed(shown_name, kind, seen.st_size if kind == "file" else 0)


def _sync(folder: int) -> None:
    opened = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


_MEANINGS = {
    errno.ENOENT: "does not exist",
    errno.ENOTDIR: "leads through something that is no folder",
    errno.EISDIR: "is a folder",
    errno.EACCES: "may not be opened",
    errno.EPERM: "may not be opened",
    errno.ENXIO: "is no plain file",
    errno.ENODEV: "is no plain file",
    errno.ELOOP: "leads through a link: name the real folder",
    errno.EAGAIN: "is being changed all the time",
    errno.ENAMETOOLONG: "is too long",
    errno.ENOSPC: "does not fit: the disk is full",
    errno.EDQUOT: "does not fit: the disk is full",
    errno.EROFS: "cannot be written to",
}


@contextmanager
def _explained(path: str) -> Iterator[None]:
    """Turn what the system says into what a model may know: no number, no path but its own."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.EXDEV:
            raise OutsideWorkspace(path) from None
        meaning = _MEANINGS.get(error.errno or 0)
        if meaning is None:
            raise
        raise FileRefused(f"{shown(path)} {meaning}.") from None
