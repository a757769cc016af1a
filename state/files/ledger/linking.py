"""`linking.Links` on SQLite: persons, their addresses, codes, and what was tried."""

import sqlite3
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from state.codec import text
from state.files.ledger.rows import ADMISSION, Row, maybe_text, milliseconds, moment
from state.keys import Address, SessionId, SessionKey
from state.links import Change, Joining, Leaving, Link, NamedPerson, PairCode, Redeeming, Tries
from state.persons import PRIVATE, Identity
from state.store_errors import NotFound, StoreError

PERSON = "name, session, since"
LINK = "account, user, person, called, since, by_account, by_user"
CODE = "digest, account, user, called, channel, chat, thread, created_at, expires_at"
TRIES = "account, user, count, last_at, until_at"

Do = Callable[[Callable[[sqlite3.Connection], Any]], Awaitable[Any]]


class SqliteLinks:
    """`do` gives work to the database's thread."""

    def __init__(self, do: Do) -> None:
        self._do = do

    async def persons(self) -> tuple[NamedPerson, ...]:
        found: tuple[NamedPerson, ...] = await self._do(persons)
        return found

    async def links(self) -> tuple[Link, ...]:
        found: tuple[Link, ...] = await self._do(links)
        return found

    async def change(self, change: Change) -> None:
        await self._do(lambda db: apply(db, change))

    async def rename(self, name: str, new: str) -> NamedPerson:
        renamed: NamedPerson = await self._do(lambda db: rename(db, name, new))
        return renamed

    async def offer(self, code: PairCode) -> None:
        await self._do(lambda db: offer(db, code))

    async def codes(self, now: datetime) -> tuple[PairCode, ...]:
        found: tuple[PairCode, ...] = await self._do(lambda db: codes(db, now))
        return found

    async def tries(self, account: str, user: str) -> Tries | None:
        found: Tries | None = await self._do(lambda db: tries(db, account, user))
        return found

    async def tried(self, tries: Tries, *, forget: datetime) -> None:
        await self._do(lambda db: tried(db, tries, forget))

    async def tried_well(self, identity: Identity) -> None:
        await self._do(
            lambda db: db.execute(
                "DELETE FROM pair_tries WHERE account = ? AND user = ?", _user(identity)
            )
        )


def persons(db: sqlite3.Connection) -> tuple[NamedPerson, ...]:
    """Everybody who was linked, by name."""
    return tuple(map(person, db.execute(f"SELECT {PERSON} FROM people ORDER BY name")))


def links(db: sqlite3.Connection) -> tuple[Link, ...]:
    """All addresses of persons."""
    return tuple(map(link, db.execute(f"SELECT {LINK} FROM addresses ORDER BY account, user")))


def apply(db: sqlite3.Connection, change: Change) -> None:
    """Link, unlink or redeem. Raises `NotFound`."""
    match change:
        case Joining():
            _join(db, change)
        case Leaving():
            _leave(db, change)
        case Redeeming(admission, code):
            _use_up(db, code)
            role, since = str(admission.role), milliseconds(admission.since)
            db.execute(
                f"INSERT OR REPLACE INTO admissions ({ADMISSION}) VALUES (?, ?, ?, ?, ?)",
                (admission.account, text(admission.user), role, text(admission.name), since),
            )


def rename(db: sqlite3.Connection, name: str, new: str) -> NamedPerson:
    """Call a person otherwise. Raises `NotFound`, `StoreError`."""
    if name != new and db.execute("SELECT 1 FROM people WHERE name = ?", (new,)).fetchall():
        raise StoreError(f"there is a person {new} already")
    rows = db.execute(
        f"UPDATE people SET name = ? WHERE name = ? RETURNING {PERSON}", (new, name)
    ).fetchall()
    if not rows:
        raise _nobody(name)
    db.execute("UPDATE addresses SET person = ? WHERE person = ?", (new, name))
    return person(rows[0])


def offer(db: sqlite3.Connection, code: PairCode) -> None:
    """Keep a code, the only one of whoever asked for it."""
    now = milliseconds(code.created_at)
    db.execute("DELETE FROM pair_codes WHERE expires_at <= ?", (now,))
    account, user = _user(code.identity)
    address = code.address or Address("", "")
    db.execute(
        f"INSERT OR REPLACE INTO pair_codes ({CODE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            code.digest,
            account,
            user,
            text(code.called),
            address.channel,
            text(address.chat),
            maybe_text(address.thread),
            now,
            milliseconds(code.expires_at),
        ),
    )


def codes(db: sqlite3.Connection, now: datetime) -> tuple[PairCode, ...]:
    """The codes that can be used now."""
    rows = db.execute(
        f"SELECT {CODE} FROM pair_codes WHERE expires_at > ? ORDER BY created_at, digest",
        (milliseconds(now),),
    )
    return tuple(map(code, rows))


