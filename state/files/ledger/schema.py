"""gateway.db: its tables, and how an older one becomes the newest."""

import sqlite3
from collections.abc import Sequence

from state.store import NewerFormat

VERSION = 7
_SINCE = {
    "spending": 3,
    "chosen": 4,
    "people": 5,
    "addresses": 5,
    "pair_codes": 5,
    "pair_tries": 5,
    "notes": 6,
    "begun_calls": 6,
}
_SIDE_SESSIONS_SINCE = 4

# Times are Unix milliseconds. An inbox row keeps what identifies the message for as long as a
# redelivery is thinkable; its words (payload) go when it is finished, a part's when it was sent or
# given up.
_TABLES = """
CREATE TABLE inbox (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    account   TEXT NOT NULL,
    source    TEXT NOT NULL,
    key       TEXT,
    session   TEXT,
    entry     TEXT,
    at        INTEGER NOT NULL,
    payload   BLOB,
    outcome   TEXT,
    detail    TEXT,
    closed_at INTEGER,
    UNIQUE (account, source)
) STRICT;
CREATE INDEX inbox_open ON inbox (seq) WHERE outcome IS NULL;
CREATE INDEX inbox_closed ON inbox (closed_at) WHERE closed_at IS NOT NULL;

CREATE TABLE outbox (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    seq       INTEGER NOT NULL REFERENCES inbox (seq),
    idx       INTEGER NOT NULL,
    channel   TEXT NOT NULL,
    chat      TEXT NOT NULL,
    thread    TEXT,
    text      TEXT,
    plain     TEXT,
    reply_to  TEXT,
    state     TEXT NOT NULL,
    attempts  INTEGER NOT NULL DEFAULT 0,
    doubts    INTEGER NOT NULL DEFAULT 0,
    key       TEXT NOT NULL,
    receipt   TEXT,
    reason    TEXT,
    UNIQUE (seq, idx)
) STRICT;
CREATE INDEX outbox_open ON outbox (id) WHERE state IN ('owed', 'sending', 'unknown');

CREATE TABLE set_aside (
    account TEXT NOT NULL,
    source  TEXT NOT NULL,
    raw     BLOB NOT NULL,
    reason  TEXT NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (account, source)
) STRICT;

CREATE TABLE cursors (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE aliases (key TEXT PRIMARY KEY, session TEXT NOT NULL) STRICT;

CREATE TABLE pairings (
    code        TEXT PRIMARY KEY,
    account     TEXT NOT NULL,
    user        TEXT NOT NULL,
    name        TEXT NOT NULL,
    channel     TEXT NOT NULL,
    chat        TEXT NOT NULL,
    thread      TEXT,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    notified_at INTEGER,
    UNIQUE (account, user)
) STRICT;

CREATE TABLE admissions (
    account TEXT NOT NULL,
    user    TEXT NOT NULL,
    role    TEXT NOT NULL,
    name    TEXT NOT NULL,
    since   INTEGER NOT NULL,
    PRIMARY KEY (account, user)
) STRICT;

CREATE TABLE sessions (
    id             TEXT PRIMARY KEY,
    key            TEXT NOT NULL,
    channel        TEXT NOT NULL,
    chat           TEXT NOT NULL,
    thread         TEXT,
    type           TEXT NOT NULL,
    agent          TEXT NOT NULL,
    phase          TEXT NOT NULL,
    messages       INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    title          TEXT,
    person         TEXT,
    context_tokens INTEGER NOT NULL,
    context_limit  INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_phase ON sessions (phase, updated_at);
"""

# `shown` is a JSON list of the live messages of an open row; `extras` is a JSON object of a part's
# file and buttons.
_LIVE_AND_FILES = """
ALTER TABLE inbox ADD COLUMN shown TEXT;
ALTER TABLE outbox ADD COLUMN edits TEXT;
ALTER TABLE outbox ADD COLUMN extras TEXT;
"""

# A day is an ISO date of the gateway's own time zone; money is in millionths of a US dollar.
_SPENDING = """
CREATE TABLE spending (
    day        TEXT NOT NULL,
    account    TEXT NOT NULL,
    user       TEXT NOT NULL,
    session    TEXT NOT NULL,
    model      TEXT NOT NULL,
    input      INTEGER NOT NULL,
    output     INTEGER NOT NULL,
    cached     INTEGER NOT NULL,
    cost_micro INTEGER NOT NULL,
    unpriced   INTEGER NOT NULL,
    PRIMARY KEY (day, account, user, session, model)
) STRICT;
"""

# `base` is the session that a side session belongs to; `chosen` is where the chats of keys go on.
_SIDE_SESSIONS = """
ALTER TABLE sessions ADD COLUMN base TEXT;
ALTER TABLE sessions ADD COLUMN name TEXT;
CREATE INDEX sessions_agent ON sessions (agent, phase, updated_at);
CREATE INDEX sessions_base ON sessions (base) WHERE base IS NOT NULL;
CREATE TABLE chosen (key TEXT PRIMARY KEY, session TEXT NOT NULL) STRICT;
CREATE INDEX chosen_session ON chosen (session);
"""

