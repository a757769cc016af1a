"""Opening a state folder as its one owner."""

import asyncio
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from state.files.calls import SystemCalls
from state.files.disk import Clock, Disk, Synced, untimed
from state.files.errors import store_error
from state.files.layout import TRASH, Layout
from state.files.ledger import index
from state.files.ledger.database import Connect, connect
from state.files.ledger.ledger import SqliteLedger
from state.files.ledger.opening import OpenedLedger, open_ledger
from state.files.listing import session_agents
from state.files.lock import StateLock
from state.files.places import Places
from state.files.readonly import ReadOnlyState
from state.files.removing import remove_tree
from state.files.search.indexer import Indexer
from state.files.sessions import FileSessions
from state.files.upgrading import keep_before_upgrade
from state.keys import SessionId
from state.session import Session
from state.store import StoreError


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class State:
    """The stores of a state folder. `reports` is what its owner must be told, in sentences.

    `kept` is the backup of what was there before this Argent upgraded the folder.
    """

    sessions: FileSessions
    ledger: SqliteLedger
    reports: tuple[str, ...]
    lock: StateLock
    search: Indexer
    kept: Path | None = None

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
    calls: SystemCalls | None = None,
    clock: Clock = _now,
    connect: Connect = connect,
    argent: str = "",
    synced: Synced = untimed,
) -> State:
    """Own a state folder, making it where there is none, and backing it up before an upgrade.

    `argent` is the program's version, for that backup; `synced` hears of what becomes durable.
    Raises `StateLocked`, `NewerFormat`, `StorageFull`, `StorageFailed`.
    """
    layout = Layout(state_dir)
    places = Places(state_dir)
    calls = calls or SystemCalls()
    search = Indexer(layout)
    disk = Disk(state_dir, calls, clock, synced)
    opening = _Opening(places, disk, clock, connect, search, argent)
    lock, ledger, kept = await asyncio.to_thread(opening.prepare)
    return State(
        sessions=FileSessions(places, opening.disk, search),
        ledger=SqliteLedger(layout.database, ledger.connection, connect=connect, synced=synced),
        reports=ledger.reports,
        lock=lock,
        search=search,
        kept=kept,
    )


@dataclass(frozen=True, slots=True)
class _Opening:
    """What the thread needs that opens a folder."""

    places: Places
    disk: Disk
    clock: Clock
    connect: Connect
    search: Indexer
    argent: str

    def prepare(self) -> tuple[StateLock, OpenedLedger, Path | None]:
        layout = self.places.main
        try:
            layout.make()
            lock = StateLock.take(layout.root)
        except OSError as error:
            raise store_error(error, f"opening {layout.root}") from error
        try:
            for agent in self.places.agents():
                for trash in agent.sessions.glob(f"{TRASH}*"):
                    remove_tree(trash, ignore_errors=True)
            kept = keep_before_upgrade(layout, self.argent, self.clock)
            opened = open_ledger(layout.database, self.disk, self.connect)
            reports = (*opened.reports, *_agree(self.places, opened.connection))
            self.search.prepare()
        except BaseException:
            lock.release()
            raise
        return lock, OpenedLedger(opened.connection, reports), kept


def _agree(places: Places, db: sqlite3.Connection) -> tuple[str, ...]:
    """Let the index show the folders that are there: a copied, a removed one, or all of them."""
    found = session_agents(places)
    shown = index.agents(db)
    there = {
        session_id: places.one_of(agents, session_id).agent for session_id, agents in found.items()
    }
    copies = tuple(
        f"the session {session_id} is there more than once, with the agents {', '.join(agents)}: "
        f"{there[session_id]}'s is used; move the other elsewhere"
        for session_id, agents in found.items()
        if len(agents) > 1
    )
    if there == shown:
        return copies
    new = [session_id for session_id, agent in there.items() if shown.get(session_id) != agent]
    db.execute("BEGIN IMMEDIATE")
    index.unindex(db, shown.keys() - there.keys())
    index.index(db, _facts(places, new))
    db.execute("COMMIT")
    now = index.agents(db)
    changes = sum(now.get(name) != shown.get(name) for name in now.keys() | shown.keys())
    # A folder that is no session, such as an empty one, is nothing to hear of at every start.
    told = f"the index of sessions was brought up to date ({changes} changes)"
    return (*copies, told) if changes else copies


def _facts(places: Places, sessions: Iterable[SessionId]) -> Iterator[Session]:
    """The facts of these sessions; one that cannot be read is shown when it can be."""
    reader = ReadOnlyState(places.root)
    for session_id in sessions:
        with suppress(StoreError):
            yield reader.facts(session_id)
