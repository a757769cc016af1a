"""The channels under contract, each with the hands of a person on its other side."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import aiohttp
from pydantic import SecretStr

from channels.channel import Channel
from channels.discord.channel import DiscordChannel
from channels.discord.config import DiscordSettings
from channels.loopback import Listener, LoopbackChannel
from channels.registry import build
from channels.slack.channel import SlackChannel
from channels.slack.config import EventsSettings, SlackSettings
from channels.telegram.config import TelegramSettings, WebhookSettings
from tests.emulators.discord import DiscordEmulator
from tests.emulators.discord import User as DiscordUser
from tests.emulators.slack import SlackEmulator
from tests.emulators.slack import User as SlackUser
from tests.emulators.telegram import TelegramEmulator, User


class Person(Protocol):
    """Somebody who talks to the bot in private."""

    async def says(self, text: str) -> None: ...

    async def hears(self, count: int) -> list[str]:
        """The texts of the next `count` parts, as they are shown."""


@dataclass
class Talk:
    """A channel and somebody who uses it."""

    channel: Channel
    person: Person


class _AtTheTerminal:
    def __init__(self, channel: LoopbackChannel, listener: Listener) -> None:
        self._channel = channel
        self._parts = aiter(listener)
        self._saying: set[asyncio.Task[object]] = set()

    async def says(self, text: str) -> None:
        # Speaking there waits until the message is durable, and a platform's user does not.
        self._saying.add(asyncio.create_task(self._channel.say(text)))

    async def hears(self, count: int) -> list[str]:
        async with asyncio.timeout(10):
            return [(await anext(self._parts)).part.plain for _ in range(count)]


class _OnThePhone:
    def __init__(self, user: User | SlackUser) -> None:
        self._user = user

    async def says(self, text: str) -> None:
        await self._user.says(text)

    async def hears(self, count: int) -> list[str]:
        return [sent.text for sent in await self._user.hears(count)]


class _OnDiscord:
    def __init__(self, dc: DiscordEmulator, user: DiscordUser) -> None:
        self._gateway = dc.gateway
        self._user = user

    async def says(self, text: str) -> None:
        # Of a private chat that began before it was ever connected a bot is not told.
        await self._gateway.until(self._connected)
        await self._user.says(text)

    def _connected(self) -> bool:
        return any(c.session and not c.socket.closed for c in self._gateway.connections)

    async def hears(self, count: int) -> list[str]:
        return [sent.text for sent in await self._user.hears(count)]


class _NoCursors:
    async def get(self, name: str) -> str | None:
        return None

    async def set(self, name: str, value: str) -> None:
        return None


@asynccontextmanager
async def loopback(_port: int) -> AsyncIterator[Talk]:
    """The terminal."""
    channel = LoopbackChannel()
    with channel.listen() as listener:
        yield Talk(channel, _AtTheTerminal(channel, listener))


@asynccontextmanager
async def telegram_polling(_port: int) -> AsyncIterator[Talk]:
    """A bot that polls."""
    async with _telegram(None) as talk:
        yield talk


@asynccontextmanager
async def telegram_webhook(port: int) -> AsyncIterator[Talk]:
    """A bot that is called."""
    secret = SecretStr("a-secret-of-sixteen-or-more")
    hook = WebhookSettings(url=f"http://127.0.0.1:{port}/hook", secret=secret, port=port)
    async with _telegram(hook) as talk:
        yield talk


@asynccontextmanager
async def _telegram(webhook: WebhookSettings | None) -> AsyncIterator[Talk]:
    async with TelegramEmulator() as tg, aiohttp.ClientSession() as http:
        settings = TelegramSettings(token=SecretStr(tg.token), api_root=tg.url, webhook=webhook)
        channel = build(
            "telegram", settings, http=http, cursors=_NoCursors(), now=lambda: datetime.now(UTC)
        )
        yield Talk(channel, _OnThePhone(tg.user("Alice")))
        with suppress(Exception):
            await channel.close()


@asynccontextmanager
async def slack_socket(_port: int) -> AsyncIterator[Talk]:
    """An app in Socket Mode."""
    async with _slack(None) as talk:
        yield talk


@asynccontextmanager
async def slack_events(port: int) -> AsyncIterator[Talk]:
    """An app that is called over HTTP."""
    async with _slack(EventsSettings(port=port)) as talk:
        yield talk


@asynccontextmanager
async def _slack(events: EventsSettings | None) -> AsyncIterator[Talk]:
    async with SlackEmulator() as sl, aiohttp.ClientSession() as http:
        settings = SlackSettings(
            token=SecretStr(sl.token),
            app_token=SecretStr(sl.app_token),
            signing_secret=SecretStr(sl.signing_secret),
            api_root=sl.api_root,
            events=events,
        )
        if events is not None:
            sl.deliveries.request_url = f"http://{events.host}:{events.port}{events.path}"
        channel = SlackChannel(
            "slack", settings, http=http, cursors=_NoCursors(), now=lambda: datetime.now(UTC)
        )
        yield Talk(channel, _OnThePhone(sl.user("Alice")))
        await channel.close()


@asynccontextmanager
async def discord(_port: int) -> AsyncIterator[Talk]:
    """A bot at the gateway."""
    async with DiscordEmulator() as dc, aiohttp.ClientSession() as http:
        settings = DiscordSettings(
            token=SecretStr(dc.token), api_root=dc.url, gateway_url=dc.gateway_url
        )
        channel = DiscordChannel(
            "discord", settings, http=http, cursors=_NoCursors(), now=lambda: datetime.now(UTC)
        )
        yield Talk(channel, _OnDiscord(dc, dc.user("Alice")))
        await channel.close()


CHANNELS: dict[str, Callable[[int], "_Opened"]] = {
    "loopback": loopback,
    "discord": discord,
    "telegram-polling": telegram_polling,
    "telegram-webhook": telegram_webhook,
    "slack-socket": slack_socket,
    "slack-events": slack_events,
}
"""Every channel that there is; a new one joins here."""


class _Opened(Protocol):
    async def __aenter__(self) -> Talk: ...

    async def __aexit__(self, *_: object) -> bool | None: ...
