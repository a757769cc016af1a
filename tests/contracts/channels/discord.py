"""A Discord bot at the gateway."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
from pydantic import SecretStr

from channels.discord.channel import DiscordChannel
from channels.discord.config import DiscordSettings
from tests.contracts.channels.talk import NoCursors, Rig, Talk
from tests.emulators.discord import DiscordEmulator, Said, User
from tests.emulators.discord.cdn import shown_name

Json = dict[str, Any]


class OnDiscord:
    def __init__(self, dc: DiscordEmulator, user: User) -> None:
        self._dc = dc
        self._user = user
        self._last: Said | None = None

    async def says(self, text: str) -> None:
        await self._connected()
        self._last = await self._user.says(text)

    async def hears(self, count: int) -> list[str]:
        return [sent.text for sent in await self._user.hears(count)]

    async def sees(self) -> list[str]:
        return [message["content"].replace("**", "") for message in self._user.sees()]

    async def received(self) -> list[tuple[str, bytes]]:
        files = [file for message in self._user.sees() for file in message["attachments"]]
        return [(shown_name(file), self._dc.cdn.content(file)) for file in files]

    async def reactions(self) -> int:
        return sum(each["count"] for each in self._message(self._said()).get("reactions", ()))

    async def sends_file(self, name: str, content: bytes, mime: str) -> None:
        await self._connected()
        self._last = await self._user.says("", files=((name, content, mime),))

    async def loses_file(self) -> None:
        for file in self._message(self._said())["attachments"]:
            self._dc.cdn.lose(file)

    async def edits(self, text: str) -> None:
        await self._user.edits(self._said(), text)

    async def deletes(self) -> None:
        await self._user.deletes(self._said())

    async def presses(self, label: str) -> None:
        await self._user.presses(label)

    def _said(self) -> Said:
        assert self._last is not None, "nothing was said yet"
        return self._last

    def _message(self, said: Said) -> Json:
        return said.channel.messages[int(said)]

    async def _connected(self) -> None:
        # Of a private chat that began before it was ever connected a bot is not told.
        await self._dc.gateway.until(
            lambda: any(c.session and not c.socket.closed for c in self._dc.gateway.connections)
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
