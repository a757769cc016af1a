"""What an update means: who said what, where, and whether it is for the bot."""

from datetime import UTC, datetime
from typing import Any

import pytest

from channels.telegram.inbound import parse
from state.keys import Address
from state.messages import (
    ChatKind,
    Correction,
    Inbound,
    InboundMessage,
    Malformed,
    Migration,
    Sender,
)
from tests.unit.channels.telegram.updates import (
    ALICE,
    ANONYMOUS,
    BOB,
    BOT,
    CHANNEL,
    DATE,
    FORUM,
    GROUP,
    ME,
    PRIVATE,
    SUPERGROUP,
    Json,
    in_topic,
    message,
    update,
)

PHOTO = [{"file_id": "F", "file_unique_id": "U", "width": 1, "height": 1, "file_size": 9}]
FORWARDED = {"type": "hidden_user", "date": 1, "sender_user_name": "Bob"}
NOW = datetime(2026, 1, 30, 12, tzinfo=UTC)


def read(body: Json, kind: str = "message", number: int = 900) -> Inbound | None:
    return parse(update(body, kind, number), ME, NOW)


def said(body: Json) -> InboundMessage:
    inbound = read(body)
    assert isinstance(inbound, InboundMessage), inbound
    return inbound


def test_a_private_message_is_read_whole() -> None:
    assert said(message(text="Hello")) == InboundMessage(
        source="7001:101:4711",
        id="4711",
        address=Address("telegram", "101"),
        kind=ChatKind.DIRECT,
        sender=Sender("101", "Alice Liddell", "alice"),
        text="Hello",
        at=datetime.fromtimestamp(DATE, UTC),
    )


@pytest.mark.parametrize(
    ("body", "kind", "thread", "container", "title"),
    [
        (message(text="x"), ChatKind.DIRECT, None, None, None),
        (message(GROUP, text="x"), ChatKind.GROUP, None, None, "Team"),
        (message(SUPERGROUP, text="x"), ChatKind.GROUP, None, "-1001234567890", "Big"),
        (message(FORUM, text="x"), ChatKind.THREAD, "1", "-1009876543210", "Dev"),
        (in_topic(text="x"), ChatKind.THREAD, "77", "-1009876543210", "Dev"),
        # A thread of replies outside of a forum, and one within General, are no topics.
        (
            message(SUPERGROUP, text="x", message_thread_id=5),
            ChatKind.GROUP, None, "-1001234567890", "Big",
        ),
        (
            message(FORUM, text="x", message_thread_id=5),
            ChatKind.THREAD, "1", "-1009876543210", "Dev",
        ),
        # A private chat in which the person opened topics: answers belong into the same one.
        (
            message(text="x", message_thread_id=9, is_topic_message=True),
            ChatKind.DIRECT, "9", None, None,
        ),
    ],
)  # fmt: skip
def test_every_kind_of_place_has_its_address(
    body: Json, kind: ChatKind, thread: str | None, container: str | None, title: str | None
) -> None:
    inbound = said(body)
    assert inbound.address == Address("telegram", str(body["chat"]["id"]), thread)
    assert (inbound.kind, inbound.container, inbound.title) == (kind, container, title)


@pytest.mark.parametrize(
    ("text", "addressed", "words"),
    [
        ("hello", False, "hello"),
        ("@our_bot hello", True, "hello"),
        ("@Our_Bot: hello", True, "hello"),
        ("@our_bot", True, "@our_bot"),
        ("what do you think, @our_bot?", True, "what do you think, @our_bot?"),
        ("😀😀 @our_bot what?", True, "😀😀 @our_bot what?"),
        ("😀 @other_bot what?", False, "😀 @other_bot what?"),
        ("@our_bot2 hello", False, "@our_bot2 hello"),
        ("@alice ask @our_bot", True, "@alice ask @our_bot"),
        ("mail me at x@our_bot", False, "mail me at x@our_bot"),
        ("/status", True, "/status"),
        ("/status@our_bot", True, "/status"),
        ("/STATUS@OUR_BOT now please", True, "/STATUS now please"),
        ("/status@other_bot", False, "/status@other_bot"),
        ("/status@other_bot @our_bot", False, "/status@other_bot @our_bot"),
        ("/ban bob", False, "/ban bob"),
        ("/ban@our_bot bob", True, "/ban bob"),
        ("see /status", False, "see /status"),
    ],
)
def test_in_a_group_the_bot_is_spoken_to_by_name_or_command(
    text: str, addressed: bool, words: str
) -> None:
    inbound = said(message(GROUP, text=text))
    assert (inbound.addressed, inbound.text) == (addressed, words)


