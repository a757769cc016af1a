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
from tests.emulators.telegram import Said, TelegramEmulator, User


class OnThePhone:
    def __init__(self, user: User) -> None:
        self._user = user
        self._said: Said | None = None

    async def says(self, text: str) -> None:
        self._said = await self._user.says(text)

    async def hears(self, count: int) -> list[str]:
        return [sent.text for sent in await self._user.hears(count)]

    async def sees(self) -> list[str]:
        return [str(message["text"]) for message in self._user.sees()]

    async def received(self) -> list[tuple[str, bytes]]:
        files = [sent.file for sent in self._user.chat().sent]
        return [(file.name, file.content) for file in files if file is not None]

    async def reactions(self) -> int:
        # Telegram tells of all of a message's; these are the bot's, on whatever it may be.
        return sum(len(emoji) for emoji in self._user.chat().reactions.values())

    async def sends_file(self, name: str, content: bytes, mime: str) -> None:
        self._said = await self._user.sends("document", name, content, mime)

    async def loses_file(self) -> None:
        self._user.loses(self._last)

    async def edits(self, text: str) -> None:
        await self._user.edits(self._last, text)

    async def presses(self, label: str) -> None:
        last = self._user.sees()[-1]
        press = await self._user.presses(label, message=last["message_id"])
        tg = self._user.telegram
        stopped = await tg.changed.until(lambda: press in dict(tg.answered_presses), 10)
        assert stopped, "the button spins for ever"

    @property
    def _last(self) -> Said:
        assert self._said is not None, "nothing was said yet"
        return self._said


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
