"""`store.Sessions` as folders of JSON files, for the one process that owns the state folder."""

import asyncio
import os
from bisect import bisect_left
from collections.abc import AsyncIterator, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from state.codec import InvalidValue, dumps, entry_to_json, needed_version
from state.erasing import Meant
from state.files import journal
from state.files.batches import GroupCommit
from state.files.deleted import empty
from state.files.disk import Disk
from state.files.emptying import remove
from state.files.errors import store_error
from state.files.forgetting import forget_deleted
from state.files.journal import CLOSING, EMPTY, FIRST, OPENING, Damaged, Lines
from state.files.layout import FOLDER_MODE, HISTORY
from state.files.listing import session_ids
from state.files.media import Media
from state.files.open_files import FACTS_DELAY
from state.files.packing import pack
from state.files.places import Places
from state.files.reading import read_entries, read_entry, read_range
from state.files.search.indexer import Indexer
from state.files.traces import traces
from state.files.writer import Append, SessionWriter, Snapshot, Work
from state.forgetting import Forgetting
from state.history import Entry, InvalidHistory, SummaryEntry, check_batch
from state.keys import Address, SessionId
from state.persons import Lost, Person, Trace
from state.session import Context, Session
from state.store import Loaded, NotFound, Repaired, StorageFailed, StorageFull
from state.view import beginning_with, recovered

T = TypeVar("T")
_Read = tuple[Snapshot, Lines, SummaryEntry | None]

_READERS = 2
_TRIES = 3


