"""A message whose content is new, or is not as the library wants it, still gets its outcome."""

from datetime import UTC, datetime

import pytest

from channels.telegram.inbound import parse
from state.messages import Attachment, AttachmentKind, Correction, Inbound, InboundMessage
from tests.emulators.telegram import TelegramEmulator
from tests.unit.channels.telegram.rig import Rig
from tests.unit.channels.telegram.updates import (
    BOT,
    DATE,
    GROUP,
    ME,
    PRIVATE,
    Json,
    message,
    update,
)

OLD_POLL = {"id": "1", "question": "Tea?", "options": [{"text": "yes", "voter_count": 0}]}
"""As a Bot API server of some years ago writes it: the library misses fields."""


def read(body: Json, kind: str = "message") -> Inbound | None:
    return parse(update(body, kind), ME, datetime(2026, 1, 30, tzinfo=UTC))


def said(body: Json) -> InboundMessage:
    inbound = read(body)
    assert isinstance(inbound, InboundMessage), inbound
    return inbound


def other(name: str) -> Attachment:
    return Attachment(AttachmentKind.OTHER, name=name)


def test_a_part_that_cannot_be_read_is_described_and_the_rest_is_kept() -> None:
    plain = said(message(GROUP, text="@our_bot well?"))
    inbound = said(message(GROUP, text="@our_bot well?", poll=OLD_POLL, voice={"of": "tomorrow"}))
    assert (inbound.source, inbound.text, inbound.addressed) == (plain.source, "well?", True)
    assert inbound.attachments == (other("poll"), other("voice"))


def test_what_can_be_read_beside_it_is_kept_too() -> None:
    place = {"latitude": 1.0, "longitude": 2.0}
    inbound = said(message(location=place, poll=OLD_POLL))
    assert [a.kind for a in inbound.attachments] == [AttachmentKind.LOCATION, AttachmentKind.OTHER]


def test_an_answer_to_something_unreadable_is_an_answer_to_something() -> None:
    replied = message(poll=OLD_POLL) | {"from": BOT}
    inbound = said(message(text="yes", reply_to_message=replied))
    assert (inbound.text, inbound.attachments) == ("yes", (other("reply to message"),))


def test_a_correction_survives_what_cannot_be_read() -> None:
    body = message(text="better", edit_date=DATE + 1, poll=OLD_POLL)
    correction = read(body, "edited_message")
    assert isinstance(correction, Correction)
    assert correction.text == "better"


def test_a_service_message_that_cannot_be_read_is_passed_over() -> None:
    assert read(message(GROUP, pinned_message=message(GROUP, poll=OLD_POLL))) is None


def test_words_whose_origin_cannot_be_read_are_not_the_senders_own() -> None:
    inbound = read(message(text="/stop", forward_origin={"type": "hidden_user"}))
    assert not isinstance(inbound, InboundMessage)


@pytest.mark.parametrize(
    "content", [{"hologram": {"file_id": "F"}}, {"checklist": {"title": "Milk", "tasks": []}}]
)
def test_content_of_a_new_kind_is_something_that_came_in_private(content: Json) -> None:
    inbound = said(message(PRIVATE, **content, sender_mood="good"))
    assert inbound.addressed
    assert (inbound.text, inbound.attachments) == ("", (other(next(iter(content))),))
    assert read(message(GROUP, **content)) is None


@pytest.mark.parametrize(
    "content",
    [
        {"sender_mood": "good"},
        {"write_access_allowed": {}, "a_new_remark": {"about": "it"}},
        {"pinned_message": message(text="x"), "a_new_remark": {"about": "it"}},
    ],
)
def test_a_remark_of_telegrams_is_no_content(content: Json) -> None:
    assert read(message(PRIVATE, **content)) is None


async def test_the_sender_of_an_unreadable_poll_reaches_the_agent(
    tg: TelegramEmulator, rig: Rig
) -> None:
    alice = tg.user("Alice")
    async with rig.running():
        await alice.says(None, poll=OLD_POLL)
        (inbound,) = await rig.inbox.has(1)
    assert isinstance(inbound, InboundMessage)
    assert inbound.attachments == (other("poll"),)
