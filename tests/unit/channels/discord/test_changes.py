"""Messages that are edited or deleted after they were taken over."""

from typing import Any

import pytest

from state.keys import Address
from state.messages import Correction, Deletion, InboundMessage, Malformed
from tests.emulators.discord import DiscordEmulator, User
from tests.emulators.discord.world import role_json
from tests.unit.channels.discord.rig import Rig, edit, owed


@pytest.fixture
def alice(dc: DiscordEmulator) -> User:
    return dc.user("Alice")


async def test_an_edit_and_a_deletion_name_the_message_they_are_about(
    dc: DiscordEmulator, rig: Rig, alice: User
) -> None:
    thread = dc.guild("Team").channel("general").thread("Ops", by=alice)
    async with rig.running():
        said = await alice.says("helo", in_=thread)
        await rig.inbox.has(1)
        await alice.edits(said, "hello")
        await rig.inbox.has(2)
        await alice.deletes(said)
        message, correction, deletion = await rig.inbox.has(3)
    assert isinstance(message, InboundMessage)
    assert isinstance(correction, Correction)
    assert isinstance(deletion, Deletion)
    assert message.source == correction.of == deletion.of
    assert str(said) == message.id == correction.id == deletion.id
    assert message.address == correction.address == deletion.address
    assert len({message.source, correction.source, deletion.source}) == 3


async def test_a_moderators_purge_is_a_deletion_of_each(
    dc: DiscordEmulator, rig: Rig, alice: User
) -> None:
    general = dc.guild("Team").channel("general")
    async with rig.running():
        said = [await alice.says(str(n), in_=general) for n in range(5)]
        await rig.inbox.has(5)
        dc.purge(general, *said)
        taken = await rig.inbox.has(10)
    assert [m.id for m in taken[5:] if isinstance(m, Deletion)] == [str(s) for s in said]


async def test_a_deletion_is_told_after_the_message_that_it_is_about(rig: Rig, alice: User) -> None:
    async with rig.running():
        await alice.says("first")
        await rig.inbox.has(1)
        rig.inbox.refuses = lambda inbound: getattr(inbound, "text", "") == "second"
        said = await alice.says("second")
        await alice.deletes(said)
        await rig.inbox.was_asked(3)
        rig.inbox.refuses = lambda _: False
        taken = await rig.inbox.has(3)
    assert [type(inbound) for inbound in taken] == [InboundMessage, InboundMessage, Deletion]


async def test_what_cannot_have_been_taken_over_is_not_told_of(
    dc: DiscordEmulator, rig: Rig, alice: User
) -> None:
    """Its own messages, and those of before it was there."""
    general = dc.guild("Team").channel("general")
    ancient = await alice.says("long ago", in_=general)
    async with rig.running() as channel:
        address = Address("discord", str(general.id))
        mine = await channel.send(owed(address, "live"))
        await channel.send(edit(address, mine.message, ""))
        await alice.deletes(ancient)
        joined: dict[str, Any] = {"type": 7}
        await alice.deletes(await alice.says("", in_=general, **joined))
        last = await alice.says("now", in_=general)
        await rig.inbox.has(1)
        await alice.deletes(last)
        taken = await rig.inbox.has(2)
    assert [type(inbound) for inbound in taken] == [InboundMessage, Deletion]
    assert dc.calls["channel"] == 0


async def test_what_an_earlier_run_may_have_taken_over_is_told_of(rig: Rig, alice: User) -> None:
    async with rig.running():
        said = await alice.says("secret")
        await rig.inbox.has(1)
    async with rig.running():
        await alice.deletes(said)
        message, deletion = await rig.inbox.has(2)
    assert isinstance(message, InboundMessage)
    assert isinstance(deletion, Deletion)
    assert (deletion.of, deletion.address) == (message.source, message.address)


async def test_what_only_looks_like_an_edit_is_none(
    dc: DiscordEmulator, rig: Rig, alice: User
) -> None:
    """A preview, a pin or a thread comes with the time of the last edit, if there was one."""
    async with rig.running():
        said = await alice.says("helo https://a.b")
        await rig.inbox.has(1)
        message = said.channel.messages[said]
        dc.tell_message("MESSAGE_UPDATE", said.channel, message | {"embeds": [{"type": "link"}]})
        await alice.edits(said, "hello https://a.b")
        await rig.inbox.has(2)
        dc.tell_message("MESSAGE_UPDATE", said.channel, message | {"pinned": True})
        await alice.edits(said, "hello https://a.b")
        await alice.says("next")
        taken = await rig.inbox.has(3)
    assert [type(inbound) for inbound in taken] == [InboundMessage, Correction, InboundMessage]


async def test_what_was_edited_before_it_was_read_is_read_as_it_is(
    dc: DiscordEmulator, rig: Rig, alice: User
) -> None:
    async with rig.running():
        await alice.says("before")
        await rig.inbox.has(1)
    said = await alice.says("helo")
    await alice.edits(said, "hello")
    async with rig.running():
        await rig.inbox.has(2)
        dc.tell_message("MESSAGE_UPDATE", said.channel, said.channel.messages[said])
        await alice.says("next")
        await rig.inbox.has(3)
    assert rig.inbox.texts == ["before", "hello", "next"]


@pytest.mark.parametrize(
    ("event", "body"),
    [("MESSAGE_DELETE", {"id": None}), ("MESSAGE_DELETE", {}),
     ("MESSAGE_DELETE_BULK", {"ids": "12"}), ("MESSAGE_DELETE_BULK", {"ids": [{}]})],
)  # fmt: skip
async def test_a_deletion_of_another_shape_is_set_aside(
    dc: DiscordEmulator, rig: Rig, alice: User, event: str, body: dict[str, object]
) -> None:
    async with rig.running():
        await alice.says("first")
        await rig.inbox.has(1)
        # The library stumbles over some of them, so what follows may come out of the history.
        dc.gateway.tell(dc.bot, event, body | {"channel_id": str(alice.chat().id)})
        await alice.says("next")
        taken = await rig.inbox.has(3)
    assert sum(isinstance(inbound, Malformed) for inbound in taken) == 1
    assert rig.inbox.texts == ["first", "next"]


async def test_the_bots_own_role_is_its_name_and_another_role_is_not(
    dc: DiscordEmulator, rig: Rig, alice: User
) -> None:
    team = dc.guild("Team")
    general, ops = team.channel("general"), team.role("ops")
    async with rig.running():
        await alice.says(f"<@&{team.role_of(dc.bot)}> hello", in_=general)
        await alice.says(f"ask <@&{team.role_of(dc.bot)}>", in_=general)
        await alice.says(f"<@&{ops}> hello", in_=general)
        taken = await rig.inbox.has(3)
    said = [(m.text, m.addressed) for m in taken if isinstance(m, InboundMessage)]
    assert said == [("hello", True), ("ask @argent", True), (f"<@&{ops}> hello", False)]


async def test_a_role_that_comes_later_is_its_name_too(
    dc: DiscordEmulator, rig: Rig, alice: User
) -> None:
    team = dc.guild("Team")
    general = team.channel("general")
    async with rig.running():
        number = dc.world.ids.next()
        role = role_json(number, "argent", managed=True, tags={"bot_id": str(dc.bot.id)})
        body = {"guild_id": str(team.id), "role": role}
        dc.gateway.tell(dc.bot, "GUILD_ROLE_CREATE", body)
        await alice.says(f"<@&{number}> hello", in_=general)
        (message,) = await rig.inbox.has(1)
    assert isinstance(message, InboundMessage)
    assert (message.text, message.addressed) == ("hello", True)
