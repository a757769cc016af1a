"""A gateway whose settings are written anew while it runs, with apps in which bots come and go."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from channels.channel import Receive
from channels.loopback import LoopbackChannel
from gateway.accounts import Line
from gateway.config import Account
from gateway.config_load import load
from gateway.config_source import ConfigSource
from gateway.reloading import Reloaded
from state.keys import Address
from state.messages import ChatKind, InboundMessage, OwedPart, Receipt, Sender
from tests.flows.stage import PATIENCE, Gate, Stage, stage

ANN, BOB = Sender("1", "Ann"), Sender("2", "Bob")


class Platform:
    """Keeps what people said to an account until one of its bots has taken it over."""

    def __init__(self, account: str) -> None:
        self.account = account
        self.said: list[InboundMessage] = []
        self.taken = 0
        self.news = asyncio.Condition()

    async def say(self, who: Sender, text: str) -> int:
        """Somebody says something; the number under which it is taken over."""
        source = str(len(self.said))
        address, at = Address(self.account, who.id), datetime.now(UTC)
        async with self.news:
            self.said.append(
                InboundMessage(source, source, address, ChatKind.DIRECT, who, text=text, at=at)
            )
            self.news.notify_all()
        return len(self.said)

    async def emptied(self, number: int | None = None) -> None:
        """Wait until so much is taken over; without a number, everything."""
        async with asyncio.timeout(PATIENCE), self.news:
            await self.news.wait_for(lambda: self.taken >= (number or len(self.said)))

    async def hand_over(self, receive: Receive) -> None:
        """Hand everything over, in order. Whoever is cut off is handed the same again."""
        while True:
            async with self.news:
                await self.news.wait_for(lambda: len(self.said) > self.taken)
            await receive(self.said[self.taken])
            async with self.news:
                self.taken += 1
                self.news.notify_all()


class Bot(LoopbackChannel):
    """An account's bot, with the token that it was made with."""

    def __init__(self, platform: Platform, token: str) -> None:
        super().__init__(platform.account)
        self.token = token
        self.sent: list[str] = []
        self.closed = False
        self.breaks_at_end = False
        self.gate: Gate | None = None
        self._platform = platform
        self._news = asyncio.Condition()

    async def run(self, receive: Receive) -> None:
        assert not self.closed
        handing = asyncio.create_task(self._platform.hand_over(receive))
        try:
            await super().run(receive)
        finally:
            handing.cancel()
            await asyncio.gather(handing, return_exceptions=True)

    async def send(self, part: OwedPart) -> Receipt:
        assert not self.closed, "it was closed while something was to be sent"
        if (gate := self.gate) is not None:
            gate.reached.set()
            await gate.open.wait()
            assert not self.closed, "it was closed during a call"
        async with self._news:
            self.sent.append(part.part.text)
            self._news.notify_all()
        return Receipt(f"{self.token}-{len(self.sent)}")

    async def close(self) -> None:
        self.closed = True
        if self.breaks_at_end:
            raise OSError("it breaks at its end")

    async def has_sent(self, *texts: str) -> None:
        """Wait until exactly this was sent, in this order."""
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: len(self.sent) >= len(texts))
        assert self.sent == list(texts)


@dataclass
class Desk:
    """Where the owner writes settings. `bots` are all that were ever made, by their account."""

    path: Path
    stage: Stage = field(init=False)
    settings: dict[str, Any] = field(default_factory=dict)
    bots: dict[str, list[Bot]] = field(default_factory=dict)
    platforms: dict[str, Platform] = field(default_factory=dict)

    def write(self, **settings: Any) -> None:
        """Write these sections; others stay as they are written."""
        self.settings |= settings
        self.path.write_text(json.dumps(self.settings))

    def bot(self, account: str = "telegram") -> Bot:
        """The account's bot of now."""
        return self.bots[account][-1]

    async def opens(self, name: str, account: Account) -> Line:
        platform = self.platforms.setdefault(name, Platform(name))
        bot = Bot(platform, account.token.get_secret_value())
        self.bots.setdefault(name, []).append(bot)
        return Line(bot)

    async def reloads(self, **settings: Any) -> Reloaded:
        """Write these sections, and have them taken up."""
        self.write(**settings)
        return await self.stage.gateway.reload()

    async def says(self, who: Sender, text: str, account: str = "telegram") -> None:
        """Somebody says something, and it is taken over."""
        platform = self.platforms[account]
        await platform.emptied(await platform.say(who, text))


def accounts(**more: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The account `telegram`, open to everybody, and others."""
    every: dict[str, dict[str, Any]] = {"telegram": {}, **more}
    return {
        name: {"kind": "telegram", "token": f"1:{name}", "dm_policy": "open", **own}
        for name, own in every.items()
    }


@asynccontextmanager
async def desk(folder: Path, settings: dict[str, Any], **parts: Any) -> AsyncIterator[Desk]:
    """A started gateway on settings that are written in a file."""
    made = Desk(folder / "argent.json")
    watching = {"gateway": {"watch_config": False} | settings.pop("gateway", {})}
    made.write(**settings, **watching)
    loaded = load(made.path, {})
    bots = [
        (await made.opens(name, account)).channel
        for name, account in loaded.settings.channels.items()
        if account.enabled
    ]
    source = ConfigSource(made.path, {}, folder, {}, last=loaded)
    given = {"settings": made.settings, "channels": lambda _: bots, "source": source}
    async with stage(**(given | {"opens": made.opens} | parts)) as made.stage:
        yield made