class FileSessions:
    """Writes go through one thread, in the order they were asked for; reads beside it."""

    def __init__(self, places: Places, disk: Disk, search: Indexer) -> None:
        self._places = places
        self._disk = disk
        self._search = search
        self._writer = SessionWriter(places, disk)
        self._thread = GroupCommit[Work](
            "argent-sessions",
            self._writer.commit,
            tick=self._writer.tick,
            finish=self._writer.finish,
            interval=FACTS_DELAY / 5,
        )
        self._readers = ThreadPoolExecutor(_READERS, "argent-reader")
        self._media = Media(places, disk)

    async def load(self, session_id: SessionId) -> Loaded | None:
        read = await self._read(session_id, whole=False)
        if read is None:
            return None
        snapshot, lines, summary = read
        return Loaded(
            session=snapshot.session,
            entries=lines.entries,
            positions=lines.positions,
            summary=summary,
            repaired=", ".join(snapshot.repaired) or None,
        )

    async def create(self, session: Session) -> None:
        await self._thread.submit(Append(session, update=False))

    async def append(self, session: Session, entries: Sequence[Entry], /) -> tuple[int, ...]:
        check_batch(entries)
        try:
            lines = [dumps(entry_to_json(entry)) for entry in entries]
        except InvalidValue as error:
            raise InvalidHistory(str(error)) from error
        work = Append(session, lines, version=needed_version(entries))
        try:
            positions: tuple[int, ...] = await self._thread.submit(work)
            return positions
        finally:
            # Also when the caller was cancelled: then it is stored all the same.
            self._search.changed(session.id)

    async def save(self, session: Session) -> None:
        await self._thread.submit(partial(self._writer.save, session))

    async def touch(self, session: Session) -> None:
        await self._thread.submit(Append(session, make=False))

    async def clear(self, session: Session, *, erase: bool = False) -> str | None:
        if erase:
            emptied = partial(self._writer.empty, session)
            trash: Path = await self._and_unfound(session.id, emptied)
            # Beside the writer's thread: large files must not keep others waiting.
            await self._in_reader(partial(remove, trash))
            return None
        cleared = partial(self._writer.clear, session)
        archived: str | None = await self._and_unfound(session.id, cleared)
        return archived

    async def bring_in(self, session: Session, entries: Sequence[Entry]) -> str | None:
        session, history = await self._in_reader(partial(_history_of, session, entries))
        known = await self._thread.submit(partial(self._writer.open, session.id))
        await self.create(replace(session, messages=0, context=Context()))
        try:
            brought = partial(self._writer.bring_in, session, history)
            archived: str | None = await self._and_unfound(session.id, brought)
        except (StorageFailed, StorageFull):
            if known is None:
                with suppress(StorageFailed, StorageFull):
                    await self.delete(session.id)
            raise
        return archived

    async def archive(self, session: Session) -> None:
        for _ in range(_TRIES):
            snapshot: Snapshot | None = await self._thread.submit(
                partial(self._writer.open, session.id, whole=True)
            )
            if snapshot is None:
                raise NotFound(f"there is no session {session.id}")
            # Beside the writer's thread: a long history must not keep others waiting.
            packed = await self._in_reader(partial(_packed, self._places, snapshot))
            done = partial(self._writer.archive, session, snapshot.end, packed)
            if await self._thread.submit(done):
                self._search.changed(session.id)
                return
        raise StorageFailed(f"{session.id} was written to while it was being archived; try again")

    async def restore(self, session: Session) -> None:
        # Opening it to write its facts unpacks it.
        await self.save(session)
        self._search.changed(session.id)

    async def move(self, session: Session, agent: str) -> Session:
        moved: Session = await self._thread.submit(partial(self._writer.move, session, agent))
        self._search.changed(session.id)
        return moved

    async def delete(self, session_id: SessionId, *, kept_at: datetime | None = None) -> str | None:
        removed = partial(self._writer.delete, session_id, kept_at)
        kept: str | None = await self._and_unfound(session_id, removed)
        return kept

    async def empty_deleted(self, before: datetime) -> int:
        return await self._in_reader(partial(empty, self._places.main, before))

    async def entries(self, session_id: SessionId) -> tuple[Entry, ...]:
        read = await self._read(session_id, whole=True)
        if read is None:
            raise NotFound(f"there is no session {session_id}")
        return read[1].entries

    async def repair(self, session_id: SessionId) -> Repaired | None:
        repaired: Repaired | None = await self._thread.submit(
            partial(self._writer.repair, session_id)
        )
        self._search.changed(session_id)
        return repaired

    async def erase(
        self, session_id: SessionId, messages: Collection[str], *, chat: Address | None = None
    ) -> int:
        meant = Meant(frozenset(messages), chat)
        erased = partial(self._writer.erase, session_id, meant)
        words: int = await self._and_unfound(session_id, erased)
        return words

    async def traces(self, person: Person) -> tuple[Trace, ...]:
        return await self._in_reader(partial(_traces, self._places, person))

    async def forget(self, session_id: SessionId, forgetting: Forgetting) -> Lost:
        forgotten = partial(self._writer.forget, session_id, forgetting)
        lost: Lost = await self._and_unfound(session_id, forgotten)
        return lost

    async def forget_deleted(self, deleted: str, forgetting: Forgetting, *, alone: bool) -> Lost:
        return await self._in_reader(
            partial(forget_deleted, self._disk, self._places.main, deleted, forgetting, alone=alone)
        )

    async def leave_nothing(self) -> None:
        await self._search.caught_up()

    async def keep_file(
        self, session_id: SessionId, name: str, chunks: AsyncIterator[bytes], *, most: int
    ) -> int:
        return await self._media.keep(session_id, name, chunks, most=most)

    async def read_file(self, session_id: SessionId, name: str) -> bytes:
        return await self._media.read(session_id, name)

    async def folder(self, session_id: SessionId) -> Path:
        """A session's folder, made durably where it is missing, for what its tools keep there.

        The session does not begin by this. It goes where the session goes: whoever comes back later
        asks again. Raises `NotFound`, `StorageFull`, `StorageFailed`.
        """
        try:
            return await self._in_reader(partial(_folder, self._places, self._disk, session_id))
        except OSError as error:
            raise store_error(error, f"making the folder of {session_id}") from error

    async def ids(self) -> tuple[SessionId, ...]:
        return await self._in_reader(partial(session_ids, self._places))

    async def close(self) -> None:
        self._media.close()
        await self._thread.close()
        self._readers.shutdown()

    async def _read(self, session_id: SessionId, *, whole: bool) -> _Read | None:
        """The facts, and the entries of the context or of the whole history."""
        check = False
        repaired: tuple[str, ...] = ()
        for _ in range(_TRIES):
            snapshot: Snapshot | None = await self._thread.submit(
                partial(self._writer.open, session_id, whole=check)
            )
            if snapshot is None:
                return None
            snapshot.repaired = repaired = (*repaired, *snapshot.repaired)
            try:
                return await self._in_reader(partial(_read, self._places, snapshot, whole=whole))
            except (Damaged, FileNotFoundError):
                # Replaced meanwhile by a clear, or what was durable once is damaged now.
                check = True
        raise StorageFailed(f"{session_id} does not read twice the same; check the disk")

    async def _and_unfound(self, session_id: SessionId, work: Work) -> Any:
        """Have words taken away, and see to it that no search finds them."""
        try:
            result = await self._thread.submit(work)
        finally:
            self._search.changed(session_id)
        await self._search.refresh(session_id)
        return result

    async def _in_reader(self, call: "partial[T]") -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._readers, call)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise store_error(error, f"reading in {self._places.root}") from error


