"""A request to stop working on messages, and how a turn obeys it."""

import asyncio
from collections.abc import Awaitable


class Stop:
    """What is asked of the work on some messages, which their turn obeys when it can.

    `obeyed` says that it did. What has no turn, or was nearly finished, goes on all the same.
    `again` says that the messages shall be taken up anew after the stop, and have no outcome yet.
    `deleted` says that the message was deleted before it had an outcome: it ends without a word.
    """

    __slots__ = ("_asked", "_task", "again", "deleted", "obeyed", "requested")

    def __init__(self, asked: tuple["Stop", ...] = (), *, deleted: bool = False) -> None:
        self.requested = False
        self.again = False
        self.deleted = deleted
        self.obeyed = False
        self._asked = asked
        self._task: asyncio.Task[None] | None = None

    @property
    def others(self) -> int:
        """How many messages were stopped by this one, when it is itself a request to stop."""
        return sum(stop.obeyed for stop in self._asked)

    @property
    def final(self) -> bool:
        """Whether the messages end by it."""
        return self.deleted or (self.requested and not self.again)

    def request(self) -> None:
        """Ask to stop; cancels what is bound, now or later."""
        self.again = False
        self._cancel()

    def interrupt(self) -> None:
        """Ask to stop, so that the messages can be taken up anew; a final stop stays final."""
        if not self.requested:
            self.again = True
            self._cancel()

    async def guard(self, work: Awaitable[None]) -> bool:
        """Do the work unless or until a stop is requested; whether it was done.

        The work runs in a task of its own, so that a stop cancels it and nothing around it.
        """
        task = asyncio.ensure_future(work)
        self._task = task
        if self.requested:
            task.cancel()
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait([task])
            raise
        finally:
            self._task = None
        if task.cancelled():
            self.obeyed = True
            return False
        task.result()
        return True

    def _cancel(self) -> None:
        self.requested = True
        if self._task is not None:
            self._task.cancel()
