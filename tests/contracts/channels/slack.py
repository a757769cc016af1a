"""A Slack app in Socket Mode, and one that is called over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import aiohttp
from pydantic import SecretStr

from channels.slack.channel import SlackChannel
from channels.slack.config import EventsSettings, SlackSettings
from tests.contracts.channels.talk import NoCursors, Rig, Talk
from tests.emulators.slack import SlackEmulator, User


class OnSlack:
    def __init__(self, user: User) -> None:
        self._user = user

    async def says(self, text: str) -> None:
        await self._user.says(text)

    async def hears(self, count: int) -> list[str]:
        return [sent.text for sent in await self._user.hears(count)]


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
        yield Talk(channel, OnSlack(sl.user("Alice")))
        await channel.close()


RIGS = {
    "slack-socket": Rig(_socket, SlackChannel.capabilities, OnSlack),
    "slack-events": Rig(_events, SlackChannel.capabilities, OnSlack),
}
