"""What goes out: each part once, whole, to where it belongs, and every failure by its name."""

import asyncio

import pytest

from channels.channel import Command
from channels.errors import ChannelError, RateLimited, Rejected, Unauthorized, Unreachable
from state.keys import Address
from state.messages import InboundMessage, Reply
from tests.emulators.discord import (
    DiscordEmulator,
    Interaction,
    User,
    banned,
    drop_connection,
    flood,
    garbage,
    server_error,
    unauthorized,
)
from tests.emulators.discord.faults import Fault, refused
from tests.unit.channels.discord.rig import Rig, owed


@pytest.fixture
def alice(dc: DiscordEmulator) -> User:
    return dc.user("Alice")


def home(user: User) -> Address:
    return Address("discord", str(user.chat().id))


async def test_an_answer_names_its_question_and_pings_nobody(
    dc: DiscordEmulator, rig: Rig, alice: User
) -> None:
    general = dc.guild("Team").channel("general")
    said = await alice.says("hi", in_=general)
    channel = rig.channel()
    text = f"@everyone <@{alice.id}> <!channel> <@&1> hello"
    (part,) = channel.render(Reply(text, reply_to=str(said)))
    receipt = await channel.send(
        owed(Address("discord", str(general.id)), part.text, reply_to=part.reply_to)
    )
    (heard,) = await alice.hears(in_=general)
    assert (heard.reply_to, str(heard.message)) == (said, receipt.message)
    assert heard.pings == ()
    assert dc.world.channels[general.id].messages[heard.message]["mentions"] == []
    assert heard.body["allowed_mentions"] == {"parse": [], "replied_user": False}


async def test_an_answer_to_a_deleted_question_is_sent_all_the_same(rig: Rig, alice: User) -> None:
    said = await alice.says("hi")
    await alice.deletes(said)
    await rig.channel().send(owed(home(alice), reply_to=str(said)))
    assert [s.reply_to for s in await alice.hears()] == [None]


async def test_between_two_an_answer_does_not_point_at_its_question(
    dc: DiscordEmulator, rig: Rig, alice: User
) -> None:
    trio = dc.group_dm("Trio", alice, dc.user("Bob"))
    async with rig.running() as channel:
        for where in (alice.chat(), trio):
            await alice.says("hi", in_=where)
        for message in await rig.inbox.has(2):
            assert isinstance(message, InboundMessage)
            await channel.send(owed(message.address, "hello", reply_to=message.id))
    (alone,), (among,) = await alice.hears(), await alice.hears(in_=trio)
    assert alone.reply_to is None
    assert among.reply_to is not None


async def test_a_part_that_is_sent_again_appears_once(
    dc: DiscordEmulator, rig: Rig, alice: User
) -> None:
    channel = rig.channel()
    dc.faults.next("create_message", drop_connection(after=True))
    part = owed(home(alice), "once", key="a-key-that-is-much-longer-than-discord-takes")
    with pytest.raises(Unreachable) as lost:
        await channel.send(part)
    assert lost.value.uncertain
    receipt = await channel.send(part)
    assert [str(s.message) for s in dc.record] == [receipt.message]


async def test_threads_are_written_to_as_themselves(
    dc: DiscordEmulator, rig: Rig, alice: User
) -> None:
    general = dc.guild("Team").channel("general")
    thread = general.thread("Ops", by=alice)
    await rig.channel().send(owed(Address("discord", str(general.id), str(thread.id))))
    assert [s.chat for s in await alice.hears(in_=thread)] == [thread.id]


@pytest.mark.parametrize(
    ("fault", "uncertain"),
    [
        (server_error(502), True),
        (server_error(500, html=False), True),
        (server_error(404), False),
        (drop_connection(), True),
        (garbage(), True),
    ],
)
async def test_a_failing_discord_is_unreachable(
    dc: DiscordEmulator, rig: Rig, alice: User, fault: Fault, uncertain: bool
) -> None:
    dc.faults.next("create_message", fault)
    with pytest.raises(Unreachable) as error:
        await rig.channel().send(owed(home(alice)))
    assert error.value.uncertain is uncertain


async def test_nobody_listening_is_certain(rig: Rig, alice: User, unused_tcp_port: int) -> None:
    channel = rig.channel(root=f"http://127.0.0.1:{unused_tcp_port}")
    with pytest.raises(Unreachable) as error:
        await channel.send(owed(home(alice)))
    assert not error.value.uncertain