def _packed(places: Places, snapshot: Snapshot) -> bytes:
    fd = _open(places, snapshot)
    try:
        return pack(read_range(fd, 0, snapshot.end) + CLOSING)
    finally:
        os.close(fd)


def _open(places: Places, snapshot: Snapshot) -> int:
    """The history of a snapshot, wherever it is by now. Raises FileNotFoundError where it is not
    any more, OSError."""
    try:
        return os.open(snapshot.folder / HISTORY, os.O_RDONLY)
    except FileNotFoundError:
        with places.still:
            return os.open(places.folder(snapshot.session.id) / HISTORY, os.O_RDONLY)


def _folder(places: Places, disk: Disk, session_id: SessionId) -> Path:
    with places.still:
        folder = places.folder(session_id)
        with suppress(FileExistsError):
            disk.calls.mkdir(folder, FOLDER_MODE)
    disk.sync_folder(folder.parent)
    return folder


def _history_of(session: Session, entries: Sequence[Entry]) -> tuple[Session, bytes]:
    """The facts and the file of a session that begins with these entries; a second for 100,000."""
    check_batch(entries)
    try:
        lines = [dumps(entry_to_json(entry)) for entry in entries]
    except InvalidValue as error:
        raise InvalidHistory(str(error)) from error
    session = beginning_with(session, entries, journal.positions(lines, FIRST))
    return session, OPENING + journal.frame(lines, FIRST) if lines else EMPTY


def _traces(places: Places, person: Person) -> tuple[Trace, ...]:
    return tuple(traces(places, person))


def _read(places: Places, snapshot: Snapshot, *, whole: bool) -> _Read:
    """Everything before `snapshot.end` is durable and never written again: it cannot be torn."""
    context = snapshot.session.context
    start = FIRST if whole else max(FIRST, context.start)
    fd = _open(places, snapshot)
    try:
        lines = read_entries(fd, start, snapshot.end)
        if lines is not None and (whole or context.summary is None):
            return snapshot, lines, None
        if lines is not None:
            summary = read_entry(fd, context.summary or 0, snapshot.end)
            if isinstance(summary, SummaryEntry):
                return snapshot, lines, summary
        lines = read_entries(fd, FIRST, snapshot.end)
    finally:
        os.close(fd)
    if lines is None:
        raise Damaged(f"{snapshot.folder / HISTORY} does not read as it was written")
    # What the context speaks of is not there: better one that is too long than none.
    return (snapshot, lines, None) if whole else _recovered(snapshot, lines)


def _recovered(snapshot: Snapshot, lines: Lines) -> _Read:
    found = recovered(lines.entries, lines.positions)
    context = replace(found, limit=snapshot.session.context.limit)
    kept = bisect_left(lines.positions, context.start)
    summary = dict(zip(lines.positions, lines.entries, strict=True)).get(context.summary or 0)
    return (
        replace(snapshot, session=replace(snapshot.session, context=context)),
        Lines(lines.entries[kept:], lines.positions[kept:]),
        summary if isinstance(summary, SummaryEntry) else None,
    )
