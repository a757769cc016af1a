"""Answers: where they go, what becomes of failures, and that nothing is sent twice."""

import asyncio

import aiohttp
import pytest

from channels.errors import ChannelError, RateLimited, Rejected, Unauthorized, Unreachable
from channels.rendering import NOTHING_TO_SEE
from state.keys import Address
from state.messages import InboundMessage, OwedPart, Reply
from tests.emulators.slack import (
    SlackEmulator,
    User,
    drop_connection,
    flood,
    garbage,
    hang,
    refused,
    server_error,
)
from tests.emulators.telegram.faults import Fault
from tests.unit.channels.slack.rig import Rig, owed


@pytest.fixture
def alice(sl: SlackEmulator) -> User:
    return sl.user("Alice")


def home(user: User) -> Address:
    return Address("slack", user.chat().id)


async def test_an_answer_goes_to_its_thread_and_its_receipt_is_slacks(
    sl: SlackEmulator, rig: Rig, alice: User
):
    general = sl.channel("general")
    root = await alice.says("hello", in_=general)
    receipt = await rig.channel().send(owed(Address("slack", general.id, root), "**hi** <there>"))
    (sent,) = await alice.hears(in_=general, thread=root)
    assert (sent.text, sent.source, sent.ts) == ("hi <there>", "hi &lt;there&gt;", receipt.message)


async def test_no_link_is_fetched_for_a_preview(sl: SlackEmulator, rig: Rig, alice: User):
    await rig.channel().send(owed(home(alice), "https://x.org/?secret"))
    (sent,) = await alice.hears()
    assert sent.params["unfurl_links"] is sent.params["unfurl_media"] is False


async def test_what_slack_does_not_take_as_blocks_is_sent_as_words(
    sl: SlackEmulator, rig: Rig, alice: User
):
    sl.faults.next("chat.postMessage", refused("invalid_blocks"))
    await rig.channel().send(owed(home(alice), "**a** & <!channel>"))
    (sent,) = await alice.hears()
    assert (sent.text, sent.blocks, sent.pings) == ("a & <!channel>", (), ())


@pytest.mark.parametrize(
    ("fault", "error", "uncertain"),
    [
        (flood(30), RateLimited, None),
        (refused("ratelimited"), RateLimited, None),
        (refused("invalid_auth"), Unauthorized, None),
        (refused("token_revoked"), Unauthorized, None),
        (refused("channel_not_found"), Rejected, None),
        (refused("is_archived"), Rejected, None),
        (refused("msg_too_long"), Rejected, None),
        (refused("internal_error"), Unreachable, True),
        (server_error(503), Unreachable, True),
        (server_error(502, html=True), Unreachable, True),
        (server_error(503, after=True), Unreachable, True),
        (server_error(403, html=True), Unreachable, False),
        (drop_connection(), Unreachable, True),
        (drop_connection(after=True), Unreachable, True),
        (garbage(), Unreachable, True),
        (garbage(b'{"ok":true}'), Unreachable, True),
        (garbage(b"[1]"), Unreachable, True),
        (garbage(b'{"ok":false}'), Unreachable, True),
        (refused("POST /api with Authorization: Bearer xoxb-emulated"), Unreachable, True),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
async def test_every_failure_has_its_error(
    sl: SlackEmulator, rig: Rig, alice: User, fault: Fault, error: type[ChannelError],
    uncertain: bool | None,
):  # fmt: skip
    sl.faults.next("chat.postMessage", fault)
    with pytest.raises(error) as caught:
        await rig.channel().send(owed(home(alice)))
    assert getattr(caught.value, "uncertain", None) is uncertain
    assert sl.token not in repr(caught.value)
    assert caught.value.__cause__ is None


async def test_a_flood_wait_says_how_long_and_delays_no_other_chat(
    sl: SlackEmulator, rig: Rig, alice: User
):
    bob, channel = sl.user("Bob"), rig.channel()
    sl.faults.next("chat.postMessage", flood(30, in_=alice.chat()))
    with pytest.raises(RateLimited) as caught:
        await channel.send(owed(home(alice)))
    assert caught.value.retry_after == 30
    await channel.send(owed(home(bob)))
    await bob.hears()


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (refused("not_in_channel"), "invite the bot"),
        (refused("missing_scope", needed="chat:write"), "chat:write"),
    ],
)
async def test_a_refusal_says_what_to_do(
    sl: SlackEmulator, rig: Rig, alice: User, error: Fault, remedy: str
):
    sl.faults.next("chat.postMessage", error)
    with pytest.raises(Rejected, match=remedy):
        await rig.channel().send(owed(home(alice)))


