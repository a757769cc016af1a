"""Where a message belongs, and whether it is for the bot."""

import pytest

from state.keys import Address
from state.messages import AttachmentKind, ChatKind, Correction, InboundMessage
from tests.emulators.slack import SlackEmulator, hang, refused
from tests.emulators.telegram.faults import Fault
from tests.unit.channels.slack.rig import Rig, owed


async def taken(rig: Rig, count: int = 1) -> list[InboundMessage]:
    return [m for m in await rig.inbox.has(count) if isinstance(m, InboundMessage)]


async def test_a_direct_message_is_for_the_bot_and_names_its_sender(sl: SlackEmulator, rig: Rig):
    alice = sl.user("Alice Moss")
    async with rig.running():
        said = await alice.says("hi & <bye>")
        (message,) = await taken(rig)
    assert message.kind is ChatKind.DIRECT
    assert message.addressed
    assert message.text == "hi & <bye>"
    assert message.address == Address("slack", sl.im(alice).id)
    assert (message.sender.id, message.sender.name) == (alice.id, "Alice Moss")
    assert message.source == f"T0EMULATED:{sl.im(alice).id}:{said}"
    assert message.container == "T0EMULATED"
    assert message.id == said


async def test_a_mention_in_a_channel_begins_a_thread_and_replies_share_its_place(
    sl: SlackEmulator, rig: Rig
):
    alice, general = sl.user("Alice"), sl.channel("general")
    async with rig.running():
        root = await alice.says("@argent hello", in_=general)
        await taken(rig)
        await alice.says("and now?", in_=general, thread=root)
        first, second = await taken(rig, 2)
    assert first.address == second.address == Address("slack", general.id, root)
    assert first.kind is second.kind is ChatKind.THREAD
    assert (first.text, second.text) == ("hello", "and now?")
    assert first.addressed
    # The bot takes part in this thread, so what is said there is for it.
    assert second.addressed
    assert first.title == "general"


async def test_called_into_a_thread_it_is_told_what_began_it(sl: SlackEmulator, rig: Rig):
    alice, bob, general = sl.user("Alice"), sl.user("Bob"), sl.channel("general")
    async with rig.running():
        root = await bob.says("<main> is red", in_=general)
        await alice.says("since noon", in_=general, thread=root)
        await alice.says("@argent why?", in_=general, thread=root)
        await alice.says("@argent and now?", in_=general, thread=root)
        *_, first, second = await taken(rig, 4)
    (quote,) = first.quotes
    assert (quote.text, quote.author, quote.from_bot) == (
        "<main> is red",
        "Bob",
        False,
    )
    assert second.quotes == ()
    assert sl.calls["conversations.replies"] == 1


async def test_a_thread_under_an_answer_of_its_own_begins_with_that_answer(
    sl: SlackEmulator, rig: Rig
):
    alice = sl.user("Alice")
    group = sl.mpim(alice, sl.user("Bob"))
    async with rig.running() as channel:
        sent = await channel.send(owed(Address("slack", group.id), "red, since **noon**"))
        await alice.says("@argent why?", in_=group, thread=sent.message)
        (message,) = await taken(rig)
    (quote,) = message.quotes
    assert (quote.text, quote.from_bot) == ("red, since noon", True)