def test_a_name_that_is_a_link_is_a_mention_too() -> None:
    entity = {"type": "text_mention", "offset": 3, "length": 6, "user": BOT}
    assert said(message(GROUP, text="😀 Argent hi", entities=[entity])).addressed
    other = {**entity, "user": BOB}
    assert not said(message(GROUP, text="😀 Argent hi", entities=[other])).addressed


def test_a_caption_speaks_as_a_text_does() -> None:
    caption = {
        "caption": "@our_bot what is this?",
        "caption_entities": [{"type": "mention", "offset": 0, "length": 8}],
    }
    inbound = said(message(GROUP, photo=PHOTO, **caption))
    assert (inbound.addressed, inbound.text) == (True, "what is this?")


def test_in_private_everything_is_for_the_bot() -> None:
    assert said(message(text="hello")).addressed
    assert said(message(text="/status@our_bot now")).text == "/status now"


@pytest.mark.parametrize(("author", "addressed"), [(BOT, True), (BOB, False)])
def test_a_reply_speaks_to_whom_it_answers(author: Json, addressed: bool) -> None:
    replied = {**message(GROUP, text="earlier"), "message_id": 4000, "from": author}
    assert said(message(GROUP, text="yes", reply_to_message=replied)).addressed is addressed


def test_a_topic_that_the_bot_opened_does_not_make_every_message_a_reply_to_it() -> None:
    inbound = said(in_topic(text="hello all"))
    assert not inbound.addressed
    assert inbound.quotes == ()


def test_a_real_reply_in_a_topic_is_one() -> None:
    replied = in_topic(text="an answer") | {"from": BOT, "message_id": 4000}
    del replied["reply_to_message"]
    inbound = said(in_topic(text="and?", reply_to_message=replied))
    assert inbound.addressed
    assert [q.text for q in inbound.quotes] == ["an answer"]


@pytest.mark.parametrize(
    ("fields", "sender"),
    [
        ({"from": BOB}, Sender("102", "Bob")),
        ({"from": BOT}, Sender("7001", "Argent", "our_bot", is_bot=True)),
        (
            {"from": ANONYMOUS, "sender_chat": SUPERGROUP},
            Sender("-1001234567890", "Big", as_chat=True),
        ),
        (
            {"from": {"id": 136817688, "is_bot": True, "first_name": "Channel"},
             "sender_chat": {**CHANNEL, "username": "news"}},
            Sender("-1005555555555", "News", "news", as_chat=True),
        ),
        (
            {"from": BOT, "sender_chat": SUPERGROUP},
            Sender("-1001234567890", "Big", is_bot=True, as_chat=True),
        ),
    ],
)  # fmt: skip
def test_the_sender_is_the_person_or_the_chat_they_write_as(fields: Json, sender: Sender) -> None:
    assert said(message(SUPERGROUP, text="x", **fields)).sender == sender


def test_an_edit_is_a_correction_with_a_source_of_its_own() -> None:
    body = message(GROUP, text="@our_bot better", edit_date=DATE + 60)
    correction = read(body, "edited_message", 901)
    assert correction == Correction(
        source="7001:-4001:4711:edit:901",
        id="4711",
        address=Address("telegram", "-4001"),
        kind=ChatKind.GROUP,
        sender=Sender("101", "Alice Liddell", "alice"),
        text="better",
        at=datetime.fromtimestamp(DATE + 60, UTC),
        of=said(message(GROUP, text="@our_bot worse")).source,
    )
    assert read(body, "edited_message", 902) != correction


@pytest.mark.parametrize(
    ("body", "unfinished"),
    [
        (message(text="x" * 4096), True),
        (message(text="x" * 2049), True),
        (message(text="😀" * 1025), True),
        (message(text="x" * 2048), False),
        (message(text="😀" * 1024), False),
        (message(caption="x" * 1024, photo=PHOTO), False),
        (message(caption="one of three", photo=PHOTO, media_group_id="130"), True),
        (message(photo=PHOTO, media_group_id="130"), True),
        (message(text="x" * 4096, forward_origin=FORWARDED), False),
    ],
)
def test_more_may_follow_a_picture_of_an_album_and_a_text_that_a_client_may_have_cut(
    body: Json, unfinished: bool
) -> None:
    assert said(body).unfinished is unfinished