async def test_nobody_listening_means_that_nothing_was_sent(rig: Rig, alice: User):
    channel = rig.channel(api_root="http://127.0.0.1:1/api/")
    with pytest.raises(Unreachable) as caught:
        await channel.send(owed(home(alice)))
    assert not caught.value.uncertain


@pytest.mark.parametrize(
    "address", [Address("slack", "@alice"), Address("slack", "C123", "not a ts")]
)
async def test_an_address_that_is_not_slacks_is_rejected(rig: Rig, address: Address):
    with pytest.raises(Rejected, match="Slack"):
        await rig.channel().send(owed(address))


@pytest.mark.parametrize("in_thread", [False, True])
async def test_what_an_unanswered_attempt_did_send_is_not_sent_again(
    sl: SlackEmulator, rig: Rig, alice: User, in_thread: bool
):
    thread = await alice.says("hello") if in_thread else None
    place = Address("slack", alice.chat().id, thread)
    sl.faults.next("chat.postMessage", drop_connection(after=True))
    with pytest.raises(Unreachable):
        await rig.channel().send(owed(place, key="part-1"))
    (sent,) = await alice.hears(thread=thread)
    receipt = await rig.channel().send(owed(place, key="part-1", uncertain=True))
    assert receipt.message == sent.ts
    assert len(sl.record) == 1


async def test_an_unanswered_attempt_that_sent_nothing_is_made_again(
    sl: SlackEmulator, rig: Rig, alice: User
):
    sl.faults.next("chat.postMessage", drop_connection())
    with pytest.raises(Unreachable):
        await rig.channel().send(owed(home(alice), key="part-1"))
    await rig.channel().send(owed(home(alice), key="other part"))
    await rig.channel().send(owed(home(alice), key="part-1", uncertain=True))
    assert len(await alice.hears(2)) == 2


async def test_without_the_right_to_look_an_uncertain_part_is_sent(
    sl: SlackEmulator, rig: Rig, alice: User
):
    sl.faults.next("conversations.history", refused("missing_scope"))
    await rig.channel().send(owed(home(alice), key="part-1", uncertain=True))
    await alice.hears()


async def test_the_answer_to_a_slash_command_is_for_its_author_alone(
    sl: SlackEmulator, rig: Rig, alice: User
):
    general = sl.channel("general")
    async with rig.running() as channel:
        await alice.runs("/argent status", in_=general)
        (message,) = await rig.inbox.has(1)
        assert isinstance(message, InboundMessage)
        await channel.send(owed(message.address, "fine", reply_to=message.id))
        await channel.send(owed(message.address, "for all"))
    first, second = await sl.sent(general, 2)
    assert (first.text, first.ephemeral) == ("fine", True)
    assert (second.text, second.ephemeral) == ("for all", False)


async def test_without_its_response_url_a_command_is_answered_in_the_channel(
    sl: SlackEmulator, rig: Rig, alice: User
):
    general = sl.channel("general")
    async with rig.running() as channel:
        await alice.runs("/argent status", in_=general)
        (message,) = await rig.inbox.has(1)
        assert isinstance(message, InboundMessage)
        sl.expire_response_urls()
        await channel.send(owed(message.address, "fine", reply_to=message.id))
    (sent,) = await sl.sent(general, 1)
    assert not sent.ephemeral


