"""A gateway whose settings are written anew while it runs, with apps in which bots come and go."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from channels.loopback import LoopbackChannel
from gateway.accounts import Line
from gateway.config import Account
from gateway.config_load import load
from gateway.config_source import ConfigSource
from gateway.reloading import Reloaded
from state.messages import OwedPart, Receipt, Sender
from tests.flows.stage import PATIENCE, Gate, Stage, stage

ANN, BOB = Sender("1", "Ann"), Sender("2", "Bob")


class Bot(LoopbackChannel):
    """An account's bot, with the token that it was made with."""

    def __init__(self, name: str, token: str) -> None:
        super().__init__(name)
        self.token = token
        self.sent: list[str] = []
        self.closed = False
        self.gate: Gate | None = None
        self._news = asyncio.Condition()

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

    def write(self, **settings: Any) -> None:
        """Write these sections; others stay as they are written."""
        self.settings |= settings
        self.path.write_text(json.dumps(self.settings))

    def bot(self, account: str = "telegram") -> Bot:
        """The account's bot of now."""
        return self.bots[account][-1]

    async def opens(self, name: str, account: Account) -> Line:
        bot = Bot(name, account.token.get_secret_value())
        self.bots.setdefault(name, []).append(bot)
        return Line(bot)

    async def reloads(self, **settings: Any) -> Reloaded:
        """Write these sections, and have them taken up."""
        self.write(**settings)
        return await self.stage.gateway.reload()

    async def says(self, who: Sender, text: str, account: str = "telegram") -> None:
        async with asyncio.timeout(PATIENCE):
            await self.bot(account).say(text, chat=who.id, sender=who)


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