def test_a_live_location_that_moves_is_no_correction() -> None:
    place = {"latitude": 1.0, "longitude": 2.0, "live_period": 60}
    assert read(message(location=place, edit_date=DATE + 1), "edited_message") is None


def test_both_announcements_of_a_migration_are_one() -> None:
    old = read(message(GROUP, migrate_to_chat_id=-1001234567890))
    new = read(message(SUPERGROUP, migrate_from_chat_id=-4001))
    assert isinstance(old, Migration)
    assert isinstance(new, Migration)
    assert (old.old_chat, old.new_chat) == ("-4001", "-1001234567890")
    assert (old.source, old.old_chat, old.new_chat) == (new.source, new.old_chat, new.new_chat)


@pytest.mark.parametrize(
    "body",
    [
        message(GROUP, new_chat_members=[BOB]),
        message(GROUP, left_chat_member=BOB),
        message(GROUP, new_chat_title="Team 2"),
        message(GROUP, group_chat_created=True),
        message(GROUP, pinned_message=message(GROUP, text="pinned")),
        message(FORUM, forum_topic_created={"name": "Ops", "icon_color": 1}),
        message(FORUM, forum_topic_closed={}),
        message(write_access_allowed={}),
        message(CHANNEL, text="a post"),
    ],
)
def test_what_telegram_itself_says_is_not_a_message(body: Json) -> None:
    assert read(body) is None


@pytest.mark.parametrize("kind", ["channel_post", "edited_channel_post"])
def test_channel_posts_are_not_for_us(kind: str) -> None:
    assert read(message(CHANNEL, text="news"), kind) is None


def test_a_change_of_membership_is_taken_note_of_and_no_more() -> None:
    member = {"user": BOT, "status": "member"}
    body = {"chat": GROUP, "from": ALICE, "date": DATE, "old_chat_member": member,
            "new_chat_member": {"user": BOT, "status": "left"}}  # fmt: skip
    assert read(body, "my_chat_member") is None


def test_a_kind_of_update_that_is_not_known_yet_is_passed_over() -> None:
    assert read({"anything": 1}, "update_of_the_future") is None


@pytest.mark.parametrize(
    ("raw", "source"),
    [
        ({"update_id": 5, "message": {"text": "no chat"}}, "7001:update:5"),
        ({"update_id": 5, "message": 17}, "7001:update:5"),
        (update(message(text=5), number=6), "7001:update:6"),
        (update(message({**PRIVATE, "id": "101"}, text="x"), number=7), "7001:update:7"),
        (update(message({**PRIVATE, "type": "hive"}, text="x"), number=8), "7001:update:8"),
        ({"message": message(text="no number")}, None),
        ([], None),
        (None, None),
        ("text", None),
    ],
)
def test_what_cannot_be_understood_is_set_aside_as_it_came(raw: Any, source: str | None) -> None:
    aside = parse(raw, ME, NOW)
    assert isinstance(aside, Malformed)
    assert aside.channel == "telegram"
    assert aside.at == NOW
    assert aside.reason
    assert aside.raw
    assert source in {None, aside.source}
    assert parse(raw, ME, NOW) == aside


def test_a_redelivered_update_has_the_same_source() -> None:
    body = message(GROUP, text="x")
    first, again = parse(update(body), ME, NOW), parse(update(body, number=950), ME, NOW)
    assert isinstance(first, InboundMessage)
    assert isinstance(again, InboundMessage)
    assert first.source == again.source


def test_an_update_larger_than_any_is_set_aside_unread():
    entities = [{"type": "bold", "offset": n, "length": 1} for n in range(50_000)]
    large = parse(update(message(PRIVATE, text="x" * 50_000, entities=entities)), ME, NOW)
    assert isinstance(large, Malformed)
    assert "more than Telegram sends" in large.reason
    usual = parse(update(message(PRIVATE, text="😀" * 4_096, entities=entities[:100])), ME, NOW)
    assert isinstance(usual, InboundMessage)
