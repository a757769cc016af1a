"""search.db: its tables, and how it is opened by the one who writes it."""

import os
import sqlite3
from pathlib import Path

from state.files.layout import FILE_MODE
from state.files.search.words import FORM

VERSION = f"1 {FORM}"
"""What the file was made by; any other is thrown away and made anew."""

_SUFFIXES = ("", "-wal", "-shm")
_SECURE_DELETE = (3, 42)
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR)
_CHECKPOINT = 4000
"""Pages in the log before they are moved into the file, with the only flushes there are."""

# A source is one file of a session as far as it is indexed, which `source.Source` explains.
# `entry.text` is what was said; the index itself holds folded words and cannot be read back.
_TABLES = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE session (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE source (
    id      INTEGER PRIMARY KEY,
    session INTEGER NOT NULL,
    file    TEXT NOT NULL,
    inode   INTEGER NOT NULL DEFAULT 0,
    size    INTEGER NOT NULL DEFAULT -1,
    changed INTEGER NOT NULL DEFAULT -1,
    end     INTEGER NOT NULL DEFAULT 2,
    mark    BLOB NOT NULL DEFAULT x'',
    UNIQUE (session, file)
) STRICT;
CREATE TABLE entry (
    id      INTEGER PRIMARY KEY,
    source  INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    role    TEXT NOT NULL,
    who     TEXT NOT NULL,
    name    TEXT NOT NULL,
    text    TEXT NOT NULL
) STRICT;
CREATE INDEX entry_source ON entry (source);
CREATE VIRTUAL TABLE words USING fts5(text, place, content='', tokenize='ascii');
"""


def is_current(db: sqlite3.Connection) -> bool:
    """Whether this version made the file. Raises sqlite3.Error."""
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'about'").fetchone():
        return False
    return about(db, "version") == VERSION


def open_index(path: Path) -> sqlite3.Connection:
    """The index, for its one writer; made anew where there is none of this version, or damage.

    What was there is removed and not kept: it held nothing but what the histories have, and a
    copy would keep what is erased there later. Raises sqlite3.Error, OSError.
    """
    db = None
    try:
        if path.exists():
            db = _connect(path)
            if is_current(db):
                return db
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
    if db is not None:
        db.close()
    remove(path)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE))
    db = _connect(path)
    try:
        db.executescript(f"BEGIN;{_TABLES}")
        if sqlite3.sqlite_version_info >= _SECURE_DELETE:
            db.execute("INSERT INTO words (words, rank) VALUES ('secure-delete', 1)")
        set_about(db, "version", VERSION)
        db.execute("COMMIT")
    except BaseException:
        db.close()
        raise
    return db


def forgets_at_once() -> bool:
    """Whether a word is gone from the file when it is deleted, and not only found no more."""
    return sqlite3.sqlite_version_info >= _SECURE_DELETE


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file is no whole database, or cannot be read as one."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE


def remove(path: Path) -> None:
    """Take the file away, with what SQLite keeps beside it. Raises OSError."""
    for suffix in _SUFFIXES:
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def about(db: sqlite3.Connection, name: str) -> str | None:
    """A fact about the index. Raises sqlite3.Error."""
    row = db.execute("SELECT value FROM about WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row[0])


def set_about(db: sqlite3.Connection, name: str, value: str) -> None:
    """Replace a fact about the index. Raises sqlite3.Error."""
    db.execute("INSERT OR REPLACE INTO about VALUES (?, ?)", (name, value))


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        # A power cut may take the last transactions back, never tear one: they are made again.
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA secure_delete = ON")
        db.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT}")
        db.execute("PRAGMA journal_size_limit = 0")
    except BaseException:
        db.close()
        raise
    return db
