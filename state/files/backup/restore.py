"""Restoring a backup into a folder of its own; never over anything that is there."""

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from state.files.backup.archive import Body, open_backup
from state.files.backup.manifest import BadBackup, BadPlace
from state.files.backup.verify import Verified, verify
from state.files.calls import SystemCalls, syncfs_is_enough
from state.files.errors import store_error
from state.files.layout import FILE_MODE, FOLDER_MODE
from state.store import StorageFull

_UNFINISHED = ".restoring"
"""Everything is written below this first, so that a state folder is there whole or not at all."""

_OF_THE_DISK = frozenset({"lost+found"})
"""What an empty disk has."""


def restore(backup: Path, into: Path, *, step: Callable[[], None]) -> Verified:
    """Verify a backup, then unpack it into a folder that is missing or empty.

    `step` is called twice for each file. Returns what the backup holds. Raises `NotFound`,
    `BadBackup`, `BadPlace`, `StorageFull`, `StorageFailed`; then the folder is as it was.
    """
    try:
        _check_empty(into)
        verified = verify(backup, step=step)
        if verified.manifest is None or verified.broken:
            first = verified.broken[0]
            raise BadBackup(f"{first.file}: {first.detail}" if first.file else first.detail)
        made = not into.exists()
        into.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        unfinished = into / _UNFINISHED
        moved: list[Path] = []
        try:
            _check_room(into, verified.manifest.size)
            unfinished.mkdir(mode=FOLDER_MODE)
            _unpack(backup, unfinished, step)
            _sync(unfinished)
            _move_up(unfinished, into, moved)
        except BaseException:
            for path in (unfinished, *moved):
                _remove(path)
            if made:
                with suppress(OSError):
                    into.rmdir()
            raise
    except OSError as error:
        raise store_error(error, f"restoring into {into}") from error
    return verified


def _check_empty(into: Path) -> None:
    if not os.path.lexists(into):
        return
    if not into.is_dir():
        raise BadPlace(f"{into} is no folder; name an empty one, or one that is not there")
    there = {path.name for path in into.iterdir()} - _OF_THE_DISK
    if there:
        raise BadPlace(
            f"{into} holds {min(there)!r} already; a backup is restored into an empty folder, or "
            "one that is not there, never over anything"
        )


def _check_room(into: Path, needed: int) -> None:
    free = shutil.disk_usage(into).free
    if free < needed:
        raise StorageFull(f"the backup needs {needed} bytes, and {into} has {free} free")


def _unpack(backup: Path, root: Path, step: Callable[[], None]) -> None:
    with open_backup(backup) as archive:
        for body in archive.files():
            _write(body, root)
            if not body.intact:
                raise BadBackup(f"{backup} was changed while it was restored")
            step()


def _write(body: Body, root: Path) -> None:
    path = root / body.record.name
    _make_folder(path.parent)
    mode = FILE_MODE | (0o100 if body.executable else 0)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    with os.fdopen(fd, "wb") as file:
        for piece in body.pieces():
            file.write(piece)
        file.flush()
        os.utime(fd, (body.changed, body.changed))


def _make_folder(path: Path) -> None:
    # `parents=True` would give those above the mode of the umask.
    if not path.is_dir():
        _make_folder(path.parent)
        path.mkdir(mode=FOLDER_MODE)


def _sync(root: Path) -> None:
    """Make everything below durable before it gets its place."""
    if syncfs_is_enough(root):
        fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            SystemCalls().syncfs(fd)
        finally:
            os.close(fd)
        return
    for folder, _, files in os.walk(root):
        for name in ("", *files):
            fd = os.open(os.path.join(folder, name), os.O_RDONLY)  # noqa: PTH118 - many of them
            try:
                os.fsync(fd)
            finally:
                os.close(fd)


def _move_up(unfinished: Path, into: Path, moved: list[Path]) -> None:
    into.chmod(FOLDER_MODE)
    for path in sorted(unfinished.iterdir()):
        place = into / path.name
        if os.path.lexists(place):
            raise BadPlace(f"{place} came while the backup was restored; use another folder")
        path.rename(place)
        moved.append(place)
    unfinished.rmdir()
    fd = os.open(into, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _remove(path: Path) -> None:
    with suppress(OSError):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
