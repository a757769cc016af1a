"""All that goes out, joined: answers that are owed, answers that grow, and signs of work."""

import asyncio

from gateway.closing import Closing
from gateway.delivery import Delivery
from gateway.ground import Ground
from gateway.signs import Signs
from gateway.streaming import Streaming

_CALL = 1.0
"""Seconds that calls which are under way are given at least, to end and be recorded."""


class Speaking:
    """The outgoing side of a gateway."""

    def __init__(self, ground: Ground) -> None:
        ledger, channels, trouble = ground.ledger, ground.channels, ground.trouble
        feed, settings = ground.feed, ground.settings

        def streams(account: str) -> bool:
            found = settings.now.channels.get(account)
            return found is not None and found.streaming

        def acknowledges(account: str) -> bool:
            found = settings.now.channels.get(account)
            return found is not None and found.acknowledge

        self.delivery = Delivery(ledger, ground.sessions, channels, feed, trouble)
        self.streaming = Streaming(ledger, channels, self.delivery, trouble, streams=streams)
        self.signs = Signs(channels, self.delivery, acknowledges=acknowledges)
        self.closing = Closing(
            ledger, channels, self.delivery, self.streaming, trouble, feed, ground.clock
        )

    async def drain(self, seconds: float) -> None:
        """Take the signs back, end what grows, and go on sending what is owed for so long.

        Nothing is lost by the end of it: where an answer was shown is on disk, as is what is owed.
        """
        deadline = asyncio.get_running_loop().time() + seconds
        call = max(_CALL, seconds)
        await asyncio.gather(self.streaming.drain(call), self.signs.drain(call))
        await self.delivery.drain(max(0.0, deadline - asyncio.get_running_loop().time()))
