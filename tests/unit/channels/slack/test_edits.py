"""Messages that change after they were sent: into a final answer, or into nothing."""

from dataclasses import replace

import pytest

from channels.errors import RateLimited, Rejected, Unreachable
from channels.rendering import NOTHING_TO_SEE
from channels.slack.format import TEXT_LIMIT
from state.keys import Address
from state.messages import Button, InboundMessage, OwedPart, Part, Reply
from tests.emulators.slack import SlackEmulator, User, drop_connection, flood, refused
from tests.unit.channels.slack.rig import Rig, owed

STOP = (Button("Stop", "/stop"),)


@pytest.fixture
def alice(sl: SlackEmulator) -> User:
    return sl.user("Alice")


def home(user: User) -> Address:
    return Address("slack", user.chat().id)


def edit(owed: OwedPart, message: str) -> OwedPart:
    return replace(owed, part=replace(owed.part, edits=message))


def removal(place: Address, message: str) -> OwedPart:
    return OwedPart(1, 1, 0, place, Part("", "", edits=message))


async def test_a_live_message_becomes_the_final_text_with_its_layout(
    sl: SlackEmulator, rig: Rig, alice: User
):
    channel = rig.channel()
    live = await channel.send(owed(home(alice), "The ans"))
    receipt = await channel.send(edit(owed(home(alice), "The **answer**"), live.message))
    assert receipt == live
    assert sl.shown(alice.chat()) == ["The answer"]
    (block,) = alice.chat().messages[live.message]["blocks"]
    assert block["elements"][0]["elements"][1] == {
        "type": "text", "text": "answer", "style": {"bold": True},
    }  # fmt: skip
    assert "edited" not in alice.chat().messages[live.message]


async def test_an_edited_message_keeps_the_mark_it_is_found_by(
    sl: SlackEmulator, rig: Rig, alice: User
):
    channel = rig.channel()
    sent = await channel.send(owed(home(alice), "one", key="part-1"))
    await channel.send(edit(owed(home(alice), "two"), sent.message))
    again = await channel.send(owed(home(alice), "two", key="part-1", uncertain=True))
    assert again == sent
    await channel.send(edit(owed(home(alice), "three", key="part-2"), sent.message))
    again = await channel.send(owed(home(alice), "three", key="part-2", uncertain=True))
    assert again == sent
    assert len(sl.record) == 1


@pytest.mark.parametrize(
    "error", ["cant_update_message", "edit_window_closed", "block_mismatch", "invalid_blocks"]
)
async def test_what_cannot_be_edited_stands_anew_and_nowhere_else(
    sl: SlackEmulator, rig: Rig, alice: User, error: str
):
    channel = rig.channel()
    live = await channel.send(owed(home(alice), "The ans"))
    sl.faults.next("chat.update", refused(error))
    receipt = await channel.send(edit(owed(home(alice), "The answer"), live.message))
    assert receipt.message != live.message
    assert sl.shown(alice.chat()) == ["The answer"]


async def test_however_far_an_attempt_came_the_next_one_ends_with_one_message(
    sl: SlackEmulator, rig: Rig, alice: User
):
    channel = rig.channel()
    live = await channel.send(owed(home(alice), "The ans"))
    part = edit(owed(home(alice), "The answer", key="part-1"), live.message)
    sl.faults.next("chat.update", *[refused("edit_window_closed")] * 4)
    sl.faults.next("chat.delete", flood(0), drop_connection(after=True))
    for _ in range(2):
        with pytest.raises((RateLimited, Unreachable)):
            await channel.send(part)
    sl.faults.next("chat.postMessage", drop_connection(after=True))
    with pytest.raises(Unreachable):
        await channel.send(replace(part, uncertain=True))
    await channel.send(replace(part, uncertain=True))
    assert sl.shown(alice.chat()) == ["The answer"]


async def test_a_new_message_is_not_failed_by_an_old_one_that_stays(
    sl: SlackEmulator, rig: Rig, alice: User
):
    channel = rig.channel()
    live = await channel.send(owed(home(alice), "The ans"))
    sl.faults.always("chat.update", refused("edit_window_closed"))
    sl.faults.next("chat.delete", refused("cant_delete_message"))
    await channel.send(edit(owed(home(alice), "The answer"), live.message))
    assert sl.shown(alice.chat()) == ["The ans", "The answer"]


