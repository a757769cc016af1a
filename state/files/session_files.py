"""One session's two files, held open by the writer."""

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from state.codec import VERSION
from state.files import journal, media, metadata, packing
from state.files.disk import Disk, beside_name
from state.files.journal import CLOSING, FIRST, OPENING
from state.files.layout import FILE_MODE, FOLDER_MODE, HISTORY, METADATA, PACKED
from state.files.metadata import Facts
from state.files.misplaced import set_aside_misplaced
from state.files.opening import Opened
from state.files.reading import read_file
from state.files.rewriting import Rewritten
from state.session import Context, Session
from state.store import StorageFailed
from state.view import relocated

_ID = re.compile(rb',?\{"id":"([^"\\]+)"')


@dataclass(slots=True, eq=False)
class SessionFiles:
    """A history with entries written up to `end`, of which those before `acked` are durable.

    `session` are the newest facts, true of what is durable; `dirty_since` says since when (on a
    monotonic clock) they are newer than metadata.json.
    """

    folder: Path
    fd: int
    end: int
    acked: int
    session: Session
    repaired: tuple[str, ...] = ()
    dirty_since: float | None = None
    version: int = VERSION
    """The version of metadata.json as it is on the disk."""
    suspect: bool = False
    """Whether a sync failed: then the pages in memory are no proof of what is on the disk."""

    @classmethod
    def of(cls, folder: Path, opened: Opened, now: float) -> "SessionFiles":
        return cls(
            folder=folder,
            fd=opened.fd,
            end=opened.end,
            acked=opened.end,
            session=opened.session,
            repaired=opened.repaired,
            dirty_since=now if opened.stale else None,
            version=opened.version,
        )

    @classmethod
    def make(
        cls, disk: Disk, folder: Path, session: Session, lines: Sequence[bytes]
    ) -> tuple["SessionFiles", list[int]]:
        """Make a session that begins with these lines; also what must be synced with it."""
        fds: list[int] = []
        try:
            with suppress(FileExistsError):
                disk.calls.mkdir(folder, FOLDER_MODE)
            body = OPENING + journal.frame(lines, FIRST) if lines else journal.EMPTY
            for name in (HISTORY, METADATA):
                flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
                fds.append(disk.calls.open(folder / name, flags, FILE_MODE))
            end = len(body) - len(CLOSING)
            disk.calls.write_all(fds[0], body, 0)
            disk.calls.write_all(fds[1], metadata.encode(Facts(session, end)), 0)
            fds += [os.open(path, os.O_RDONLY | os.O_DIRECTORY) for path in (folder, folder.parent)]
        except BaseException:
            for fd in fds:
                os.close(fd)
            unmake(folder)
            raise
        return cls(folder, fds[0], end, FIRST, session), fds[1:]

    def here(self, session: Session) -> Session:
        """Facts as they are kept here: the folder says whose session it is, nothing else does."""
        agent = self.folder.parent.parent.name
        return session if session.agent == agent else replace(session, agent=agent)

    def write(self, disk: Disk, lines: Sequence[bytes]) -> tuple[int, ...]:
        """Write a batch behind what was written before. Raises OSError, leaving no trace of it."""
        at = self.end
        payload = journal.frame(lines, at)
        try:
            disk.calls.write_all(self.fd, payload, at)
        except OSError:
            self.roll_back(disk, at)
            raise
        self.end = at + len(payload) - len(CLOSING)
        return journal.positions(lines, at)

    def roll_back(self, disk: Disk, end: int) -> None:
        """Take back what was written behind `end`. Where even that fails, the file is suspect."""
        self.end = end
        try:
            disk.calls.write_all(self.fd, CLOSING, end)
            disk.calls.ftruncate(self.fd, end + len(CLOSING))
        except OSError:
            self.suspect = True

    def is_current(self) -> bool:
        """Whether the path still leads to the file that is open here, as it was left."""
        try:
            found = os.stat(self.folder / HISTORY)  # noqa: PTH116 - a third of the time
        except (FileNotFoundError, NotADirectoryError):
            return False
        mine = os.fstat(self.fd)
        return found.st_ino == mine.st_ino and found.st_size == self.end + len(CLOSING)

    def acknowledged(self) -> bytes:
        """The whole file as far as it was acknowledged. Raises OSError."""
        return (read_file(self.folder / HISTORY) or b"")[: self.acked] + CLOSING

    def replace_history(self, disk: Disk, data: bytes, context: Context) -> None:
        """Put a history of the same entries in the place of this one, durably.

        `context` is the same context in the new one. Only after `save_facts_for_any_history`: a
        crash may leave either history. Raises OSError.
        """
        path = self.folder / HISTORY
        disk.replace(path, data)
        fd = disk.calls.open(path, os.O_RDWR | os.O_CLOEXEC, 0)
        os.close(self.fd)
        self.fd = fd
        self.end = self.acked = len(data) - len(CLOSING)
        self.session = replace(self.session, context=context)
        self.save_facts(disk)

    def lose(self, disk: Disk, new: Rewritten, *, untitled: bool = False) -> None:
        """Let the history be what is left of it, durably. Raises OSError, as `replace_history`.

        `untitled`: a title goes that was made of its words.
        """
        # The files go first: afterwards nothing tells their names.
        media.remove(disk, self.folder, new.files)
        if untitled and self.session.titled:
            self.session = replace(self.session, title=None, titled=False)
        self.save_facts_for_any_history(disk)
        entries, positions = new.lines.entries, new.lines.positions
        context = relocated(self.session.context, new.moved, entries, positions)
        self.replace_history(disk, new.data, context)

    def pack(self, disk: Disk, session: Session, packed: bytes) -> None:
        """Leave these facts and the packed history only, durably. Raises OSError.

        When it raises, the history may be packed nevertheless: `is_current` tells.
        """
        packing.put_packed(disk, self.folder, packed)
        old, self.session = self.session, self.here(session)
        try:
            self.save_facts(disk)
        except BaseException:
            self.session = old
            (self.folder / PACKED).unlink(missing_ok=True)
            raise
        packing.drop_plain(disk, self.folder)

    def rewrite(self, disk: Disk) -> None:
        """Put a new file with all that was acknowledged in the place of a suspect one.

        After a failed sync the kernel may call dirty pages clean, so that syncing them again
        proves nothing (https://wiki.postgresql.org/wiki/Fsync_Errors). Raises OSError,
        `StorageFailed`.
        """
        path = self.folder / HISTORY
        data = self.acknowledged()
        try:
            journal.read(data)
        except journal.Damaged as error:
            raise StorageFailed(
                f"{path} reads differently since a write failed ({error}); "
                "check the disk, then start again to have the file repaired"
            ) from error
        disk.replace(path, data)
        fd = disk.calls.open(path, os.O_RDWR | os.O_CLOEXEC, 0)
        os.close(self.fd)
        self.fd, self.end, self.suspect = fd, self.acked, False

    def write_facts(self, disk: Disk) -> int:
        """Write the facts beside metadata.json; the descriptor, not synced yet."""
        facts = Facts(self.session, self.acked, self._marks())
        return disk.write_beside(self.folder / METADATA, metadata.encode(facts))

    def show_facts(self, disk: Disk) -> None:
        """Let what `write_facts` wrote take metadata.json's place."""
        disk.calls.replace(beside_name(self.folder / METADATA), self.folder / METADATA)
        self.dirty_since, self.version = None, VERSION

    def save_facts(self, disk: Disk) -> None:
        """Replace metadata.json durably."""
        self._save(disk, self.acked)
        self.dirty_since = None

    def save_facts_for_any_history(self, disk: Disk) -> None:
        """Replace metadata.json, durably, by one that no position in the history is taken from.

        The history is then read whole, and its context found by the id of its first entry.
        """
        self._save(disk, 0)

    def close(self) -> None:
        os.close(self.fd)

    def _save(self, disk: Disk, end: int) -> None:
        facts = Facts(self.session, end, self._marks())
        self.repaired += set_aside_misplaced(disk, self.folder)
        disk.replace(self.folder / METADATA, metadata.encode(facts))
        self.version = VERSION

    def _marks(self) -> dict[int, str]:
        """The ids of the entries that the context speaks of, by their positions."""
        context = self.session.context
        spoken = {context.start, context.summary, *(at for step in context.undo for at in step)}
        marks = {}
        for at in spoken:
            if at is None or not FIRST <= at < self.acked:
                continue
            if found := _ID.match(os.pread(self.fd, 256, at)):
                marks[at] = found[1].decode()
        return marks


def unmake(folder: Path) -> None:
    """Remove a session that could not be made."""
    try:
        for name in (HISTORY, METADATA):
            (folder / name).unlink(missing_ok=True)
        folder.rmdir()
    except OSError:
        return  # empty files are no session, and the next attempt writes over them
