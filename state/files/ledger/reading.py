"""Reading gateway.db beside its owner, or when there is none."""

import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from state.files.ledger.schema import version


def connect_to_read(path: Path) -> sqlite3.Connection:
    """A connection that changes nothing. Raises sqlite3.Error."""
    name = f"file:{quote(str(path))}?mode=ro"
    db = sqlite3.connect(name, uri=True)
    try:
        version(db)
    except sqlite3.OperationalError:
        db.close()
        if Path(f"{path}-wal").exists():
            raise
        # Even a reader of a WAL database writes beside it, which this folder may not allow. Without
        # a log nobody has it open, and it can be read as it stands: https://sqlite.org/wal.html#readonly
        return sqlite3.connect(f"{name}&immutable=1", uri=True)
    except BaseException:
        db.close()
        raise
    return db


def connect_to_unowned(path: Path) -> sqlite3.Connection:
    """The same of a database that nobody has open, without so much as a file made beside it.

    `connect_to_read` leaves the files of a WAL database there, as every reader of one does. Where
    a log was left by a crash, what is read is a copy with the log taken in. Raises sqlite3.Error.
    """
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size:
        try:
            return _with_its_log(path, log)
        except OSError:
            # There is no room for a copy; what the log holds is not seen then.
            pass
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True)


def _with_its_log(path: Path, log: Path) -> sqlite3.Connection:
    memory = sqlite3.connect(":memory:")
    try:
        with tempfile.TemporaryDirectory(prefix="argent-") as folder:
            for part in (path, log):
                shutil.copyfile(part, Path(folder) / part.name)
            with closing(sqlite3.connect(Path(folder) / path.name)) as copy:
                copy.backup(memory)
    except BaseException:
        memory.close()
        raise
    return memory
