"""What is not finished, found without a look at what is."""

import sqlite3

from state.files.ledger.rows import moment
from state.keys import SessionId
from state.lately import Backlog, Longest, Waiting
from state.lifecycle import Phase

# The partial indexes inbox_open and outbox_open hold these rows, and no others.
_PENDING = "SELECT account, count(*), min(at) FROM inbox WHERE outcome IS NULL GROUP BY account"
_OWED = (
    "SELECT part.channel, count(*), min(coalesce(row.closed_at, row.at)), "
    "sum(part.state = 'unknown') FROM outbox AS part JOIN inbox AS row USING (seq) "
    "WHERE part.state IN ('owed', 'sending', 'unknown') GROUP BY part.channel"
)
_LONGEST_PENDING = (
    "SELECT account, session, at FROM inbox WHERE outcome IS NULL ORDER BY at, seq LIMIT 1"
)
_LONGEST_OWED = (
    "SELECT part.channel, row.session, coalesce(row.closed_at, row.at) AS since "
    "FROM outbox AS part JOIN inbox AS row USING (seq) "
    "WHERE part.state IN ('owed', 'sending', 'unknown') ORDER BY since, part.id LIMIT 1"
)
_PHASES = "SELECT phase, count(*) FROM sessions GROUP BY phase"


def backlog(db: sqlite3.Connection) -> Backlog:
    """What is not finished, by account."""
    return Backlog(
        {name: Waiting(count, moment(at)) for name, count, at in db.execute(_PENDING)},
        {
            name: Waiting(count, moment(at), unknown)
            for name, count, at, unknown in db.execute(_OWED)
        },
        {Phase(phase): count for phase, count in db.execute(_PHASES)},
    )


def longest(db: sqlite3.Connection) -> tuple[Longest | None, Longest | None]:
    """The message that has waited longest for its end, and the part that has to be sent."""
    return _first(db, _LONGEST_PENDING), _first(db, _LONGEST_OWED)


def _first(db: sqlite3.Connection, question: str) -> Longest | None:
    row = db.execute(question).fetchone()
    if row is None:
        return None
    account, session, since = row
    return Longest(account, None if session is None else SessionId(session), moment(since))
