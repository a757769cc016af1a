"""One gateway, three platforms: each in its own sessions, and any of them may fail alone."""

from pathlib import Path

import pytest

from channels.channel import Condition
from tests.flows.bot import bots, discord_account, slack_account, telegram_account
from tests.flows.stage import words
from tests.flows.three import PLATFORMS, condition, until, until_all_are_well, world


async def test_a_private_chat_a_group_and_a_thread_on_each(tmp_path: Path) -> None:
    async with world() as there:
        spots = [spot for three in (await there.spots()).values() for spot in three]
        async with there.argent(tmp_path) as argent:
            await until_all_are_well(argent)
            for spot in spots:
                await spot.says(f"here is {spot.key}")
            for spot in spots:
                await spot.hears_of(f"here is {spot.key}")
            keys = {str(row.key) for row in await argent.ledger.listing()}
            assert keys == {spot.key for spot in spots}


async def test_the_owners_private_chat_is_the_main_one_on_each(tmp_path: Path) -> None:
    async with world() as there:
        private = [(await there.spots())[platform][0] for platform in PLATFORMS]
        alice = {spot.key.split(":")[0]: spot.key.split(":")[1] for spot in private}
        owners = {platform: {"owners": [user]} for platform, user in alice.items()}
        async with there.argent(tmp_path, owners) as argent:
            await until_all_are_well(argent)
            for spot in private:
                await spot.talks("hello")
            keys = {str(row.key) for row in await argent.ledger.listing()}
            assert keys == {f"{platform}:{user}:main" for platform, user in alice.items()}


@pytest.mark.usefixtures("impatience")
@pytest.mark.parametrize("gone", PLATFORMS)
async def test_a_platform_that_dies_takes_no_other_with_it_and_is_caught_up_with(
    gone: str, tmp_path: Path
) -> None:
    async with world() as there:
        spots = await there.spots()
        others = [platform for platform in PLATFORMS if platform != gone]
        neighbours = [spot for platform in others for spot in spots[platform]]
        async with there.argent(tmp_path) as argent:
            await until_all_are_well(argent)
            for spot in (*spots[gone], *neighbours):
                await spot.talks("before")
            await there.fails(gone)
            for spot in spots[gone]:
                await spot.says("meanwhile")
            for spot in neighbours:
                await spot.talks("still there?")
            await until(argent, gone, Condition.DEGRADED)
            assert {condition(argent, other) for other in others} == {Condition.HEALTHY}
            await there.returns()
            for spot in spots[gone]:
                await spot.hears_of("meanwhile")
            await until_all_are_well(argent)
            for spot in (*spots[gone], *neighbours):
                await spot.talks("after")


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
            await until_all_are_well(argent)
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
