"""How far rooms were read, while the disk does not say it."""

from tests.emulators.slack import SlackEmulator
from tests.unit.channels.slack.rig import Rig


async def test_marks_that_cannot_be_read_for_a_moment_are_not_written_over(
    sl: SlackEmulator, rig: Rig
) -> None:
    alice = sl.user("Alice")
    async with rig.running():
        await alice.says("before")
        await rig.inbox.has(1)
    get, fails = rig.get, [OSError(5, "I/O error")]

    async def stumbles(name: str) -> str | None:
        if fails:
            raise fails.pop()
        return await get(name)

    rig.get = stumbles  # type: ignore[method-assign]
    await alice.says("missed", told=False)
    async with rig.running():
        await rig.inbox.has(2)
    assert rig.inbox.texts == ["before", "missed"]
