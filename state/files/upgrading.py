"""Before an upgrade changes a state folder, what is in it is put into a backup and verified.

An older Argent cannot read what an upgrade changed, so this is the way back: `backup restore` into
an empty folder. Media and workspaces are left out: an upgrade does not touch them, and they may be
most of the folder.

Whatever changes how anything is stored, also in a session's files, raises the version of the
ledger: that is what tells one form of the folder from the next.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from state.files.errors import store_error
from state.files.layout import BACKUP_BEGUN, FOLDER_MODE, MEDIA, WORKSPACE, Layout
from state.files.ledger.reading import connect_to_read
from state.files.ledger.schema import VERSION, version
from state.files.removing import remove_tree
from state.store import NewerFormat, StorageFailed, StorageFull

KEPT = 3
"""How many such backups there are at most; the oldest goes."""

_NAME = "before-upgrade-"
_WITHOUT = frozenset({MEDIA, WORKSPACE})


def keep_before_upgrade(layout: Layout, argent: str, now: Callable[[], datetime]) -> Path | None:
    """Back up a folder that this Argent is about to upgrade; None where there is nothing to do.

    `argent` is this one's version. A database that cannot be read is left to whoever opens it, who
    sets it aside whole. Raises `NewerFormat` with the way back, `StorageFull`, `StorageFailed`:
    nothing has been changed then, and nothing may be.
    """
    # As large as a backup, of an upgrade that was killed; nobody else puts one together here.
    for begun in layout.backups.glob(f"{BACKUP_BEGUN}*"):
        remove_tree(begun, ignore_errors=True)
    found = _version(layout.database)
    if found > VERSION:
        raise NewerFormat(_no_way_down(layout, found))
    if found in (0, VERSION) or not _sound(layout.database):
        return None
    # Not what every start should pay for.
    from state.files.backup.create import Request, write

    stamp = f"{now().astimezone(UTC):%Y%m%dT%H%M%S%fZ}"
    target = layout.backups / f"{_NAME}{found}-to-{VERSION}-{stamp}.tar.gz"
    try:
        layout.backups.mkdir(mode=FOLDER_MODE, exist_ok=True)
        write(Request(layout.root, target, argent, now(), without=_WITHOUT), step=_silently)
        _check(target)
        _prune(layout.backups)
    except OSError as error:
        raise store_error(error, f"writing {target}") from error
    except StorageFull as error:
        raise StorageFull(
            "the upgrade was not begun, because the backup that precedes it does not fit on the "
            f"disk: free some space, or go on with the older Argent ({error})"
        ) from error
    return target


def _version(database: Path) -> int:
    if not database.exists():
        return 0
    try:
        with closing(connect_to_read(database)) as db:
            return version(db)
    except sqlite3.Error:
        return 0


def _sound(database: Path) -> bool:
    try:
        with closing(connect_to_read(database)) as db:
            return bool(db.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except sqlite3.Error:
        return False


def _check(backup: Path) -> None:
    from state.files.backup.verify import verify

    verified = verify(backup, step=_silently)
    if verified.broken:
        backup.unlink(missing_ok=True)
        raise StorageFailed(
            "the upgrade was not begun, because the backup that precedes it does not read as it "
            f"was written ({verified.broken[0].detail}): check the disk"
        )


def _prune(folder: Path) -> None:
    made = sorted(folder.glob(f"{_NAME}*.tar.gz"), key=_written)
    for old in made[:-KEPT]:
        old.unlink(missing_ok=True)


def _no_way_down(layout: Layout, found: int) -> str:
    told = f"the state folder has version {found}, this Argent knows {VERSION}: nothing was touched"
    made = sorted(layout.backups.glob(f"{_NAME}{VERSION}-to-*.tar.gz"), key=_written)
    if not made:
        return f"{told}; install the newer Argent again, or restore a backup that this one made"
    return (
        f"{told}; install the newer Argent again, or go back to what was there before the upgrade: "
        f"argent backup restore {made[-1]} --into NEW-FOLDER"
    )


def _written(backup: Path) -> str:
    return backup.name.rpartition("-")[2]


def _silently() -> None:
    """Nobody waits at a terminal for it."""
