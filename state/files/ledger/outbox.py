"""The outbox: what is owed, and what became of each attempt to send it."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace

from state.codec import text
from state.files.ledger.rows import PART, extras_of, maybe_text, owed_part
from state.ids import idempotency_key
from state.keys import Address, SessionId
from state.messages import OwedPart, Part, PartState, Receipt
from state.store import NotFound

OPEN = "('owed', 'sending', 'unknown')"


def still_owed(db: sqlite3.Connection, seq: int) -> tuple[OwedPart, ...]:
    """The parts of a closed message that are not sent yet."""
    rows = db.execute(
        f"SELECT {PART} FROM outbox WHERE seq = ? AND state IN {OPEN} ORDER BY id", (seq,)
    )
    return tuple(map(owed_part, rows))


def owe(
    db: sqlite3.Connection,
    seq: int,
    account: str,
    source: str,
    parts: Sequence[tuple[Address, Part]],
    session: SessionId | None = None,
) -> tuple[OwedPart, ...]:
    """Owe these parts under a message; their keys follow from it."""
    owed = []
    for index, (address, part) in enumerate(parts):
        key = idempotency_key(account, source, index)
        row = db.execute(
            "INSERT INTO outbox (seq, idx, channel, chat, thread, text, plain, reply_to, edits, "
            "extras, state, key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'owed', ?) RETURNING id",
            (
                seq,
                index,
                address.channel,
                text(address.chat),
                maybe_text(address.thread),
                text(part.text),
                text(part.plain),
                maybe_text(part.reply_to),
                maybe_text(part.edits),
                extras_of(part),
                key,
            ),
        ).fetchall()
        owed.append(OwedPart(row[0][0], seq, index, address, part, key=key, session=session))
    return tuple(owed)


def owed(db: sqlite3.Connection) -> tuple[OwedPart, ...]:
    """What is to be sent, oldest first; nobody knows what became of a send that was cut short."""
    db.execute("UPDATE outbox SET state = 'unknown', doubts = doubts + 1 WHERE state = 'sending'")
    rows = db.execute(f"SELECT {PART} FROM outbox WHERE state IN {OPEN} ORDER BY id")
    return tuple(map(owed_part, rows))


def begin_sending(db: sqlite3.Connection, part: int) -> None:
    """A send begins; it may repeat one that ended without word."""
    _change(db, part, "state = 'sending', attempts = attempts + 1")


def begun(db: sqlite3.Connection, part: OwedPart) -> OwedPart:
    """A part that goes out in the transaction that owes it."""
    begin_sending(db, part.id)
    return replace(part, state=PartState.SENDING, attempts=1)


def sent(db: sqlite3.Connection, part: int, receipt: Receipt, then: int | None) -> None:
    """The platform's word counts whatever was noted before it."""
    if then is not None:
        begin_sending(db, then)
    found = db.execute(
        "UPDATE outbox SET state = 'sent', receipt = coalesce(receipt, ?), text = NULL, "
        "plain = NULL, extras = NULL WHERE id = ? RETURNING id",
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
    """It cannot be sent, so nobody needs its words any more."""
    dropped = "text = NULL, plain = NULL, extras = NULL"
    _change(db, part, f"state = 'failed', reason = ?, {dropped}", text(reason))


def _change(db: sqlite3.Connection, part: int, change: str, *values: str) -> None:
    """Change a part that is still open; a late word about a closed one changes nothing."""
    found = db.execute(
        f"UPDATE outbox SET {change} WHERE id = ? AND state IN {OPEN} RETURNING id",
        (*values, part),
    ).fetchall()
    if not found and not db.execute("SELECT 1 FROM outbox WHERE id = ?", (part,)).fetchall():
        raise _no_part(part)


def _no_part(part: int) -> NotFound:
    return NotFound(f"no part has the number {part}")