@pytest.mark.parametrize(
    ("fault", "seconds", "whole"),
    [(flood(1.5), 1.5, False), (flood(2, everywhere=True), 2, True), (banned(), 5, True)],
)
async def test_a_flood_wait_is_told_and_not_slept_out(
    dc: DiscordEmulator, rig: Rig, alice: User, fault: Fault, seconds: float, whole: bool
) -> None:
    dc.faults.next("create_message", fault)
    channel, bob = rig.channel(), dc.user("Bob")
    with pytest.raises(RateLimited) as wait:
        await channel.send(owed(home(alice)))
    assert (wait.value.retry_after, wait.value.whole_account) == (seconds, whole)
    # What Discord asked for is kept without asking it again, and by that chat alone.
    calls = dc.calls["create_message"]
    with pytest.raises(RateLimited):
        await channel.send(owed(home(alice)))
    assert dc.calls["create_message"] == calls
    if not whole:
        await channel.send(owed(home(bob)))


async def test_a_bucket_that_is_used_up_is_not_overdrawn(
    dc: DiscordEmulator, rig: Rig, alice: User
) -> None:
    dc.limits.set("create_message", 2, 30.0)
    channel = rig.channel()
    for n in range(2):
        receipt = await asyncio.wait_for(channel.send(owed(home(alice), str(n))), 5)
        assert receipt.message
    with pytest.raises(RateLimited) as wait:
        await channel.send(owed(home(alice)))
    assert 25 < wait.value.retry_after <= 30
    assert dc.calls["create_message"] == 2


@pytest.mark.parametrize("trouble", ["gone", "hidden", "read-only", "blocked", "locked"])
async def test_what_discord_will_never_take_is_rejected_with_the_reason(
    dc: DiscordEmulator, rig: Rig, alice: User, trouble: str
) -> None:
    room = dc.guild("Team").channel("general")
    place = Address("discord", str(room.id))
    match trouble:
        case "gone":
            place = Address("discord", "123456789012345678")
        case "hidden":
            room.hidden = True
        case "read-only":
            room.read_only = True
        case "locked":
            room.locked = True
        case "blocked":
            alice.blocks()
            place = home(alice)
    words = {
        "gone": "gone", "hidden": "View Channels", "read-only": "Send Messages",
        "blocked": "takes no messages", "locked": "locked",
    }  # fmt: skip
    with pytest.raises(Rejected, match=words[trouble]):
        await rig.channel().send(owed(place))


async def test_a_refused_token_names_the_remedy(dc: DiscordEmulator, rig: Rig, alice: User) -> None:
    dc.faults.next("create_message", unauthorized())
    with pytest.raises(Unauthorized, match="Reset Token"):
        await rig.channel().send(owed(home(alice)))


@pytest.mark.parametrize("place", ["nowhere", "", "-1", "1" * 30, "١٢"])
async def test_an_address_that_is_not_discords_is_rejected(rig: Rig, place: str) -> None:
    with pytest.raises(Rejected):
        await rig.channel().send(owed(Address("discord", place)))


async def test_a_long_answer_is_whole_and_starts_with_the_reply(rig: Rig, alice: User) -> None:
    said = await alice.says("everything, please")
    channel = rig.channel()
    text = "\n\n".join(f"Paragraph {n}: " + "word " * 50 for n in range(80))
    parts = channel.render(Reply(text, reply_to=str(said)))
    for index, part in enumerate(parts):
        await channel.send(owed(home(alice), part.text, reply_to=part.reply_to, key=str(index)))
    sent = await alice.hears(len(parts))
    assert [s.reply_to for s in sent] == [said] + [None] * (len(parts) - 1)
    assert " ".join(s.text for s in sent).split() == text.split()


async def test_typing_is_shown_where_the_answer_will_be_and_never_raises(
    dc: DiscordEmulator, rig: Rig, alice: User
) -> None:
    channel = rig.channel()
    await channel.typing(home(alice))
    assert dc.typings == [alice.chat().id]
    for fault in (flood(5), server_error(500), drop_connection(), unauthorized()):
        dc.faults.next("typing", fault)
        await rig.channel().typing(home(alice))
    await channel.typing(Address("discord", "nowhere"))


# Commands ------------------------------------------------------------------------------------


async def _run(dc: DiscordEmulator, rig: Rig, command: str, by: User) -> Interaction:
    await dc.called("put_commands", 1)
    await dc.changed.until(lambda: bool(dc.bot.commands), 5)
    interaction = await by.runs(command)
    await interaction.acknowledged()
    return interaction


