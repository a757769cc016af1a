"""Signs of work: typing, and a reaction on the message that is being worked on.

They are best effort and never in the way: quick answers show none, no turn waits for them, and
they take no place of an answer.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import Context

import structlog

from channels.channel import Channel
from gateway.batch import Batch
from gateway.delivery import Delivery
from state.keys import Address
from state.messages import ChatKind, InboundMessage

DELAY = 0.15
"""Seconds before work shows: quick answers need no sign of it."""

_AGAIN = 1.0
"""Seconds after which a chat that found no room for its sign tries again."""

_log = structlog.get_logger("signs")


class Signs:
    """Shows the signs. `acknowledges` says on which accounts messages get a reaction."""

    def __init__(
        self,
        channels: Mapping[str, Channel],
        delivery: Delivery,
        *,
        acknowledges: Callable[[str], bool],
    ) -> None:
        self._channels = channels
        self._delivery = delivery
        self._reacts_on = acknowledges
        self._working: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @contextmanager
    def working(self, batch: Batch) -> Iterator[None]:
        """Show that a batch is worked on, as long as it is; inside of itself it does nothing."""
        row, channel = batch.last.seq, self._channels[batch.address.channel]
        types = channel.capabilities.typing_seconds > 0
        acknowledges = self._acknowledges(channel, batch)
        if row in self._working or not (types or acknowledges):
            yield
            return
        over = asyncio.Event()

        def begin() -> None:
            if types:
                self._keep(self._typing(channel, batch.address, over))
            if acknowledges:
                self._keep(self._reaction(channel, batch, over))

        # What a crash left behind is taken back also when the answer is quick this time.
        delay = 0.0 if any(each.recovered for each in batch) else DELAY
        loop = asyncio.get_running_loop()
        timer = loop.call_later(delay, begin, context=Context())
        self._working.add(row)
        try:
            yield
        finally:
            self._working.discard(row)
            timer.cancel()
            over.set()

    async def drain(self, seconds: float) -> None:
        """Wait, so long at most, until every sign is taken back."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _acknowledges(self, channel: Channel, batch: Batch) -> bool:
        message, can = batch.last.message, channel.capabilities
        if not can.acknowledges or not self._reacts_on(channel.name):
            return False
        if not isinstance(message, InboundMessage):
            return False
        return message.kind is not ChatKind.DIRECT or can.acknowledges_in_private

    async def _typing(self, channel: Channel, address: Address, over: asyncio.Event) -> None:
        while not over.is_set():
            wait = channel.capabilities.typing_seconds * 0.9
            if await self._delivery.spare(address):
                await channel.typing(address)
            else:
                wait = min(wait, _AGAIN)
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await over.wait()

    async def _reaction(self, channel: Channel, batch: Batch, over: asyncio.Event) -> None:
        if not await self._delivery.spare(batch.address):
            return
        message = batch.last.message.id
        await channel.acknowledge(batch.address, message, seen=True)
        await over.wait()
        await channel.acknowledge(batch.address, message, seen=False)

    def _keep(self, sign: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(sign)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("sign_broke", exc_info=error)
