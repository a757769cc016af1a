"""Opening a state folder as its one owner."""

import asyncio
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from state.files.calls import SystemCalls
from state.files.disk import Clock, Disk
from state.files.errors import store_error
from state.files.layout import TRASH, Layout
from state.files.ledger import index
from state.files.ledger.database import Connect, connect
from state.files.ledger.ledger import SqliteLedger
from state.files.ledger.opening import OpenedLedger, open_ledger
from state.files.listing import session_ids
from state.files.lock import StateLock
from state.files.readonly import ReadOnlyState
from state.files.search.indexer import Indexer
from state.files.sessions import FileSessions
from state.keys import SessionId
from state.session import Session
from state.store import StoreError


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class State:
    """The stores of a state folder. `reports` is what its owner must be told, in sentences."""

    sessions: FileSessions
    ledger: SqliteLedger
    reports: tuple[str, ...]
    lock: StateLock
    search: Indexer

    async def close(self) -> None:
        """Write what was left for later, and let go of the folder."""
        try:
            await self.sessions.close()
        finally:
            try:
                await self.ledger.close()
            finally:
                try:
                    await self.search.close()
                finally:
                    self.lock.release()


async def open_state(
    state_dir: Path,
    *,
    agent: str = "main",
    calls: SystemCalls | None = None,
    clock: Clock = _now,
    connect: Connect = connect,
) -> State:
    """Own a state folder, making it where there is none.

    Raises `StateLocked`, `NewerFormat`, `StorageFull`, `StorageFailed`.
    """
    layout = Layout(state_dir, agent)
    calls = calls or SystemCalls()
    search = Indexer(layout)
    lock, ledger = await asyncio.to_thread(_prepare, layout, calls, clock, connect, search)
    return State(
        sessions=FileSessions(layout, Disk(state_dir, calls, clock), search),
        ledger=SqliteLedger(layout.database, ledger.connection, connect=connect),
        reports=ledger.reports,
        lock=lock,
        search=search,
    )


def _prepare(
    layout: Layout, calls: SystemCalls, clock: Clock, connect: Connect, search: Indexer
) -> tuple[StateLock, OpenedLedger]:
    try:
        layout.make()
        lock = StateLock.take(layout.root)
    except OSError as error:
        raise store_error(error, f"opening {layout.root}") from error
    try:
        for trash in layout.sessions.glob(f"{TRASH}*"):
            shutil.rmtree(trash, ignore_errors=True)
        opened = open_ledger(layout.database, Disk(layout.root, calls, clock), connect)
        reports = (*opened.reports, *_agree(layout, opened.connection))
        search.prepare()
    except BaseException:
        lock.release()
        raise
    return lock, OpenedLedger(opened.connection, reports)


def _agree(layout: Layout, db: sqlite3.Connection) -> tuple[str, ...]:
    """Let the index show the folders that are there: a copied, a removed one, or all of them."""
    there = frozenset(session_ids(layout))
    shown = index.ids(db)
    if there == shown:
        return ()
    missing = there - shown
    db.execute("BEGIN IMMEDIATE")
    index.unindex(db, shown - there)
    index.index(db, _facts(layout, missing))
    db.execute("COMMIT")
    changes = len(index.ids(db) ^ shown)
    # A folder that is no session, such as an empty one, is nothing to hear of at every start.
    return (f"the index of sessions was brought up to date ({changes} changes)",) if changes else ()


def _facts(layout: Layout, sessions: Iterable[SessionId]) -> Iterator[Session]:
    """The facts of these sessions; one that cannot be read is shown when it can be."""
    reader = ReadOnlyState(layout.root, agent=layout.agent)
    for session_id in sessions:
        with suppress(StoreError):
            yield reader.facts(session_id)
