"""Intake over the gateway: every room in order, nothing missed, nothing twice."""

import asyncio

import pytest

from channels.channel import Condition
from channels.errors import Unauthorized
from state.messages import ChatKind, Correction, InboundMessage, Malformed
from tests.emulators.discord import (
    DiscordEmulator,
    drop_connection,
    flood,
    garbage,
    server_error,
    unauthorized,
)
from tests.emulators.discord.faults import Fault
from tests.unit.channels.discord.rig import Rig, owed


async def test_what_is_said_in_private_arrives_in_order(dc: DiscordEmulator, rig: Rig) -> None:
    alice = dc.user("Alice")
    async with rig.running():
        for n in range(20):
            await alice.says(str(n))
        taken = await rig.inbox.has(20)
    assert rig.inbox.texts == [str(n) for n in range(20)]
    first = taken[0]
    assert isinstance(first, InboundMessage)
    assert (first.kind, first.addressed, first.sender.name) == (ChatKind.DIRECT, True, "Alice")
    assert first.address.chat == str(alice.chat().id)


async def test_rooms_threads_posts_and_group_chats_are_told_apart(
    dc: DiscordEmulator, rig: Rig
) -> None:
    alice, bob, guild = dc.user("Alice"), dc.user("Bob"), dc.guild("Team")
    general, helpdesk = guild.channel("general"), guild.forum("help")
    async with rig.running():
        await alice.says("room", in_=general)
        thread = general.thread("Ops", by=alice)
        await alice.says("thread", in_=thread)
        post = await helpdesk.post("Printer", "post", by=alice)
        trio = dc.group_dm("Trio", alice, bob)
        await alice.says("trio", in_=trio)
        await rig.inbox.has(4)
    seen = {m.text: m for m in rig.inbox.taken if isinstance(m, InboundMessage)}
    places = {t: (m.kind, m.address.chat, m.address.thread, m.container) for t, m in seen.items()}
    assert places == {
        "room": (ChatKind.GROUP, str(general.id), None, str(guild.id)),
        "thread": (ChatKind.THREAD, str(general.id), str(thread.id), str(guild.id)),
        "post": (ChatKind.THREAD, str(helpdesk.id), str(post.id), str(guild.id)),
        "trio": (ChatKind.GROUP, str(trio.id), None, None),
    }
    assert [m.addressed for m in seen.values()] == [False] * 4
    assert seen["thread"].title == "Ops"


async def test_the_bot_is_spoken_to_by_name_by_reply_and_in_its_threads(
    dc: DiscordEmulator, rig: Rig
) -> None:
    alice, general = dc.user("Alice"), dc.guild("Team").channel("general")
    thread = general.thread("Ops", by=alice)
    async with rig.running() as channel:
        await alice.says(f"<@{dc.bot.id}> hello", in_=general)
        (message,) = await rig.inbox.has(1)
        assert isinstance(message, InboundMessage)
        assert (message.text, message.addressed) == ("hello", True)
        await channel.send(owed(message.address, "hi"))
        (heard,) = await alice.hears(in_=general)
        await alice.says("and now?", in_=general, reply_to=heard.message)
        await alice.says("not yet", in_=thread)
        await rig.inbox.has(3)
        dc.join_thread(thread, dc.bot)
        await alice.says("and here?", in_=thread)
        await rig.inbox.has(4)
    seen = [m.addressed for m in rig.inbox.taken if isinstance(m, InboundMessage)]
    assert seen == [True, True, False, True]


async def test_an_edit_is_a_correction_and_a_link_preview_is_none(
    dc: DiscordEmulator, rig: Rig
) -> None:
    alice = dc.user("Alice")
    async with rig.running():
        said = await alice.says("helo https://a.b")
        # Read from the history after the edit, it would have said nothing else.
        await rig.inbox.has(1)
        dc.tell_message("MESSAGE_UPDATE", said.channel, said.channel.messages[said])
        await alice.edits(said, "hello")
        await rig.inbox.has(2)
        await alice.says("next")
        _, correction, _ = await rig.inbox.has(3)
    assert isinstance(correction, Correction)
    assert (correction.id, correction.text) == (str(said), "hello")


