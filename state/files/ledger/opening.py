"""Opening gateway.db: checked and brought to this version, or set aside and begun anew."""

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from state.files.disk import Disk
from state.files.errors import ledger_error, store_error
from state.files.layout import FILE_MODE
from state.files.ledger.database import Connect
from state.files.ledger.salvage import salvage
from state.files.ledger.schema import configure, expected, settle, upgrade, version
from state.store import StorageFailed

_SUFFIXES = ("", "-wal", "-shm")
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class _Damaged(Exception):
    """The file is no whole database; the message says how that was seen."""


@dataclass(frozen=True, slots=True)
class OpenedLedger:
    """A database that is ready, and what the owner must be told about it."""

    connection: sqlite3.Connection
    reports: tuple[str, ...] = ()


def open_ledger(path: Path, disk: Disk, connect: Connect) -> OpenedLedger:
    """Open the database, making it where there is none.

    A damaged one is set aside, and what can still be read of it is taken over. Raises
    `NewerFormat`, `StorageFull`, `StorageFailed`.
    """
    try:
        try:
            return OpenedLedger(_open(path, disk, connect))
        except _Damaged as damage:
            aside = _set_aside(path, disk)
            connection = _open(path, disk, connect)
            saved = salvage(aside, connection)
            return OpenedLedger(connection, (f"{path.name} was damaged ({damage}); {saved}",))
    except sqlite3.Error as error:
        raise ledger_error(error, path) from error
    except _Damaged as damage:
        raise StorageFailed(f"{path} is damaged as soon as it is made ({damage})") from damage
    except OSError as error:
        raise store_error(error, f"opening {path}") from error


def _open(path: Path, disk: Disk, connect: Connect) -> sqlite3.Connection:
    if not path.exists():
        # SQLite would give it the mode of the umask; what is beside it takes after it.
        os.close(disk.calls.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE))
        disk.sync_folder(path.parent)
    connection = connect(path)
    try:
        _check(connection)
        configure(connection)
        upgrade(connection)
        settle(connection)
        return connection
    except sqlite3.Error as error:
        connection.close()
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE:
            raise _Damaged(str(error)) from error
        raise
    except BaseException:
        connection.close()
        raise


def _check(connection: sqlite3.Connection) -> None:
    """Raises `_Damaged`, sqlite3.Error. Writes nothing."""
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise _Damaged(found)
    if (found_version := version(connection)) == 0:
        return
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    if missing := expected(found_version) - tables:
        raise _Damaged(f"the table {min(missing)} is missing")


def _set_aside(path: Path, disk: Disk) -> Path:
    aside = disk.free_name(path.parent, f"{path.name}.damaged-{disk.stamp()}")
    for suffix in _SUFFIXES:
        part = path.with_name(path.name + suffix)
        if part.exists():
            disk.calls.replace(part, aside.with_name(aside.name + suffix))
    disk.sync_folder(path.parent)
    return aside