@pytest.mark.parametrize("fault", [refused("missing_scope"), refused("thread_not_found"), hang()])
async def test_a_thread_whose_beginning_is_out_of_reach_begins_without_it(
    sl: SlackEmulator, rig: Rig, fault: Fault, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("channels.slack.directory.LOOKUP_SECONDS", 0.2)
    alice, general = sl.user("Alice"), sl.channel("general")
    async with rig.running():
        root = await alice.says("red", in_=general, told=False)
        sl.faults.next("conversations.replies", fault)
        await alice.says("@argent why?", in_=general, thread=root)
        (message,) = await taken(rig)
    assert (message.text, message.quotes) == ("why?", ())


async def test_threads_are_not_followed_where_that_is_off(sl: SlackEmulator, rig: Rig):
    alice, general = sl.user("Alice"), sl.channel("general")
    async with rig.running(rig.channel(follow_threads=False)):
        root = await alice.says("@argent hello", in_=general)
        await taken(rig)
        await alice.says("and now?", in_=general, thread=root)
        _, second = await taken(rig, 2)
    assert not second.addressed


async def test_a_mention_is_one_message_though_slack_tells_it_twice(sl: SlackEmulator, rig: Rig):
    alice, general = sl.user("Alice"), sl.channel("general")
    async with rig.running():
        await alice.says("@argent hello", in_=general)
        await sl.deliveries.settled()
    assert [d.payload["event"]["type"] for d in sl.deliveries.all] == ["message", "app_mention"]
    assert rig.inbox.texts == ["hello"]


async def test_an_app_mention_alone_is_enough(sl: SlackEmulator, rig: Rig):
    alice, secret = sl.user("Alice"), sl.channel("secret", private=True)
    async with rig.running():
        said = await alice.says("@argent hello", in_=secret, told=False)
        message = secret.messages[said]
        sl.event({**message, "type": "app_mention", "channel": secret.id, "event_ts": said})
        (taken_,) = await taken(rig)
    assert taken_.addressed
    assert taken_.address.thread == said


async def test_words_among_people_are_not_for_the_bot(sl: SlackEmulator, rig: Rig):
    alice, general = sl.user("Alice"), sl.channel("general")
    async with rig.running():
        await alice.says("lunch, @bob?", in_=general)
        (message,) = await taken(rig)
    assert not message.addressed


async def test_a_group_of_direct_messages_is_a_group(sl: SlackEmulator, rig: Rig):
    alice, bob = sl.user("Alice"), sl.user("Bob")
    both = sl.mpim(alice, bob)
    async with rig.running():
        await alice.says("@argent hello", in_=both)
        await sl.deliveries.settled()
        (message,) = await taken(rig)
    assert message.kind is ChatKind.GROUP
    assert message.address == Address("slack", both.id)


async def test_a_channel_is_one_group_where_mentions_begin_no_threads(sl: SlackEmulator, rig: Rig):
    alice, general = sl.user("Alice"), sl.channel("general")
    async with rig.running(rig.channel(reply_in_thread=False)):
        root = await alice.says("@argent hello", in_=general)
        await alice.says("@argent in a thread", in_=general, thread=root)
        first, second = await taken(rig, 2)
    assert (first.kind, first.address.thread) == (ChatKind.GROUP, None)
    assert (second.kind, second.address.thread) == (ChatKind.THREAD, root)


async def test_a_thread_in_a_direct_message_is_answered_there(sl: SlackEmulator, rig: Rig):
    alice = sl.user("Alice")
    async with rig.running():
        root = await alice.says("one")
        await alice.says("two", thread=root)
        first, second = await taken(rig, 2)
    assert first.kind is second.kind is ChatKind.DIRECT
    assert (first.address.thread, second.address.thread) == (None, root)


async def test_an_edit_is_a_correction_and_a_preview_is_none(sl: SlackEmulator, rig: Rig):
    alice = sl.user("Alice")
    async with rig.running():
        said = await alice.says("helo https://x.org")
        message = sl.im(alice).messages[said]
        # Slack added a preview.
        sl.deliver_change(
            sl.im(alice), "message_changed",
            message={**message, "attachments": [{"title": "X"}]}, previous_message=message,
        )  # fmt: skip
        await alice.edits(said, "hello")
        edited = sl.im(alice).messages[said]
        sl.deliver_change(
            sl.im(alice), "message_changed",
            message={**edited, "attachments": [{"title": "Y"}]}, previous_message=edited,
        )  # fmt: skip
        _, correction = await rig.inbox.has(2)
        await sl.deliveries.settled()
    assert len(rig.inbox.taken) == 2
    assert isinstance(correction, Correction)
    assert (correction.id, correction.text) == (said, "hello")
    assert correction.source.startswith(f"T0EMULATED:{sl.im(alice).id}:{said}:edit:")


async def test_what_is_no_persons_word_is_passed_over(sl: SlackEmulator, rig: Rig):
    alice, robot, general = sl.user("Alice"), sl.user("Robot", is_bot=True), sl.channel("general")
    im = sl.im(alice).id
    async with rig.running():
        await robot.says("@argent beep", in_=general)
        said = await alice.says("oops")
        await alice.deletes(said)
        sl.event(
            {
                "type": "message",
                "subtype": "channel_join",
                "user": alice.id,
                "text": "joined",
                "channel": general.id,
                "channel_type": "channel",
                "ts": "1700000000.000001",
            }
        )
        sl.event({"type": "message", "bot_id": "B1", "text": "x", "channel": im,
                  "channel_type": "im", "ts": "1700000000.000002"})  # fmt: skip
        sl.event({"type": "team_join", "user": {"id": "U1"}})
        sl.deliveries.add("interactive", {"type": "block_actions", "actions": []})
        await sl.deliveries.settled()
    assert all(d.acked for d in sl.deliveries.all)
    assert rig.inbox.texts == ["oops"]


async def test_files_and_shared_messages_are_described(sl: SlackEmulator, rig: Rig):
    alice = sl.user("Alice")
    picture = sl.add_file("cat.png", "image/png", b"12345")
    clip = {**sl.add_file("audio.mp4", "video/mp4", b"1"), "subtype": "slack_audio"}
    shared = {"is_share": True, "text": "an &amp; older one", "author_name": "Bob"}
    async with rig.running():
        await alice.says(
            "look", subtype="file_share", files=[picture, clip], attachments=[shared]
        )  # fmt: skip
        (message,) = await taken(rig)
    first, second = message.attachments
    reference = f"{picture['id']} {picture['url_private']}"
    assert (first.kind, first.name, first.mime, first.size, first.reference) == (
        AttachmentKind.IMAGE, "cat.png", "image/png", 5, reference,
    )  # fmt: skip
    assert second.kind is AttachmentKind.VOICE
    (quote,) = message.quotes
    assert (quote.text, quote.author, quote.forwarded) == ("an & older one", "Bob", True)


async def test_a_file_without_a_word_is_a_message(sl: SlackEmulator, rig: Rig):
    async with rig.running():
        file = sl.add_file("a.pdf", "application/pdf", b"1")
        await sl.user("Alice").says("", subtype="file_share", files=[file])
        (message,) = await taken(rig)
    assert message.text == ""
    assert message.attachments[0].kind is AttachmentKind.DOCUMENT


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("/argent status", "/status"),
        ("/argent", "/help"),
        ("/argent new please", "/new please"),
        ("/argent what is 1 < 2?", "what is 1 < 2?"),
    ],
)
async def test_the_slash_command(sl: SlackEmulator, rig: Rig, typed: str, text: str):
    alice, general = sl.user("Alice"), sl.channel("general")
    async with rig.running():
        await alice.runs(typed.replace("<", "&lt;"), in_=general)
        (message,) = await taken(rig)
        await sl.deliveries.settled()
    assert message.text == text
    assert (message.kind, message.addressed) == (ChatKind.GROUP, True)
    assert message.address == Address("slack", general.id)
    assert sl.deliveries.all[0].acked


