"""`notes.Notes` on SQLite."""

import sqlite3
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from state.codec import text
from state.files.ledger.rows import Row, milliseconds, moment
from state.notes import Note
from state.persons import Identity

NOTE = "id, account, user, at, text, outside"

Do = Callable[[Callable[[sqlite3.Connection], Any]], Awaitable[Any]]


class SqliteNotes:
    """`do` gives work to the database's thread."""

    def __init__(self, do: Do) -> None:
        self._do = do

    async def of(self, owners: Collection[Identity]) -> tuple[Note, ...]:
        found: tuple[Note, ...] = await self._do(lambda db: notes(db, owners))
        return found

    async def keep(self, note: Note) -> None:
        await self._do(lambda db: keep(db, note))

    async def drop(self, note: str, owners: Collection[Identity]) -> bool:
        gone: bool = await self._do(lambda db: drop(db, note, owners))
        return gone


def notes(db: sqlite3.Connection, owners: Collection[Identity]) -> tuple[Note, ...]:
    """The notes of these, the oldest first."""
    found = [
        _note(row)
        for owner in owners
        for row in db.execute(
            f"SELECT {NOTE} FROM notes WHERE account = ? AND user = ?", _user(owner)
        )
    ]
    return tuple(sorted(found, key=lambda note: (note.at, note.id)))


def keep(db: sqlite3.Connection, note: Note) -> None:
    """Keep a note, in the place of the one of the same id."""
    db.execute(
        f"INSERT OR REPLACE INTO notes ({NOTE}) VALUES (?, ?, ?, ?, ?, ?)",
        (
            note.id,
            *_user(note.owner),
            milliseconds(note.at),
            text(note.text),
            int(note.foreign),
        ),
    )


def drop(db: sqlite3.Connection, note: str, owners: Collection[Identity]) -> bool:
    """Forget a note of these; whether there was one."""
    return any(
        db.execute(
            "DELETE FROM notes WHERE id = ? AND account = ? AND user = ?",
            (text(note), *_user(owner)),
        ).rowcount
        for owner in owners
    )


def _note(row: Row) -> Note:
    name, account, user, at, words, outside = row
    return Note(name, Identity(account, user), moment(at), words, bool(outside))


def _user(owner: Identity) -> tuple[str, str]:
    return owner.account, text(owner.user)
