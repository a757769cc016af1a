"""gateway.db as a thread: what is asked for together is committed together."""

import math
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from state.files.batches import Request
from state.files.disk import Synced, untimed
from state.files.errors import ledger_error
from state.files.ledger.schema import configure, settle

Work = Callable[[sqlite3.Connection], Any]
Connect = Callable[[Path], sqlite3.Connection]

_STATEMENTS = 256


@dataclass(frozen=True, slots=True)
class Alone:
    """Work that no transaction may be around: it is done after the rest of its batch."""

    work: Work


def connect(path: Path) -> sqlite3.Connection:
    """A connection whose transactions are begun and ended by hand. Raises sqlite3.Error."""
    return sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, cached_statements=_STATEMENTS
    )


class Database:
    """One connection, and one transaction for each batch.

    Work that fails is undone alone; when the commit fails, the whole batch was not stored.
    """

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        connect: Connect,
        synced: Synced = untimed,
    ) -> None:
        self._path = path
        self._synced = synced
        self._connection: sqlite3.Connection | None = connection
        self._connect = connect
        # Written by the database's thread, read by the loop.
        self._written = -math.inf

    def written_ago(self) -> float:
        """Seconds since something was last written and durable. May be asked from any thread."""
        return time.monotonic() - self._written

    def commit(self, batch: list[Request[Work | Alone]]) -> None:
        """Do a batch. Every request has its result or its error afterwards."""
        self._commit([request for request in batch if not isinstance(request.work, Alone)])
        for request in batch:
            if isinstance(request.work, Alone):
                self._do_alone(request, request.work)

    def _commit(self, batch: list[Request[Work | Alone]]) -> None:
        if not batch:
            return
        try:
            db = self._ready()
            before = db.total_changes
            db.execute("BEGIN IMMEDIATE")
            for request in batch:
                self._do(db, request)
            began = time.monotonic()
            db.execute("COMMIT")
            if db.total_changes == before:
                return
            now = time.monotonic()
            self._synced("ledger", now - began)
            if all(request.error is None for request in batch):
                self._written = now
        except sqlite3.Error as error:
            for request in batch:
                request.error = ledger_error(error, self._path)
            self._recover()

    def _do_alone(self, request: Request[Work | Alone], alone: Alone) -> None:
        try:
            request.result = alone.work(self._ready())
        except sqlite3.Error as error:
            request.error = ledger_error(error, self._path)
            self._recover()
        except Exception as error:
            request.error = error

    def _do(self, db: sqlite3.Connection, request: Request[Work | Alone]) -> None:
        db.execute("SAVEPOINT work")
        try:
            request.result = request.work(db)  # type: ignore[operator]
        except Exception as error:
            # A full disk can end the transaction itself; then there is nothing to go on with.
            if isinstance(error, sqlite3.Error) and not db.in_transaction:
                raise
            request.error = (
                ledger_error(error, self._path) if isinstance(error, sqlite3.Error) else error
            )
            db.execute("ROLLBACK TO work")
        db.execute("RELEASE work")

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _ready(self) -> sqlite3.Connection:
        if self._connection is None:
            connection = self._connect(self._path)
            try:
                configure(connection)
                settle(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _recover(self) -> None:
        """Leave the failed transaction; where that fails too, connect anew the next time."""
        db = self._connection
        if db is None:
            return
        try:
            if db.in_transaction:
                db.execute("ROLLBACK")
        except sqlite3.Error:
            self._connection = None
            db.close()
