"""What can still be read of a damaged gateway.db goes into a new one, row by row."""

import sqlite3
from pathlib import Path
from urllib.parse import quote

from state.files.ledger.schema import TRUTH, expected, version


def salvage(damaged: Path, into: sqlite3.Connection) -> str:
    """Copy what can be read; the sentence that tells the owner what became of it."""
    saved: dict[str, int] = {}
    lost: list[str] = []
    into.execute("BEGIN IMMEDIATE")
    try:
        source = sqlite3.connect(f"file:{quote(str(damaged))}?mode=ro", uri=True)
    except sqlite3.Error:
        lost = list(TRUTH)
    else:
        with source:
            for table in _tables(source):
                saved[table], whole = _copy(source, into, table)
                if not whole:
                    lost.append(table)
        source.close()
    into.execute("COMMIT")
    told = f"it is kept as {damaged.name}, {sum(saved.values())} rows of it were taken over"
    if lost:
        told += f"; NOT ALL could be read of: {', '.join(lost)}"
    if "inbox" in lost:
        told += " (messages that were taken and not answered yet may be lost)"
    return told


def _tables(source: sqlite3.Connection) -> list[str]:
    """What the damaged file should have: an older one is not to blame for what came later."""
    try:
        known = expected(version(source))
    except sqlite3.DatabaseError:
        known = frozenset(TRUTH)
    return [table for table in TRUTH if table in known]


def _copy(source: sqlite3.Connection, into: sqlite3.Connection, table: str) -> tuple[int, bool]:
    """How many rows of a table were taken over, and whether these were all."""
    known = [row[1] for row in into.execute(f"PRAGMA table_info({table})")]
    whole = True
    copied = 0
    # From both ends: a page that cannot be read hides what is behind it, seen from one side.
    for order in ("ASC", "DESC"):
        try:
            found = {row[1] for row in source.execute(f"PRAGMA table_info({table})")}
            columns = [name for name in known if name in found]
            if not columns:
                return 0, False
            names = ", ".join(columns)
            marks = ", ".join("?" * len(columns))
            for row in source.execute(f"SELECT {names} FROM {table} ORDER BY rowid {order}"):
                taken, good = _insert(
                    into, f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})", row
                )
                copied += taken
                whole = whole and good
        except sqlite3.DatabaseError:
            whole = False
        else:
            break
    return copied, whole


def _insert(into: sqlite3.Connection, statement: str, row: tuple[object, ...]) -> tuple[int, bool]:
    try:
        return into.execute(statement, row).rowcount, True
    except (sqlite3.IntegrityError, sqlite3.DataError):
        return 0, False
