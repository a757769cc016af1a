"""What Discord's messages mean."""

from datetime import UTC, datetime
from typing import Any

import pytest

from channels.discord.inbound import parse_edit, parse_interaction, parse_message
from channels.discord.places import Directory, Place
from gateway.routing import route
from state.keys import Scope
from state.messages import (
    AttachmentKind,
    ChatKind,
    Correction,
    InboundMessage,
    Malformed,
    Quote,
)
from tests.unit.channels.discord.messages import (
    ALICE,
    BOT,
    CHAT,
    ME,
    ROOM,
    THREAD,
    command,
    message,
)

AT = datetime(2026, 1, 30, 12, tzinfo=UTC)


def said(raw: Any, place: Place = ROOM) -> InboundMessage:
    inbound = parse_message(raw, place, ME, AT)
    assert isinstance(inbound, InboundMessage), inbound
    return inbound


@pytest.mark.parametrize(
    ("place", "scope", "key"),
    [
        (CHAT, Scope.PER_CHANNEL, "discord:333333333333333333:main"),
        (ROOM, Scope.PER_CHANNEL, "discord:444444444444444444:group"),
        (ROOM, Scope.COLLAPSED, "discord:987654321:group"),
        (THREAD, Scope.PER_CHANNEL, "discord:444444444444444444/666666666666666666:topic"),
        (THREAD, Scope.COLLAPSED, "discord:987654321:group"),
    ],
)
def test_sessions_have_the_keys_that_are_promised(place: Place, scope: Scope, key: str) -> None:
    way = route(said(message(), place), owner=True, scope=scope, aliases={}, chosen={})
    assert str(way.key) == key


@pytest.mark.parametrize(
    ("content", "text", "addressed"),
    [
        (f"<@{ME.id}> hello", "hello", True),
        (f"<@!{ME.id}>, hello", "hello", True),
        (f"hello <@{ME.id}>", "hello @argent", True),
        (f"<@{ME.id}>", "@argent", True),
        (f"<@{ALICE['id']}> hello", "@Alice hello", False),
        ("@everyone hello", "@everyone hello", False),
        ("hi <:wave:123> <a:x:1>", "hi :wave: :x:", False),
        ("plain", "plain", False),
    ],
)
def test_the_bots_name_is_for_it_and_not_part_of_the_words(
    content: str, text: str, addressed: bool
) -> None:
    inbound = said(message(content, mentions=[ALICE]))
    assert (inbound.text, inbound.addressed) == (text, addressed)


def test_everything_is_for_the_bot_in_private_and_in_its_threads() -> None:
    assert said(message(), CHAT).addressed
    assert said(message(), THREAD).addressed
    assert not said(message(), ROOM).addressed


def test_a_reply_to_the_bot_is_for_it_and_quotes_it() -> None:
    inbound = said(message("why?", type=19, referenced_message=message("so", author=BOT)))
    assert inbound.addressed
    assert inbound.quotes == (Quote("so", "argent", from_bot=True),)


def test_forwarded_words_are_a_quote() -> None:
    snapshot = {"message": {"content": "their words", "attachments": []}}
    raw = message("", message_reference={"type": 1}, message_snapshots=[snapshot])
    inbound = said(raw)
    assert (inbound.text, inbound.quotes) == (
        "",
        (Quote("their words", "unknown", forwarded=True),),
    )


def test_attachments_are_described() -> None:
    raw = message(
        "",
        attachments=[
            {"filename": "cat.png", "content_type": "image/png", "size": 5, "url": "https://c/1"},
            {"filename": "a.zip", "size": 7, "url": "https://c/2"},
        ],
        sticker_items=[{"id": "9", "name": "Wave"}],
        poll={"question": {"text": "Tea?"}, "answers": [{"poll_media": {"text": "Yes"}}]},
    )
    kinds = [(a.kind, a.name) for a in said(raw).attachments]
    assert kinds == [
        (AttachmentKind.IMAGE, "cat.png"),
        (AttachmentKind.DOCUMENT, "a.zip"),
        (AttachmentKind.STICKER, "Wave"),
        (AttachmentKind.OTHER, "poll: Tea? (Yes)"),
    ]
    voice = message("", flags=1 << 13, attachments=[{"content_type": "audio/ogg", "url": "u"}])
    assert said(voice).attachments[0].kind is AttachmentKind.VOICE


@pytest.mark.parametrize("raw", [message(author=BOT), message(type=7), message("")])
def test_what_nobody_said_is_nothing(raw: Any) -> None:
    assert parse_message(raw, ROOM, ME, AT) is None


def test_an_edit_is_known_by_its_time() -> None:
    raw = message("better", edited_timestamp="2026-01-30T12:00:00+00:00")
    edit = parse_edit(raw, ROOM, ME, AT)
    assert isinstance(edit, Correction)
    assert (edit.text, edit.at) == ("better", AT)
    assert parse_edit(message("a preview came"), ROOM, ME, AT) is None
    assert parse_edit({"id": "1", "embeds": []}, ROOM, ME, AT) is None


def test_a_command_is_a_message() -> None:
    inbound = parse_interaction(command(), ROOM, ME, AT)
    assert isinstance(inbound, InboundMessage)
    assert (inbound.text, inbound.sender.name, inbound.addressed) == (
        "/status the disk", "Ali", True,
    )  # fmt: skip
    assert "secret" not in repr(inbound)


def test_another_shape_is_set_aside_with_the_reason() -> None:
    for raw in (None, 7, [], {}, message(id=5), message(content=["x"]), message(author=None)):
        aside = parse_message(raw, ROOM, ME, AT)
        assert isinstance(aside, Malformed)
        assert aside.reason


def test_the_directory_learns_rooms_and_who_is_in_threads() -> None:
    directory = Directory(ME.id)
    thread = {"id": "2", "type": 11, "parent_id": "1", "name": "Ops", "owner_id": "3"}
    rooms = [{"id": "1", "type": 0, "name": "general"}, {"id": "x"}, {"id": "5", "type": 15}, None]
    directory.learn("GUILD_CREATE", {"id": "9", "channels": rooms, "threads": [thread]})
    assert directory.find(1) == Place(1, ChatKind.GROUP, "general", guild=9)
    assert directory.find(2) == Place(2, ChatKind.THREAD, "Ops", guild=9, parent=1)
    assert directory.find(5) is None
    joined = {"id": "2", "added_members": [{"user_id": str(ME.id)}]}
    directory.learn("THREAD_MEMBERS_UPDATE", joined)
    directory.learn("THREAD_UPDATE", thread | {"guild_id": "9", "name": "Operations"})
    place = directory.find(2)
    assert place is not None
    assert (place.title, place.joined) == ("Operations", True)
    directory.learn("THREAD_MEMBERS_UPDATE", {"id": "2", "removed_member_ids": [str(ME.id)]})
    place = directory.find(2)
    assert place is not None
    assert not place.joined
    directory.learn("THREAD_DELETE", {"id": "2"})
    assert directory.find(2) is None
