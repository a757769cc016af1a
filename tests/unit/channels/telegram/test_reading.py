"""In a group, what continues a message for the bot is for the bot, too."""

from datetime import UTC, datetime

import pytest

from channels.telegram.reading import Reader
from state.messages import InboundMessage
from tests.emulators.telegram import TelegramEmulator
from tests.unit.channels.telegram.rig import Rig
from tests.unit.channels.telegram.updates import (
    BOB,
    DATE,
    FORUM,
    GROUP,
    ME,
    Json,
    in_topic,
    message,
    update,
)

NOW = datetime(2026, 1, 30, 12, tzinfo=UTC)
PIECE = "word " * 600
CUT = f"@our_bot sum this up: {PIECE}"


@pytest.fixture
def reader() -> Reader:
    return Reader(ME, pressed=lambda _press: None)


def addressed(reader: Reader, *bodies: Json) -> list[bool]:
    read = [reader.read(update(body), NOW) for body in bodies]
    return [m.addressed for m in read if isinstance(m, InboundMessage)]


def picture(**fields: object) -> Json:
    photo = [{"file_id": "F", "file_unique_id": "U", "width": 1, "height": 1, "file_size": 9}]
    return message(GROUP, photo=photo, media_group_id="130", **fields)


def test_the_pieces_of_a_cut_text_are_for_whom_the_first_is(reader: Reader) -> None:
    pieces = (message(GROUP, text=text) for text in (CUT, PIECE, PIECE, "the end", "something"))
    assert addressed(reader, *pieces) == [True, True, True, True, False]


def test_the_pictures_of_an_album_are_for_whom_its_words_are(reader: Reader) -> None:
    mention = {
        "caption": "@our_bot look",
        "caption_entities": [{"type": "mention", "offset": 0, "length": 8}],
    }
    assert addressed(reader, picture(**mention), picture(), picture()) == [True, True, True]
    other = Reader(ME, pressed=lambda _press: None)
    assert addressed(other, picture(caption="look"), picture()) == [False, False]


@pytest.mark.parametrize(
    "after",
    [
        message(GROUP, text="what?", **{"from": BOB}),
        message(FORUM, text="elsewhere"),
        in_topic(text="in a topic"),
        message(GROUP, text="later", date=DATE + 3),
        message(GROUP, text="earlier", date=DATE - 1),
        message(GROUP, text="/ban bob"),
    ],
)
def test_what_is_by_somebody_else_elsewhere_later_or_a_command_continues_nothing(
    reader: Reader, after: Json
) -> None:
    assert addressed(reader, message(GROUP, text=CUT), after) == [True, False]


def test_what_is_said_after_a_whole_message_continues_nothing(reader: Reader) -> None:
    bodies = message(GROUP, text="@our_bot hi"), message(GROUP, text="and bob?")
    assert addressed(reader, *bodies) == [True, False]


async def test_a_pasted_text_and_an_album_arrive_whole_from_a_group(
    tg: TelegramEmulator, rig: Rig
) -> None:
    alice, group = tg.user("Alice"), tg.group("Team")
    text = f"@argent_bot sum this up: {PIECE}\n\n{PIECE}"
    async with rig.running():
        await alice.pastes(text, in_=group)
        await alice.sends_album(b"one", b"two", b"three", caption="@argent_bot look", in_=group)
        taken = await rig.inbox.has(5)
    heard = [m for m in taken if isinstance(m, InboundMessage)]
    assert [m.addressed for m in heard] == [True] * 5
    assert [m.unfinished for m in heard] == [True] * 5
    assert " ".join(m.text for m in heard[:2]).split() == text.removeprefix("@argent_bot ").split()
