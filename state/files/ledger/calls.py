"""Calls of tools that were begun for a message and whose outcome may never be known."""

import sqlite3

from state.codec import text
from state.messages import Begun


def begin(db: sqlite3.Connection, seq: int, call: Begun) -> None:
    """A call begins for an open row; of a closed one nothing is kept."""
    db.execute(
        "INSERT OR REPLACE INTO begun_calls (seq, id, name, arguments, outside) "
        "SELECT seq, ?, ?, ?, ? FROM inbox WHERE seq = ? AND outcome IS NULL",
        (text(call.id), text(call.name), text(call.arguments), int(call.foreign), seq),
    )


def begun(db: sqlite3.Connection) -> dict[int, tuple[Begun, ...]]:
    """The calls of all rows, in the order in which they were begun."""
    found: dict[int, tuple[Begun, ...]] = {}
    for seq, name, tool, arguments, outside in db.execute(
        "SELECT seq, id, name, arguments, outside FROM begun_calls ORDER BY begun_calls.rowid"
    ):
        call = Begun(name, tool, arguments, foreign=bool(outside))
        found[seq] = (*found.get(seq, ()), call)
    return found


def forget(db: sqlite3.Connection, *rows: int) -> None:
    """What was begun for these rows is over."""
    db.executemany("DELETE FROM begun_calls WHERE seq = ?", [(seq,) for seq in rows])
