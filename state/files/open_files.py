"""The session files that are open, and the facts that are still to be written."""

import os
import resource
from collections import OrderedDict
from collections.abc import Callable, Iterable
from itertools import islice
from time import monotonic

from state.files.disk import Disk
from state.files.opening import open_session
from state.files.places import Places
from state.files.session_files import SessionFiles
from state.keys import SessionId
from state.store import NotFound

FACTS_DELAY = 5.0
"""Seconds that facts which follow from the history may wait before they are written."""

MOST_UNSYNCED = 128
"""How many descriptors one sync waits for: a burst of new sessions must not use them all up."""


def _most_open() -> int:
    """A quarter of what the process may open, so that sockets have room."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1024 if soft == resource.RLIM_INFINITY else max(16, min(1024, soft // 4))


class OpenFiles:
    """Open files by session, the least recently used first. For the writer's thread alone.

    `flush` makes durable what the writer has staged: a file is not closed, replaced or read anew
    before that.
    """

    def __init__(self, places: Places, disk: Disk, flush: Callable[[], None]) -> None:
        self._places, self._disk, self._flush = places, disk, flush
        self._most = _most_open()
        self._open: OrderedDict[SessionId, SessionFiles] = OrderedDict()
        self._dirty: dict[SessionId, SessionFiles] = {}

    def __contains__(self, files: SessionFiles) -> bool:
        return self._open.get(files.session.id) is files

    def get(self, session_id: SessionId) -> SessionFiles | None:
        """The session's files if they are open, in whatever condition."""
        return self._open.get(session_id)

    def write_due_facts(self) -> None:
        """Write the facts that have waited long enough."""
        now = monotonic()
        due = []
        for files in self._dirty.values():
            if files.dirty_since is not None and files.dirty_since + FACTS_DELAY > now:
                break
            due.append(files)
        if due:
            self._write_facts(due)

    def close(self) -> None:
        """Write all facts and let go of every file."""
        self._write_facts(list(self._dirty.values()))
        for files in self._open.values():
            files.close()
        self._open.clear()
        self._dirty.clear()

    def facts_are_written(self, files: SessionFiles) -> None:
        """The facts on the disk are the newest."""
        self._dirty.pop(files.session.id, None)

    def known(self, session_id: SessionId) -> SessionFiles:
        """The session's files, fit to be written to. Raises `NotFound`, OSError."""
        files = self.ready(session_id)
        if files is None:
            raise NotFound(f"there is no session {session_id}")
        return files

    def ready(self, session_id: SessionId) -> SessionFiles | None:
        """The session's files, fit to be written to; None when there is no such session."""
        files = self._open.get(session_id)
        if files is None:
            self.make_room()
            return self._opened(session_id, whole=False)
        self._open.move_to_end(session_id)
        if files.suspect:
            self._flush()
            files.rewrite(self._disk)
        elif not files.is_current():
            return self.reopen(files)
        return files

    def reopen(self, files: SessionFiles) -> SessionFiles | None:
        """The session as it is on the disk now, all of it checked."""
        self._flush()
        if files.dirty_since is not None and files.folder.exists():
            self._write_facts([files])
        del self._open[files.session.id]
        self._dirty.pop(files.session.id, None)
        try:
            return self._opened(files.session.id, whole=True)
        finally:
            files.close()

    def keep(self, files: SessionFiles) -> SessionFiles:
        """Files that were opened or made."""
        self._open[files.session.id] = files
        if files.dirty_since is not None:
            self._dirty[files.session.id] = files
        return files

    def forget(self, files: SessionFiles) -> None:
        """Close files without writing anything."""
        if self._open.pop(files.session.id, None):
            files.close()
        self._dirty.pop(files.session.id, None)

    def make_room(self) -> None:
        """Before another session is opened: close old ones where there are too many."""
        if len(self._open) < self._most:
            return
        self._flush()
        oldest = list(islice(self._open.values(), max(1, self._most // 2)))
        self._write_facts([files for files in oldest if files.dirty_since is not None])
        for files in oldest:
            # Facts that could not be written follow from the history; but what a failed sync left
            # behind is known only here, and stays until it is rewritten.
            if not files.suspect:
                self.forget(files)

    def mark_dirty(self, files: SessionFiles) -> None:
        """The facts are newer than metadata.json."""
        if files.dirty_since is None:
            files.dirty_since = monotonic()
            self._dirty[files.session.id] = files

    def _opened(self, session_id: SessionId, *, whole: bool) -> SessionFiles | None:
        there = self._places.where(session_id)
        folder = there.folder(session_id)
        opened = open_session(self._disk, folder, there.agent, whole=whole)
        return None if opened is None else self.keep(SessionFiles.of(folder, opened, monotonic()))

    def _write_facts(self, dirty: Iterable[SessionFiles]) -> None:
        """Write facts that may be derived again; a failure is tried again later."""
        waiting = list(dirty)
        while waiting:
            now, waiting = waiting[:MOST_UNSYNCED], waiting[MOST_UNSYNCED:]
            written: dict[int, SessionFiles] = {}
            for files in now:
                del self._dirty[files.session.id]
                try:
                    written[files.write_facts(self._disk)] = files
                except OSError:
                    self._try_later(files)
            failed = self._disk.sync(list(written))
            for fd, files in written.items():
                os.close(fd)
                try:
                    if fd not in failed:
                        files.show_facts(self._disk)
                        continue
                except OSError:
                    pass
                self._try_later(files)

    def _try_later(self, files: SessionFiles) -> None:
        files.dirty_since = monotonic()
        self._dirty[files.session.id] = files
