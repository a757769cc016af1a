"""A Slack channel against the emulator, with hands on everything it was given."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
from pydantic import SecretStr

from channels.channel import Command, Health
from channels.pace import Pace
from channels.slack.channel import SlackChannel
from channels.slack.config import SlackSettings
from state.keys import Address
from state.messages import OwedPart, Part, Reply
from tests.emulators.slack import SlackEmulator
from tests.unit.channels.telegram.rig import PATIENCE, Inbox

FAST = Pace(first=0.002, most=0.01, jitter=0.0)
COMMANDS = tuple(Command(name, name) for name in ("help", "status", "new", "stop"))


@dataclass
class Rig:
    """One account. `time` moves only by hand."""

    sl: SlackEmulator
    http: aiohttp.ClientSession
    time: datetime = datetime(2026, 1, 30, 12, tzinfo=UTC)
    cursors: dict[str, str] = field(default_factory=dict)
    inbox: Inbox = field(default_factory=Inbox)

    def channel(self, *, quiet_seconds: float = 15.0, **settings: Any) -> SlackChannel:
        settings = {
            "token": SecretStr(self.sl.token),
            "app_token": SecretStr(self.sl.app_token),
            "signing_secret": SecretStr(self.sl.signing_secret),
            "api_root": self.sl.api_root,
        } | settings
        return SlackChannel(
            "slack", SlackSettings(**settings), http=self.http, cursors=self,
            now=lambda: self.time, commands=COMMANDS, pace=FAST, quiet_seconds=quiet_seconds,
        )  # fmt: skip

    async def get(self, name: str) -> str | None:
        return self.cursors.get(name)

    async def set(self, name: str, value: str) -> None:
        self.cursors[name] = value

    def passes(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    @asynccontextmanager
    async def running(self, channel: SlackChannel | None = None) -> AsyncIterator[SlackChannel]:
        """The channel while it runs, connected; ends as a gateway ends it."""
        channel = channel or self.channel()
        opened = self.sl.socket.opened
        task = asyncio.create_task(channel.run(self.inbox.receive))
        try:
            await self.sl.socket.connected(opened + 1)
            yield channel
        finally:
            task.cancel()
            done, _ = await asyncio.wait({task}, timeout=PATIENCE)
            assert done, "the channel does not stop"
            await channel.close()
            if not task.cancelled() and task.exception() is not None:
                await task

    async def healthy(self, channel: SlackChannel, condition: Callable[[Health], bool]) -> Health:
        """The health once it is as wanted, looked at whenever the loop has nothing else to do."""
        async with asyncio.timeout(PATIENCE):
            while not condition(channel.health()):  # noqa: ASYNC110 -- health has no event
                await asyncio.sleep(0)
        return channel.health()


def owed(address: Address, text: str = "hi", *, key: str = "", **more: Any) -> OwedPart:
    """A part of the outbox, rendered."""
    from channels.slack.format import render

    (message,) = render(text)
    part = Part(message.text, message.plain, more.pop("reply_to", None))
    return OwedPart(1, 1, 0, address, part, key=key, **more)


__all__ = ["FAST", "PATIENCE", "Inbox", "Reply", "Rig", "owed"]
