"""A Telegram bot that polls, and one that is called."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import aiohttp
from pydantic import SecretStr

from channels.registry import build
from channels.telegram.channel import TelegramChannel
from channels.telegram.config import TelegramSettings, WebhookSettings
from tests.contracts.channels.talk import NoCursors, Rig, Talk
from tests.emulators.telegram import TelegramEmulator, User


class OnThePhone:
    def __init__(self, user: User) -> None:
        self._user = user

    async def says(self, text: str) -> None:
        await self._user.says(text)

    async def hears(self, count: int) -> list[str]:
        return [sent.text for sent in await self._user.hears(count)]


@asynccontextmanager
async def _polling(_port: int) -> AsyncIterator[Talk[OnThePhone]]:
    async with _telegram(None) as talk:
        yield talk


@asynccontextmanager
async def _webhook(port: int) -> AsyncIterator[Talk[OnThePhone]]:
    secret = SecretStr("a-secret-of-sixteen-or-more")
    hook = WebhookSettings(url=f"http://127.0.0.1:{port}/hook", secret=secret, port=port)
    async with _telegram(hook) as talk:
        yield talk


@asynccontextmanager
async def _telegram(webhook: WebhookSettings | None) -> AsyncIterator[Talk[OnThePhone]]:
    async with TelegramEmulator() as tg, aiohttp.ClientSession() as http:
        settings = TelegramSettings(token=SecretStr(tg.token), api_root=tg.url, webhook=webhook)
        channel = build(
            "telegram", settings, http=http, cursors=NoCursors(), now=lambda: datetime.now(UTC)
        )
        yield Talk(channel, OnThePhone(tg.user("Alice")))
        with suppress(Exception):
            await channel.close()


RIGS = {
    "telegram-polling": Rig(_polling, TelegramChannel.capabilities, OnThePhone),
    "telegram-webhook": Rig(_webhook, TelegramChannel.capabilities, OnThePhone),
}