def tries(db: sqlite3.Connection, account: str, user: str) -> Tries | None:
    """What somebody tried."""
    rows = db.execute(
        f"SELECT {TRIES} FROM pair_tries WHERE account = ? AND user = ?", (account, text(user))
    ).fetchall()
    return _tries(rows[0]) if rows else None


def tried(db: sqlite3.Connection, tries: Tries, forget: datetime) -> None:
    """Keep what somebody tried, and forget what is long ago."""
    db.execute("DELETE FROM pair_tries WHERE last_at < ?", (milliseconds(forget),))
    until = None if tries.until is None else milliseconds(tries.until)
    db.execute(
        f"INSERT OR REPLACE INTO pair_tries ({TRIES}) VALUES (?, ?, ?, ?, ?)",
        (tries.account, text(tries.user), tries.count, milliseconds(tries.last), until),
    )


def person(row: Row) -> NamedPerson:
    """A person from their row, in the order of `PERSON`."""
    name, session, since = row
    return NamedPerson(name, SessionId(session), moment(since))


def link(row: Row) -> Link:
    """An address from its row, in the order of `LINK`."""
    account, user, person, called, since, by_account, by_user = row
    by = None if by_account is None else Identity(by_account, by_user)
    return Link(Identity(account, user), person, called, moment(since), by)


def code(row: Row) -> PairCode:
    """A code from its row, in the order of `CODE`."""
    digest, account, user, called, channel, chat, thread, created_at, expires_at = row
    return PairCode(
        digest,
        moment(created_at),
        moment(expires_at),
        identity=Identity(account, user) if account else None,
        called=called,
        address=Address(channel, chat, thread) if channel else None,
    )


def _tries(row: Row) -> Tries:
    account, user, count, last, until = row
    return Tries(account, user, count, moment(last), None if until is None else moment(until))


def _join(db: sqlite3.Connection, joining: Joining) -> None:
    if joining.code is not None:
        _use_up(db, joining.code)
    made = joining.person
    db.execute(
        f"INSERT INTO people ({PERSON}) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING",
        (made.name, made.session, milliseconds(made.since)),
    )
    for each in joining.links:
        by = (None, None) if each.by is None else _user(each.by)
        db.execute(
            f"INSERT OR REPLACE INTO addresses ({LINK}) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                *_user(each.identity),
                each.person,
                text(each.called),
                milliseconds(each.since),
                *by,
            ),
        )
    _begin_with_none_chosen(db, joining.joiner)


def _leave(db: sqlite3.Connection, leaving: Leaving) -> None:
    gone = db.execute(
        "DELETE FROM addresses WHERE account = ? AND user = ? AND person = ?",
        (*_user(leaving.identity), leaving.person),
    )
    if gone.rowcount != 1:
        raise NotFound(f"{leaving.identity} is not linked with {leaving.person}")
    forget_rights_by(db, leaving.identity)
    moved = db.execute(
        "UPDATE people SET session = :session WHERE name = :name AND session <> :session",
        {"session": leaving.session, "name": leaving.person},
    )
    for each in links(db) if moved.rowcount else ():
        # The side sessions are those of the conversation that goes with whoever leaves.
        if each.person == leaving.person:
            _begin_with_none_chosen(db, each.identity)
    forget_the_lonely(db)
    _begin_with_none_chosen(db, leaving.identity)


def forget_rights_by(db: sqlite3.Connection, identity: Identity) -> None:
    """Whoever has rights through an address has them no more."""
    db.execute(
        "UPDATE addresses SET by_account = NULL, by_user = NULL "
        "WHERE by_account = ? AND by_user = ?",
        _user(identity),
    )


def forget_the_lonely(db: sqlite3.Connection) -> int:
    """Drop persons who have no address any more; how many they were."""
    return db.execute(
        "DELETE FROM people WHERE name NOT IN (SELECT person FROM addresses)"
    ).rowcount


def _begin_with_none_chosen(db: sqlite3.Connection, identity: Identity) -> None:
    for kind in sorted(PRIVATE):
        key = SessionKey(identity.account, identity.user, kind)
        db.execute("DELETE FROM chosen WHERE key = ?", (str(key),))


def _use_up(db: sqlite3.Connection, digest: str) -> None:
    if db.execute("DELETE FROM pair_codes WHERE digest = ?", (digest,)).rowcount != 1:
        raise NotFound("no such pairing code; it may have been used or expired")


def _user(identity: Identity | None) -> tuple[str, str]:
    return ("", "") if identity is None else (identity.account, text(identity.user))


def _nobody(name: str) -> NotFound:
    return NotFound(f"nobody is called {name}")
