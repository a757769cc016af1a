"""gateway.db: whether it is whole, and whether this version can use it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from channels.probe import Fault, Finding, Level
from gateway.doctor.case import Case
from state.files.layout import Layout
from state.files.ledger.reading import connect_to_read, connect_to_unowned
from state.files.ledger.schema import VERSION, expected, version

DAMAGED = Fault(
    "ledger-damaged",
    Level.ERROR,
    "{where} is damaged",
    "{how}",
    "argent doctor --fix (it is set aside, and what can be read of it is taken over), or restore a "
    "backup: argent backup restore FILE --into FOLDER",
    mends=True,
)
NEWER = Fault(
    "ledger-newer",
    Level.ERROR,
    "{where} was written by a newer Argent",
    "its tables are of version {found}, and this Argent knows {known}",
    "install the newer Argent again, or go back to what the upgrade kept: argent backup restore "
    "{where}/../backups/FILE --into FOLDER",
)
OLDER = Fault(
    "ledger-older",
    Level.NOTE,
    "{where} is of an older Argent",
    "its tables are of version {found}, and this Argent makes {known} of them",
    "nothing: the next start upgrades it, and keeps what was there in backups/",
)
BUSY = Fault(
    "ledger-unread",
    Level.WARNING,
    "{where} could not be read",
    "{how}",
    "argent doctor once more; if it stays so: argent gateway stop, then argent doctor",
)
FAULTS = (DAMAGED, NEWER, OLDER, BUSY)

_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def examine(case: Case) -> Iterator[Finding]:
    """What is wrong with the ledger."""
    path = Layout(case.state_dir).database
    if not case.readable or not path.exists():
        return
    where = str(path)
    connect = connect_to_unowned if case.holder is None else connect_to_read
    try:
        with closing(connect(path)) as db:
            if how := _harm(db):
                yield DAMAGED.at(where, how=how)
                return
            found = version(db)
    except (sqlite3.Error, OSError) as error:
        damage = getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE
        yield (DAMAGED if damage else BUSY).at(where, how=error)
        return
    if found > VERSION:
        yield NEWER.at(where, found=found, known=VERSION)
    elif found < VERSION:
        yield OLDER.at(where, found=found, known=VERSION)


def _harm(db: sqlite3.Connection) -> str | None:
    (said,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if said != "ok":
        return f"SQLite says: {said}"
    there = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
    found = version(db)
    missing = expected(found) - there if 0 < found <= VERSION else set()
    return f"the table {min(missing)} is missing" if missing else None
