"""A disk under a whole gateway that refuses one kind of write for a while."""

import asyncio
import errno
import os
import sqlite3
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

from state.files.calls import SystemCalls
from tests.emulators.telegram.signal import Signal

PATIENCE = 10.0
_SQLITE_CODES = {errno.ENOSPC: sqlite3.SQLITE_FULL, errno.EIO: sqlite3.SQLITE_IOERR_WRITE}


class BadDisk:
    """Give `stores` to `open_state`. Works until it is told to `refuse`.

    A write is named by its system calls (``pwrite``), or by how its statement begins (``INSERT
    INTO inbox``).
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._refused_writes: tuple[str, ...] = ()
        self._code = 0
        self._changed = Signal()
        self.refusals = 0

    def refuse(self, *writes: str, code: int = errno.ENOSPC) -> None:
        """From now on these writes fail."""
        self._refused_writes, self._code, self.refusals = writes, code, 0

    def heal(self) -> None:
        """Everything works again."""
        self._refused_writes = ()

    async def refused(self, times: int) -> None:
        """Wait until so many writes were refused."""
        came = await self._changed.until(lambda: self.refusals >= times, PATIENCE)
        assert came, f"{self.refusals} writes were refused, not {times}"

    @property
    def stores(self) -> dict[str, Any]:
        real = SystemCalls()
        names = [each.name for each in fields(SystemCalls)]
        calls = {name: self._guarded(name, getattr(real, name)) for name in names}
        return {"calls": SystemCalls(**calls), "connect": self._connect}

    def _guarded(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def attempt(*args: Any) -> Any:
            if self._refuses(name):
                raise OSError(self._code, os.strerror(self._code))
            return call(*args)

        return attempt

    def _connect(self, path: Path) -> sqlite3.Connection:
        disk = self

        class Connection(sqlite3.Connection):
            def execute(self, statement: str, *args: Any) -> sqlite3.Cursor:
                if disk._refuses(statement):
                    error = sqlite3.OperationalError(os.strerror(disk._code))
                    error.sqlite_errorcode = _SQLITE_CODES[disk._code]
                    raise error
                return super().execute(statement, *args)

        return sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, factory=Connection
        )

    def _refuses(self, write: str) -> bool:
        if not write.startswith(self._refused_writes or ("nothing",)):
            return False
        self.refusals += 1
        self._loop.call_soon_threadsafe(self._changed.changed)
        return True