async def test_commands_work_in_threads_by_mention(sl: SlackEmulator, rig: Rig):
    alice, general = sl.user("Alice"), sl.channel("general")
    async with rig.running():
        root = await alice.says("@argent hello", in_=general)
        await alice.says("@argent status", in_=general, thread=root)
        await alice.says("@argent: /stop", in_=general, thread=root)
        await alice.says("@argent help me write a poem", in_=general, thread=root)
        messages = await taken(rig, 4)
    assert [m.text for m in messages[1:]] == ["/status", "/stop", "help me write a poem"]


async def test_a_command_in_a_direct_message_is_direct(sl: SlackEmulator, rig: Rig):
    async with rig.running():
        await sl.user("Alice").runs("/argent status")
        (message,) = await taken(rig)
    assert message.kind is ChatKind.DIRECT


async def test_a_name_that_is_slow_to_come_is_not_waited_for(sl: SlackEmulator, rig: Rig):
    sl.faults.next("users.info", hang())
    alice = sl.user("Alice")
    async with rig.running():
        await alice.says("hi")
        (message,) = await taken(rig)
        await sl.deliveries.settled()
    assert message.sender.name == alice.id
    assert sl.deliveries.all[0].attempts == 1


async def test_a_name_that_cannot_be_looked_up_does_not_keep_the_message(
    sl: SlackEmulator, rig: Rig
):
    sl.faults.next("users.info", refused("missing_scope"))
    alice = sl.user("Alice")
    async with rig.running():
        await alice.says("hi")
        (message,) = await taken(rig)
    assert message.sender.name == alice.id
