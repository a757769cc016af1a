"""A Telegram channel against the emulator, with hands on everything it was given."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import aiohttp
from pydantic import SecretStr

from channels.channel import Command, Health
from channels.pace import Pace
from channels.telegram.channel import TelegramChannel
from channels.telegram.config import TelegramSettings, WebhookSettings
from state.keys import Address
from state.messages import Button, Inbound, InboundMessage, OwedPart, Part
from tests.emulators.telegram import TelegramEmulator, User
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
    """One account. `time` moves only by hand."""

    tg: TelegramEmulator
    http: aiohttp.ClientSession
    time: datetime = datetime(2026, 1, 30, 12, tzinfo=UTC)
    cursors: dict[str, str] = field(default_factory=dict)
    inbox: Inbox = field(default_factory=Inbox)
    commands: Sequence[Command] = ()

    def channel(
        self, *, token: str | None = None, webhook: WebhookSettings | None = None, poll: int = 30,
        root: str | None = None,
    ) -> TelegramChannel:  # fmt: skip
        settings = TelegramSettings(
            token=SecretStr(token or self.tg.token),
            api_root=root or self.tg.url,
            webhook=webhook,
            poll_seconds=poll,
        )
        return TelegramChannel(
            "telegram", settings, http=self.http, cursors=self, now=lambda: self.time,
            commands=self.commands, pace=FAST,
        )  # fmt: skip

    async def get(self, name: str) -> str | None:
        return self.cursors.get(name)

    async def set(self, name: str, value: str) -> None:
        self.cursors[name] = value

    def passes(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    @asynccontextmanager
    async def running(
        self, channel: TelegramChannel | None = None
    ) -> AsyncIterator[TelegramChannel]:
        """The channel while it runs; ends as a gateway ends it."""
        channel = channel or self.channel()
        task = asyncio.create_task(channel.run(self.inbox.receive))
        try:
            yield channel
        finally:
            task.cancel()
            done, _ = await asyncio.wait({task}, timeout=PATIENCE)
            assert done, "the channel does not stop"
            await channel.close()
            if not task.cancelled() and task.exception() is not None:
                await task

    async def healthy(
        self, channel: TelegramChannel, condition: Callable[[Health], bool]
    ) -> Health:
        """The health once it is as wanted, looked at whenever Telegram is called."""
        came = await self.tg.changed.until(lambda: condition(channel.health()), PATIENCE)
        assert came, channel.health()
        return channel.health()


def owed(
    address: Address,
    text: str = "hi",
    plain: str | None = None,
    reply_to: str | None = None,
    edits: str | None = None,
) -> OwedPart:
    """A part of the outbox."""
    return OwedPart(1, 1, 0, address, Part(text, plain or text, reply_to, edits))


def live(
    address: Address, text: str, *, edits: str | None = None, buttons: tuple[Button, ...] = ()
) -> OwedPart:
    """A part that is, or becomes, a live message."""
    return OwedPart(1, 1, 0, address, Part(text, text, edits=edits, buttons=buttons))


def home(user: User) -> Address:
    """The private chat with somebody."""
    return Address("telegram", str(user.id))
