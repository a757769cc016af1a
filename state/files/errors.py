"""What a failure of the system or of SQLite means."""

import errno
import sqlite3
from pathlib import Path

from state.store import StorageFailed, StorageFull, StoreError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def store_error(error: OSError, doing: str) -> StoreError:
    """What a failed system call means for whoever asked for it."""
    if error.errno in _FULL:
        return StorageFull(f"the disk is full: {doing} failed ({error}); free some space")
    return StorageFailed(f"{doing} failed ({error}); check the disk and its permissions")


def ledger_error(error: sqlite3.Error, path: Path) -> StoreError:
    """What an error of SQLite means for whoever asked."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return StorageFull(f"the disk is full: writing {path} failed; free some space")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StorageFailed(f"{path} is damaged ({error}); start again to have it repaired")
    return StorageFailed(f"using {path} failed ({error}); check the disk and its permissions")
