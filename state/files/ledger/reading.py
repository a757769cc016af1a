"""Reading gateway.db beside its owner, or when there is none."""

import sqlite3
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