async def test_what_was_said_while_it_was_away_comes_first_and_once(
    dc: DiscordEmulator, rig: Rig
) -> None:
    alice, bob = dc.user("Alice"), dc.user("Bob")
    general = dc.guild("Team").channel("general")
    async with rig.running():
        await alice.says("before")
        await alice.says("before", in_=general)
        await rig.inbox.has(2)
    for n in range(3):
        await alice.says(f"away {n}")
        await alice.says(f"away {n}", in_=general)
    await bob.says("hello?")
    async with rig.running():
        await rig.inbox.has(8)
        await alice.says("after")
        await bob.says("still there?")
        await rig.inbox.has(11)
        mine = [m.text for m in rig.inbox.taken if isinstance(m, InboundMessage)
                and m.address.chat == str(alice.chat().id)]  # fmt: skip
    assert mine == ["before", "away 0", "away 1", "away 2", "after"]
    theirs = [t for t in rig.inbox.texts if t.endswith("?")]
    assert theirs == ["hello?", "still there?"]
    assert len({m.source for m in rig.inbox.taken}) == len(rig.inbox.taken) == 11


async def test_of_very_much_that_was_missed_the_latest_is_taken(
    dc: DiscordEmulator, rig: Rig
) -> None:
    alice = dc.user("Alice")
    async with rig.running():
        await alice.says("before")
        await rig.inbox.has(1)
    for n in range(10):
        await alice.says(str(n))
    async with rig.running(rig.channel(catch_up=3)):
        await rig.inbox.has(4)
    assert rig.inbox.texts == ["before", "7", "8", "9"]


async def test_more_than_can_wait_is_read_again_from_the_history(
    dc: DiscordEmulator, rig: Rig
) -> None:
    alice = dc.user("Alice")
    async with rig.running():
        await alice.says("first")
        await rig.inbox.has(1)
        for n in range(1_500):
            await alice.says(str(n))
        await rig.inbox.has(1_501)
    assert rig.inbox.texts == ["first", *(str(n) for n in range(1_500))]


async def test_an_owner_who_writes_first_while_it_is_away_is_found(
    dc: DiscordEmulator, rig: Rig
) -> None:
    alice, bob = dc.user("Alice"), dc.user("Bob")
    rig.owners = (str(alice.id), "123456789012345678")
    async with rig.running():
        assert dc.calls["create_dm"] == 2
    await alice.says("hello?")
    await bob.says("nobody knows me")
    async with rig.running():
        await rig.inbox.has(1)
    assert rig.inbox.texts == ["hello?"]
    # The chat is known from now on; somebody who does not exist is asked for again.
    assert dc.calls["create_dm"] == 3


@pytest.mark.parametrize("fault", [server_error(502), flood(60)], ids=str)
async def test_a_chat_that_cannot_be_asked_for_now_is_asked_for_at_the_next_start(
    dc: DiscordEmulator, rig: Rig, fault: Fault
) -> None:
    alice = dc.user("Alice")
    rig.owners = (str(alice.id), str(dc.user("Bob").id))
    dc.faults.next("create_dm", fault)
    async with rig.running():
        assert dc.calls["create_dm"] == 1
    async with rig.running():
        assert dc.calls["create_dm"] == 3


async def test_the_first_start_ever_does_not_read_what_was_said_before(
    dc: DiscordEmulator, rig: Rig
) -> None:
    alice, general = dc.user("Alice"), dc.guild("Team").channel("general")
    await alice.says("long ago", in_=general)
    async with rig.running():
        await alice.says("now", in_=general)
        await rig.inbox.has(1)
    assert rig.inbox.texts == ["now"]


