"""How far rooms were read, while the disk does not say it."""

from tests.emulators.discord import DiscordEmulator
from tests.unit.channels.discord.rig import Rig


async def test_marks_that_cannot_be_read_for_a_moment_are_not_written_over(
    dc: DiscordEmulator, rig: Rig
) -> None:
    alice, guild = dc.user("Alice"), dc.guild("Team")
    general, other = guild.channel("general"), guild.channel("other")
    async with rig.running():
        await alice.says("before", in_=general)
        await rig.inbox.has(1)
    get, fails = rig.get, [OSError(5, "I/O error")]

    async def stumbles(name: str) -> str | None:
        if fails:
            raise fails.pop()
        return await get(name)

    rig.get = stumbles  # type: ignore[method-assign]
    await alice.says("missed", in_=other)
    async with rig.running():
        await rig.inbox.has(2)
    assert rig.inbox.texts == ["before", "missed"]
