"""Keeps one channel running: a failure is its own, has its own backoff, and shows in its health."""

import asyncio
import random
from dataclasses import replace

import structlog

from channels.channel import Channel, Condition, Health, Receive
from channels.errors import Unauthorized

_FIRST_RETRY = 1.0
_LONGEST_RETRY = 60.0
_STEADY = 60.0
"""Seconds after which a run counts as good and the next failure begins with a short wait."""

_log = structlog.get_logger("channels")


class Supervisor:
    """One channel, started again whenever it ends."""

    def __init__(self, channel: Channel, receive: Receive) -> None:
        self._channel = channel
        self._receive = receive
        self._task: asyncio.Task[None] | None = None
        self._problem: str | None = None

    def start(self) -> None:
        """Begin to take messages in."""
        self._task = asyncio.create_task(self._run(), name=f"channel {self._channel.name}")

    async def stop(self) -> None:
        """End intake; the channel can still send."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def health(self) -> Health:
        """The channel's health; a run that broke is not healthy, whatever the channel thinks."""
        health = self._channel.health()
        if self._problem is None or health.condition is Condition.FAILED:
            return health
        return replace(health, condition=Condition.DEGRADED, detail=self._problem)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        delay = _FIRST_RETRY
        name = self._channel.name
        while True:
            started = loop.time()
            try:
                await self._channel.run(self._receive)
            except Unauthorized as error:
                _log.error("channel_refused", channel=name, error=str(error))
                return
            except Exception as error:
                self._problem = f"it broke and is started again: {type(error).__name__}"
                _log.exception("channel_broke", channel=name)
            else:
                self._problem = "it ended and is started again"
                _log.warning("channel_ended", channel=name)
            if loop.time() - started > _STEADY:
                delay = _FIRST_RETRY
            await asyncio.sleep(delay * random.uniform(0.8, 1.2))
            delay = min(delay * 2, _LONGEST_RETRY)
            self._problem = None
