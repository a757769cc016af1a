"""The terminal."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from channels.loopback import Listener, LoopbackChannel
from tests.contracts.channels.talk import Rig, Talk


class AtTheTerminal:
    def __init__(self, channel: LoopbackChannel, listener: Listener) -> None:
        self._channel = channel
        self._parts = aiter(listener)
        self._saying: set[asyncio.Task[object]] = set()

    async def says(self, text: str) -> None:
        # Speaking there waits until the message is durable, and a platform's user does not.
        self._saying.add(asyncio.create_task(self._channel.say(text)))

    async def hears(self, count: int) -> list[str]:
        async with asyncio.timeout(10):
            return [(await anext(self._parts)).part.plain for _ in range(count)]


@asynccontextmanager
async def _terminal(_port: int) -> AsyncIterator[Talk[AtTheTerminal]]:
    channel = LoopbackChannel()
    with channel.listen() as listener:
        yield Talk(channel, AtTheTerminal(channel, listener))


RIGS = {"loopback": Rig(_terminal, LoopbackChannel.capabilities, AtTheTerminal)}
