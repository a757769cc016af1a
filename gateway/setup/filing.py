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
        with real.open("rb") as file:
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
        with _new(path) as (draft, folder):
            _fill(draft, text.encode())
            check(draft)
            if find(path).content != found.content:
                raise NotWritten(f"{path} was changed meanwhile: run argent setup again")
            kept = None if found.content is None else _keep(path, found.content)
            draft.replace(path)
            os.fsync(folder)
            return kept
    except OSError as error:
        raise NotWritten(f"{path} cannot be written: {error.strerror}") from error


def write_beside(path: Path, text: str) -> None:
    """Put a file in place that holds nothing of the owner's. Raises `NotWritten`."""
    try:
        with _new(path) as (draft, folder):
            _fill(draft, text.encode())
            draft.replace(path)
            os.fsync(folder)
    except OSError as error:
        raise NotWritten(f"{path} cannot be written: {error.strerror}") from error


@contextlib.contextmanager
def _new(path: Path) -> Iterator[tuple[Path, int]]:
    """A private, empty file beside `path`, and their folder. What is left of it is removed."""
    _make_folder(path.parent)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    # The loader tells TOML from JSON by the name's end.
    draft = path.with_name(f".{path.stem}.setup{path.suffix}")
    try:
        with contextlib.suppress(FileNotFoundError):
            draft.unlink()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        os.close(os.open(draft, flags, _PRIVATE))
        _belong(draft, path)
        yield draft, folder
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()
        os.close(folder)


def _belong(draft: Path, path: Path) -> None:
    """Give the file to whom the old one belongs, else to the folder's owner.

    Only root can, and must: a gateway that runs as a user of its own could not read it.
    """
    if os.geteuid() != 0:
        return
    owner = path.stat() if path.exists() else path.parent.stat()
    os.chown(draft, owner.st_uid, owner.st_gid)


def _fill(file: Path, content: bytes) -> None:
    with file.open("wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())


def _keep(path: Path, content: bytes) -> Path:
    """A private copy of the old file, under a name that no earlier copy has."""
    name = f"{path.name}.{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    for number in range(100):
        copy = path.with_name(f"{name}.bak" if not number else f"{name}.{number}.bak")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            os.close(os.open(copy, flags, _PRIVATE))
        except FileExistsError:
            continue
        _belong(copy, path)
        _fill(copy, content)
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
