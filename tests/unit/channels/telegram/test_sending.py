"""What is owed reaches its place, and what goes wrong has a name that says what to do."""

import asyncio

import aiohttp
import pytest

from channels.channel import Command
from channels.errors import (
    ChannelError,
    Moved,
    RateLimited,
    Rejected,
    Unauthorized,
    Unreachable,
)
from channels.rendering import NOTHING_TO_SEE
from state.keys import Address
from state.messages import InboundMessage, Reply
from tests.emulators.telegram import (
    TelegramEmulator,
    User,
    drop_connection,
    flood,
    garbage,
    refused,
    server_error,
    unauthorized,
)
from tests.emulators.telegram.faults import Fault
from tests.unit.channels.telegram.rig import Rig, home, owed


@pytest.fixture
async def alice(tg: TelegramEmulator) -> User:
    alice = tg.user("Alice")
    await alice.says("hi")
    return alice


async def test_a_part_arrives_as_it_was_rendered(
    tg: TelegramEmulator, rig: Rig, alice: User
) -> None:
    channel = rig.channel()
    (part,) = channel.render(Reply("**bold** & <plain>", reply_to="1"))
    receipt = await channel.send(owed(home(alice), part.text, part.plain, part.reply_to))
    (sent,) = await alice.hears()
    assert sent.text == "bold & <plain>"
    assert [e["type"] for e in sent.entities] == ["bold"]
    assert (sent.reply_to, receipt.message) == (1, str(sent.message))
    assert '"is_disabled": true' in sent.params["link_preview_options"]


async def test_an_answer_goes_to_the_topic_and_general_has_none(
    tg: TelegramEmulator, rig: Rig, alice: User
) -> None:
    forum = tg.forum("Dev")
    ops = forum.topic("Ops")
    channel = rig.channel()
    await channel.send(owed(Address("telegram", str(forum.id), str(ops.id)), "in ops"))
    await channel.send(owed(Address("telegram", str(forum.id), "1"), "in general"))
    assert [(s.text, s.thread) for s in tg.record] == [("in ops", ops.id), ("in general", 1)]
    assert "message_thread_id" not in tg.record[1].params


async def test_an_answer_to_a_deleted_message_is_sent_all_the_same(
    tg: TelegramEmulator, rig: Rig, alice: User
) -> None:
    await rig.channel().send(owed(home(alice), reply_to="999"))
    (sent,) = await alice.hears()
    assert sent.reply_to is None


async def test_an_answer_to_a_deleted_topic_is_seen_in_the_chat(
    tg: TelegramEmulator, rig: Rig, alice: User
) -> None:
    forum = tg.forum("Dev")
    ops = forum.topic("Ops")
    question = await alice.says("@argent_bot hi", in_=ops)
    forum.delete_topic(ops)
    lost = Address("telegram", str(forum.id), str(ops.id))
    await rig.channel().send(owed(lost, "<b>broken", "broken", reply_to=str(int(question))))
    (sent,) = await alice.hears(in_=forum)
    assert (sent.text, sent.thread, sent.reply_to) == ("broken", 1, None)


async def test_an_answer_whose_question_is_refused_is_sent_without_it(
    tg: TelegramEmulator, rig: Rig, alice: User
) -> None:
    tg.faults.next("sendMessage", refused(400, "Bad Request: message to be replied not found"))
    await rig.channel().send(owed(home(alice), reply_to="1"))
    (sent,) = await alice.hears()
    assert sent.reply_to is None


@pytest.mark.parametrize("words", ["message thread not found", "message to be replied not found"])
async def test_what_is_refused_for_something_it_does_not_have_is_rejected(
    tg: TelegramEmulator, rig: Rig, alice: User, words: str
) -> None:
    tg.faults.always("sendMessage", refused(400, f"Bad Request: {words}"))
    with pytest.raises(Rejected, match=words):
        await rig.channel().send(owed(home(alice), reply_to="1"))
    assert tg.calls["sendmessage"] <= 2


