"""What a machine whose clock is wrong hears all the same."""

from datetime import timedelta

import pytest

from tests.emulators.discord import DiscordEmulator
from tests.unit.channels.discord.rig import Rig


async def test_what_was_said_in_a_new_room_is_made_up_for_where_the_clock_is_slow(
    dc: DiscordEmulator, rig: Rig
) -> None:
    alice, guild = dc.user("Alice"), dc.guild("Team")
    guild.channel("general")
    rig.slow = timedelta(minutes=5)
    async with rig.running():
        pass
    await alice.says("anybody here?", in_=guild.channel("new"))
    async with rig.running():
        await rig.inbox.has(1)
    assert rig.inbox.texts == ["anybody here?"]


@pytest.mark.parametrize("slow", [timedelta(days=-4_000), timedelta(days=4_000)])
async def test_what_was_said_meanwhile_is_made_up_for_where_the_clock_is_years_wrong(
    dc: DiscordEmulator, rig: Rig, slow: timedelta
) -> None:
    alice, guild = dc.user("Alice"), dc.guild("Team")
    general = guild.channel("general")
    async with rig.running():
        await alice.says("hello", in_=general)
        await rig.inbox.has(1)
    rig.slow = slow
    await alice.says("anybody here?", in_=general)
    async with rig.running():
        await rig.inbox.has(2)
    assert rig.inbox.texts == ["hello", "anybody here?"]


async def test_a_bot_that_begins_with_a_wrong_clock_begins_now(
    dc: DiscordEmulator, rig: Rig
) -> None:
    alice, guild = dc.user("Alice"), dc.guild("Team")
    general = guild.channel("general")
    rig.slow = timedelta(days=-1)
    async with rig.running():
        pass
    await alice.says("anybody here?", in_=general)
    async with rig.running():
        await rig.inbox.has(1)
    assert rig.inbox.texts == ["anybody here?"]
