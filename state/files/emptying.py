"""A session's folder, emptied of everything that was said and kept in it."""

import os
from contextlib import suppress
from pathlib import Path

from state.files.deleted import deleted_sessions
from state.files.disk import Disk
from state.files.layout import FOLDER_MODE, HISTORY, METADATA, TRASH, Layout
from state.files.removing import remove_tree
from state.keys import SessionId

_STAYS = frozenset({HISTORY, METADATA})


def take_out(disk: Disk, layout: Layout, folder: Path) -> Path:
    """Move all but the history and the facts out of a session's folder, whatever it is, and what
    is kept of the session among the deleted ones; the folder where all that is now.

    Renames only: what is moved out may be large, and is removed by `remove`, or at the next start.
    Raises OSError.
    """
    trash = disk.free_name(folder.parent, f"{TRASH}{folder.name}")
    disk.calls.mkdir(trash, FOLDER_MODE)
    disk.sync_folder(folder.parent)
    for name in os.listdir(folder):  # noqa: PTH208 - names, and not paths, are compared
        if name not in _STAYS:
            disk.calls.replace(folder / name, trash / name)
    disk.sync_folder(trash)
    disk.sync_folder(folder)
    kept = [name for name, of in deleted_sessions(layout) if of == SessionId(folder.name)]
    for name in kept:
        # A name that no file in the session's folder has.
        disk.calls.replace(layout.deleted / name, trash / f"{TRASH}{name}")
    if kept:
        disk.sync_folder(trash)
        disk.sync_folder(layout.deleted)
    return trash


def remove(trash: Path) -> None:
    """Remove what was moved out. Raises OSError."""
    with suppress(FileNotFoundError):
        remove_tree(trash)
