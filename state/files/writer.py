"""The one writer of all sessions' files. It runs in a thread of its own (`batches.GroupCommit`).

Appends that were asked for together are written one after the other and made durable together.
Nothing is acknowledged before that. Anything else (a clear, a deletion) waits for the appends
before it, so that the order of a session's changes is the order they were asked for.
"""

import os
import resource
import shutil
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from time import monotonic
from typing import Any

from state.files import journal
from state.files.batches import Request
from state.files.disk import Disk
from state.files.errors import store_error
from state.files.journal import EMPTY, FIRST
from state.files.layout import ARCHIVE, FOLDER_MODE, HISTORY, TRASH, Layout
from state.files.opening import open_session
from state.files.session_files import SessionFiles, unmake
from state.keys import SessionId
from state.session import Session
from state.store import NotFound

FACTS_DELAY = 5.0
"""Seconds that facts which follow from the history may wait before they are written."""

_MOST_UNSYNCED = 128
"""How many descriptors one sync waits for: a burst of new sessions must not use them all up."""


def _most_open() -> int:
    """A quarter of what the process may open, so that sockets have room."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1024 if soft == resource.RLIM_INFINITY else max(16, min(1024, soft // 4))


@dataclass(frozen=True, slots=True)
class Append:
    """Entries to append, and the newest facts. `make`: also where there is no session yet."""

    session: Session
    lines: Sequence[bytes] = ()
    make: bool = True
    update: bool = True
    """Whether the facts of a session that exists are replaced."""


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
    """Open files by session, the least recently used first."""

    layout: Layout
    disk: Disk
    most_open: int = field(default_factory=_most_open)
    _open: OrderedDict[SessionId, SessionFiles] = field(default_factory=OrderedDict)
    _staged: list[_Staged] = field(default_factory=list)
    _dirty: dict[SessionId, SessionFiles] = field(default_factory=dict)

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
        now = monotonic()
        due = []
        for files in self._dirty.values():
            if files.dirty_since is not None and files.dirty_since + FACTS_DELAY > now:
                break
            due.append(files)
        if due:
            self._write_facts(due)

    def finish(self) -> None:
        """Write all facts and let go of every file."""
        self._write_facts(list(self._dirty.values()))
        for files in self._open.values():
            files.close()
        self._open.clear()
        self._dirty.clear()
        self.disk.close()

    # Appends ----------------------------------------------------------------------------------

    def _stage(self, request: Request[Work], work: Append) -> None:
        files = self._ready(work.session.id)
        if files is None:
            if not work.make:
                raise NotFound(f"there is no session {work.session.id}")
            self._stage_new(request, work)
            return
        positions = files.write(self.disk, work.lines) if work.lines else ()
        fds = [files.fd] if work.lines else []
        self._staged.append(_Staged(request, work, files, positions, fds))

    def _stage_new(self, request: Request[Work], work: Append) -> None:
        session = work.session
        self._make_room()
        files, fds = SessionFiles.make(
            self.disk, self.layout.folder(session.id), session, work.lines
        )
        self._open[session.id] = files
        positions = journal.positions(work.lines, FIRST)
        staged = _Staged(request, work, files, positions, fds[:2], fds[2:], made=True)
        self._staged.append(staged)
        if sum(len(s.fds) + len(s.folders) for s in self._staged) > _MOST_UNSYNCED:
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
        self._mark_dirty(files)

    def _take_back(self, one: _Staged, error: OSError) -> None:
        files = one.files
        one.request.error = store_error(error, f"writing to {files.folder}")
        if one.made:
            self._forget(files)
            unmake(files.folder)
        elif files.session.id in self._open:
            files.roll_back(self.disk, files.acked)
            files.suspect = True

    # Everything else --------------------------------------------------------------------------

    def open(self, session_id: SessionId, *, whole: bool = False) -> Snapshot | None:
        """The session, checked; `whole`: by reading all of its history."""
        files = self._open.get(session_id)
        if whole and files is not None and not files.suspect:
            files = self._reopen(files)
        else:
            files = self._ready(session_id)
        if files is None:
            return None
        repaired, files.repaired = files.repaired, ()
        return Snapshot(files.session, files.acked, repaired)

    def save(self, session: Session) -> None:
        """Replace the facts durably."""
        files = self._known(session.id)
        old, files.session = files.session, session
        try:
            files.save_facts(self.disk)
        except BaseException:
            files.session = old
            raise
        self._dirty.pop(session.id, None)

    def clear(self, session: Session, *, erase: bool) -> str | None:
        """Begin the history anew; the archive's name of the old one."""
        files = self._known(session.id)
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
            self._mark_dirty(files)
            raise
        os.close(files.fd)
        files.fd, files.end = fd, FIRST
        self._dirty.pop(session.id, None)
        if erase:
            for damaged in files.folder.glob(f"{HISTORY}.damaged-*"):
                damaged.unlink()
        return archived

    def delete(self, session_id: SessionId) -> None:
        """Remove a session's folder."""
        if files := self._open.get(session_id):
            self._forget(files)
        folder = self.layout.folder(session_id)
        if not folder.exists():
            return
        # One rename decides; what is left of the folder after a crash is removed at the start.
        trash = self.disk.free_name(folder.parent, f"{TRASH}{session_id}")
        self.disk.calls.replace(folder, trash)
        self.disk.sync_folder(folder.parent)
        shutil.rmtree(trash, ignore_errors=True)

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

    # Open files -------------------------------------------------------------------------------

    def _known(self, session_id: SessionId) -> SessionFiles:
        files = self._ready(session_id)
        if files is None:
            raise NotFound(f"there is no session {session_id}")
        return files

    def _ready(self, session_id: SessionId) -> SessionFiles | None:
        """The session's files, fit to be written to."""
        files = self._open.get(session_id)
        if files is None:
            self._make_room()
            opened = open_session(self.disk, self.layout.folder(session_id), self.layout.agent)
            if opened is None:
                return None
            files = SessionFiles.of(self.layout.folder(session_id), opened, monotonic())
            return self._keep(files)
        self._open.move_to_end(session_id)
        if files.suspect:
            self._flush()
            files.rewrite(self.disk)
        elif not files.is_current():
            return self._reopen(files)
        return files

    def _reopen(self, files: SessionFiles) -> SessionFiles | None:
        self._flush()
        if files.dirty_since is not None and files.folder.exists():
            self._write_facts([files])
        del self._open[files.session.id]
        self._dirty.pop(files.session.id, None)
        reopened = files.reopen(self.disk, self.layout.agent, monotonic())
        return None if reopened is None else self._keep(reopened)

    def _keep(self, files: SessionFiles) -> SessionFiles:
        self._open[files.session.id] = files
        if files.dirty_since is not None:
            self._dirty[files.session.id] = files
        return files

    def _forget(self, files: SessionFiles) -> None:
        if self._open.pop(files.session.id, None):
            files.close()
        self._dirty.pop(files.session.id, None)

    def _make_room(self) -> None:
        if len(self._open) < self.most_open:
            return
        self._flush()
        oldest = list(islice(self._open.values(), max(1, self.most_open // 2)))
        self._write_facts([files for files in oldest if files.dirty_since is not None])
        for files in oldest:
            # What a failed sync left behind is known only here: it stays until it is rewritten.
            if not files.suspect:
                self._forget(files)

    def _mark_dirty(self, files: SessionFiles) -> None:
        if files.dirty_since is None:
            files.dirty_since = monotonic()
            self._dirty[files.session.id] = files

    def _write_facts(self, dirty: Iterable[SessionFiles]) -> None:
        """Write facts that may be derived again; a failure is tried again later."""
        waiting = list(dirty)
        while waiting:
            now, waiting = waiting[:_MOST_UNSYNCED], waiting[_MOST_UNSYNCED:]
            written: dict[int, SessionFiles] = {}
            for files in now:
                del self._dirty[files.session.id]
                try:
                    written[files.write_facts(self.disk)] = files
                except OSError:
                    self._try_later(files)
            failed = self.disk.sync(list(written))
            for fd, files in written.items():
                os.close(fd)
                try:
                    if fd not in failed:
                        files.show_facts(self.disk)
                        continue
                except OSError:
                    pass
                self._try_later(files)

    def _try_later(self, files: SessionFiles) -> None:
        files.dirty_since = monotonic()
        self._dirty[files.session.id] = files
