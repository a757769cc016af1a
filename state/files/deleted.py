"""Where deleted sessions are kept for a while: ``deleted/<session-id>-<when>``."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from state.files.disk import Disk
from state.files.layout import FOLDER_MODE, Layout
from state.files.removing import remove_tree
from state.keys import SessionId

_STAMP = "%Y%m%dT%H%M%S.%fZ"
_NAME = re.compile(r".+-(\d{8}T\d{6}\.\d{6}Z)(-\d+)?")


def keep(disk: Disk, layout: Layout, session_id: SessionId, at: datetime) -> Path:
    """Move a session's folder to where deleted ones are, by one rename; its place now.

    Raises OSError.
    """
    if not layout.deleted.is_dir():
        disk.calls.mkdir(layout.deleted, FOLDER_MODE)
        disk.sync_folder(layout.root)
    target = disk.free_name(layout.deleted, f"{session_id}-{at.astimezone(UTC):{_STAMP}}")
    disk.calls.replace(layout.folder(session_id), target)
    disk.sync_folder(layout.deleted)
    disk.sync_folder(layout.sessions)
    return target


def empty(layout: Layout, before: datetime) -> int:
    """Remove for good what was deleted before then; how many that were. Raises OSError.

    What has another name was put there by somebody else, and stays.
    """
    removed = 0
    with suppress(FileNotFoundError), os.scandir(layout.deleted) as found:
        for each in found:
            at = _deleted_at(each.name)
            if at is not None and at < before and each.is_dir(follow_symlinks=False):
                remove_tree(each.path)
                removed += 1
    return removed


def deleted_sessions(layout: Layout) -> Iterator[tuple[str, SessionId]]:
    """The folders of deleted sessions, by name, each with its session's id. Raises OSError."""
    with suppress(FileNotFoundError), os.scandir(layout.deleted) as found:
        for name in sorted(e.name for e in found if e.is_dir(follow_symlinks=False)):
            if _deleted_at(name) is not None:
                yield name, session_of(name)


def session_of(name: str) -> SessionId:
    """The id of the session that a folder among the deleted ones was."""
    found = _NAME.fullmatch(name)
    return SessionId(name[: found.start(1) - 1] if found else name)


def _deleted_at(name: str) -> datetime | None:
    found = _NAME.fullmatch(name)
    try:
        return found and datetime.strptime(found[1], _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
