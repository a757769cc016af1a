"""A platform that stops without a word: its sockets stay open, and nothing comes over them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from pydantic import TypeAdapter

from channels.channel import Channel, Condition, Health
from channels.discord.channel import DiscordChannel
from channels.registry import build
from channels.slack.channel import SlackChannel
from gateway.config import Account
from gateway.cursors import LedgerCursors
from tests.emulators.process import Emulated, account, emulated
from tests.flows.stage import Gate, Stage, stage

PLATFORMS = ("telegram", "discord", "slack")
_OPEN = {"dm_policy": "open", "group_policy": "open"}
_FAST_BEAT = ("--heartbeat-ms", "400")
_LOOK_EVERY = 0.02


def written(platform: str, there: Emulated, **more: Any) -> dict[str, Any]:
    """The account of the emulated bot, open to everybody, as in a configuration."""
    return {**_OPEN, **account(platform, there.told), **more}


def read(platform: str, there: Emulated, **more: Any) -> Any:
    """The same, read."""
    return TypeAdapter(Account).validate_python(written(platform, there, **more))


Make = Callable[[str, Emulated, dict[str, Any]], Channel]


def as_built(platform: str, there: Emulated, parts: dict[str, Any]) -> Channel:
    """A channel as every gateway has it."""
    return build(platform, read(platform, there), **parts)


def impatient(platform: str, there: Emulated, parts: dict[str, Any]) -> Channel:
    """A channel whose every interval is scaled down; Telegram's poll has a second at least."""
    match platform:
        case "discord":
            return DiscordChannel(platform, read(platform, there), heartbeat_timeout=1.5, **parts)
        case "slack":
            return SlackChannel(platform, read(platform, there), quiet_seconds=0.7, **parts)
    return build(platform, read(platform, there, poll_seconds=1), **parts)


@dataclass
class Scene:
    """A gateway on one platform in another process."""

    platform: str
    there: Emulated
    argent: Stage
    alice: Any = None
    heard: list[str] = field(default_factory=list)

    def health(self) -> Health:
        found = {name: health for name, _, health in self.argent.gateway.channel_health()}
        return found[self.platform]

    async def until(self, condition: Callable[[Health], bool], seconds: float) -> None:
        """Wait until the health is so; it is asked for, not announced."""
        try:
            async with asyncio.timeout(seconds):
                # It changes because time goes by.
                while not condition(self.health()):  # noqa: ASYNC110
                    await asyncio.sleep(_LOOK_EVERY)
        except TimeoutError:
            raise AssertionError(self.health()) from None

    async def says(self, text: str) -> None:
        await self.there.control.call("say", user=self.alice, text=text)

    async def hears(self, *texts: str, timeout: float = 30.0) -> None:
        """Wait until all of these have come, in any order."""
        async with asyncio.timeout(timeout):
            while missing := set(texts) - set(self.heard):
                came = await self.there.control.sent(len(self.heard), 1, timeout)
                self.heard += [each["text"] for each in came]
                assert came, missing


@asynccontextmanager
async def scene(platform: str, make: Make, *arguments: str) -> AsyncIterator[Scene]:
    async with emulated(platform, *arguments) as there, aiohttp.ClientSession() as http:

        def channels(argent: Stage) -> Sequence[Channel]:
            cursors, now = LedgerCursors(argent.ledger), lambda: datetime.now(UTC)
            return [make(platform, there, {"http": http, "cursors": cursors, "now": now})]

        settings = {"channels": {platform: written(platform, there)}}
        async with stage(settings=settings, channels=channels) as argent:
            it = Scene(platform, there, argent)
            it.alice = (await there.control.call("user", name="Alice"))["id"]
            await it.until(lambda h: h.condition is Condition.HEALTHY, 20)
            yield it


async def freezes_and_thaws(it: Scene, *, noticed_within: float) -> None:
    """Silence is noticed; what was said and answered meanwhile arrives when it ends."""
    await it.says("before")
    await it.hears("echo: before")
    gate = Gate()
    it.argent.model.will(gate)
    await it.says("slow")
    await gate.reached.wait()
    it.there.freeze()
    try:
        gate.open.set()
        meanwhile = asyncio.create_task(it.says("meanwhile"))
        await it.until(
            lambda h: h.condition is Condition.DEGRADED and h.detail is not None, noticed_within
        )
    finally:
        it.there.thaw()
    await meanwhile
    await it.hears("echo: slow", "echo: meanwhile", timeout=90)
    await it.until(lambda h: h.condition is Condition.HEALTHY, 90)
    await it.says("after")
    await it.hears("echo: after")
    counts = await it.argent.ledger.counts()
    assert (counts.owed, counts.failed_parts) == (0, 0)
    repeats = len(it.heard) - len(set(it.heard))
    # What was in flight for too long is sent again, and Telegram cannot tell that it was.
    assert repeats <= (counts.repeated if it.platform == "telegram" else 0), it.heard


@pytest.mark.usefixtures("impatience")
@pytest.mark.parametrize("platform", PLATFORMS)
async def test_a_platform_that_falls_silent_is_noticed_and_caught_up_with(platform: str) -> None:
    arguments = _FAST_BEAT if platform == "discord" else ()
    async with scene(platform, impatient, *arguments) as it:
        await freezes_and_thaws(it, noticed_within=12)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("platform", PLATFORMS)
async def test_silence_is_noticed_within_a_minute(platform: str) -> None:
    async with scene(platform, as_built) as it:
        await freezes_and_thaws(it, noticed_within=60)