async def test_an_edit_that_became_a_new_message_is_not_made_twice(
    sl: SlackEmulator, rig: Rig, alice: User
):
    channel = rig.channel()
    part = edit(owed(home(alice), "The answer", key="part-1"), "1700000000.000001")
    sl.faults.next("chat.postMessage", drop_connection(after=True))
    with pytest.raises(Unreachable):
        await channel.send(part)
    await channel.send(replace(part, uncertain=True))
    assert sl.shown(alice.chat()) == ["The answer"]


@pytest.mark.parametrize("after", [False, True])
async def test_an_edit_of_which_nothing_was_heard_is_made_again(
    sl: SlackEmulator, rig: Rig, alice: User, after: bool
):
    channel = rig.channel()
    live = await channel.send(owed(home(alice), "The ans"))
    part = edit(owed(home(alice), "The answer", key="part-1"), live.message)
    sl.faults.next("chat.update", drop_connection(after=after))
    with pytest.raises(Unreachable):
        await channel.send(part)
    assert await channel.send(replace(part, uncertain=True)) == live
    assert sl.shown(alice.chat()) == ["The answer"]


@pytest.mark.parametrize("method", ["chat.update", "chat.delete"])
async def test_a_flood_answer_to_a_change_says_how_long(
    sl: SlackEmulator, rig: Rig, alice: User, method: str
):
    channel = rig.channel()
    live = await channel.send(owed(home(alice), "x"))
    sl.faults.next(method, flood(30))
    change = edit(owed(home(alice), "y"), live.message)
    with pytest.raises(RateLimited) as caught:
        await channel.send(
            change if method == "chat.update" else removal(home(alice), live.message)
        )
    assert caught.value.retry_after == 30
    assert sl.shown(alice.chat()) == ["x"]


async def test_text_that_grows_when_it_is_escaped_can_still_be_edited_in(
    sl: SlackEmulator, rig: Rig, alice: User
):
    channel = rig.channel()
    (part,) = channel.render(Reply("<&>" * (TEXT_LIMIT // 3 - 10)))
    live = await channel.send(owed(home(alice), "x"))
    receipt = await channel.send(OwedPart(1, 1, 0, home(alice), replace(part, edits=live.message)))
    assert receipt == live
    assert sl.shown(alice.chat()) == [part.plain]


async def test_what_compliance_keeps_is_emptied(sl: SlackEmulator, rig: Rig, alice: User):
    channel = rig.channel()
    live = await channel.send(owed(home(alice), "half an answ"))
    sl.faults.next("chat.delete", refused("compliance_exports_prevent_deletion"))
    await channel.send(removal(home(alice), live.message))
    assert sl.shown(alice.chat()) == [NOTHING_TO_SEE]


async def test_changes_of_what_is_no_message_do_no_harm(sl: SlackEmulator, rig: Rig, alice: User):
    channel = rig.channel()
    await channel.send(removal(home(alice), "13345224609.1.8fb2e1"))
    await channel.send(edit(owed(home(alice), "hi"), "13345224609.1.8fb2e1"))
    assert sl.shown(alice.chat()) == ["hi"]


async def test_the_bots_own_edits_and_deletions_are_no_news_to_it(
    sl: SlackEmulator, rig: Rig, alice: User
):
    async with rig.running() as channel:
        live = await channel.send(owed(home(alice), "one"))
        await channel.send(edit(owed(home(alice), "two"), live.message))
        await channel.send(removal(home(alice), live.message))
        await alice.says("hi")
        await rig.inbox.has(1)
        await sl.deliveries.settled()
    subtypes = [d.payload["event"].get("subtype") for d in sl.deliveries.all]
    assert {"message_changed", "message_deleted"} <= set(subtypes)
    assert rig.inbox.texts == ["hi"]


async def test_what_its_author_alone_sees_is_not_shown_while_it_grows(
    sl: SlackEmulator, rig: Rig, alice: User
):
    general = sl.channel("general")
    async with rig.running() as channel:
        await alice.runs("/argent what is love?", in_=general)
        (message,) = await rig.inbox.has(1)
        assert isinstance(message, InboundMessage)
        live = owed(message.address, "Love is", reply_to=message.id)
        with pytest.raises(Rejected, match="slash command"):
            await channel.send(replace(live, id=0, part=replace(live.part, buttons=STOP)))
        assert general.sent == []
        for part in channel.render(Reply("love " * 2_000, reply_to=message.id)):
            await channel.send(OwedPart(1, 1, 0, message.address, part))
    assert [sent.ephemeral for sent in general.sent] == [True] * 3