async def test_commands_are_published_once_until_they_change(dc: DiscordEmulator, rig: Rig) -> None:
    rig.commands = [Command("help", "What I can do"), Command("status", "")]
    for _ in range(2):
        async with rig.running():
            await dc.called("put_commands", 1)
            await dc.changed.until(lambda: bool(rig.cursors.get(_digest(dc))), 5)
    assert dc.calls["put_commands"] == 1
    assert [c["name"] for c in dc.bot.commands] == ["help", "status"]
    rig.commands = [Command("help", "What I can do now")]
    async with rig.running():
        await dc.called("put_commands", 2)


def _digest(dc: DiscordEmulator) -> str:
    return f"discord:{dc.bot.id}:commands"


async def test_a_command_is_a_message_and_its_answer_takes_the_place_of_thinking(
    dc: DiscordEmulator, rig: Rig, alice: User
) -> None:
    rig.commands = [Command("status", "How I am")]
    async with rig.running() as channel:
        interaction = await _run(dc, rig, "/status the disk", alice)
        (message,) = await rig.inbox.has(1)
        assert isinstance(message, InboundMessage)
        assert (message.text, message.addressed) == ("/status the disk", True)
        assert message.sender.id == str(alice.id)
        await channel.send(owed(message.address, "All well", reply_to=message.id, seq=7))
        await channel.send(owed(message.address, "And more", seq=7, key="more"))
        await channel.send(owed(message.address, "And more", seq=7, key="more"))
        await channel.send(owed(message.address, "Something else", seq=8))
        heard = await alice.hears(3)
    assert [(s.text, s.interaction) for s in heard] == [
        ("All well", interaction.id),
        ("And more", None),
        ("Something else", None),
    ]
    assert interaction.answered_after is not None
    assert interaction.answered_after < 3


async def test_in_company_a_commands_answer_is_for_whoever_gave_it(
    dc: DiscordEmulator, rig: Rig, alice: User
) -> None:
    rig.commands = [Command("status", "How I am")]
    general = dc.guild("Team").channel("general")
    async with rig.running() as channel:
        await dc.called("put_commands", 1)
        await dc.changed.until(lambda: bool(dc.bot.commands), 5)
        interaction = await alice.runs("/status", in_=general)
        await interaction.acknowledged()
        (message,) = await rig.inbox.has(1)
        assert isinstance(message, InboundMessage)
        await channel.send(owed(message.address, "All well", reply_to=message.id, seq=7))
        await channel.send(owed(message.address, "And more", seq=7))
        heard = await alice.hears(2, in_=general)
    assert [(sent.text, sent.ephemeral) for sent in heard] == [
        ("All well", True),
        ("And more", True),
    ]


async def test_a_command_of_before_a_restart_is_answered_by_a_message(
    dc: DiscordEmulator, rig: Rig, alice: User
) -> None:
    rig.commands = [Command("status", "How I am")]
    async with rig.running():
        await _run(dc, rig, "/status", alice)
        (message,) = await rig.inbox.has(1)
    assert isinstance(message, InboundMessage)
    await rig.channel().send(owed(message.address, "All well", reply_to=message.id))
    (heard,) = await alice.hears()
    assert (heard.text, heard.interaction, heard.reply_to) == ("All well", None, None)


async def test_a_command_that_cannot_be_acknowledged_is_answered_by_a_message(
    dc: DiscordEmulator, rig: Rig, alice: User
) -> None:
    rig.commands = [Command("status", "How I am")]
    dc.faults.next("callback", server_error(502))
    async with rig.running() as channel:
        await dc.called("put_commands", 1)
        await dc.changed.until(lambda: bool(dc.bot.commands), 5)
        await alice.runs("/status")
        (message,) = await rig.inbox.has(1)
        assert isinstance(message, InboundMessage)
        await dc.called("callback", 1)
        await channel.send(owed(message.address, "All well", reply_to=message.id))
    assert [s.text for s in await alice.hears()] == ["All well"]


async def test_no_error_shows_the_token(dc: DiscordEmulator, rig: Rig, alice: User) -> None:
    channel = rig.channel()
    repeats = refused(403, 50013, f"what is Authorization: Bot {dc.token}?")
    for fault in (
        unauthorized(), server_error(500), drop_connection(), garbage(), flood(1), repeats
    ):  # fmt: skip
        dc.faults.next("create_message", fault)
        with pytest.raises(ChannelError) as error:
            await channel.send(owed(home(alice)))
        assert dc.token not in repr(error.value) + str(error.value.__cause__)
