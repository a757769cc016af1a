"""The one writer of all sessions' files. It runs in a thread of its own (`batches.GroupCommit`).

Appends that were asked for together are written one after the other and made durable together.
Nothing is acknowledged before that. Anything else (a clear, a deletion) waits for the appends
before it, so that the order of a session's changes is the order they were asked for.
"""

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from state.erasing import Meant
from state.files import deleted, journal, media
from state.files.batches import Request
from state.files.disk import Disk
from state.files.errors import store_error
from state.files.journal import EMPTY, FIRST
from state.files.layout import ARCHIVE, FOLDER_MODE, HISTORY, TRASH, Layout
from state.files.open_files import MOST_UNSYNCED, OpenFiles
from state.files.rewriting import without_words
from state.files.session_files import SessionFiles, unmake
from state.keys import SessionId
from state.session import Context, Session
from state.store import NotFound, Repaired
from state.view import relocated


@dataclass(frozen=True, slots=True)
class Append:
    """Entries to append, and the newest facts. `make`: also where there is no session yet."""

    session: Session
    lines: Sequence[bytes] = ()
    make: bool = True
    update: bool = True
    """Whether the facts of a session that exists are replaced."""
    version: int = 0
    """The version of metadata.json that must be on the disk before the entries are."""


Work = Append | Callable[[], Any]


@dataclass(slots=True)
class _Staged:
    """An append that is written but not durable yet."""

    request: Request[Work]
    work: Append
    files: SessionFiles
    positions: tuple[int, ...]
    fds: Sequence[int] = ()
    folders: Sequence[int] = ()
    made: bool = False


