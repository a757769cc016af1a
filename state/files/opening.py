"""Opening a session's files: checking what a crash can have torn, and repairing it.

What lies before metadata's checkpoint was durable before the checkpoint was written, so only the
bytes behind it are read here. The whole file is read when there is no usable checkpoint, when the
file is shorter than it, or when the bytes behind it do not read.
"""

import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from state.codec import InvalidValue
from state.files import journal, metadata
from state.files.disk import Disk
from state.files.journal import CLOSING, EMPTY, FIRST, Damaged, Lines
from state.files.layout import HISTORY, METADATA
from state.files.metadata import Facts
from state.files.misplaced import set_aside_misplaced
from state.files.packing import restore_plain
from state.files.reading import read_entries_behind, read_file, read_range
from state.files.repair import Cut, repair
from state.keys import SessionId
from state.session import Session
from state.store import StorageFailed
from state.view import recovered, relocated


@dataclass(slots=True)
class Opened:
    """A history ready to be appended to at `end`, and the facts that are true of it."""

    fd: int
    end: int
    session: Session
    repaired: tuple[str, ...] = ()
    stale: bool = False
    """Whether metadata.json should be written again."""
    version: int = 0
    """The version of metadata.json; 0 when there is none that can be read."""


def open_session(disk: Disk, folder: Path, agent: str, *, whole: bool = False) -> Opened | None:
    """Open a session, repairing it where needed; None when there is none.

    `whole` reads all of the history, whatever the checkpoint says. A packed history is unpacked:
    whoever opens a session may write to it. Raises OSError, `store.NewerFormat`.
    """
    session_id = SessionId(folder.name)
    misplaced = set_aside_misplaced(disk, folder)
    facts, damaged = _read_facts(disk, folder, session_id, agent)
    repaired = (*misplaced, *damaged, *restore_plain(disk, folder))
    path = folder / HISTORY
    try:
        fd = disk.calls.open(path, os.O_RDWR | os.O_CLOEXEC, 0)
    except FileNotFoundError:
        if facts is None and not misplaced:
            return None
        if facts is not None and facts.end > FIRST and not misplaced:
            repaired = (*repaired, f"{HISTORY} (was missing)")
        disk.replace(path, EMPTY)
        fd = disk.calls.open(path, os.O_RDWR | os.O_CLOEXEC, 0)
    try:
        size = os.fstat(fd).st_size
        if facts is not None and not whole:
            behind = read_entries_behind(fd, facts.end, size)
            if behind is not None:
                if behind.entries:
                    _settle(disk, fd, folder, read_range(fd, facts.end, size), facts.end)
                session = metadata.fold(facts.session, behind.entries)
                end, stale = size - len(CLOSING), bool(behind.entries) or facts.moved
                return Opened(fd, end, session, repaired, stale, facts.version)
        data = read_range(fd, 0, size)
        opened = _open_whole(disk, folder, agent, facts, data, fd)
    except BaseException:
        os.close(fd)
        raise
    if opened is None:
        os.close(fd)
        return None
    if opened.fd != fd:
        os.close(fd)
    opened.repaired = (*repaired, *opened.repaired)
    opened.version = 0 if facts is None else facts.version
    return opened


def _read_facts(
    disk: Disk, folder: Path, session_id: SessionId, agent: str
) -> tuple[Facts | None, tuple[str, ...]]:
    path = folder / METADATA
    data = read_file(path)
    if data is None:
        return None, ()
    try:
        return metadata.decode(data, session_id, agent), ()
    except InvalidValue:
        aside = disk.keep_aside(path)
        path.unlink()
        return None, (aside,)


def _open_whole(
    disk: Disk, folder: Path, agent: str, facts: Facts | None, data: bytes, fd: int
) -> Opened | None:
    path = folder / HISTORY
    repaired: tuple[str, ...] = ()
    moved = False
    try:
        lines = journal.read(data)
    except Damaged:
        plan = repair(data, facts.end if facts else 0)
        if isinstance(plan, Cut):
            aside = None if plan.aside is None else disk.keep_aside(path, plan.aside)
            _cut(disk, fd, plan.end)
            data = data[: plan.end] + CLOSING
        else:
            aside = disk.keep_aside(path) if plan.aside else None
            disk.replace(path, plan.data)
            fd = disk.calls.open(path, os.O_RDWR | os.O_CLOEXEC, 0)
            data, moved = plan.data, True
        repaired = (aside,) if aside else ()
        lines = journal.read(data)
    else:
        end = len(data) - len(CLOSING)
        known = facts.end if facts is not None and facts.end in (*lines.positions, end) else FIRST
        if known < end:
            _settle(disk, fd, folder, data[known:], known)
    session = _true_facts(folder, agent, facts, lines, len(data) - len(CLOSING), moved=moved)
    if session is None:
        return None
    return Opened(fd, len(data) - len(CLOSING), session, repaired, stale=True)


def _settle(disk: Disk, fd: int, folder: Path, tail: bytes, at: int) -> None:
    """Make durable what may have been written by a process that was killed before it could.

    It is acted upon as on what was acknowledged: its message is not run again. The same bytes are
    written once more, because the sync of the first may have failed, and the system would take them
    for clean. Raises OSError.
    """
    names = [
        disk.calls.open(each, os.O_RDONLY | os.O_DIRECTORY, 0) for each in (folder, folder.parent)
    ]
    try:
        disk.calls.write_all(fd, tail, at)
        for error in disk.sync([fd], names).values():
            raise error
    finally:
        for name in names:
            os.close(name)


def _cut(disk: Disk, fd: int, end: int) -> None:
    disk.calls.write_all(fd, CLOSING, end)
    disk.calls.ftruncate(fd, end + len(CLOSING))
    disk.calls.fsync(fd)


def _true_facts(
    folder: Path, agent: str, facts: Facts | None, lines: Lines, end: int, *, moved: bool
) -> Session | None:
    """The facts that agree with this history."""
    if facts is None:
        made = datetime.fromtimestamp(folder.stat().st_mtime, UTC)
        session = metadata.rebuild(SessionId(folder.name), agent, lines.entries, made)
        if session is not None:
            context = recovered(lines.entries, lines.positions)
            return replace(session, context=context)
        if lines.entries:
            raise StorageFailed(
                f"{folder / METADATA} is missing and nothing in {HISTORY} tells whose words "
                "these are; restore it from a backup"
            )
        return None
    if not moved and facts.end in (*lines.positions, end):
        after = lines.positions.index(facts.end) if facts.end < end else len(lines.positions)
        return metadata.fold(facts.session, lines.entries[after:])
    session = metadata.recount(facts.session, lines.entries)
    where = {entry.id: at for entry, at in zip(lines.entries, lines.positions, strict=True)}
    known = {at: where[name] for at, name in facts.ids.items() if name in where}
    context = relocated(facts.session.context, known, lines.entries, lines.positions)
    return replace(session, context=context)
