"""What stands where a session's files belong and is no file: a folder, a pipe, a broken link.

Nothing can be read from it or written to it, so it gets another name and the session goes on.
"""

import os
from pathlib import Path

from state.files.disk import Disk
from state.files.layout import FOLDER_MODE, HISTORY, METADATA


def set_aside_misplaced(disk: Disk, folder: Path) -> tuple[str, ...]:
    """Move what is of the wrong kind out of the way; the names that it has now. Raises OSError."""
    if _is_other(folder, folder.is_dir()):
        aside = disk.move_aside(folder)
        disk.calls.mkdir(folder, FOLDER_MODE)
        disk.sync_folder(folder.parent)
        return (aside,)
    paths = (folder / HISTORY, folder / METADATA)
    return tuple(disk.move_aside(path) for path in paths if _is_other(path, path.is_file()))


def _is_other(path: Path, expected: bool) -> bool:
    return not expected and os.path.lexists(path)
