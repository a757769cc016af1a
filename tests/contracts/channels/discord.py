"""A Discord bot at the gateway."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import aiohttp
from pydantic import SecretStr

from channels.discord.channel import DiscordChannel
from channels.discord.config import DiscordSettings
from tests.contracts.channels.talk import NoCursors, Rig, Talk
from tests.emulators.discord import DiscordEmulator, User


class OnDiscord:
    def __init__(self, dc: DiscordEmulator, user: User) -> None:
        self._gateway = dc.gateway
        self._user = user

    async def says(self, text: str) -> None:
        await self._connected()
        await self._user.says(text)

    async def hears(self, count: int) -> list[str]:
        return [sent.text for sent in await self._user.hears(count)]

    async def _connected(self) -> None:
        # Of a private chat that began before it was ever connected a bot is not told.
        await self._gateway.until(
            lambda: any(c.session and not c.socket.closed for c in self._gateway.connections)
        )


@asynccontextmanager
async def _discord(_port: int) -> AsyncIterator[Talk[OnDiscord]]:
    async with DiscordEmulator() as dc, aiohttp.ClientSession() as http:
        settings = DiscordSettings(
            token=SecretStr(dc.token), api_root=dc.url, gateway_url=dc.gateway_url
        )
        channel = DiscordChannel(
            "discord", settings, http=http, cursors=NoCursors(), now=lambda: datetime.now(UTC)
        )
        yield Talk(channel, OnDiscord(dc, dc.user("Alice")))
        await channel.close()


RIGS = {"discord": Rig(_discord, DiscordChannel.capabilities, OnDiscord)}
