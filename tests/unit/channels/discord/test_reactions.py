"""The reaction that says that a message is being worked on."""

import asyncio

import pytest

from state.keys import Address
from tests.emulators.discord import (
    DiscordEmulator,
    User,
    drop_connection,
    flood,
    refused,
    server_error,
    unauthorized,
)
from tests.emulators.discord.faults import Fault
from tests.emulators.discord.people import Said
from tests.emulators.discord.places import Room
from tests.unit.channels.discord.rig import Rig


@pytest.fixture
def alice(dc: DiscordEmulator) -> User:
    return dc.user("Alice")


@pytest.fixture
def general(dc: DiscordEmulator) -> Room:
    return dc.guild("Team").channel("general")


def place(room: Room) -> Address:
    return Address("discord", str(room.id))


def reactions(said: Said) -> list[str]:
    message = said.channel.messages[said]
    return [each["emoji"]["name"] for each in message.get("reactions", ())]


async def test_a_message_has_the_reaction_while_it_is_worked_on(
    rig: Rig, alice: User, general: Room
) -> None:
    said, channel = await alice.says("hi", in_=general), rig.channel()
    await channel.acknowledge(place(general), str(said), seen=True)
    assert reactions(said) == ["👀"]
    await channel.acknowledge(place(general), str(said), seen=False)
    assert reactions(said) == []


async def test_the_strict_limit_of_reactions_is_waited_out_in_order(
    dc: DiscordEmulator, rig: Rig, alice: User, general: Room
) -> None:
    dc.limits.set("create_reaction", 1, 0.05)
    said, channel = [await alice.says(str(n), in_=general) for n in range(3)], rig.channel()
    await asyncio.gather(
        *(channel.acknowledge(place(general), str(s), seen=True) for s in said),
        channel.acknowledge(place(general), str(said[2]), seen=False),
    )
    assert [reactions(s) for s in said] == [["👀"], ["👀"], []]


async def test_where_the_bot_may_not_react_it_does_not_ask_again(
    dc: DiscordEmulator, rig: Rig, alice: User, general: Room
) -> None:
    general.no_reactions = True
    said, channel = await alice.says("hi", in_=general), rig.channel()
    for _ in range(3):
        await channel.acknowledge(place(general), str(said), seen=True)
        await channel.acknowledge(place(general), str(said), seen=False)
    assert (dc.calls["create_reaction"], dc.calls["delete_reaction"]) == (1, 0)
    other = await alice.says("hi")
    await channel.acknowledge(Address("discord", str(other.channel.id)), str(other), seen=True)
    assert reactions(other) == ["👀"]


@pytest.mark.parametrize(
    "fault",
    [flood(60), server_error(500), drop_connection(), unauthorized(),
     refused(403, 90001, "Reaction was blocked"), refused(400, 30010, "Maximum number")],
)  # fmt: skip
async def test_nothing_is_raised_and_the_next_message_gets_its_reaction(
    dc: DiscordEmulator, rig: Rig, alice: User, general: Room, fault: Fault
) -> None:
    first, second = await alice.says("1", in_=general), await alice.says("2")
    channel = rig.channel()
    dc.faults.always("create_reaction", fault)
    await channel.acknowledge(place(general), str(first), seen=True)
    dc.faults.clear()
    home = Address("discord", str(alice.chat().id))
    await channel.acknowledge(home, str(second), seen=True)
    assert (reactions(first), reactions(second)) == ([], ["👀"])


@pytest.mark.parametrize("message", ["", "nowhere", "interaction-1", "-1"])
async def test_what_is_no_message_gets_none(dc: DiscordEmulator, rig: Rig, message: str) -> None:
    channel = rig.channel()
    await channel.acknowledge(Address("discord", "1"), message, seen=True)
    await channel.acknowledge(Address("discord", "nowhere"), "1", seen=True)
    assert dc.calls["create_reaction"] == 0


async def test_a_reaction_that_is_called_off_still_ends_in_its_own_time(
    dc: DiscordEmulator, rig: Rig, alice: User, general: Room
) -> None:
    said, channel = await alice.says("hi", in_=general), rig.channel()
    giving = asyncio.create_task(channel.acknowledge(place(general), str(said), seen=True))
    await dc.called("create_reaction", 1)
    giving.cancel()
    await asyncio.wait({giving})
    await channel.close()
    assert reactions(said) == ["👀"]
