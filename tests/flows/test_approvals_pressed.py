"""An owner approves a call by its button, over each platform's real wire."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from channels.channel import Condition
from tests.emulators.discord import DiscordEmulator
from tests.emulators.slack import SlackEmulator
from tests.emulators.telegram import TelegramEmulator
from tests.flows.bot import bots, discord_account, slack_account, telegram_account
from tests.flows.stage import Stage
from tests.flows.three import until
from tests.flows.world import World, bash, fetch

Presses = Callable[[str, Any], Any]


@dataclass
class Phone:
    """Alice's app: she owns the bot there."""

    argent: Stage
    alice: Any
    presses: Presses


@asynccontextmanager
async def on_telegram(folder: Path, world: World) -> AsyncIterator[Phone]:
    async with TelegramEmulator() as telegram:
        alice = telegram.user("Alice")
        account = telegram_account(telegram, owners=[str(alice.id)])
        async with bots(folder, {"telegram": account}, shelves=[world.shelf]) as argent:
            yield Phone(argent, alice, lambda label, on: alice.presses(label, message=on.message))


@asynccontextmanager
async def on_discord(folder: Path, world: World) -> AsyncIterator[Phone]:
    async with DiscordEmulator() as discord:
        alice = discord.user("Alice")
        account = discord_account(discord, owners=[str(alice.id)])
        async with bots(folder, {"discord": account}, shelves=[world.shelf]) as argent:
            yield Phone(argent, alice, lambda label, _: alice.presses(label))


@asynccontextmanager
async def on_slack(folder: Path, world: World) -> AsyncIterator[Phone]:
    async with SlackEmulator() as slack:
        alice = slack.user("Alice")
        account = slack_account(slack, owners=[alice.id])
        async with bots(folder, {"slack": account}, shelves=[world.shelf]) as argent:
            yield Phone(argent, alice, lambda label, _: alice.presses(label))


On = Callable[[Path, World], AbstractAsyncContextManager[Phone]]


@pytest.mark.parametrize("on", [on_telegram, on_discord, on_slack])
@pytest.mark.parametrize(
    ("label", "ran", "told"),
    [("Approve", ["ls -a"], "I do it now, this once."), ("Deny", [], "I don't do it.")],
)
async def test_the_buttons_decide(
    on: On, label: str, ran: list[str], told: str, tmp_path: Path
) -> None:
    world = World()
    async with on(tmp_path, world) as phone:
        (account,) = phone.argent.settings["channels"]
        await until(phone.argent, account, Condition.HEALTHY)
        phone.argent.model.will(fetch(), bash("ls -a"), "That is all.")
        await phone.alice.says("look, and act")
        (question,) = await phone.alice.hears()
        assert "ls -a" in question.text
        assert world.ran == []
        await phone.presses(label, question)
        answer, confirmed = await phone.alice.hears(2)
        assert (answer.text, confirmed.text) == ("That is all.", told)
        assert world.ran == ran
