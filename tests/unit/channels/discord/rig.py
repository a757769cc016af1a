"""A Discord channel against the emulator, with hands on everything it was given."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
from pydantic import SecretStr

from channels.channel import Command, Condition, Health
from channels.discord.channel import DiscordChannel
from channels.discord.config import DiscordSettings
from channels.pace import Pace
from state.keys import Address
from state.messages import Inbound, InboundMessage, OwedPart, Part
from tests.emulators.discord import DiscordEmulator
from tests.emulators.telegram.signal import Signal

PATIENCE = 10.0
FAST = Pace(first=0.002, most=0.01, jitter=0.0)


class Inbox:
    """Takes messages over, or refuses to as long as `refuses` says so."""

    def __init__(self) -> None:
        self.taken: list[Inbound] = []
        self.asked: list[Inbound] = []
        self.refuses: Callable[[Inbound], bool] = lambda _: False
        self._changed = Signal()

    async def receive(self, inbound: Inbound) -> None:
        self.asked.append(inbound)
        self._changed.changed()
        if self.refuses(inbound):
            raise OSError(28, "No space left on device")
        self.taken.append(inbound)
        self._changed.changed()

    async def has(self, count: int) -> list[Inbound]:
        """What was taken, once it is `count` or more."""
        assert await self._changed.until(lambda: len(self.taken) >= count, PATIENCE), self.taken
        return self.taken

    async def was_asked(self, times: int) -> None:
        assert await self._changed.until(lambda: len(self.asked) >= times, PATIENCE), self.asked

    @property
    def texts(self) -> list[str]:
        return [m.text for m in self.taken if isinstance(m, InboundMessage)]


@dataclass
class Rig:
    """One account."""

    dc: DiscordEmulator
    http: aiohttp.ClientSession
    cursors: dict[str, str] = field(default_factory=dict)
    inbox: Inbox = field(default_factory=Inbox)
    commands: Sequence[Command] = ()
    heartbeat_timeout: float = 50.0
    owners: tuple[str, ...] = ()
    slow: timedelta = timedelta(0)
    """How far the machine's clock is behind."""

    def channel(
        self, *, token: str | None = None, catch_up: int = 50, root: str | None = None
    ) -> DiscordChannel:
        settings = DiscordSettings(
            token=SecretStr(token or self.dc.token),
            api_root=root or self.dc.url,
            gateway_url=self.dc.gateway_url,
            catch_up=catch_up,
            owners=self.owners,
        )
        return DiscordChannel(
            "discord",
            settings,
            http=self.http,
            cursors=self,
            now=lambda: datetime.now(UTC) - self.slow,
            commands=self.commands,
            pace=FAST,
            identify_pause=0.0,
            heartbeat_timeout=self.heartbeat_timeout,
        )

    async def get(self, name: str) -> str | None:
        return self.cursors.get(name)

    async def set(self, name: str, value: str) -> None:
        self.cursors[name] = value

    @asynccontextmanager
    async def running(self, channel: DiscordChannel | None = None) -> AsyncIterator[DiscordChannel]:
        """The channel while it runs; it is connected at first, and ends as a gateway ends it."""
        channel = channel or self.channel()
        task = asyncio.create_task(channel.run(self.inbox.receive))
        try:
            await self.healthy(channel, lambda h: h.condition is Condition.HEALTHY)
            yield channel
        finally:
            task.cancel()
            done, _ = await asyncio.wait({task}, timeout=PATIENCE)
            assert done, "the channel does not stop"
            await channel.close()
            if not task.cancelled() and task.exception() is not None:
                await task

    async def healthy(self, channel: DiscordChannel, condition: Callable[[Health], bool]) -> Health:
        """The health once it is as wanted, looked at whenever the loop has nothing else to do."""
        async with asyncio.timeout(PATIENCE):
            while not condition(channel.health()):  # noqa: ASYNC110 -- health has no event
                await asyncio.sleep(0)
        return channel.health()


def owed(
    address: Address, text: str = "hi", *, reply_to: str | None = None, key: str = "", seq: int = 1
) -> OwedPart:
    """A part of the outbox."""
    return OwedPart(1, seq, 0, address, Part(text, text, reply_to), key=key)


def edit(address: Address, message: str, text: str, **fields: Any) -> OwedPart:
    """A part that a message of ours shall become; without a text, it shall go."""
    part = Part(text, text, edits=message, **fields)
    return OwedPart(1, 1, 0, address, part, key=f"edit {message} {text}"[:60])
