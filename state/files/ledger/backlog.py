"""What is not finished, found without a look at what is."""

import sqlite3

from state.files.ledger.rows import moment
from state.lately import Backlog, Waiting
from state.lifecycle import Phase

# The partial indexes inbox_open and outbox_open hold these rows, and no others.
_PENDING = "SELECT account, count(*), min(at) FROM inbox WHERE outcome IS NULL GROUP BY account"
_OWED = (
    "SELECT part.channel, count(*), min(coalesce(row.closed_at, row.at)), "
    "sum(part.state = 'unknown') FROM outbox AS part JOIN inbox AS row USING (seq) "
    "WHERE part.state IN ('owed', 'sending', 'unknown') GROUP BY part.channel"
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
