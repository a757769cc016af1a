"""The inbox and the outbox: what was taken over, how it ended, and what is still owed for it."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from state.codec import dumps, message_to_json, text
from state.files.ledger.rows import ACCEPTED, PART, accepted, maybe_text, milliseconds, owed_part
from state.ids import idempotency_key
from state.keys import Address, SessionId, SessionKey
from state.messages import (
    Accepted,
    Correction,
    InboundMessage,
    Malformed,
    Outcome,
    OwedPart,
    Part,
    PartState,
    Receipt,
)
from state.store import NotFound

_OPEN = "('owed', 'sending', 'unknown')"


def accept(
    db: sqlite3.Connection,
    message: InboundMessage | Correction,
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


def payload_of(message: InboundMessage | Correction) -> bytes:
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
    when = milliseconds(at)
    found = db.execute(
        "INSERT INTO inbox (account, source, at, outcome, detail, closed_at) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING seq",
        (account, source, when, str(Outcome.DECLINED), text(reason), when),
    ).fetchall()
    if not found:
        (seq,) = db.execute(
            "SELECT seq FROM inbox WHERE account = ? AND source = ?", (account, source)
        ).fetchone()
        return _still_owed(db, seq) if doubtful else None
    addressed = [(message.address, part) for part in parts]
    return _owe(db, found[0][0], account, source, addressed)


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
    return tuple(
        map(
            accepted,
            db.execute(f"SELECT {ACCEPTED} FROM inbox WHERE outcome IS NULL ORDER BY seq"),
        )
    )


def finish(
    db: sqlite3.Connection,
    seq: int,
    outcome: Outcome,
    parts: Sequence[tuple[Address, Part]],
    at: datetime,
    detail: str | None,
    *,
    begin: bool,
) -> tuple[OwedPart, ...]:
    """Close a row and owe its parts; again: what is still owed."""
    closed = db.execute(
        "UPDATE inbox SET outcome = ?, detail = ?, closed_at = ?, payload = NULL "
        "WHERE seq = ? AND outcome IS NULL RETURNING account, source",
        (str(outcome), maybe_text(detail), milliseconds(at), seq),
    ).fetchall()
    if closed:
        account, source = closed[0]
        owed = _owe(db, seq, account, source, parts)
        return (_begun(db, owed[0]), *owed[1:]) if begin and owed else owed
    if not db.execute("SELECT 1 FROM inbox WHERE seq = ?", (seq,)).fetchall():
        raise NotFound(f"no message has the number {seq}")
    return _still_owed(db, seq)


def _still_owed(db: sqlite3.Connection, seq: int) -> tuple[OwedPart, ...]:
    rows = db.execute(
        f"SELECT {PART} FROM outbox WHERE seq = ? AND state IN {_OPEN} ORDER BY id", (seq,)
    )
    return tuple(map(owed_part, rows))


def _owe(
    db: sqlite3.Connection,
    seq: int,
    account: str,
    source: str,
    parts: Sequence[tuple[Address, Part]],
) -> tuple[OwedPart, ...]:
    owed = []
    for index, (address, part) in enumerate(parts):
        key = idempotency_key(account, source, index)
        row = db.execute(
            "INSERT INTO outbox (seq, idx, channel, chat, thread, text, plain, reply_to, state, "
            "key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'owed', ?) RETURNING id",
            (
                seq,
                index,
                address.channel,
                text(address.chat),
                maybe_text(address.thread),
                text(part.text),
                text(part.plain),
                maybe_text(part.reply_to),
                key,
            ),
        ).fetchall()
        owed.append(OwedPart(row[0][0], seq, index, address, part, key=key))
    return tuple(owed)


def owed(db: sqlite3.Connection) -> tuple[OwedPart, ...]:
    """What is to be sent, oldest first; nobody knows what became of a send that was cut short."""
    db.execute("UPDATE outbox SET state = 'unknown', doubts = doubts + 1 WHERE state = 'sending'")
    rows = db.execute(f"SELECT {PART} FROM outbox WHERE state IN {_OPEN} ORDER BY id")
    return tuple(map(owed_part, rows))


def begin_sending(db: sqlite3.Connection, part: int) -> None:
    """A send begins; it may repeat one that ended without word."""
    _change(db, part, "state = 'sending', attempts = attempts + 1")


def _begun(db: sqlite3.Connection, part: OwedPart) -> OwedPart:
    begin_sending(db, part.id)
    return replace(part, state=PartState.SENDING, attempts=1)


def sent(db: sqlite3.Connection, part: int, receipt: Receipt, then: int | None) -> None:
    """The platform's word counts whatever was noted before it."""
    if then is not None:
        begin_sending(db, then)
    found = db.execute(
        "UPDATE outbox SET state = 'sent', receipt = coalesce(receipt, ?), text = NULL, "
        "plain = NULL WHERE id = ? RETURNING id",
        (text(receipt.message), part),
    ).fetchall()
    if not found:
        raise _no_part(part)


def unknown(db: sqlite3.Connection, part: int) -> None:
    """The attempt ended without word."""
    _change(db, part, "state = 'unknown', doubts = doubts + 1")


def unsent(db: sqlite3.Connection, part: int) -> None:
    """Refused for now."""
    _change(db, part, "state = 'owed'")


def failed(db: sqlite3.Connection, part: int, reason: str) -> None:
    """It cannot be sent."""
    _change(db, part, "state = 'failed', reason = ?", text(reason))


def _change(db: sqlite3.Connection, part: int, change: str, *values: str) -> None:
    """Change a part that is still open; a late word about a closed one changes nothing."""
    found = db.execute(
        f"UPDATE outbox SET {change} WHERE id = ? AND state IN {_OPEN} RETURNING id",
        (*values, part),
    ).fetchall()
    if not found and not db.execute("SELECT 1 FROM outbox WHERE id = ?", (part,)).fetchall():
        raise _no_part(part)


def _no_part(part: int) -> NotFound:
    return NotFound(f"no part has the number {part}")


def prune(db: sqlite3.Connection, before: datetime) -> int:
    """Drop what ended before then; a message goes only when nothing is owed for it."""
    when = milliseconds(before)
    old = (
        "SELECT seq FROM inbox WHERE closed_at < ? AND NOT EXISTS "
        f"(SELECT 1 FROM outbox WHERE outbox.seq = inbox.seq AND state IN {_OPEN})"
    )
    # The parts first: afterwards nothing tells whose they were.
    parts = db.execute(f"DELETE FROM outbox WHERE seq IN ({old})", (when,)).rowcount
    messages = db.execute(f"DELETE FROM inbox WHERE seq IN ({old})", (when,)).rowcount
    updates = db.execute("DELETE FROM set_aside WHERE at < ?", (when,)).rowcount
    return parts + messages + updates
