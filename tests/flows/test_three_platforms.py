"""One gateway, three platforms: each in its own sessions, and any of them may fail alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from channels.channel import Condition
from tests.emulators.discord import DiscordEmulator
from tests.emulators.slack import SlackEmulator
from tests.emulators.telegram import TelegramEmulator
from tests.flows.bot import bots, discord_account, slack_account, telegram_account
from tests.flows.stage import Stage, words


@dataclass
class World:
    """Three platforms and a gateway that is on all of them."""

    telegram: TelegramEmulator
    discord: DiscordEmulator
    slack: SlackEmulator

    @asynccontextmanager
    async def argent(self, folder: Path) -> AsyncIterator[Stage]:
        accounts = {
            "telegram": telegram_account(self.telegram),
            "discord": discord_account(self.discord),
            "slack": slack_account(self.slack),
        }
        async with bots(folder, accounts) as stage:
            yield stage


@asynccontextmanager
async def world() -> AsyncIterator[World]:
    async with TelegramEmulator() as tg, DiscordEmulator() as dc, SlackEmulator() as sl:
        yield World(tg, dc, sl)


def condition(stage: Stage, account: str) -> Condition:
    return next(h.condition for name, _, h in stage.gateway.channel_health() if name == account)


async def until(stage: Stage, account: str, wanted: Condition) -> None:
    async with asyncio.timeout(30):
        # Health is asked for, not announced: it also changes because time goes by.
        while condition(stage, account) is not wanted:  # noqa: ASYNC110
            await asyncio.sleep(0)


async def test_a_private_chat_a_group_and_a_thread_on_each(tmp_path: Path) -> None:
    async with world() as there:
        tg_alice = there.telegram.user("Alice")
        forum = there.telegram.forum("Company")
        topic = forum.topic("Ops")
        dc_alice = there.discord.user("Alice")
        general = there.discord.guild("Team").channel("general")
        thread = general.thread("Ops")
        sl_alice = there.slack.user("Alice")
        team = there.slack.channel("general")
        async with there.argent(tmp_path) as argent:
            await until(argent, "discord", Condition.HEALTHY)
            await until(argent, "slack", Condition.HEALTHY)
            await tg_alice.says("from telegram")
            await dc_alice.says("from discord")
            await sl_alice.says("from slack")
            assert (await tg_alice.hears())[0].text == "echo: from telegram"
            assert (await dc_alice.hears())[0].text == "echo: from discord"
            assert (await sl_alice.hears())[0].text == "echo: from slack"

            mention = f"<@{there.discord.bot.id}>"
            await tg_alice.says("@argent_bot topic", in_=topic)
            await dc_alice.says(f"{mention} channel", in_=general)
            await dc_alice.says(f"{mention} thread", in_=thread)
            root = await sl_alice.says("@argent thread", in_=team)
            assert (await tg_alice.hears(in_=topic))[0].text == "echo: Alice: topic"
            assert (await dc_alice.hears(in_=general))[0].text == "echo: Alice: channel"
            assert (await dc_alice.hears(in_=thread))[0].text == "echo: Alice: thread"
            assert (await sl_alice.hears(in_=team, thread=root))[0].text == "echo: Alice: thread"

            keys = {str(row.key) for row in await argent.ledger.listing()}
            assert keys == {
                f"telegram:{tg_alice.id}:dm",
                f"telegram:{forum.id}/{topic.id}:topic",
                f"discord:{dc_alice.id}:dm",
                f"discord:{general.id}:group",
                f"discord:{general.id}/{thread.id}:topic",
                f"slack:{sl_alice.id}:dm",
                f"slack:{team.id}/{root}:topic",
            }


async def test_a_platform_that_dies_takes_no_other_with_it(tmp_path: Path) -> None:
    async with world() as there:
        alice = there.telegram.user("Alice")
        bob = there.slack.user("Bob")
        async with there.argent(tmp_path) as argent:
            await until(argent, "discord", Condition.HEALTHY)
            await there.discord.close()
            await alice.says("still there?")
            await bob.says("and here?")
            assert (await alice.hears())[0].text == "echo: still there?"
            assert (await bob.hears())[0].text == "echo: and here?"
            await until(argent, "discord", Condition.DEGRADED)
            assert condition(argent, "telegram") is Condition.HEALTHY
            assert condition(argent, "slack") is Condition.HEALTHY


@pytest.mark.parametrize("gone", ["discord", "slack"])
async def test_a_platform_that_comes_back_is_caught_up_with(gone: str, tmp_path: Path) -> None:
    async with world() as there:
        neighbour = there.telegram.user("Alice")
        alice = {"discord": there.discord, "slack": there.slack}[gone].user("Alice")
        async with there.argent(tmp_path) as argent:
            await until(argent, "discord", Condition.HEALTHY)
            await until(argent, "slack", Condition.HEALTHY)
            await alice.says("before")
            await alice.hears()
            if gone == "discord":
                await there.discord.close()
                there.discord.gateway.sessions.clear()
                await alice.says("meanwhile")
            else:
                await there.slack.goes_down()
                await alice.says("meanwhile", told=False)
            await until(argent, gone, Condition.DEGRADED)
            await neighbour.says("still there?")
            assert (await neighbour.hears())[0].text == "echo: still there?"
            if gone == "discord":
                await there.discord.restarts()
            else:
                await there.slack.comes_back()
            assert (await alice.hears(timeout=30))[0].text == "echo: meanwhile"
            await until(argent, gone, Condition.HEALTHY)
            assert condition(argent, "telegram") is Condition.HEALTHY


async def test_a_refused_token_stops_that_account_and_says_what_to_do(tmp_path: Path) -> None:
    async with world() as there:
        alice = there.telegram.user("Alice")
        accounts = {
            "telegram": telegram_account(there.telegram),
            "discord": discord_account(there.discord, token="MTk4.wrong.token"),
            "slack": slack_account(there.slack, token="xoxb-wrong"),
        }
        async with bots(tmp_path, accounts) as argent:
            await until(argent, "discord", Condition.FAILED)
            await until(argent, "slack", Condition.FAILED)
            details = {name: h.detail or "" for name, _, h in argent.gateway.channel_health()}
            assert "token" in details["discord"]
            assert "token" in details["slack"]
            await alice.says("hello")
            assert (await alice.hears())[0].text == "echo: hello"


async def test_what_was_said_while_the_gateway_was_away_is_answered(tmp_path: Path) -> None:
    async with world() as there:
        tg_alice = there.telegram.user("Alice")
        dc_alice = there.discord.user("Alice")
        sl_alice = there.slack.user("Alice")
        everybody = (tg_alice, dc_alice, sl_alice)
        async with there.argent(tmp_path) as argent:
            await until(argent, "discord", Condition.HEALTHY)
            await until(argent, "slack", Condition.HEALTHY)
            for alice in everybody:
                await alice.says("before")
                await alice.hears()
        await tg_alice.says("meanwhile")
        await dc_alice.says("meanwhile")
        await sl_alice.says("meanwhile", told=False)
        async with there.argent(tmp_path) as argent:
            for alice in everybody:
                assert (await alice.hears())[0].text == "echo: meanwhile"
            assert [words(seen) for seen in argent.model.requests] == [
                ["before", "echo: before", "meanwhile"]
            ] * 3
