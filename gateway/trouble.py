"""When the disk refuses a write: what waits, waits; the owner is told once; then it goes on."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import TypeVar

import structlog

from gateway.notices import notice
from state.store import StorageFailed, StorageFull

T = TypeVar("T")
Tell = Callable[[str], Awaitable[None]]
"""Tells the owner something, as far as that is possible without a disk."""

_FIRST_RETRY = 0.25
_LONGEST_RETRY = 5.0
_log = structlog.get_logger("storage")


class Trouble:
    """The storage's condition, shared by everything that writes.

    There is trouble from the first refusal until everything that was refused has been written: a
    disk that is nearly full takes small writes between the large ones that it refuses.
    """

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._problem: str | None = None
        self._refused: set[Hashable] = set()
        self._telling: set[asyncio.Task[None]] = set()

    @property
    def problem(self) -> str | None:
        """What is wrong with the storage now, in the owner's words; None when nothing is."""
        return self._problem

    async def insist(self, write: Callable[[], Awaitable[T]]) -> T:
        """Write, and while the disk refuses, wait and try again. Returns what `write` does."""
        delay = _FIRST_RETRY
        mine = object()
        try:
            while True:
                try:
                    result = await write()
                except (StorageFull, StorageFailed) as error:
                    self.refused(mine, error)
                    await asyncio.sleep(delay)
                    delay = min(delay * 2, _LONGEST_RETRY)
                else:
                    self.taken(mine)
                    return result
        finally:
            # Given up by a stop or a cancel, it is nobody's trouble any more.
            self._refused.discard(mine)

    def refused(self, what: Hashable, error: StorageFull | StorageFailed) -> None:
        """A write was refused and will be tried again under this name. The first is told."""
        self._refused.add(what)
        if self._problem is not None:
            return
        self._problem = str(error)
        _log.error("storage_refused", error=str(error))
        full = isinstance(error, StorageFull)
        self._announce(notice("storage_full" if full else "storage_failed"))

    def taken(self, what: Hashable) -> None:
        """A write was taken. The last of those that had been refused ends the trouble."""
        self._refused.discard(what)
        if self._problem is None or self._refused:
            return
        self._problem = None
        _log.info("storage_back")
        self._announce(notice("storage_back"))

    def _announce(self, text: str) -> None:
        task = asyncio.create_task(self._tell_owner(text))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _tell_owner(self, text: str) -> None:
        try:
            await self._tell(text)
        except Exception:
            _log.exception("owner_not_told")
