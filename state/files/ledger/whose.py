"""How rows of the ledger tell that they are somebody's."""

import json
import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

import orjson

from state.codec import text
from state.files.ledger import rows
from state.files.ledger.rows import ACCEPTED, PART, Row
from state.files.ledger.schema import expected, version
from state.keys import SessionId, SessionKey, side_of
from state.messages import Accepted, Deletion, Malformed, OwedPart, PartState
from state.persons import PRIVATE, Identity, Person
from state.spending import Spending, Spent

_COLUMNS = "day, account, user, session, model, input, output, cached, cost_micro, unpriced"


@dataclass(frozen=True, slots=True)
class Whose:
    """How rows tell that they are somebody's."""

    person: Person
    sessions: frozenset[SessionId] = frozenset()
    entries: Collection[str] = ()
    names: Collection[str] = ()

    @property
    def users(self) -> list[tuple[str, str]]:
        return [(each.account, text(each.user)) for each in sorted(self.person.identities)]

    @property
    def keys(self) -> list[str]:
        """The keys of their private chats, as they are written."""
        return [
            str(SessionKey(each.account, each.user, kind))
            for each in sorted(self.person.identities)
            for kind in sorted(PRIVATE)
        ]

    def is_theirs(self, session: str | None) -> bool:
        """Whether a session is theirs alone: it is known to be, or its id says so."""
        if session is None:
            return False
        side = side_of(session)
        key = SessionKey.of_session(session if side is None else side[0])
        return session in self.sessions or (key is not None and self.person.chats_in(key))

    def known(self, db: sqlite3.Connection, table: str, columns: str) -> Iterator[Row]:
        """The rows of a table that has a row for each user."""
        for user in self.users if has(db, table) else ():
            yield from db.execute(
                f"SELECT {columns} FROM {table} WHERE account = ? AND user = ?", user
            )

    def waiting(self, db: sqlite3.Connection) -> Iterator[Accepted]:
        """Their messages without an outcome."""
        keys = frozenset(self.keys)
        for accepted in waiting(db):
            message = accepted.message
            sent = not isinstance(message, Deletion) and self.person.is_sender(
                message.address.channel, message.sender
            )
            if sent or str(accepted.key) in keys:
                yield accepted

    def messages(self, db: sqlite3.Connection) -> list[int]:
        """The ended messages of their private chats."""
        return [
            seq
            for key in self.keys
            for (seq,) in db.execute(
                "SELECT seq FROM inbox WHERE key = ? AND outcome IS NOT NULL", (key,)
            )
        ]

    def chats(self, db: sqlite3.Connection) -> frozenset[tuple[str, str]]:
        """Where they are spoken to in private; platforms may call that otherwise than them."""
        marks = ", ".join("?" * len(self.keys))
        found = set(self.users)
        found.update(
            db.execute(
                "SELECT DISTINCT channel, chat FROM outbox JOIN inbox USING (seq) "
                f"WHERE inbox.key IN ({marks})",
                self.keys,
            )
        )
        found.update(self.known(db, "pairings", "channel, chat"))
        found.update((a.message.address.channel, a.message.address.chat) for a in self._private(db))
        return frozenset(found)

    def parts(self, db: sqlite3.Connection, chats: Collection[tuple[str, str]]) -> list[int]:
        """What was sent or is owed to them: in their chats, or in answer to them."""
        found = {
            part
            for chat in chats
            for (part,) in db.execute("SELECT id FROM outbox WHERE channel = ? AND chat = ?", chat)
        }
        found.update(self._answers(db))
        return sorted(found)

    def owed(
        self, db: sqlite3.Connection, chats: Collection[tuple[str, str]]
    ) -> Iterator[OwedPart]:
        for part in self.parts(db, chats):
            for row in db.execute(
                f"SELECT {PART} FROM outbox WHERE id = ? AND text IS NOT NULL", (part,)
            ):
                owed = rows.owed_part(row)
                if owed.state is not PartState.SENT:
                    yield owed

    def set_aside(self, db: sqlite3.Connection) -> Iterator[Malformed]:
        named = [form for name in self.names for form in _forms(name)]
        for account in sorted({account for account, _ in self.users}):
            for source, raw, reason, at in db.execute(
                "SELECT source, raw, reason, at FROM set_aside WHERE account = ?", (account,)
            ):
                if self.person.is_named_in(raw) or any(form in raw for form in named):
                    yield Malformed(source, account, raw, reason, rows.moment(at))

    def leading(self, db: sqlite3.Connection, *tables: str) -> Iterator[tuple[str, SessionId]]:
        """The keys of their chats that lead elsewhere, and those that lead to them."""
        keys = frozenset(self.keys)
        for table in tables or ("aliases", "chosen"):
            if has(db, table):
                for key, session in db.execute(f"SELECT key, session FROM {table}").fetchall():
                    if key in keys or self.is_theirs(session):
                        yield key, SessionId(session)

    def spent(self, db: sqlite3.Connection) -> dict[str, Spent]:
        sums: dict[str, Spent] = {}
        for each in self.spendings(db):
            if Identity(each.account, each.user) in self.person.identities:
                day = each.day.isoformat()
                sums[day] = sums.get(day, Spent()) + each.spent
        return sums

    def spendings(self, db: sqlite3.Connection) -> list[Spending]:
        """What they cost, and what was spent on their sessions."""
        if not has(db, "spending"):
            return []
        every = (_spending(row) for row in db.execute(f"SELECT {_COLUMNS} FROM spending"))
        return [
            each
            for each in every
            if Identity(each.account, each.user) in self.person.identities
            or self.is_theirs(each.session)
        ]

    def _private(self, db: sqlite3.Connection) -> Iterator[Accepted]:
        keys = frozenset(self.keys)
        return (each for each in waiting(db) if str(each.key) in keys)

    def _answers(self, db: sqlite3.Connection) -> Iterator[int]:
        """The parts with words that answer them, wherever."""
        theirs = {each.seq for each in self.waiting(db)}
        for part, seq, entry in db.execute(
            "SELECT outbox.id, seq, entry FROM outbox JOIN inbox USING (seq) WHERE text IS NOT NULL"
        ):
            if seq in theirs or entry in self.entries:
                yield part


def waiting(db: sqlite3.Connection) -> Iterator[Accepted]:
    """Everybody's messages without an outcome."""
    for row in db.execute(f"SELECT {ACCEPTED} FROM inbox WHERE outcome IS NULL ORDER BY seq"):
        yield rows.accepted(row)


def has(db: sqlite3.Connection, table: str) -> bool:
    """Whether there is such a table: a reader may come before the newest of them."""
    return table in expected(version(db))


def _spending(row: Row) -> Spending:
    day, account, user, session, model, *sums = row
    return Spending(date.fromisoformat(day), account, user, SessionId(session), model, Spent(*sums))


def _forms(name: str) -> list[bytes]:
    """A name as an update may hold it, which is JSON: as it is, and with every escape."""
    return [orjson.dumps(text(name)), json.dumps(name).encode()]
