"""`store.Ledger` on SQLite. Each method is one piece of work for the database's thread."""

import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from state.files.batches import GroupCommit
from state.files.disk import Synced, untimed
from state.files.ledger import (
    backlog,
    calls,
    erasing,
    inbox,
    index,
    linking,
    outbox,
    people,
    remembering,
    spending,
    words,
)
from state.files.ledger.database import Alone, Connect, Database, Work, connect
from state.keys import Address, SessionId, SessionKey
from state.lately import Backlog
from state.lifecycle import Phase
from state.links import Change
from state.messages import (
    Accepted,
    Begun,
    Correction,
    Deletion,
    InboundMessage,
    Malformed,
    Outcome,
    OwedPart,
    Part,
    Receipt,
)
from state.people import Records
from state.persons import Identity, Person
from state.session import Session
from state.spending import Per, Spending, Spent
from state.store import (
    Admission,
    Counts,
    PairingRequest,
    Role,
    SessionRow,
    StorageFailed,
    StorageFull,
    Taken,
)

_BEAT = "beat"
_PROOF_LASTS = 5.0
"""Seconds for which a write that was taken proves that another one would be."""


class SqliteLedger:
    """Must be made in the event loop that uses it, on a database that `opening` prepared."""

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        *,
        connect: Connect = connect,
        synced: Synced = untimed,
    ) -> None:
        self._path = path
        self._database = Database(path, connection, connect, synced)
        self._thread = GroupCommit[Work | Alone](
            "argent-ledger", self._database.commit, finish=self._database.close
        )
        self.links = linking.SqliteLinks(self._do)
        self.notes = remembering.SqliteNotes(self._do)

        # A commit that failed may be found in the database all the same, once it was opened anew.
        self._doubtful: set[tuple[str, str]] = set()

    async def _do(self, work: Work | Alone) -> Any:
        return await self._thread.submit(work)

    async def _take(
        self,
        message: InboundMessage | Correction | Deletion,
        work: Callable[[sqlite3.Connection, bool], Any],
    ) -> Any:
        name = message.address.channel, message.source
        try:
            taken = await self._do(lambda db: work(db, name in self._doubtful))
        except (StorageFull, StorageFailed):
            self._doubtful.add(name)
            raise
        self._doubtful.discard(name)
        return taken

    # Inbox ------------------------------------------------------------------------------------

    async def accept(
        self,
        message: InboundMessage | Correction | Deletion,
        *,
        key: SessionKey,
        session: SessionId,
        entry: str,
        at: datetime,
        base: SessionId | None = None,
        change: Change | None = None,
    ) -> Accepted | None:
        payload = inbox.payload_of(message)

        def take(db: sqlite3.Connection, doubtful: bool) -> Accepted | None:
            taken = inbox.accept(db, message, payload, key, session, entry, at, doubtful=doubtful)
            if taken is not None and base is not None:
                people.choose(db, key, None if session == base else session)
            if taken is not None and change is not None:
                linking.apply(db, change)
            return taken

        accepted: Accepted | None = await self._take(message, take)
        return accepted

    async def decline(
        self,
        message: InboundMessage | Correction,
        *,
        reason: str,
        parts: Sequence[Part] = (),
        at: datetime,
    ) -> tuple[OwedPart, ...] | None:
        owed: tuple[OwedPart, ...] | None = await self._take(
            message,
            lambda db, doubtful: inbox.decline(db, message, reason, parts, at, doubtful=doubtful),
        )
        return owed

    async def taken(self, account: str, source: str) -> Taken | None:
        found: Taken | None = await self._do(lambda db: inbox.taken(db, account, source))
        return found

    async def show(self, seq: int, messages: Sequence[str]) -> None:
        await self._do(lambda db: inbox.show(db, seq, messages))

    async def begin_call(self, seq: int, call: Begun) -> None:
        await self._do(lambda db: calls.begin(db, seq, call))

    async def set_aside(self, update: Malformed) -> None:
        await self._do(lambda db: inbox.set_aside(db, update))

    async def pending(self) -> tuple[Accepted, ...]:
        pending: tuple[Accepted, ...] = await self._do(inbox.pending)
        return pending

    async def finish(
        self,
        seq: int,
        *,
        outcome: Outcome,
        parts: Sequence[tuple[Address, Part]],
        at: datetime,
        session: Session | None = None,
        detail: str | None = None,
        begin: bool = False,
        also: Sequence[int] = (),
        spent: Spending | None = None,
    ) -> tuple[OwedPart, ...]:
        def close(db: sqlite3.Connection) -> tuple[OwedPart, ...]:
            if spent is not None and inbox.is_open(db, seq):
                spending.add(db, spent)
            owed = inbox.finish(db, seq, also, outcome, parts, at, detail, begin=begin)
            calls.forget(db, seq, *also)
            if session is not None:
                index.index(db, [session])
            return owed

        owed: tuple[OwedPart, ...] = await self._do(close)
        return owed

    async def lately(
        self, since: datetime, *, commands: Sequence[str]
    ) -> tuple[tuple[SessionKey, datetime], ...]:
        found: tuple[tuple[SessionKey, datetime], ...] = await self._do(
            lambda db: inbox.lately(db, since, commands)
        )
        return found

    async def backlog(self) -> Backlog:
        found: Backlog = await self._do(backlog.backlog)
        return found

    async def unfinished(self, session: SessionId, *, before: int | None = None) -> bool:
        found: bool = await self._do(lambda db: words.has_open(db, session, before))
        return found

    # Outbox -----------------------------------------------------------------------------------

    async def owed(self) -> tuple[OwedPart, ...]:
        owed: tuple[OwedPart, ...] = await self._do(outbox.owed)
        return owed

    async def begin_sending(self, part: int) -> None:
        await self._do(lambda db: outbox.begin_sending(db, part))

    async def sent(self, part: int, receipt: Receipt, *, then: int | None = None) -> None:
        await self._do(lambda db: outbox.sent(db, part, receipt, then))

    async def unknown(self, part: int) -> None:
        await self._do(lambda db: outbox.unknown(db, part))

    async def unsent(self, part: int) -> None:
        await self._do(lambda db: outbox.unsent(db, part))

    async def failed(self, part: int, reason: str) -> None:
        await self._do(lambda db: outbox.failed(db, part, reason))

    async def announce(
        self, name: str, address: Address, parts: Sequence[Part], *, at: datetime
    ) -> tuple[OwedPart, ...]:
        owed: tuple[OwedPart, ...] = await self._do(
            lambda db: inbox.announce(db, name, address, parts, at)
        )
        return owed

    # Spending ---------------------------------------------------------------------------------

    async def spend(self, spent: Spending) -> None:
        await self._do(lambda db: spending.add(db, spent))

    async def spent(self, per: Per, first: date, last: date = date.max) -> Mapping[str, Spent]:
        sums: Mapping[str, Spent] = await self._do(lambda db: spending.totals(db, per, first, last))
        return sums

    # Cursors and aliases ----------------------------------------------------------------------

    async def cursor(self, name: str) -> str | None:
        value: str | None = await self._do(lambda db: people.cursor(db, name))
        return value

    async def set_cursor(self, name: str, value: str) -> None:
        await self._do(lambda db: people.set_cursor(db, name, value))

    async def aliases(self) -> dict[str, SessionId]:
        aliases: dict[str, SessionId] = await self._do(people.aliases)
        return aliases

    async def set_alias(self, key: SessionKey, session: SessionId) -> None:
        await self._do(lambda db: people.set_alias(db, key, session))

    async def chosen(self) -> dict[str, SessionId]:
        chosen: dict[str, SessionId] = await self._do(people.chosen)
        return chosen

    async def choose(self, key: SessionKey, session: SessionId | None) -> None:
        await self._do(lambda db: people.choose(db, key, session))

    async def family(self, base: SessionId) -> tuple[SessionRow, ...]:
        rows: tuple[SessionRow, ...] = await self._do(lambda db: index.family(db, base))
        return rows

    # People -----------------------------------------------------------------------------------

    async def request_pairing(self, request: PairingRequest, *, most: int) -> PairingRequest | None:
        live: PairingRequest | None = await self._do(
            lambda db: people.request_pairing(db, request, most)
        )
        return live

    async def notified(self, code: str, at: datetime) -> None:
        await self._do(lambda db: people.notified(db, code, at))

    async def pairings(self, now: datetime) -> tuple[PairingRequest, ...]:
        live: tuple[PairingRequest, ...] = await self._do(lambda db: people.pairings(db, now))
        return live

    async def approve(
        self, code: str, *, role: Role, at: datetime
    ) -> tuple[PairingRequest, Admission]:
        approved: tuple[PairingRequest, Admission] = await self._do(
            lambda db: people.approve(db, code, role, at)
        )
        return approved

    async def deny(self, code: str) -> PairingRequest:
        denied: PairingRequest = await self._do(lambda db: people.deny(db, code))
        return denied

    async def revoke(self, account: str, user: str) -> Admission:
        revoked: Admission = await self._do(lambda db: people.revoke(db, account, user))
        return revoked

    async def admissions(self) -> tuple[Admission, ...]:
        admitted: tuple[Admission, ...] = await self._do(people.admissions)
        return admitted

    # One person -------------------------------------------------------------------------------

    async def seen(self) -> Mapping[Identity, frozenset[str]]:
        everybody: Mapping[Identity, frozenset[str]] = await self._do(erasing.seen)
        return everybody

    async def records(self, person: Person, *, entries: Collection[str] = ()) -> Records:
        found: Records = await self._do(lambda db: erasing.records(db, person, entries))
        return found

    async def forget(
        self,
        person: Person,
        *,
        sessions: Collection[SessionId] = (),
        entries: Collection[str] = (),
        names: Collection[str] = (),
        at: datetime,
        waiting: Collection[int] = (),
    ) -> Mapping[str, int]:
        dropped: Mapping[str, int] = await self._do(
            lambda db: erasing.forget(db, person, sessions, entries, names, at=at, waiting=waiting)
        )
        return dropped

    async def leave_nothing(self) -> None:
        await self._do(Alone(lambda db: erasing.leave_nothing(db, self._path)))

    # Index ------------------------------------------------------------------------------------

    async def index(self, *sessions: Session) -> None:
        await self._do(partial(index.index, sessions=sessions))

    async def unindex(self, session: SessionId) -> None:
        def forget(db: sqlite3.Connection) -> None:
            index.unindex(db, [session])
            people.choose_no_more(db, session)

        await self._do(forget)

    async def listing(
        self, *, phase: Phase | None = None, limit: int | None = None
    ) -> tuple[SessionRow, ...]:
        rows: tuple[SessionRow, ...] = await self._do(lambda db: index.page(db, phase, limit).rows)
        return rows

    async def find(self, text: str) -> tuple[SessionRow, ...]:
        rows: tuple[SessionRow, ...] = await self._do(lambda db: index.find(db, text))
        return rows

    async def quiet_since(
        self, phase: Phase, before: datetime, limit: int, *, agent: str | None = None
    ) -> tuple[SessionRow, ...]:
        rows: tuple[SessionRow, ...] = await self._do(
            lambda db: index.quiet_since(db, phase, before, limit, agent)
        )
        return rows

    async def oldest(self, *, agent: str | None = None) -> Mapping[Phase, datetime]:
        first: Mapping[Phase, datetime] = await self._do(lambda db: index.oldest(db, agent))
        return first

    async def agents(self) -> tuple[str, ...]:
        names: tuple[str, ...] = await self._do(index.working)
        return names

    async def held(self, agent: str) -> int:
        many: int = await self._do(lambda db: index.held(db, agent))
        return many

    async def counts(self) -> Counts:
        counts: Counts = await self._do(index.counts)
        return counts

    async def prune(self, before: datetime) -> int:
        dropped = 0
        while some := await self._do(lambda db: inbox.prune(db, before)):
            dropped += some
        return dropped

    async def beat(self, at: datetime) -> None:
        if self._database.written_ago() > _PROOF_LASTS:
            await self._do(lambda db: people.set_cursor(db, _BEAT, at.isoformat()))

    async def empty_log(self) -> bool:
        empty: bool = await self._do(Alone(words.empty_log))
        return empty

    async def close(self) -> None:
        await self._thread.close()
