"""The inbox: what was taken over, and how it ended."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import orjson

from state.codec import cleaned, dumps, message_to_json, text
from state.files.ledger import calls, outbox, rows
from state.files.ledger.rows import ACCEPTED, TAKEN, accepted, maybe_text, milliseconds, moment
from state.keys import Address, SessionId, SessionKey
from state.lately import ANSWERED
from state.messages import (
    Accepted,
    Correction,
    Deletion,
    InboundMessage,
    Malformed,
    Outcome,
    OwedPart,
    Part,
)
from state.store import NotFound, Taken

_CLOSE = (
    "UPDATE inbox SET outcome = ?, detail = ?, closed_at = ?, payload = NULL, shown = NULL "
    "WHERE seq = ? AND outcome IS NULL"
)

PRUNED_AT_ONCE = 500
"""Messages that are dropped in one transaction. All of a year's would keep those that come in the
meantime waiting for seconds, and a slow disk's owner without a sign of life."""


def accept(
    db: sqlite3.Connection,
    message: InboundMessage | Correction | Deletion,
    payload: bytes,
    key: SessionKey,
    session: SessionId,
    entry: str,
    at: datetime,
    *,
    doubtful: bool,
) -> Accepted | None:
    """A message becomes ours, once.

    `doubtful`: an earlier attempt was reported as failed, and may have been stored all the same.
    Then what is found is that attempt's, and not a message that was taken before.
    """
    account, source = message.address.channel, text(message.source)
    found = db.execute(
        "INSERT INTO inbox (account, source, key, session, entry, at, payload) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING seq",
        (account, source, str(key), session, entry, milliseconds(at), payload),
    ).fetchall()
    if not found:
        earlier = db.execute(
            f"SELECT {ACCEPTED} FROM inbox WHERE account = ? AND source = ? AND outcome IS NULL",
            (account, source),
        ).fetchall()
        return replace(accepted(earlier[0]), recovered=False) if doubtful and earlier else None
    seq = found[0][0]
    return Accepted(seq=seq, entry=entry, key=key, session=session, at=at, message=message)


def payload_of(message: InboundMessage | Correction | Deletion) -> bytes:
    """A message's words, as the inbox keeps them. Raises `codec.InvalidValue`."""
    return dumps(message_to_json(message))


def decline(
    db: sqlite3.Connection,
    message: InboundMessage | Correction,
    reason: str,
    parts: Sequence[Part],
    at: datetime,
    *,
    doubtful: bool,
) -> tuple[OwedPart, ...] | None:
    """A message that will not be run is closed as soon as it is known; `doubtful` as above."""
    account, source = message.address.channel, text(message.source)
    closed = _closed(db, account, source, Outcome.DECLINED, reason, at)
    if closed is None:
        (seq,) = db.execute(
            "SELECT seq FROM inbox WHERE account = ? AND source = ?", (account, source)
        ).fetchone()
        return outbox.still_owed(db, seq) if doubtful else None
    return outbox.owe(db, closed, account, source, [(message.address, part) for part in parts])


def announce(
    db: sqlite3.Connection, name: str, address: Address, parts: Sequence[Part], at: datetime
) -> tuple[OwedPart, ...]:
    """Owe what answers no message, under a row of its own; nothing when that was done before."""
    account, source = address.channel, text(name)
    closed = _closed(db, account, source, Outcome.RECORDED, "announced", at)
    if closed is None:
        return ()
    return outbox.owe(db, closed, account, source, [(address, part) for part in parts])


def _closed(
    db: sqlite3.Connection,
    account: str,
    source: str,
    outcome: Outcome,
    detail: str,
    at: datetime,
) -> int | None:
    """The row of something that ended as soon as it was known; None when it was known before."""
    when = milliseconds(at)
    found = db.execute(
        "INSERT INTO inbox (account, source, at, outcome, detail, closed_at) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING seq",
        (account, source, when, str(outcome), text(detail), when),
    ).fetchall()
    return found[0][0] if found else None


def set_aside(db: sqlite3.Connection, update: Malformed) -> None:
    """An update nobody understood is kept as it came."""
    db.execute(
        "INSERT INTO set_aside (account, source, raw, reason, at) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        (
            update.channel,
            text(update.source),
            update.raw,
            text(update.reason),
            milliseconds(update.at),
        ),
    )


