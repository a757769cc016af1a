"""The words of a session in the inbox and the outbox, and how words leave the file for good.

A row's words are dropped when it needs them no more, and SQLite writes zeros over them
(`schema.configure`). The log still has them until it is emptied.
"""

import sqlite3

from state.files.ledger.outbox import OPEN
from state.keys import SessionId

_LAST = 2**63 - 1


def has_open(db: sqlite3.Connection, session: SessionId, before: int | None) -> bool:
    """Whether a message of a session has no outcome, or something said to one is still owed.

    With `before`, of the messages that came before this one.
    """
    # The `+` keeps the planner from all the parts before that, of which nearly every one is sent.
    (found,) = db.execute(
        "SELECT EXISTS (SELECT 1 FROM inbox "
        "WHERE outcome IS NULL AND seq < :before AND session = :session) "
        "OR EXISTS (SELECT 1 FROM outbox CROSS JOIN inbox USING (seq) "
        f"WHERE state IN {OPEN} AND +outbox.seq < :before AND session = :session)",
        {"session": session, "before": _LAST if before is None else before},
    ).fetchone()
    return bool(found)


def empty_log(db: sqlite3.Connection) -> bool:
    """Bring the log into the file and cut it, so that nothing is left of what was overwritten.

    Whether nothing is: somebody who reads may still need it, and nobody waits for them. Not in a
    transaction.
    """
    (patience,) = db.execute("PRAGMA busy_timeout").fetchone()
    db.execute("PRAGMA busy_timeout = 0")
    try:
        (busy, _, _) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        db.execute(f"PRAGMA busy_timeout = {patience}")
    return not busy
