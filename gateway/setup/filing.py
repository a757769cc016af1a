"""Puts the settings file in place: whole or not at all, private from its first byte.

The old file stays where it is until the new one is on the disk and the loader has taken it; a copy
of it is kept beside. Whoever stops in between finds the old one, and at most a file that the next
set-up removes.
"""

import contextlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gateway.config_file import LARGEST

_PRIVATE = 0o600
_PRIVATE_FOLDER = 0o700


class NotWritten(Exception):
    """The file could not be written; what was there before is untouched."""


@dataclass(frozen=True, slots=True)
class Found:
    """The file as it was found: where it really is, and its bytes (none where there is none)."""

    path: Path
    content: bytes | None

    @property
    def text(self) -> str:
        """What it holds; TOML is UTF-8. Raises UnicodeDecodeError."""
        return (self.content or b"").decode("utf-8-sig")


def find(path: Path) -> Found:
    """Look at the file, through links: a link is not replaced by a file. Raises `NotWritten`."""
    real = Path(os.path.realpath(path))
    try:
        # A pipe would keep us waiting for whoever writes to it.
        fd = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        with os.fdopen(fd, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise NotWritten(f"{path} is no file")
            return Found(real, file.read(LARGEST + 1))
    except FileNotFoundError:
        return Found(real, None)
    except OSError as error:
        raise NotWritten(f"{path}: {error.strerror}") from error


def write(found: Found, text: str, check: Callable[[Path], None]) -> Path | None:
    """Replace what was found, after `check` has taken the new file; where the old one was kept.

    Raises `NotWritten`, and whatever `check` raises.
    """
    path = found.path
    try:
        with _new(path, text.encode()) as (draft, folder):
            check(draft)
            if find(path).content != found.content:
                raise NotWritten(f"{path} was changed meanwhile: run argent setup again")
            kept = None if found.content is None else _keep(path, folder, found.content)
            _put(draft, path, folder)
            return kept
    except OSError as error:
        raise NotWritten(f"{path} cannot be written: {error.strerror}") from error


def write_beside(path: Path, text: str) -> None:
    """Put a file in place that holds nothing of the owner's. Raises `NotWritten`."""
    try:
        with _new(path, text.encode()) as (draft, folder):
            _put(draft, path, folder)
    except OSError as error:
        raise NotWritten(f"{path} cannot be written: {error.strerror}") from error


@contextlib.contextmanager
def _new(path: Path, content: bytes) -> Iterator[tuple[Path, int]]:
    """A private file beside `path`, and their folder, open. What is left of it is removed."""
    _make_folder(path.parent)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    # The loader tells TOML from JSON by the name's end.
    draft = path.with_name(f".{path.stem}.setup{path.suffix}")
    try:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(draft.name, dir_fd=folder)
        _make(draft.name, folder, content, _owner(path, folder))
        yield draft, folder
    finally:
        with contextlib.suppress(OSError):
            os.unlink(draft.name, dir_fd=folder)
        os.close(folder)


def _put(draft: Path, path: Path, folder: int) -> None:
    """Let a draft be the file, on the disk."""
    os.rename(draft.name, path.name, src_dir_fd=folder, dst_dir_fd=folder)
    os.fsync(folder)


def _owner(path: Path, folder: int) -> tuple[int, int] | None:
    """To whom a new file is given: to whom the old one belongs, else to the folder's owner.

    Only root can, and must: a gateway that runs as a user of its own could not read it.
    """
    if os.geteuid() != 0:
        return None
    try:
        found = os.stat(path.name, dir_fd=folder)
    except FileNotFoundError:
        found = os.fstat(folder)
    return found.st_uid, found.st_gid


def _make(name: str, folder: int, content: bytes, owner: tuple[int, int] | None) -> None:
    """Make a private file. Raises FileExistsError.

    It is made, given away and written as one open file: to root, the folder may be somebody's who
    puts a link in its place the moment that it is there.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(name, flags, _PRIVATE, dir_fd=folder), "wb") as opened:
        if owner is not None:
            os.fchown(opened.fileno(), *owner)
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())


def _keep(path: Path, folder: int, content: bytes) -> Path:
    """A private copy of the old file, under a name that no earlier copy has."""
    name = f"{path.name}.{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    for number in range(100):
        copy = path.with_name(f"{name}.bak" if not number else f"{name}.{number}.bak")
        try:
            _make(copy.name, folder, content, _owner(path, folder))
        except FileExistsError:
            continue
        return copy
    raise NotWritten(f"{path.parent} is full of copies: remove {path.name}.*.bak")


def _make_folder(folder: Path) -> None:
    """Make the folder, private, and each above it that is missing, on the disk."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)
        above = os.open(each.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(above)
        finally:
            os.close(above)
