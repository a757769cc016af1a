"""What of a state folder goes into a backup, and in which order."""

import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from state.codec import InvalidValue
from state.files import journal, metadata
from state.files.backup.manifest import is_config
from state.files.journal import CLOSING, Damaged
from state.files.layout import (
    AGENTS,
    BACKUPS,
    HISTORY,
    LOGS,
    MEDIA,
    METADATA,
    SESSIONS,
    Layout,
)
from state.files.reading import read_file, read_range
from state.files.repair import Cut, repair
from state.keys import SessionId
from state.store import NewerFormat

DATABASE = Layout(Path()).database.name

_OF_A_RUN = frozenset({Layout(Path()).lock.name, "control.sock"})
"""What says that a gateway runs."""
_NOT_KEPT = frozenset({BACKUPS, LOGS})
"""Folders that a restored one begins without."""
_MADE_ANEW = (Layout(Path()).search.name,)
"""What follows from the rest."""
_BESIDE = ("-wal", "-shm", "-journal")
_TRIES = 5
_PAUSE = 0.002


@dataclass(frozen=True, slots=True)
class Content:
    """A file whose bytes are known, by its path in the state folder."""

    name: str
    data: bytes
    changed: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that is open for reading. Whoever gets it closes it."""

    name: str
    fd: int
    changed: int


@dataclass(slots=True)
class Taking:
    """Walks a state folder. `left_out` gathers what is neither a file nor a folder.

    `without` names folders of a session that are not taken.
    """

    root: Path
    without: frozenset[str] = frozenset()
    left_out: list[str] = field(default_factory=list)
    read: Callable[[Path], bytes | None] = read_file
    _taken: set[int | str] = field(default_factory=set)
    """The sessions' folders, by what a move to another agent leaves as it is: the inode."""

    def files(self, step: Callable[[], None]) -> Iterator[Content | Opened]:
        """Everything but the ledger and the settings; `step` is called after each session.

        What vanishes meanwhile is left out: its owner removed it. Raises OSError.
        """
        agents = _entries(self.root / AGENTS)
        for agent in agents:
            if not (self.root / AGENTS / agent).is_dir():
                yield from self._file(f"{AGENTS}/{agent}")
                continue
            yield from self._sessions(agent, step)
            yield from self._folder(f"{AGENTS}/{agent}", but=frozenset({SESSIONS}))
        # A session may have been moved from an agent that was to come to one that had been.
        if (now := _entries(self.root / AGENTS)) != agents or len(now) > 1:
            for agent in now:
                yield from self._sessions(agent, step)
        # A deleted session is moved to deleted/, which is read last: it is found in one of the two.
        yield from self._folder("", but=frozenset({AGENTS}))

    def count(self) -> int:
        """How many sessions there are, about. Raises OSError."""
        agents = _entries(self.root / AGENTS)
        return sum(len(_entries(self.root / AGENTS / agent / SESSIONS)) for agent in agents)

    def _sessions(self, agent: str, step: Callable[[], None]) -> Iterator[Content | Opened]:
        sessions = f"{AGENTS}/{agent}/{SESSIONS}"
        for session in _entries(self.root / sessions):
            # What begins so is being made or removed (`layout`, `listing`).
            if session[0] in ".~":
                continue
            name = f"{sessions}/{session}"
            folder = self.root / name
            same = (_inode(folder) or name) if folder.is_dir() else name
            if same not in self._taken:
                self._taken.add(same)
                yield from self._session(name)
                step()

    def _session(self, name: str) -> Iterator[Content | Opened]:
        folder = self.root / name
        if not folder.is_dir():
            yield from self._file(name)
            return
        # Between a look at the plain file and the listing a packed history may be unpacked.
        pair = _history(folder, self.read) or _history(folder, self.read)
        for file, data, changed in pair:
            yield Content(f"{name}/{file}", data, changed)
        # Only now is the rest listed: a clear moves the history to archive/, and an entry that was
        # read names files of media/ that were there before it.
        yield from self._folder(name, but=self.without | {file for file, _, _ in pair})

    def _folder(self, name: str, but: frozenset[str] = frozenset()) -> Iterator[Content | Opened]:
        for entry in _entries(self.root / name):
            path = f"{name}/{entry}" if name else entry
            if entry not in but and self._belongs(name, entry):
                if stat.S_ISDIR(_mode(self.root / path)):
                    yield from self._folder(path)
                else:
                    yield from self._file(path)

    def _file(self, name: str) -> Iterator[Opened]:
        path = self.root / name
        if not stat.S_ISREG(_mode(path)):
            if os.path.lexists(path):
                self.left_out.append(name)
            return
        with suppress(FileNotFoundError):
            fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            yield Opened(name, fd, os.fstat(fd).st_mtime_ns)

    @staticmethod
    def _belongs(folder: str, entry: str) -> bool:
        if folder == "":
            base = entry
            for suffix in _BESIDE:
                base = base.removesuffix(suffix)
            # Hidden files at the top are not Argent's, and .env holds secrets as settings do.
            hidden = entry[0] == "." or is_config(entry)
            left = _OF_A_RUN | _NOT_KEPT
            return not (hidden or entry in left or base in (DATABASE, *_MADE_ANEW))
        # What is being written, and will have its name when it is whole.
        unfinished = entry[0] == "." and entry.endswith(".new")
        return not (unfinished and (folder.endswith(f"/{MEDIA}") or _is_session(folder)))


def _is_session(folder: str) -> bool:
    parts = folder.split("/")
    return len(parts) == 4 and (parts[0], parts[2]) == (AGENTS, SESSIONS)


def _history(folder: Path, read: Callable[[Path], bytes | None]) -> list[tuple[str, bytes, int]]:
    """The facts and the history of a session, such that the facts fit the history.

    The facts never speak of more than the history that is read after them; when the history was
    replaced in between (a clear, an erasure), both are read again. Of an append that is half
    written the history does without: it was not acknowledged yet.
    """
    data = facts = b""
    changed = 0
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(_PAUSE)
        try:
            fd = os.open(folder / HISTORY, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return []
        try:
            before = os.fstat(fd)
            if not stat.S_ISREG(before.st_mode):
                return []
            facts = read(folder / METADATA) or b""
            data = read_range(fd, 0, os.fstat(fd).st_size)
            changed = before.st_mtime_ns
        finally:
            os.close(fd)
        replaced = _inode(folder / HISTORY) != before.st_ino
        if replaced or (not facts and os.path.lexists(folder / METADATA)):
            continue
        try:
            journal.read(data)
            break
        except Damaged:
            continue
    else:
        data = _without_torn_end(data, facts, SessionId(folder.name))
    return [(METADATA, facts, changed)] * bool(facts) + [(HISTORY, data, changed)]


def _without_torn_end(data: bytes, facts: bytes, session_id: SessionId) -> bytes:
    """What is really damaged stays as it is: only its owner sets it aside."""
    try:
        plan = repair(data, metadata.decode(facts, session_id).end if facts else 0)
    except (InvalidValue, NewerFormat):
        return data
    return data[: plan.end] + CLOSING if isinstance(plan, Cut) and not plan.aside else data


def _entries(folder: Path) -> list[str]:
    with suppress(FileNotFoundError, NotADirectoryError):
        return sorted(path.name for path in folder.iterdir())
    return []


def _mode(path: Path) -> int:
    with suppress(FileNotFoundError):
        return path.lstat().st_mode
    return 0


def _inode(path: Path) -> int | None:
    with suppress(FileNotFoundError, NotADirectoryError):
        return os.stat(path).st_ino  # noqa: PTH116 - a third of the time
    return None