@pytest.mark.parametrize("text", ["", " \n ", "\u200b"])
def test_an_answer_in_which_nothing_can_be_seen_is_shown_as_such(rig: Rig, text: str):
    (part,) = rig.channel().render(Reply(text, reply_to="5"))
    assert (part.plain, part.reply_to) == (NOTHING_TO_SEE, "5")


async def test_a_long_answer_with_everything_in_it_arrives_whole_and_readable(
    sl: SlackEmulator, rig: Rig, alice: User
):
    block = (
        "# Title {n}\n\nSome **bold** words and a [link](https://x.org/{n}).\n\n"
        "- one\n- two\n  - nested\n\n> quoted\n\n"
        "| a | b |\n|---|---|\n| 1 | {n} |\n\n```py\nprint({n})\n" + "x = 1\n" * 20 + "```\n\n"
    )
    text = "".join(block.replace("{n}", str(n)) for n in range(80))
    assert len(text) > 20_000
    channel = rig.channel()
    parts = channel.render(Reply(text, reply_to="1"))
    assert [p.reply_to for p in parts] == ["1"] + [None] * (len(parts) - 1)
    for part in parts:
        await channel.send(OwedPart(1, 1, 0, home(alice), part))
    sent = await alice.hears(len(parts))
    shown = "\n".join(s.text for s in sent)
    assert all(f"Title {n}" in shown and f"print({n})" in shown for n in range(80))
    assert all(len(s.text) <= 4000 and not s.pings and s.blocks for s in sent)
    kinds = {e["type"] for s in sent for b in s.blocks for e in b["elements"]}
    assert kinds == {"rich_text_section", "rich_text_quote", "rich_text_preformatted"}


async def test_a_status_is_shown_in_the_thread_of_the_answer(
    sl: SlackEmulator, rig: Rig, alice: User
):
    general = sl.channel("general")
    root = await alice.says("hello", in_=general)
    channel = rig.channel()
    await channel.typing(Address("slack", general.id, root))
    await channel.typing(home(alice))
    assert sl.methods.statuses == [(general.id, root, "is thinking…")]


@pytest.mark.parametrize(
    "fault", [flood(5), server_error(500), drop_connection(), refused("invalid_auth"), garbage()]
)
async def test_typing_never_raises(sl: SlackEmulator, rig: Rig, fault: Fault):
    sl.faults.next("assistant.threads.setStatus", fault)
    await rig.channel().typing(Address("slack", "C1234", "1.000001"))
    await rig.channel().typing(Address("slack", "nowhere", "1.000001"))


async def test_an_app_without_the_right_to_it_asks_for_a_status_once(sl: SlackEmulator, rig: Rig):
    sl.faults.always("assistant.threads.setStatus", refused("missing_scope"))
    channel = rig.channel()
    for _ in range(3):
        await channel.typing(Address("slack", "C1234", "1.000001"))
    assert sl.calls["assistant.threads.setStatus"] == 1


async def test_a_cancelled_typing_call_ends_in_its_own_time(sl: SlackEmulator, rig: Rig):
    sl.faults.next("assistant.threads.setStatus", Fault(delay=None))
    ended: list[int] = []

    async def on_end(
        _session: object, _context: object, end: aiohttp.TraceRequestEndParams
    ) -> None:
        ended.append(end.response.status)

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(on_end)
    async with aiohttp.ClientSession(trace_configs=[trace]) as rig.http:
        channel = rig.channel()
        typing = asyncio.create_task(channel.typing(Address("slack", "C1234", "1.000001")))
        await sl.called("assistant.threads.setStatus")
        typing.cancel()
        await asyncio.wait([typing])
        assert ended == []
        sl.faults.clear()
        await channel.close()
    assert ended == [200]


async def test_a_call_that_hangs_does_not_hang_for_ever(
    sl: SlackEmulator, rig: Rig, alice: User, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("channels.slack.client.CALL_SECONDS", 0.1)
    sl.faults.next("chat.postMessage", hang())
    with pytest.raises(Unreachable) as caught:
        await rig.channel().send(owed(home(alice)))
    assert caught.value.uncertain
