"""Three platforms and one gateway, and the same hands for the places on each of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from channels.channel import Condition
from tests.emulators.discord import DiscordEmulator
from tests.emulators.slack import SlackEmulator
from tests.emulators.telegram import TelegramEmulator
from tests.flows.bot import bots, discord_account, slack_account, telegram_account
from tests.flows.stage import Stage

PLATFORMS = ("telegram", "discord", "slack")
_PATIENCE = 30.0
_LOOK_EVERY = 0.02


@dataclass(frozen=True)
class Spot:
    """Where Alice talks with the bot: the key of that conversation, and her mouth and ears."""

    key: str
    says: Callable[[str], Awaitable[Any]]
    hears: Callable[[], Awaitable[Sequence[Any]]]
    company: bool = True

    async def talks(self, text: str) -> None:
        """She says something and is answered."""
        await self.says(text)
        await self.hears_of(text)

    async def hears_of(self, text: str) -> None:
        """The next answer is the one to this. In company it names her, and what she refers to."""
        (sent,) = await self.hears()
        begins = "echo: Alice: " if self.company else "echo: "
        assert sent.text.startswith(begins), sent.text
        assert sent.text.endswith(text), sent.text


@dataclass
class World:
    """Three platforms. While one is `down`, what is said there reaches nobody."""

    telegram: TelegramEmulator
    discord: DiscordEmulator
    slack: SlackEmulator
    down: str | None = None

    @asynccontextmanager
    async def argent(
        self, folder: Path, settings: Mapping[str, Mapping[str, Any]] | None = None
    ) -> AsyncIterator[Stage]:
        """A gateway that is on all three; `settings` are more of each account's."""
        more = settings or {}
        accounts = {
            "telegram": telegram_account(self.telegram, **more.get("telegram", {})),
            "discord": discord_account(self.discord, **more.get("discord", {})),
            "slack": slack_account(self.slack, **more.get("slack", {})),
        }
        async with bots(folder, accounts) as stage:
            yield stage

    async def fails(self, platform: str) -> None:
        """Nobody can reach it any more, and all its connections end."""
        self.down = platform
        match platform:
            case "telegram":
                await self.telegram.goes_down()
            case "discord":
                await self.discord.close()
                self.discord.gateway.sessions.clear()
            case "slack":
                await self.slack.goes_down()

    async def returns(self) -> None:
        """It is there again, at the same address."""
        match self.down:
            case "telegram":
                await self.telegram.comes_back()
            case "discord":
                await self.discord.restarts()
            case "slack":
                await self.slack.comes_back()
        self.down = None

    async def spots(self) -> dict[str, tuple[Spot, Spot, Spot]]:
        """On each platform a private chat, a group and a thread, in that order."""
        return {
            "telegram": self._on_telegram(),
            "discord": self._on_discord(),
            "slack": await self._on_slack(),
        }

    def _on_telegram(self) -> tuple[Spot, Spot, Spot]:
        alice = self.telegram.user("Alice")
        group, forum = self.telegram.group("Friends"), self.telegram.forum("Company")
        topic = forum.topic("Ops")

        def spot(key: str, place: Any) -> Spot:
            mention = f"@{self.telegram.bot.username} " if place else ""
            return Spot(
                f"telegram:{key}",
                lambda text: alice.says(mention + text, in_=place),
                lambda: alice.hears(in_=place, timeout=_PATIENCE),
                company=place is not None,
            )

        return (
            spot(f"{alice.id}:dm", None),
            spot(f"{group.id}:group", group),
            spot(f"{forum.id}/{topic.id}:topic", topic),
        )

    def _on_discord(self) -> tuple[Spot, Spot, Spot]:
        alice = self.discord.user("Alice")
        general = self.discord.guild("Team").channel("general")
        thread = general.thread("Ops")

        def spot(key: str, place: Any) -> Spot:
            mention = f"<@{self.discord.bot.id}> " if place else ""
            return Spot(
                f"discord:{key}",
                lambda text: alice.says(mention + text, in_=place),
                lambda: alice.hears(in_=place, timeout=_PATIENCE),
                company=place is not None,
            )

        return (
            spot(f"{alice.id}:dm", None),
            spot(f"{general.id}:group", general),
            spot(f"{general.id}/{thread.id}:topic", thread),
        )

    async def _on_slack(self) -> tuple[Spot, Spot, Spot]:
        alice, bob = self.slack.user("Alice"), self.slack.user("Bob")
        group, team = self.slack.mpim(alice, bob), self.slack.channel("general")
        # What the thread hangs on was said among people.
        root = str(await bob.says("it is down again", in_=team, told=False))

        def spot(key: str, place: Any, thread: str | None = None) -> Spot:
            mention = "@argent " if place else ""
            return Spot(
                f"slack:{key}",
                lambda text: alice.says(
                    mention + text, in_=place, thread=thread, told=self.down != "slack"
                ),
                lambda: alice.hears(in_=place, thread=thread, timeout=_PATIENCE),
                company=place is not None,
            )

        return (
            spot(f"{alice.id}:dm", None),
            spot(f"{group.id}:group", group),
            spot(f"{team.id}/{root}:topic", team, root),
        )


@asynccontextmanager
async def world() -> AsyncIterator[World]:
    """The platforms, for as long as a test lasts."""
    async with TelegramEmulator() as tg, DiscordEmulator() as dc, SlackEmulator() as sl:
        yield World(tg, dc, sl)


def condition(stage: Stage, account: str) -> Condition:
    """How an account is now."""
    return next(h.condition for name, _, h in stage.gateway.channel_health() if name == account)


async def until(stage: Stage, account: str, wanted: Condition) -> None:
    """Wait until an account is so."""
    async with asyncio.timeout(_PATIENCE):
        # Health is asked for, not announced: it also changes because time goes by.
        while condition(stage, account) is not wanted:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_EVERY)


async def until_all_are_well(stage: Stage) -> None:
    """Wait until all three are healthy."""
    for platform in PLATFORMS:
        await until(stage, platform, Condition.HEALTHY)