@dataclass(slots=True)
class Snapshot:
    """A session as far as it is durable: its facts, and where its history ends."""

    session: Session
    end: int
    repaired: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class SessionWriter:
    """What the thread does with each batch."""

    layout: Layout
    disk: Disk
    files: OpenFiles = field(init=False)
    _staged: list[_Staged] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.files = OpenFiles(self.layout, self.disk, self._flush)

    # The thread's entry points ----------------------------------------------------------------

    def commit(self, batch: list[Request[Work]]) -> None:
        """Do a batch. Every request has its result or its error afterwards."""
        for request in batch:
            try:
                if isinstance(request.work, Append):
                    self._stage(request, request.work)
                else:
                    self._flush()
                    request.result = request.work()
            except OSError as error:
                request.error = store_error(error, f"storing in {self.layout.sessions}")
            except Exception as error:
                request.error = error
        self._flush()

    def tick(self) -> None:
        """Write the facts that have waited long enough."""
        self.files.write_due_facts()

    def finish(self) -> None:
        """Write all facts and let go of every file."""
        self.files.close()
        self.disk.close()

    # Appends ----------------------------------------------------------------------------------

    def _stage(self, request: Request[Work], work: Append) -> None:
        files = self.files.ready(work.session.id)
        if files is None:
            if not work.make:
                raise NotFound(f"there is no session {work.session.id}")
            self._stage_new(request, work)
            return
        if work.version > files.version:
            files.save_facts(self.disk)
            self.files.facts_are_written(files)
        positions = files.write(self.disk, work.lines) if work.lines else ()
        fds = [files.fd] if work.lines else []
        self._staged.append(_Staged(request, work, files, positions, fds))

    def _stage_new(self, request: Request[Work], work: Append) -> None:
        session = work.session
        self.files.make_room()
        files, fds = SessionFiles.make(
            self.disk, self.layout.folder(session.id), session, work.lines
        )
        self.files.keep(files)
        positions = journal.positions(work.lines, FIRST)
        staged = _Staged(request, work, files, positions, fds[:2], fds[2:], made=True)
        self._staged.append(staged)
        if sum(len(s.fds) + len(s.folders) for s in self._staged) > MOST_UNSYNCED:
            self._flush()

    def _flush(self) -> None:
        """Make what is staged durable, and acknowledge it or take it back."""
        staged, self._staged = self._staged, []
        if not staged:
            return
        failed = self.disk.sync(
            list(dict.fromkeys(fd for s in staged for fd in s.fds)),
            [fd for s in staged for fd in s.folders],
        )
        lost = {
            id(s.files): failed[fd] for s in staged for fd in (*s.fds, *s.folders) if fd in failed
        }
        for one in staged:
            for fd in (*one.fds, *one.folders):
                if fd != one.files.fd:
                    os.close(fd)
            if id(one.files) not in lost:
                self._acknowledge(one)
        for one in staged:
            if error := lost.get(id(one.files)):
                self._take_back(one, error)

    def _acknowledge(self, one: _Staged) -> None:
        files = one.files
        files.acked = files.end
        one.request.result = one.positions
        if one.made or not one.work.update:
            return
        files.session = one.work.session
        self.files.mark_dirty(files)

    def _take_back(self, one: _Staged, error: OSError) -> None:
        files = one.files
        one.request.error = store_error(error, f"writing to {files.folder}")
        if one.made:
            self.files.forget(files)
            unmake(files.folder)
        elif files in self.files:
            files.roll_back(self.disk, files.acked)
            files.suspect = True

    # Everything else --------------------------------------------------------------------------

    def open(self, session_id: SessionId, *, whole: bool = False) -> Snapshot | None:
        """The session, checked; `whole`: by reading all of its history."""
        files = self.files.get(session_id)
        if whole and files is not None and not files.suspect:
            files = self.files.reopen(files)
        else:
            files = self.files.ready(session_id)
        if files is None:
            return None
        repaired, files.repaired = files.repaired, ()
        return Snapshot(files.session, files.acked, repaired)

    def save(self, session: Session) -> None:
        """Replace the facts durably."""
        files = self.files.known(session.id)
        old, files.session = files.session, session
        try:
            files.save_facts(self.disk)
        except BaseException:
            files.session = old
            raise
        self.files.facts_are_written(files)

    def clear(self, session: Session, *, erase: bool) -> str | None:
        """Begin the history anew; the archive's name of the old one."""
        files = self.files.known(session.id)
        archived = None if erase or files.acked == FIRST else self._archive(files)
        # The facts go first. Should the history then stay, they are brought up to date with it;
        # the other way round, facts about words that are gone could not be told from damage.
        old = files.session, files.acked
        files.session, files.acked = session, FIRST
        try:
            files.save_facts(self.disk)
            self.disk.replace(files.folder / HISTORY, EMPTY)
            fd = self.disk.calls.open(files.folder / HISTORY, os.O_RDWR | os.O_CLOEXEC, 0)
        except BaseException:
            files.session, files.acked = old
            self.files.mark_dirty(files)
            raise
        os.close(files.fd)
        files.fd, files.end = fd, FIRST
        self.files.facts_are_written(files)
        if erase:
            for damaged in files.folder.glob(f"{HISTORY}*.damaged-*"):
                if damaged.is_dir() and not damaged.is_symlink():
                    shutil.rmtree(damaged)
                else:
                    damaged.unlink()
            media.remove_all(files.folder)
        return archived

    def bring_in(self, session: Session, history: bytes) -> str | None:
        """Put another history in the place of a session's; the archive's name of the old one."""
        files = self.files.known(session.id)
        # Should the new one not come to stand, the old one does, and this is a second copy of it.
        archived = None if files.acked == FIRST else self._archive(files)
        self.files.mark_dirty(files)
        # No position of the one history may be taken for a place in the other.
        files.session = replace(session, context=Context(limit=session.context.limit))
        try:
            files.save_facts_for_any_history(self.disk)
            files.replace_history(self.disk, history, session.context)
        except BaseException:
            # What is open here may be what is gone there.
            self.files.forget(files)
            raise
        self.files.facts_are_written(files)
        return archived

    def repair(self, session_id: SessionId) -> Repaired | None:
        """Check all of a session, and leave it as its next opening shall find it."""
        files = self.files.ready(session_id)
        if files is None:
            return None
        aside = files.repaired
        files = self.files.reopen(files)
        if files is None:
            return None
        aside, files.repaired = (*aside, *files.repaired), ()
        files.save_facts(self.disk)
        self.files.facts_are_written(files)
        return Repaired(files.session, aside)

    def erase(self, session_id: SessionId, meant: Meant) -> int:
        """Rewrite a history without these words; how many entries lost some."""
        files = self.files.ready(session_id)
        # All of it is read, and so it is checked as well.
        files = files and self.files.reopen(files)
        if files is None:
            return 0
        new = without_words(files.acknowledged(), meant)
        if new is None:
            return 0
        old = files.session.context
        context = relocated(old, new.moved, new.lines.entries, new.lines.positions)
        # The files go first: afterwards nothing tells their names.
        media.remove(self.disk, files.folder, new.files)
        self.files.mark_dirty(files)
        files.save_facts_for_any_history(self.disk)
        try:
            files.replace_history(self.disk, new.data, context)
        except BaseException:
            # All that is known is on the disk, and what is open here may be what is gone there.
            self.files.forget(files)
            raise
        self.files.facts_are_written(files)
        return new.words

    def archive(self, session: Session, end: int, packed: bytes) -> bool:
        """Let a packed history be the only one; False when it no longer ends at `end`."""
        files = self.files.known(session.id)
        if files.acked != end:
            return False
        try:
            files.pack(self.disk, session, packed)
        finally:
            if files.dirty_since is None:
                self.files.facts_are_written(files)
            if not files.is_current():
                self.files.forget(files)
        return True

    def delete(self, session_id: SessionId, kept_at: datetime | None = None) -> str | None:
        """Remove a session's folder, or move it to the deleted ones; where it is then."""
        if files := self.files.get(session_id):
            if kept_at is not None and files.dirty_since is not None:
                files.save_facts(self.disk)
            self.files.forget(files)
        folder = self.layout.folder(session_id)
        if not folder.exists():
            return None
        if kept_at is not None:
            return str(deleted.keep(self.disk, self.layout, session_id, kept_at))
        # One rename decides; what is left of the folder after a crash is removed at the start.
        trash = self.disk.free_name(folder.parent, f"{TRASH}{session_id}")
        self.disk.calls.replace(folder, trash)
        self.disk.sync_folder(folder.parent)
        shutil.rmtree(trash, ignore_errors=True)
        return None

    def _archive(self, files: SessionFiles) -> str:
        archive = files.folder / ARCHIVE
        if not archive.exists():
            self.disk.calls.mkdir(archive, FOLDER_MODE)
        number = 1
        while (path := archive / f"{self.disk.stamp()}-{number}.json").exists():
            number += 1
        self.disk.calls.link(files.folder / HISTORY, path)
        self.disk.sync_folder(archive)
        return path.name