async def test_nothing_counts_as_read_that_was_not_stored(dc: DiscordEmulator, rig: Rig) -> None:
    alice = dc.user("Alice")
    async with rig.running():
        await alice.says("one")
        await rig.inbox.has(1)
    rig.inbox.refuses = lambda _: True
    async with rig.running() as channel:
        await alice.says("two")
        await rig.inbox.was_asked(4)
        health = await rig.healthy(channel, lambda h: h.condition is Condition.DEGRADED)
        assert health.detail is not None
        assert "cannot be stored" in health.detail
    rig.inbox.refuses = lambda _: False
    async with rig.running():
        await rig.inbox.has(2)
    assert rig.inbox.texts == ["one", "two"]


async def test_a_room_that_is_stuck_does_not_hold_up_another(dc: DiscordEmulator, rig: Rig) -> None:
    alice, bob = dc.user("Alice"), dc.user("Bob")
    rig.inbox.refuses = lambda m: isinstance(m, InboundMessage) and m.sender.name == "Alice"
    async with rig.running():
        await alice.says("refused")
        await bob.says("taken")
        await rig.inbox.has(1)
        rig.inbox.refuses = lambda _: False
        await rig.inbox.has(2)
    assert rig.inbox.texts == ["taken", "refused"]


@pytest.mark.parametrize("how", ["reconnect", "drop", "close"])
async def test_a_connection_that_ends_is_resumed_and_misses_nothing(
    dc: DiscordEmulator, rig: Rig, how: str
) -> None:
    alice = dc.user("Alice")
    async with rig.running() as channel:
        await alice.says("one")
        await rig.inbox.has(1)
        old = set(dc.gateway.connections)
        dc.gateway.close(4000) if how == "close" else getattr(dc.gateway, how)()
        await dc.gateway.until(lambda: not old & set(dc.gateway.connections))
        await alice.says("two")
        await rig.inbox.has(2)
        await rig.healthy(channel, lambda h: h.generation == 2)
    assert rig.inbox.texts == ["one", "two"]
    if how != "drop":
        assert (dc.gateway.identified, dc.gateway.resumed) == (1, 1)


async def test_a_session_that_is_lost_is_made_up_for(dc: DiscordEmulator, rig: Rig) -> None:
    alice = dc.user("Alice")
    async with rig.running():
        await alice.says("one")
        await rig.inbox.has(1)
        dc.gateway.invalidate()
        await alice.says("two")
        await dc.gateway.until(lambda: dc.gateway.identified == 2)
        await alice.says("three")
        await rig.inbox.has(3)
    assert rig.inbox.texts == ["one", "two", "three"]


async def test_discord_gone_and_back_loses_nothing(dc: DiscordEmulator, rig: Rig) -> None:
    alice = dc.user("Alice")
    async with rig.running() as channel:
        await alice.says("one")
        await rig.inbox.has(1)
        await dc.close()
        health = await rig.healthy(channel, lambda h: h.condition is Condition.DEGRADED)
        assert health.detail is not None
        await alice.says("two")
        await dc.restarts()
        await rig.inbox.has(2)
        await rig.healthy(channel, lambda h: h.condition is Condition.HEALTHY)
    assert rig.inbox.texts == ["one", "two"]


async def test_a_malformed_event_ends_the_library_and_nothing_else(
    dc: DiscordEmulator, rig: Rig
) -> None:
    alice = dc.user("Alice")
    async with rig.running():
        poison = {"id": [], "content": 7, "channel_id": str(alice.chat().id)}
        dc.gateway.tell(dc.bot, "MESSAGE_CREATE", poison | {"author": {}, "mentions": []})
        await alice.says("still here")
        await rig.inbox.has(2)
    (aside,) = [m for m in rig.inbox.taken if isinstance(m, Malformed)]
    assert b"content" in aside.raw
    assert rig.inbox.texts == ["still here"]


async def test_a_half_open_connection_is_noticed(dc: DiscordEmulator, rig: Rig) -> None:
    alice = dc.user("Alice")
    dc.gateway.heartbeat_ms = 200
    rig.heartbeat_timeout = 1.0
    async with rig.running() as channel:
        await alice.says("one")
        await rig.inbox.has(1)
        dc.gateway.freeze()
        await alice.says("two")
        await rig.healthy(channel, lambda h: h.generation == 2)
        await rig.inbox.has(2)
    assert rig.inbox.texts == ["one", "two"]


