"""Somebody who handles messages when a test lets them."""

import asyncio
from collections import defaultdict

from gateway.batch import Batch
from gateway.lanes import Lanes
from gateway.stop import Stop


class Desk:
    """Handles messages when a test lets it, and writes down the order.

    A gate lets through the turn whose last message it names.
    """

    def __init__(self) -> None:
        self.log: list[str] = []
        self.gates: dict[int, asyncio.Event] = defaultdict(asyncio.Event)
        self.seen: dict[int, Stop] = {}
        self.texts: list[list[str]] = []
        self.began = asyncio.Condition()

    async def handle(self, batch: Batch, stop: Stop) -> Batch | None:
        name, last = "+".join(str(each.seq) for each in batch), batch.last.seq
        if stop.deleted:
            self.log.append(f"deleted {name}")
            return None
        self.seen[last] = stop
        self.texts.append([getattr(each.message, "text", "") for each in batch])
        async with self.began:
            self.log.append(f"begin {name}")
            self.began.notify_all()
        done = await stop.guard(self.gates[last].wait())  # type: ignore[arg-type]
        if stop.again and not done:
            self.log.append(f"interrupted {name}")
            return batch
        self.log.append(f"{'end' if done else 'stopped'} {name}")
        return None

    async def until_begun(self, name: int | str) -> None:
        async with asyncio.timeout(5), self.began:
            await self.began.wait_for(lambda: f"begin {name}" in self.log)

    def opens(self, *gates: int) -> None:
        for gate in gates:
            self.gates[gate].set()


async def until_empty(lanes: Lanes) -> None:
    async with asyncio.timeout(5):
        await lanes.settled()
