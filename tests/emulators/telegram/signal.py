"""Waiting for something to become true, without sleeping."""

import asyncio
from collections.abc import Callable


class Signal:
    """Wakes those whose condition holds after a change."""

    def __init__(self) -> None:
        self._waiters: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []

    def changed(self) -> None:
        """Look at every condition again."""
        if not self._waiters:
            return
        for condition, waiter in self._waiters:
            if not waiter.done() and condition():
                waiter.set_result(None)
        self._waiters = [w for w in self._waiters if not w[1].done()]

    async def until(self, condition: Callable[[], bool], timeout: float) -> bool:
        """Whether the condition came to hold within `timeout` seconds."""
        if condition():
            return True
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append((condition, waiter))
        try:
            async with asyncio.timeout(timeout):
                await waiter
        except TimeoutError:
            return condition()
        return True
