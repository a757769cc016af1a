"""What a machine whose clock is wrong hears all the same."""

from datetime import timedelta

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