async def test_health_is_proved_by_heartbeats(dc: DiscordEmulator, rig: Rig) -> None:
    dc.gateway.heartbeat_ms = 50
    async with rig.running() as channel:
        before = channel.health().proved_at
        beats = dc.gateway.ops[1]
        await dc.gateway.until(lambda: dc.gateway.ops[1] >= beats + 3)
        health = await rig.healthy(channel, lambda h: h.proved_at != before)
        assert (health.generation, health.identity) == (1, "argent")
    assert channel.health().condition is Condition.STOPPED


@pytest.mark.parametrize("code", [4004, 4014])
async def test_a_close_that_only_the_owner_can_mend_names_the_remedy(
    dc: DiscordEmulator, rig: Rig, code: int
) -> None:
    channel = rig.channel()
    running = asyncio.create_task(channel.run(rig.inbox.receive))
    await dc.gateway.until(lambda: dc.gateway.identified == 1)
    dc.gateway.close(code)
    remedy = "Reset Token" if code == 4004 else "Message Content Intent"
    with pytest.raises(Unauthorized, match=remedy):
        await asyncio.wait_for(running, 10)
    health = channel.health()
    assert health.condition is Condition.FAILED
    assert health.detail is not None
    assert remedy in health.detail


async def test_an_intent_that_is_switched_off_is_explained(dc: DiscordEmulator, rig: Rig) -> None:
    dc.bot.intents = 0
    with pytest.raises(Unauthorized, match="Message Content Intent"):
        await rig.channel().run(rig.inbox.receive)


@pytest.mark.parametrize("token", ["wrong", "MTE.x.y", " "])
async def test_a_wrong_token_ends_the_channel_and_is_not_shown(rig: Rig, token: str) -> None:
    with pytest.raises(Unauthorized, match="Reset Token") as refused:
        await rig.channel(token=token).run(rig.inbox.receive)
    assert token == " " or token not in str(refused.value)


@pytest.mark.parametrize(
    "fault",
    [server_error(502), drop_connection(), garbage(), flood(0.01), server_error(403)],
    ids=str,
)
@pytest.mark.parametrize("route", ["me", "application", "get_messages"])
async def test_a_start_while_discord_fails_goes_on_until_it_works(
    dc: DiscordEmulator, rig: Rig, fault: Fault, route: str
) -> None:
    alice = dc.user("Alice")
    async with rig.running():
        await alice.says("one")
        await rig.inbox.has(1)
    await alice.says("two")
    dc.faults.next(route, fault, fault)
    async with rig.running():
        await rig.inbox.has(2)
    assert rig.inbox.texts == ["one", "two"]


async def test_a_token_that_is_reset_while_it_runs_ends_the_channel(
    dc: DiscordEmulator, rig: Rig
) -> None:
    channel = rig.channel()
    running = asyncio.create_task(channel.run(rig.inbox.receive))
    await rig.healthy(channel, lambda h: h.condition is Condition.HEALTHY)
    dc.faults.always("me", unauthorized())
    dc.gateway.sessions.clear()
    dc.gateway.refuse = 1
    dc.gateway.drop()
    with pytest.raises(Unauthorized):
        await asyncio.wait_for(running, 10)


async def test_very_many_reconnects_leave_nothing_behind(dc: DiscordEmulator, rig: Rig) -> None:
    alice = dc.user("Alice")
    async with rig.running() as channel:
        tasks = len(asyncio.all_tasks())
        for n in range(100):
            old = set(dc.gateway.connections)
            dc.gateway.reconnect()
            await dc.gateway.until(
                lambda old=old: dc.gateway.connections and not old & set(dc.gateway.connections)
            )
            await rig.healthy(channel, lambda h, n=n: h.generation == n + 2)
        await alice.says("still here")
        await rig.inbox.has(1)
        assert len(asyncio.all_tasks()) <= tasks + 5
        assert len(dc.gateway.connections) == 1
