"""A live message becomes the final words, or goes; and it may be gone before."""

import time

import pytest

from channels.errors import RateLimited, Rejected, Unreachable
from channels.rendering import NOTHING_TO_SEE
from state.keys import Address
from state.messages import Button
from tests.emulators.telegram import (
    TelegramEmulator,
    User,
    drop_connection,
    flood,
    refused,
)
from tests.emulators.telegram.faults import Fault
from tests.unit.channels.telegram.rig import Rig, home, live, owed

STOP = Button("Stop", "/stop")


@pytest.fixture
async def alice(tg: TelegramEmulator) -> User:
    alice = tg.user("Alice")
    await alice.says("hi")
    return alice


def texts(user: User) -> list[str]:
    return [message["text"] for message in user.sees()]


async def test_words_that_telegram_cannot_parse_are_shown_plain(rig: Rig, alice: User) -> None:
    channel = rig.channel()
    draft = await channel.send(owed(home(alice), "draft"))
    part = live(home(alice), "<b>broken", edits=draft.message)
    assert await channel.send(part) == draft
    assert texts(alice) == ["<b>broken"]


async def test_an_edit_whose_answer_was_lost_can_be_made_again(
    tg: TelegramEmulator, rig: Rig, alice: User
) -> None:
    channel = rig.channel()
    draft = await channel.send(live(home(alice), "draft", buttons=(STOP,)))
    final = live(home(alice), "final", edits=draft.message)
    tg.faults.next("editMessageText", drop_connection(after=True))
    with pytest.raises(Unreachable) as caught:
        await channel.send(final)
    assert caught.value.uncertain
    assert await channel.send(final) == draft
    assert texts(alice) == ["final"]
    assert "reply_markup" not in alice.sees()[0]


@pytest.mark.parametrize(
    "words",
    [
        "message to edit not found",
        "message can't be edited",
        "MESSAGE_ID_INVALID",
        "message thread not found",
    ],
)
async def test_what_cannot_be_edited_is_sent_anew_as_an_answer_to_the_question(
    tg: TelegramEmulator, rig: Rig, alice: User, words: str
) -> None:
    channel = rig.channel()
    await channel.send(owed(home(alice), "draft"))
    tg.faults.next("editMessageText", refused(400, f"Bad Request: {words}"))
    part = owed(home(alice), "final", reply_to="1", edits="2")
    receipt = await channel.send(part)
    assert texts(alice) == ["draft", "final"]
    assert receipt.message == str(tg.record[-1].message)
    assert tg.record[-1].reply_to == 1


async def test_an_edit_waits_as_long_as_telegram_asks_and_counts_as_a_message(
    tg: TelegramEmulator, rig: Rig, alice: User
) -> None:
    channel = rig.channel()
    draft = await channel.send(owed(home(alice), "draft"))
    tg.faults.next("editMessageText", flood(30))
    with pytest.raises(RateLimited) as caught:
        await channel.send(live(home(alice), "more", edits=draft.message))
    assert caught.value.retry_after == 30
    tg.limits.publish()
    await channel.send(live(home(alice), "more", edits=draft.message))
    with pytest.raises(RateLimited):
        await channel.send(live(home(alice), "much more", edits=draft.message))
    assert texts(alice) == ["more"]


async def test_what_is_too_old_to_be_deleted_loses_its_words(
    tg: TelegramEmulator, rig: Rig, alice: User
) -> None:
    channel = rig.channel()
    draft = await channel.send(live(home(alice), "half an ans", buttons=(STOP,)))
    alice.chat().messages[int(draft.message)]["date"] = int(time.time()) - 49 * 3600
    removal = live(home(alice), "", edits=draft.message)
    for _ in range(2):
        assert await channel.send(removal) == draft
    (left,) = alice.sees()
    assert left["text"] == NOTHING_TO_SEE
    assert "reply_markup" not in left


async def test_a_live_message_in_a_topic_is_edited_there(
    tg: TelegramEmulator, rig: Rig, alice: User
) -> None:
    forum = tg.forum("Dev")
    ops = forum.topic("Ops")
    channel = rig.channel()
    there = Address("telegram", str(forum.id), str(ops.id))
    draft = await channel.send(live(there, "draft"))
    await channel.send(live(there, "final", edits=draft.message))
    assert [m["text"] for m in alice.sees(in_=ops)] == ["final"]


async def test_an_id_that_is_not_telegrams_is_rejected(rig: Rig, alice: User) -> None:
    with pytest.raises(Rejected, match="no Telegram id"):
        await rig.channel().send(live(home(alice), "final", edits="17.5"))


async def test_a_button_that_says_too_much_is_left_out(rig: Rig, alice: User) -> None:
    long = Button("Long", "😀" * 17)
    await rig.channel().send(live(home(alice), "words", buttons=(STOP, long)))
    (shown,) = alice.sees()
    assert [[b["text"] for b in row] for row in shown["reply_markup"]["inline_keyboard"]] == [
        ["Stop"]
    ]


@pytest.mark.parametrize("fault", [flood(5), refused(400, "Bad Request: REACTION_INVALID")])
async def test_a_reaction_that_is_refused_is_not_missed(
    tg: TelegramEmulator, rig: Rig, alice: User, fault: Fault
) -> None:
    said = await alice.says("question")
    tg.faults.next("setMessageReaction", fault)
    channel = rig.channel()
    await channel.acknowledge(home(alice), str(int(said)), seen=True)
    assert alice.chat().reactions == {}
    await channel.acknowledge(home(alice), "no id", seen=True)
    await channel.acknowledge(home(alice), str(int(said)), seen=True)
    assert list(alice.chat().reactions.values()) == [["👀"]]
