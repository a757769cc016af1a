"""Calls to a platform that end in their own time, whoever began them.

A request that is broken off costs its connection. What announces a turn (typing, a reaction) is
cancelled with the turn, and the call under way is let go of instead.
"""

import asyncio
from collections.abc import Coroutine

_CLOSE_SECONDS = 5.0


class LooseCalls:
    """The calls of one account that nobody depends on."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, call: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Make a call. It must not raise for what the platform says."""
        task = asyncio.create_task(call)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def make(self, call: Coroutine[None, None, None]) -> None:
        """Make a call and wait for its end. Cancelling this ends the waiting alone."""
        await asyncio.shield(self.begin(call))

    async def close(self) -> None:
        """Let what is under way end, for five seconds at most."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=_CLOSE_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