async def test_an_answer_to_something_unknown_counts_as_sent(
    tg: TelegramEmulator, rig: Rig, alice: User
) -> None:
    # Telegram's receipt repeats what was answered, in a shape that no library knows yet.
    said = await alice.says(None, poll={"of": "the future"})
    receipt = await rig.channel().send(owed(home(alice), reply_to=str(int(said))))
    (sent,) = await alice.hears()
    assert receipt.message == str(sent.message)


async def test_what_telegram_cannot_parse_is_sent_as_plain_words(
    tg: TelegramEmulator, rig: Rig, alice: User
) -> None:
    await rig.channel().send(owed(home(alice), "<b>broken", plain="broken"))
    (sent,) = await alice.hears()
    assert (sent.text, sent.parse_mode) == ("broken", None)
    assert tg.calls["sendmessage"] == 2


@pytest.mark.parametrize(
    ("fault", "error", "uncertain"),
    [
        (flood(30), RateLimited, None),
        (refused(429, "Too Many Requests"), RateLimited, None),
        (unauthorized(), Unauthorized, None),
        (refused(403, "Forbidden: bot was blocked by the user"), Rejected, None),
        (refused(400, "Bad Request: chat not found"), Rejected, None),
        (refused(400, "Bad Request: message is too long"), Rejected, None),
        (server_error(500), Unreachable, True),
        (server_error(502, html=True), Unreachable, True),
        (server_error(502, after=True), Unreachable, True),
        (server_error(403, html=True), Unreachable, False),
        (drop_connection(), Unreachable, True),
        (drop_connection(after=True), Unreachable, True),
        (garbage(), Unreachable, True),
        (garbage(b'{"ok":true}'), Unreachable, True),
        (garbage(b'{"ok":true,"result":[]}'), Unreachable, True),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
async def test_every_failure_has_its_error(
    tg: TelegramEmulator,
    rig: Rig,
    alice: User,
    fault: Fault,
    error: type[ChannelError],
    uncertain: bool | None,
) -> None:
    tg.faults.next("sendMessage", fault)
    with pytest.raises(error) as caught:
        await rig.channel().send(owed(home(alice)))
    assert getattr(caught.value, "uncertain", None) is uncertain
    assert tg.token not in repr(caught.value)


async def test_a_flood_wait_says_how_long(tg: TelegramEmulator, rig: Rig, alice: User) -> None:
    tg.faults.next("sendMessage", flood(30))
    with pytest.raises(RateLimited) as caught:
        await rig.channel().send(owed(home(alice)))
    assert caught.value.retry_after == 30


async def test_a_group_that_moved_says_where_to(tg: TelegramEmulator, rig: Rig) -> None:
    group = tg.group("Team")
    new = tg.migrate(group)
    with pytest.raises(Moved) as caught:
        await rig.channel().send(owed(Address("telegram", str(group.id))))
    assert caught.value.new_chat == str(new.id)


async def test_nobody_listening_means_that_nothing_was_sent(rig: Rig, alice: User) -> None:
    channel = rig.channel(root="http://127.0.0.1:1")
    with pytest.raises(Unreachable) as caught:
        await channel.send(owed(home(alice)))
    assert not caught.value.uncertain


async def test_an_address_that_is_not_telegrams_is_rejected(rig: Rig) -> None:
    with pytest.raises(Rejected, match="no Telegram id"):
        await rig.channel().send(owed(Address("telegram", "@alice")))


@pytest.mark.parametrize("text", ["", " \n ", "\u200b"])
def test_an_answer_in_which_nothing_can_be_seen_is_shown_as_such(rig: Rig, text: str) -> None:
    (part,) = rig.channel().render(Reply(text, reply_to="5"))
    assert (part.text, part.plain, part.reply_to) == (NOTHING_TO_SEE, NOTHING_TO_SEE, "5")


async def test_a_long_answer_arrives_whole_and_only_its_first_part_is_a_reply(
    tg: TelegramEmulator, rig: Rig, alice: User
) -> None:
    channel = rig.channel()
    text = "\n\n".join(f"Paragraph {n}: " + "word " * 60 for n in range(60))
    parts = channel.render(Reply(text, reply_to="1"))
    assert len(parts) > 1
    for part in parts:
        await channel.send(owed(home(alice), part.text, part.plain, part.reply_to))
    sent = await alice.hears(len(parts))
    assert [s.reply_to for s in sent] == [1] + [None] * (len(parts) - 1)
    assert " ".join(s.text for s in sent).split() == text.split()


async def test_typing_is_shown_where_the_answer_will_be(
    tg: TelegramEmulator, rig: Rig, alice: User
) -> None:
    forum = tg.forum("Dev")
    ops = forum.topic("Ops")
    channel = rig.channel()
    await channel.typing(home(alice))
    await channel.typing(Address("telegram", str(forum.id), str(ops.id)))
    await channel.typing(Address("telegram", str(forum.id), "1"))
    assert tg.actions == [
        (alice.id, None, "typing"),
        (forum.id, ops.id, "typing"),
        (forum.id, 1, "typing"),
    ]


@pytest.mark.parametrize(
    "fault", [flood(5), server_error(500), drop_connection(), unauthorized(), garbage()]
)
async def test_typing_never_raises(
    tg: TelegramEmulator, rig: Rig, alice: User, fault: Fault
) -> None:
    tg.faults.next("sendChatAction", fault)
    await rig.channel().typing(home(alice))


async def test_a_cancelled_typing_call_ends_in_its_own_time(
    tg: TelegramEmulator, rig: Rig, alice: User
) -> None:
    tg.faults.next("sendChatAction", Fault(delay=None))
    ended: list[int] = []

    async def on_end(
        _session: object, _context: object, end: aiohttp.TraceRequestEndParams
    ) -> None:
        ended.append(end.response.status)

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(on_end)
    async with aiohttp.ClientSession(trace_configs=[trace]) as rig.http:
        channel = rig.channel()
        typing = asyncio.create_task(channel.typing(home(alice)))
        await tg.called("sendChatAction", 1)
        typing.cancel()
        await asyncio.wait([typing])
        assert typing.cancelled()
        assert ended == []
        tg.faults.clear()
        await channel.close()
    assert ended == [200]


async def test_the_menu_is_published_when_it_differs(tg: TelegramEmulator, rig: Rig) -> None:
    rig.commands = [Command("help", "What I can do"), Command("stop", "Stop")]
    async with rig.running():
        await tg.called("setMyCommands", 1)
    async with rig.running():
        await tg.called("getMyCommands", 2)
        await tg.user("Alice").says("hi")
        await rig.inbox.has(1)
    assert tg.calls["setmycommands"] == 1
    (menu,) = tg.bot.commands.values()
    assert [c["command"] for c in menu] == ["help", "stop"]


async def test_a_menu_that_is_refused_does_not_keep_messages_away(
    tg: TelegramEmulator, rig: Rig
) -> None:
    rig.commands = [Command("Help me", "not a name that Telegram takes")]
    async with rig.running():
        await tg.called("setMyCommands", 1)
        await tg.user("Alice").says("hi")
        await rig.inbox.has(1)


async def test_a_command_of_the_menu_is_for_the_bot_in_a_group(
    tg: TelegramEmulator, rig: Rig
) -> None:
    rig.commands = [Command("help", "What I can do")]
    alice, group = tg.user("Alice"), tg.group("Team")
    async with rig.running():
        for text in ("/help", "/start", "/ban bob", "@argent_bot hi"):
            await alice.says(text, in_=group)
        taken = await rig.inbox.has(4)
    addressed = [m.addressed for m in taken if isinstance(m, InboundMessage)]
    assert addressed == [True, True, False, True]