def pending(db: sqlite3.Connection) -> tuple[Accepted, ...]:
    """What was accepted and not finished, in order."""
    begun = calls.begun(db)
    found = db.execute(f"SELECT {ACCEPTED} FROM inbox WHERE outcome IS NULL ORDER BY seq")
    return tuple(replace(each, begun=begun.get(each.seq, ())) for each in map(accepted, found))


def taken(db: sqlite3.Connection, account: str, source: str) -> Taken | None:
    """What became of a message that was taken over: one that was declined has no key."""
    found = db.execute(
        f"SELECT {TAKEN} FROM inbox WHERE account = ? AND source = ? AND key IS NOT NULL",
        (account, text(source)),
    ).fetchall()
    return rows.taken(found[0]) if found else None


def show(db: sqlite3.Connection, seq: int, messages: Sequence[str]) -> None:
    """The live messages of an open row; a late word about a closed one changes nothing."""
    shown = orjson.dumps(cleaned(messages)).decode()
    changed = db.execute(
        "UPDATE inbox SET shown = ? WHERE seq = ? AND outcome IS NULL", (shown, seq)
    )
    if changed.rowcount != 1:
        _require(db, seq)


def finish(
    db: sqlite3.Connection,
    seq: int,
    also: Sequence[int],
    outcome: Outcome,
    parts: Sequence[tuple[Address, Part]],
    at: datetime,
    detail: str | None,
    *,
    begin: bool,
) -> tuple[OwedPart, ...]:
    """Close rows and owe the parts of the first; again: what is still owed."""
    how = str(outcome), maybe_text(detail), milliseconds(at)
    closed = db.execute(f"{_CLOSE} RETURNING account, source, session", (*how, seq)).fetchall()
    if also:
        db.executemany(_CLOSE, [(*how, other) for other in also])
    if not closed:
        _require(db, seq)
        return outbox.still_owed(db, seq)
    account, source, session = closed[0]
    owed = outbox.owe(db, seq, account, source, parts, session)
    return (outbox.begun(db, owed[0]), *owed[1:]) if begin and owed else owed


def is_open(db: sqlite3.Connection, seq: int) -> bool:
    """Whether a row has no outcome yet."""
    return bool(
        db.execute("SELECT 1 FROM inbox WHERE seq = ? AND outcome IS NULL", (seq,)).fetchall()
    )


def lately(
    db: sqlite3.Connection, since: datetime, commands: Sequence[str]
) -> tuple[tuple[SessionKey, datetime], ...]:
    """What was answered since then, or will be; see `state.lately`."""
    found = []
    # Nothing finds a row by its time; they come in about the order in which they were numbered.
    newest_first = db.execute("SELECT key, at, outcome, detail FROM inbox ORDER BY seq DESC")
    for key, at, outcome, detail in newest_first:
        if at < milliseconds(since):
            break
        how = None if outcome is None else Outcome(outcome)
        if key is None or how not in ANSWERED:
            continue
        if how is not Outcome.REPLIED or detail is None or detail in commands:
            found.append((SessionKey.parse(key), moment(at)))
    return tuple(found)


def _require(db: sqlite3.Connection, seq: int) -> None:
    if not db.execute("SELECT 1 FROM inbox WHERE seq = ?", (seq,)).fetchall():
        raise NotFound(f"no message has the number {seq}")


def prune(db: sqlite3.Connection, before: datetime, most: int = PRUNED_AT_ONCE) -> int:
    """Drop what ended before then, of so many messages at most; how many rows that were.

    A message goes only when nothing is owed for it.
    """
    when = milliseconds(before)
    old = db.execute(
        "SELECT seq FROM inbox WHERE closed_at < ? AND NOT EXISTS "
        f"(SELECT 1 FROM outbox WHERE outbox.seq = inbox.seq AND state IN {outbox.OPEN}) LIMIT ?",
        (when, most),
    ).fetchall()
    # The parts first: afterwards nothing tells whose they were.
    parts = db.executemany("DELETE FROM outbox WHERE seq = ?", old).rowcount
    messages = db.executemany("DELETE FROM inbox WHERE seq = ?", old).rowcount
    updates = db.execute("DELETE FROM set_aside WHERE at < ?", (when,)).rowcount
    return max(parts, 0) + max(messages, 0) + updates
