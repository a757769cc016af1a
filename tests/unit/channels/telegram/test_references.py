"""What a message refers to and what came with it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from channels.telegram.inbound import parse
from state.messages import Attachment, AttachmentKind, InboundMessage, Quote
from tests.unit.channels.telegram.updates import (
    ALICE,
    BOB,
    BOT,
    CHANNEL,
    DATE,
    GROUP,
    ME,
    SUPERGROUP,
    Json,
    message,
    update,
)

NOW = datetime(2026, 1, 30, 12, tzinfo=UTC)


def said(body: Json) -> InboundMessage:
    inbound = parse(update(body), ME, NOW)
    assert isinstance(inbound, InboundMessage), inbound
    return inbound


def file(**fields: Any) -> Json:
    return {"file_id": "F", "file_unique_id": "U", **fields}


PHOTO = [
    file(width=1, height=1, file_size=9),
    file(width=9, height=9, file_size=99) | {"file_id": "G"},
]


def replied(author: Json, **fields: Any) -> Json:
    return message(GROUP, **fields) | {"message_id": 4000, "from": author}


@pytest.mark.parametrize(
    ("fields", "quote"),
    [
        (
            {"reply_to_message": replied(BOT, text="an answer")},
            Quote("an answer", "Argent", from_bot=True),
        ),
        ({"reply_to_message": replied(BOB, text="a thought")}, Quote("a thought", "Bob")),
        (
            {"reply_to_message": replied(BOB, caption="look", photo=PHOTO)},
            Quote("[image] look", "Bob"),
        ),
        (
            {"reply_to_message": replied(BOB, text="a long thought"),
             "quote": {"text": "long", "position": 2, "is_manual": True}},
            Quote("long", "Bob"),
        ),
        (
            {"reply_to_message": replied(BOB, text="as the group") | {"sender_chat": SUPERGROUP}},
            Quote("as the group", "Big"),
        ),
        (
            {"quote": {"text": "elsewhere", "position": 0},
             "external_reply": {"origin": {"type": "user", "date": DATE, "sender_user": BOB}}},
            Quote("elsewhere", "Bob", forwarded=True),
        ),
    ],
)  # fmt: skip
def test_a_reply_brings_what_it_answers(fields: Json, quote: Quote) -> None:
    inbound = said(message(GROUP, text="and this?", **fields))
    assert inbound.quotes == (quote,)
    assert inbound.text == "and this?"


@pytest.mark.parametrize(
    ("origin", "author"),
    [
        ({"type": "user", "sender_user": BOB}, "Bob"),
        ({"type": "hidden_user", "sender_user_name": "Hidden"}, "Hidden"),
        ({"type": "chat", "sender_chat": SUPERGROUP}, "Big"),
        ({"type": "channel", "chat": CHANNEL, "message_id": 3}, "News"),
    ],
)
def test_forwarded_words_are_a_quote_and_not_the_senders(origin: Json, author: str) -> None:
    inbound = said(message(text="/clear everything", forward_origin={"date": DATE, **origin}))
    assert inbound.text == ""
    assert inbound.quotes == (Quote("/clear everything", author, forwarded=True),)


def test_forwarded_words_do_not_become_the_senders_by_a_change() -> None:
    # https://core.telegram.org/bots/api#update: also for changes that a bot is not shown.
    origin = {"type": "user", "date": DATE, "sender_user": BOB}
    body = message(text="/clear everything", forward_origin=origin, edit_date=DATE)
    assert parse(update(body, "edited_message"), ME, NOW) is None


def test_what_an_inline_bot_wrote_is_a_quote_and_not_the_senders() -> None:
    helper = {"id": 77, "is_bot": True, "first_name": "Helper", "username": "helper_bot"}
    inbound = said(message(text="/clear everything", via_bot=helper))
    assert inbound.text == ""
    assert inbound.quotes == (Quote("/clear everything", "Helper", forwarded=True),)
    # It can change its words later.
    body = message(text="run evil.sh", via_bot=helper, edit_date=DATE)
    assert parse(update(body, "edited_message"), ME, NOW) is None
    assert not said(message(GROUP, text="@our_bot do it", via_bot=helper)).addressed


def test_a_forward_in_a_group_does_not_speak_to_the_bot_by_what_it_quotes() -> None:
    origin = {"type": "user", "date": DATE, "sender_user": BOB}
    assert not said(message(GROUP, text="@our_bot do it", forward_origin=origin)).addressed


@pytest.mark.parametrize(
    ("fields", "attachment"),
    [
        ({"photo": PHOTO}, Attachment(AttachmentKind.IMAGE, None, "image/jpeg", 99, "G")),
        (
            {"document": file(file_name="a.pdf", mime_type="application/pdf", file_size=7)},
            Attachment(AttachmentKind.DOCUMENT, "a.pdf", "application/pdf", 7, "F"),
        ),
        (
            {"voice": file(duration=3, mime_type="audio/ogg", file_size=7)},
            Attachment(AttachmentKind.VOICE, None, "audio/ogg", 7, "F"),
        ),
        (
            {"audio": file(duration=3, title="Song", mime_type="audio/mpeg")},
            Attachment(AttachmentKind.AUDIO, "Song", "audio/mpeg", None, "F"),
        ),
        (
            {"video": file(duration=3, width=1, height=1, file_name="v.mp4",
                           mime_type="video/mp4")},
            Attachment(AttachmentKind.VIDEO, "v.mp4", "video/mp4", None, "F"),
        ),
        (
            {"video_note": file(duration=3, length=1)},
            Attachment(AttachmentKind.VIDEO, reference="F"),
        ),
        (
            # A GIF comes as an animation and, for old clients, as a document as well.
            {"animation": file(duration=3, width=1, height=1, mime_type="video/mp4"),
             "document": file(mime_type="video/mp4")},
            Attachment(AttachmentKind.VIDEO, None, "video/mp4", None, "F"),
        ),
        (
            {"sticker": file(width=1, height=1, is_animated=False, is_video=False, type="regular",
                             emoji="👍")},
            Attachment(AttachmentKind.STICKER, "👍", reference="F"),
        ),
        (
            {"location": {"latitude": 52.5, "longitude": 13.4}},
            Attachment(AttachmentKind.LOCATION, "52.500000, 13.400000"),
        ),
        (
            {"location": {"latitude": 52.5, "longitude": 13.4},
             "venue": {"location": {"latitude": 52.5, "longitude": 13.4}, "title": "Café",
                       "address": "Main St 1"}},
            Attachment(AttachmentKind.LOCATION, "Café, Main St 1 (52.500000, 13.400000)"),
        ),
        (
            {"contact": {"phone_number": "+4930", "first_name": "Carl"}},
            Attachment(AttachmentKind.CONTACT, "Carl +4930"),
        ),
        (
            {"poll": {"id": "1", "question": "Tea?", "total_voter_count": 0, "is_closed": False,
                      "is_anonymous": True, "type": "regular", "allows_multiple_answers": False,
                      "options": [{"text": "yes", "voter_count": 0, "persistent_id": "1"},
                                  {"text": "no", "voter_count": 0, "persistent_id": "2"}],
                      "allows_revoting": False, "shuffle_options": False,
                      "allow_adding_options": False, "members_only": False}},
            Attachment(AttachmentKind.OTHER, "poll: Tea? (yes / no)"),
        ),
        (
            {"dice": {"emoji": "🎲", "value": 6}},
            Attachment(AttachmentKind.OTHER, "dice: 🎲 6"),
        ),
        (
            {"story": {"id": 1, "chat": {"id": 5, "type": "private", "first_name": "X"}}},
            Attachment(AttachmentKind.OTHER, "story"),
        ),
    ],
)  # fmt: skip
def test_what_comes_with_a_message_is_described(fields: Json, attachment: Attachment) -> None:
    assert said(message(**fields)).attachments == (attachment,)


def test_half_an_emoji_does_not_make_a_message_unreadable() -> None:
    from channels.telegram.request import decode

    raw = b'{"update_id":1,"message":{"message_id":1,"date":1,"text":"a \\ud83d b",'
    raw += b'"from":{"id":101,"is_bot":false,"first_name":"A"},"chat":{"id":101,"type":"private"}}}'
    inbound = parse(decode(raw), ME, NOW)
    assert isinstance(inbound, InboundMessage)
    assert inbound.text == "a ? b"


def test_an_album_is_one_message_for_each_picture() -> None:
    first = said(message(photo=PHOTO, media_group_id="9", **{"from": ALICE}))
    assert len(first.attachments) == 1
