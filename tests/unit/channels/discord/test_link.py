"""The connection itself, and its end."""

import asyncio
from typing import Any

from channels.discord.link import Link
from channels.discord.transport import Transport
from tests.unit.channels.discord.rig import PATIENCE, Rig

_PASSES = 12
"""Of the loop, within which a connection that identifies itself is there."""


class Ended(Link):
    """A connection that is told to end so many passes of the loop after it has begun."""

    def __init__(self, *needed: Any, passes: int, **parts: Any) -> None:
        super().__init__(*needed, **parts)
        self._passes = passes
        self.serving: asyncio.Task[None] | None = None

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        self._end_after(self._passes)

    def _end_after(self, passes: int) -> None:
        assert self.serving is not None
        if passes == 0:
            self.serving.cancel()
        else:
            asyncio.get_running_loop().call_soon(self._end_after, passes - 1)


async def test_a_connection_can_be_ended_at_any_moment_of_its_beginning(rig: Rig) -> None:
    for passes in range(_PASSES):
        link = Ended(
            Transport("discord", rig.dc.url, rig.dc.token, rig.http),
            rig.dc.gateway_url,
            rig.http,
            heard=lambda _: None,
            lost=lambda: None,
            identify_pause=0.0,
            passes=passes,
        )
        link.serving = asyncio.create_task(link.serve(rig.dc.token))
        await asyncio.wait([link.serving], timeout=PATIENCE)
        assert link.serving.cancelled(), f"it went on after {passes} passes"
