"""Who takes over what a channel under contract hears."""

import asyncio
from typing import TypeVar

from state.messages import Inbound, InboundMessage

PATIENCE = 10.0
Heard = TypeVar("Heard", bound=Inbound)


class Inbox:
    """Takes over what comes."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Inbound] = asyncio.Queue()

    async def receive(self, inbound: Inbound) -> None:
        self._queue.put_nowait(inbound)

    async def next(self) -> InboundMessage:
        """The next one, which is a message."""
        return await self.next_of(InboundMessage)

    async def next_of(self, kind: type[Heard]) -> Heard:
        """The next one, which is of this kind."""
        inbound = await asyncio.wait_for(self._queue.get(), PATIENCE)
        assert isinstance(inbound, kind), inbound
        return inbound


async def stop(task: "asyncio.Task[None]") -> None:
    """End a channel's run as a gateway does."""
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=PATIENCE)
    assert done, "the channel does not stop"
    assert task.cancelled()