# `by_account` and `by_user` are whose code an address entered. A code is there as its digest; one
# without an account is the operator's. In `pair_tries`, the user "" is all strangers together.
_PEOPLE = """
CREATE TABLE people (
    name    TEXT PRIMARY KEY,
    session TEXT NOT NULL,
    since   INTEGER NOT NULL
) STRICT;
CREATE TABLE addresses (
    account    TEXT NOT NULL,
    user       TEXT NOT NULL,
    person     TEXT NOT NULL,
    called     TEXT NOT NULL,
    since      INTEGER NOT NULL,
    by_account TEXT,
    by_user    TEXT,
    PRIMARY KEY (account, user)
) STRICT;
CREATE TABLE pair_codes (
    digest     TEXT PRIMARY KEY,
    account    TEXT NOT NULL,
    user       TEXT NOT NULL,
    called     TEXT NOT NULL,
    channel    TEXT NOT NULL,
    chat       TEXT NOT NULL,
    thread     TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    UNIQUE (account, user)
) STRICT;
CREATE TABLE pair_tries (
    account  TEXT NOT NULL,
    user     TEXT NOT NULL,
    count    INTEGER NOT NULL,
    last_at  INTEGER NOT NULL,
    until_at INTEGER,
    PRIMARY KEY (account, user)
) STRICT;
"""

# `outside` says that a note may be of somebody else's words. `begun_calls` are those of open rows.
_TOOLS = """
CREATE TABLE notes (
    id      TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    user    TEXT NOT NULL,
    at      INTEGER NOT NULL,
    text    TEXT NOT NULL,
    outside INTEGER NOT NULL
) STRICT;
CREATE INDEX notes_owner ON notes (account, user);
CREATE TABLE begun_calls (
    seq       INTEGER NOT NULL,
    id        TEXT NOT NULL,
    name      TEXT NOT NULL,
    arguments TEXT NOT NULL,
    PRIMARY KEY (seq, id)
) STRICT;
"""

# Of a call that was begun before this was kept, nobody knows whether foreign words led to it.
_OUTSIDE = "ALTER TABLE begun_calls ADD COLUMN outside INTEGER NOT NULL DEFAULT 1"

MIGRATIONS: Sequence[str] = (
    _TABLES,
    _LIVE_AND_FILES,
    _SPENDING,
    _SIDE_SESSIONS,
    _PEOPLE,
    _TOOLS,
    _OUTSIDE,
)
"""What leads from each version to the next; version 0 is an empty file."""

TRUTH = (
    "inbox",
    "outbox",
    "set_aside",
    "cursors",
    "aliases",
    "pairings",
    "admissions",
    "spending",
    "chosen",
    "people",
    "addresses",
    "pair_codes",
    "pair_tries",
    "notes",
    "begun_calls",
)
"""The tables that nothing else can tell again; `sessions` is an index of the folders."""


def expected(found: int) -> frozenset[str]:
    """The tables of `TRUTH` that a database of this version has."""
    return frozenset(table for table in TRUTH if _SINCE.get(table, 0) <= found)


def has_side_sessions(found: int) -> bool:
    """Whether the index of a database of this version knows bases and names."""
    return found >= _SIDE_SESSIONS_SINCE


def configure(connection: sqlite3.Connection) -> None:
    """Every commit is on the disk when it returns, and what is dropped is overwritten.

    Raises sqlite3.Error.
    """
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA busy_timeout = 5000")


def settle(connection: sqlite3.Connection) -> None:
    """Bring into the database what an earlier process left in its log. Raises sqlite3.Error.

    A commit whose fsync failed, or never came to be, stands in the log all the same, as far as the
    system's memory goes. Later commits would be appended behind it, and after a power loss SQLite
    reads a log up to its first hole (https://www.sqlite.org/fileformat2.html#walformat). What the
    checkpoint writes to the database is written anew, and synced.
    """
    # SQLite 3.40 calls a database locked that it has just made and read nothing of since.
    version(connection)
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()


def upgrade(connection: sqlite3.Connection) -> None:
    """Bring the tables to this version. Raises `NewerFormat`, sqlite3.Error."""
    found = version(connection)
    if found > VERSION:
        raise NewerFormat(
            f"gateway.db has version {found}, this Argent knows {VERSION}: "
            "install the newer Argent again, or restore a backup"
        )
    for step in range(found, VERSION):
        connection.executescript(
            f"BEGIN IMMEDIATE; {MIGRATIONS[step]}; PRAGMA user_version = {step + 1}; COMMIT;"
        )


def version(connection: sqlite3.Connection) -> int:
    """The version of a database's tables; 0 when it has none yet."""
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return found
