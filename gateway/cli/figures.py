"""What the disk tells of a state folder, for ``argent status --deep``: it needs no gateway.

What could not be found out is None, and never taken for well.
"""

import os
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.admin_errors import AdminError
from gateway.log_files import log_file
from gateway.log_reading import Lines, opened
from gateway.log_wanted import Wanted, written_at
from gateway.reading import Reading
from state.codec import time_to_json
from state.files import ReadOnlyState
from state.files.inspecting import Inspection
from state.files.layout import Layout
from state.files.ledger.reading import connect_to_read
from state.keys import SessionId
from state.lately import Longest
from state.store import StoreError

Json = dict[str, Any]

SAMPLE = 20
"""Sessions whose files are read, those that were active last."""

_LOG_WINDOW = timedelta(hours=1)


def figures(state_dir: Path, *, live: bool, log: bool | str) -> Json:
    """Everything that is to be known without asking the gateway. `log` is ``log.file``."""
    layout = Layout(state_dir)
    return {
        "room": _room(state_dir),
        "files": _sizes(layout),
        "longest": _longest(state_dir),
        "integrity": _integrity(state_dir, live=live),
        "backup": _backup(layout),
        "log": _log_errors(log_file(log, state_dir)),
    }


def _room(state_dir: Path) -> Json | None:
    try:
        room = os.statvfs(state_dir)
    except OSError:
        return None
    return {
        "free": room.f_bavail * room.f_frsize,
        "size": room.f_blocks * room.f_frsize,
        # Some file systems make inodes as they need them, and count none.
        "inodes_free": room.f_favail if room.f_files else None,
    }


def _sizes(layout: Layout) -> Json:
    return {
        "ledger": _size(layout.database),
        "ledger_log": _size(layout.database.with_name(f"{layout.database.name}-wal")),
        "search": _size(layout.search),
    }


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _longest(state_dir: Path) -> Json | None:
    try:
        message, part = ReadOnlyState(state_dir).longest()
    except StoreError:
        return None
    return {"unanswered": _told(message), "owed": _told(part)}


def _told(found: Longest | None) -> Json | None:
    if found is None:
        return None
    since = time_to_json(found.since)
    return {"account": found.account, "session": found.session, "since": since}


def _integrity(state_dir: Path, *, live: bool) -> Json:
    """The database as SQLite looks it over, and the sessions that were active last."""
    problems = list(_of_database(Layout(state_dir).database))
    names: Sequence[SessionId] = ()
    try:
        rows = Reading(ReadOnlyState(state_dir)).list_sessions(limit=SAMPLE)["sessions"]
        names = [SessionId(row["id"]) for row in rows]
        if names:
            report = Inspection(state_dir, live=live).check(names, step=lambda: None)
            problems += [f"{each.session}: {each.kind}, {each.detail}" for each in report.findings]
    except (AdminError, StoreError, OSError) as error:
        problems.append(f"the sessions could not be read: {error}")
    return {"sessions": len(names), "problems": problems}


def _of_database(path: Path) -> Sequence[str]:
    if not path.exists():
        return ()
    try:
        with closing(connect_to_read(path)) as db:
            (said,) = db.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        return (f"{path.name}: {error}",)
    return () if said == "ok" else (f"{path.name}: {said}",)


def _backup(layout: Layout) -> Json | None:
    """When a backup was last made here."""
    with suppress(OSError):
        made = datetime.fromtimestamp(layout.backed_up.stat().st_mtime, UTC)
        return {"made_at": time_to_json(made)}
    return None


def _log_errors(path: Path | None) -> Mapping[str, Any] | None:
    """How many errors were logged within the last hour, and the latest of them."""
    if path is None:
        return None
    lines = Lines(Wanted(level="error", since=written_at(datetime.now(UTC) - _LOG_WINDOW)))
    try:
        with opened(path) as reader:
            found = [line.event for line in reader.all(lines)]
    except OSError:
        return None
    latest = {name: found[-1].get(name) for name in ("at", "event")} if found else None
    return {"errors": len(found), "latest": latest}
