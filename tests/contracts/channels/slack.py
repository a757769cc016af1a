"""A Slack app in Socket Mode, and one that is called over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import aiohttp
from pydantic import SecretStr

from channels.slack.channel import SlackChannel
from channels.slack.config import EventsSettings, SlackSettings
from tests.contracts.channels.talk import NoCursors, Rig, Talk
from tests.emulators.slack import Said, SlackEmulator, User


class OnSlack:
    def __init__(self, sl: SlackEmulator, user: User) -> None:
        self._sl = sl
        self._user = user
        self._last: Said | None = None
        self._file = ""

    async def says(self, text: str) -> None:
        self._last = await self._user.says(text)

    async def hears(self, count: int) -> list[str]:
        return [sent.text for sent in await self._user.hears(count)]

    async def sees(self) -> list[str]:
        return self._sl.shown(self._user.chat())

    async def received(self) -> list[tuple[str, bytes]]:
        return [(upload.title, upload.content) for upload in self._user.chat().uploads]

    async def reactions(self) -> int:
        last = (self._user.chat().id, self._said())
        return sum((channel, ts) == last for channel, ts, _ in self._sl.methods.reactions)

    async def sends_file(self, name: str, content: bytes, mime: str) -> None:
        self._last = await self._user.shares(name, content, mime)
        self._file = self._last.channel.messages[self._last]["files"][0]["id"]

    async def loses_file(self) -> None:
        del self._sl.world.files[self._file], self._sl.world.contents[self._file]

    async def edits(self, text: str) -> None:
        await self._user.edits(self._said(), text)

    async def deletes(self) -> None:
        await self._user.deletes(self._said())

    async def presses(self, label: str) -> None:
        await self._user.presses(label)

    def _said(self) -> Said:
        assert self._last is not None
        return self._last


@asynccontextmanager
async def _socket(_port: int) -> AsyncIterator[Talk[OnSlack]]:
    async with _slack(None) as talk:
        yield talk


@asynccontextmanager
async def _events(port: int) -> AsyncIterator[Talk[OnSlack]]:
    async with _slack(EventsSettings(port=port)) as talk:
        yield talk


@asynccontextmanager
async def _slack(events: EventsSettings | None) -> AsyncIterator[Talk[OnSlack]]:
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
            "slack", settings, http=http, cursors=NoCursors(), now=lambda: datetime.now(UTC)
        )
        yield Talk(channel, OnSlack(sl, sl.user("Alice")))
        await channel.close()


RIGS = {
    "slack-socket": Rig(_socket, SlackChannel.capabilities, OnSlack),
    "slack-events": Rig(_events, SlackChannel.capabilities, OnSlack),
}
