"""The one writer of all sessions' files. It runs in a thread of its own (`batches.GroupCommit`).

Appends that were asked for together are written one after the other and made durable together.
Nothing is acknowledged before that. Anything else (a clear, a deletion) waits for the appends
before it, so that the order of a session's changes is the order they were asked for.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from state import erasing
from state.erasing import Meant
from state.files import deleted, journal
from state.files.batches import Request
from state.files.disk import Disk
from state.files.emptying import take_out
from state.files.errors import store_error
from state.files.forgetting import forget_beside
from state.files.journal import EMPTY, FIRST
from state.files.layout import ARCHIVE, FOLDER_MODE, HISTORY, TRASH
from state.files.open_files import MOST_UNSYNCED, OpenFiles
from state.files.places import Places
from state.files.removing import remove_tree
from state.files.rewriting import Rewritten, without_words
from state.files.session_files import SessionFiles, unmake
from state.forgetting import Forgetting
from state.forgetting import lost as counted
from state.history import Entry
from state.keys import SessionId
from state.persons import Lost
from state.session import Context, Session
from state.store import NotFound, Repaired


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
    """A session as far as it is durable: its facts, where its files are, and where its history
    ends."""

    session: Session
    folder: Path
    end: int
    repaired: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class SessionWriter:
    """What the thread does with each batch."""

    places: Places
    disk: Disk
    files: OpenFiles = field(init=False)
    _staged: list[_Staged] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.files = OpenFiles(self.places, self.disk, self._flush)

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
                request.error = store_error(error, f"storing in {self.places.root}")
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
        files, fds = SessionFiles.make(self.disk, self._place_for(session), session, work.lines)
        self.files.keep(files)
        positions = journal.positions(work.lines, FIRST)
        staged = _Staged(request, work, files, positions, fds[:2], fds[2:], made=True)
        self._staged.append(staged)
        if sum(len(s.fds) + len(s.folders) for s in self._staged) > MOST_UNSYNCED:
            self._flush()

    def _place_for(self, session: Session) -> Path:
        """Where a session is made: with its agent, and with the files that were kept for it."""
        agent = self.places.of(session.agent)
        self.places.make(self.disk, agent)
        kept, folder = self.places.folder(session.id), agent.folder(session.id)
        if kept.is_dir() and not folder.exists():
            self.places.move(self.disk, kept, agent)
            self.disk.sync_folder(kept.parent)
        return folder

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
        files.session = files.here(one.work.session)
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
        return Snapshot(files.session, files.folder, files.acked, repaired)

    def save(self, session: Session) -> None:
        """Replace the facts durably."""
        files = self.files.known(session.id)
        old, files.session = files.session, files.here(session)
        try:
            files.save_facts(self.disk)
        except BaseException:
            files.session = old
            raise
        self.files.facts_are_written(files)

    def move(self, session: Session, agent: str) -> Session:
        """Let a session be another agent's, durably: first its folder, and then its facts say so.

        A crash in between leaves facts that name the old agent; the folder is believed.
        """
        to = self.places.of(agent)
        files = self.files.known(session.id)
        left = files.folder.parent
        if left != to.sessions:
            files.folder = self.places.move(self.disk, files.folder, to)
            files.session = files.here(files.session)
            self.files.mark_dirty(files)
        if to.sessions != left or session.agent != agent:
            # Also where an earlier attempt came no further than to here.
            self.disk.sync_folder(to.sessions)
            self.disk.sync_folder(left)
        self.save(session)
        return files.session

    def clear(self, session: Session) -> str | None:
        """Begin the history anew; the archive's name of the old one."""
        files = self.files.known(session.id)
        archived = None if files.acked == FIRST else self._archive(files)
        self._begin_anew(files, session)
        return archived

    def empty(self, session: Session) -> Path:
        """Begin the history anew, and take everything else out; the folder where it is now."""
        files = self.files.known(session.id)
        # What is kept beside a history goes first: a crash leaves a history that is still to go.
        trash = take_out(self.disk, self.places.main, files.folder)
        self._begin_anew(files, session)
        return trash

    def _begin_anew(self, files: SessionFiles, session: Session) -> None:
        # The facts go first. Should the history then stay, they are brought up to date with it;
        # the other way round, facts about words that are gone could not be told from damage.
        old = files.session, files.acked
        files.session, files.acked = files.here(session), FIRST
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

    def bring_in(self, session: Session, history: bytes) -> str | None:
        """Put another history in the place of a session's; the archive's name of the old one."""
        files = self.files.known(session.id)
        # Should the new one not come to stand, the old one does, and this is a second copy of it.
        archived = None if files.acked == FIRST else self._archive(files)
        self.files.mark_dirty(files)
        # No position of the one history may be taken for a place in the other.
        bare = replace(session, context=Context(limit=session.context.limit))
        files.session = files.here(bare)
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
        files = self._checked(session_id)
        new = self._rewrite(files, partial(erasing.without_words, meant=meant))
        return 0 if new is None else new.words

    def forget(self, session_id: SessionId, forgetting: Forgetting) -> Lost:
        """Leave nothing of somebody's in a session that others share with them."""
        files = self._checked(session_id)
        # The history comes last: as long as it speaks of them, they are found here again.
        lost = forget_beside(self.disk, self.places.folder(session_id), forgetting)
        new = self._rewrite(files, forgetting.without_words, untitled=True)
        if new is None:
            return lost
        return lost + counted(new.old, new.lines.entries, forgetting.person, files=len(new.files))

    def _checked(self, session_id: SessionId) -> SessionFiles | None:
        """A session's files, of which all was read."""
        files = self.files.ready(session_id)
        return files and self.files.reopen(files)

    def _rewrite(
        self,
        files: SessionFiles | None,
        left: Callable[[Sequence[Entry]], list[Entry]],
        *,
        untitled: bool = False,
    ) -> Rewritten | None:
        """Put what is left of a history in its place; None when that is all of it."""
        new = None if files is None else without_words(files.acknowledged(), left)
        if files is None or new is None:
            return None
        self.files.mark_dirty(files)
        try:
            files.lose(self.disk, new, untitled=untitled)
        except BaseException:
            # All that is known is on the disk, and what is open here may be what is gone there.
            if not files.is_current():
                self.files.forget(files)
            raise
        self.files.facts_are_written(files)
        return new

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
        there = self.places.where(session_id)
        folder = there.folder(session_id)
        if not folder.exists():
            return None
        if kept_at is not None:
            return str(deleted.keep(self.disk, there, session_id, kept_at))
        # One rename decides; what is left of the folder after a crash is removed at the start.
        trash = self.disk.free_name(folder.parent, f"{TRASH}{session_id}")
        self.disk.calls.replace(folder, trash)
        self.disk.sync_folder(folder.parent)
        remove_tree(trash, ignore_errors=True)
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
