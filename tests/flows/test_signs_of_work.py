"""While a question in a group is worked on, people there see that it is; and then no more."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from channels.channel import Condition
from tests.emulators.discord import DiscordEmulator
from tests.emulators.slack import SlackEmulator
from tests.emulators.telegram import TelegramEmulator
from tests.flows.bot import bots, discord_account, slack_account, telegram_account
from tests.flows.stage import PATIENCE, Gate, Stage
from tests.flows.test_three_platforms import until


@dataclass(frozen=True)
class Group:
    """A group: `asks` the bot something there; `reactions` are the bot's on messages now, and
    `typing` says whether it was ever seen at work."""

    kind: str
    account: dict[str, Any]
    asks: Callable[[str], Coroutine[Any, Any, Any]]
    reactions: Callable[[], int]
    typing: Callable[[], bool]

    @asynccontextmanager
    async def argent(self, folder: Path, **account: Any) -> AsyncIterator[Stage]:
        async with bots(folder, {self.kind: self.account | account}) as stage:
            await until(stage, self.kind, Condition.HEALTHY)
            yield stage


@asynccontextmanager
async def on_telegram() -> AsyncIterator[Group]:
    async with TelegramEmulator() as tg:
        alice, room = tg.user("Alice"), tg.group("Team")
        yield Group(
            kind="telegram",
            account=telegram_account(tg),
            asks=lambda text: alice.says(f"@argent_bot {text}", in_=room),
            reactions=lambda: sum(map(len, room.reactions.values())),
            typing=lambda: bool(tg.actions),
        )


@asynccontextmanager
async def on_discord() -> AsyncIterator[Group]:
    async with DiscordEmulator() as dc:
        alice, room = dc.user("Alice"), dc.guild("Team").channel("general")
        yield Group(
            kind="discord",
            account=discord_account(dc),
            asks=lambda text: alice.says(f"<@{dc.bot.id}> {text}", in_=room),
            reactions=lambda: sum(len(m.get("reactions", ())) for m in room.messages.values()),
            typing=lambda: bool(dc.typings),
        )


@asynccontextmanager
async def on_slack() -> AsyncIterator[Group]:
    async with SlackEmulator() as sl:
        alice, room = sl.user("Alice"), sl.channel("general")
        yield Group(
            kind="slack",
            account=slack_account(sl, reply_in_thread=False),
            asks=lambda text: alice.says(f"@argent {text}", in_=room),
            reactions=lambda: len(sl.methods.reactions),
            # A status is shown to assistants' threads; in a channel the reaction is all there is.
            typing=lambda: True,
        )


PLATFORMS = pytest.mark.parametrize("platform", [on_telegram, on_discord, on_slack])


async def comes(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - bounded by the timeout
            await asyncio.sleep(0)


@PLATFORMS
@pytest.mark.parametrize("stopped", [False, True])
async def test_a_question_in_a_group_has_a_reaction_while_it_is_worked_on(
    platform: Any, stopped: bool, tmp_path: Path
) -> None:
    gate = Gate()
    async with platform() as there, there.argent(tmp_path) as argent:
        argent.model.will(gate)
        await there.asks("think")
        await gate.reached.wait()
        await comes(lambda: there.reactions() == 1 and there.typing())
        if stopped:
            await there.asks("/stop")
        else:
            gate.open.set()
        await comes(lambda: there.reactions() == 0)


@PLATFORMS
async def test_where_acknowledging_is_off_there_is_no_reaction(
    platform: Any, tmp_path: Path
) -> None:
    gate = Gate()
    async with platform() as there, there.argent(tmp_path, acknowledge=False) as argent:
        argent.model.will(gate)
        await there.asks("think")
        await gate.reached.wait()
        await comes(there.typing)
        gate.open.set()
        await argent.settled()
        assert there.reactions() == 0
