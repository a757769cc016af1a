"""A bot of a client library that has nothing to do with ours, to judge the emulated Discord by."""

import asyncio
from typing import Any

import hikari

from tests.emulators.discord import DiscordEmulator

PATIENCE = 10.0


class Client:
    """A hikari bot whose events can be waited for."""

    def __init__(self, dc: DiscordEmulator, token: str | None = None) -> None:
        self.bot = hikari.GatewayBot(
            token or dc.token,
            rest_url=f"{dc.url}/api/v10",
            banner=None,
            logs=None,
            suppress_optimization_warning=True,
            intents=hikari.Intents.ALL_UNPRIVILEGED | hikari.Intents.MESSAGE_CONTENT,
        )
        self._events: asyncio.Queue[hikari.Event] = asyncio.Queue()
        self.bot.event_manager.subscribe(hikari.Event, self._came)

    async def _came(self, event: hikari.Event) -> None:
        self._events.put_nowait(event)

    async def start(self) -> None:
        await self.bot.start(check_for_updates=False)

    async def stop(self) -> None:
        if self.bot.is_alive:
            await self.bot.close()
        elif self.bot.rest.is_alive:
            # A start that failed leaves it open.
            await self.bot.rest.close()

    async def next(self, kind: type[Any]) -> Any:
        """The next event of a kind."""
        async with asyncio.timeout(PATIENCE):
            while not isinstance(event := await self._events.get(), kind):
                continue
            return event
