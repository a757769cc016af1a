"""A Discord message as what it means to Argent. Pure, and it never raises.

https://docs.discord.com/developers/resources/message#message-object
"""

import json
from datetime import UTC, datetime
from typing import Any

from channels.discord import ids
from channels.discord.attachments import attachments
from channels.discord.buttons import pressed
from channels.discord.identity import Identity
from channels.discord.places import Place
from channels.discord.quotes import answers, is_forward, quotes
from channels.discord.words import name, words
from channels.sound import sound
from state.messages import (
    ChatKind,
    Correction,
    Deletion,
    Inbound,
    InboundMessage,
    Malformed,
    Sender,
)

Json = dict[str, Any]
_SAID = frozenset({0, 19})
"""Types of messages that people write; the others tell of joins, pins, calls and the like.
https://docs.discord.com/developers/resources/message#message-object-message-types"""

_COMMAND = 2
_PRESS = 3
_CHAT_INPUT = 1

_LONGEST_REASON = 200


def parse_message(raw: object, place: Place, me: Identity, at: datetime) -> Inbound | None:
    """What a new message says; None when that is nothing to Argent (its own words, a join).

    `raw` is decoded JSON of whatever shape, from the gateway or out of a channel's history. What
    cannot be understood becomes `Malformed`, so that it cannot hold up what follows.
    """
    try:
        return sound(_message(_object(raw), place, me))
    except Exception as error:
        return malformed(raw, me, error, at)


def parse_edit(raw: object, place: Place, me: Identity, at: datetime) -> Inbound | None:
    """What an edited message says now; None where only a preview of a link was added."""
    try:
        return sound(_correction(_object(raw), place, me))
    except Exception as error:
        return malformed(raw, me, error, at)


def parse_interaction(raw: object, place: Place, me: Identity, at: datetime) -> Inbound | None:
    """A slash command as the message ``/name words``, a pressed button as what it says; None for
    other interactions.

    https://docs.discord.com/developers/interactions/receiving-and-responding
    """
    try:
        return sound(_interaction(_object(raw), place, me))
    except Exception as error:
        return malformed(raw, me, error, at)


def deleted(raw: Json) -> list[int]:
    """The messages that a deletion is about, one or many. Raises KeyError, TypeError, ValueError.

    https://docs.discord.com/developers/events/gateway-events#message-delete
    """
    numbers = raw["ids"] if "ids" in raw else [raw["id"]]
    if not isinstance(numbers, list):
        raise TypeError(f"ids are a list, not {type(numbers).__name__}")
    return [ids.snowflake(number) for number in numbers]


def deletion(number: int, place: Place, me: Identity, at: datetime) -> Deletion:
    """A message that is gone."""
    return Deletion(
        source=ids.deletion_source(me.id, number),
        id=str(number),
        address=ids.address(me.account, place),
        at=at,
        of=ids.message_source(me.id, number),
    )


def malformed(raw: object, me: Identity, error: Exception | str, at: datetime) -> Malformed:
    """An event to set aside, as it came."""
    content = _dumped(raw)
    reason = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
    return Malformed(
        source=ids.event_source(me.id, content),
        channel=me.account,
        raw=content,
        reason=reason.encode("utf-8", "replace").decode()[:_LONGEST_REASON],
        at=at,
    )


def _message(raw: Json, place: Place, me: Identity) -> InboundMessage | None:
    number = ids.snowflake(raw["id"])
    author = raw["author"]
    if raw.get("type", 0) not in _SAID or author["id"] == str(me.id):
        return None
    said, things, forward = words(raw, me, place.role), attachments(raw), is_forward(raw)
    quoted = quotes(raw, me)
    if not (said.text or things or (forward and quoted)):
        return None
    return InboundMessage(
        source=ids.message_source(me.id, number),
        id=str(number),
        address=ids.address(me.account, place),
        kind=place.kind,
        sender=_sender(raw, author),
        text=said.text,
        at=ids.made_at(number),
        addressed=_addressed(raw, place, me, mentioned=said.mentioned),
        container=None if place.guild is None else str(place.guild),
        quotes=quoted,
        attachments=things,
        title=place.title,
    )


def _correction(raw: Json, place: Place, me: Identity) -> Correction | None:
    number, edited = ids.snowflake(raw["id"]), raw.get("edited_timestamp")
    author = raw.get("author")
    if edited is None or author is None or author["id"] == str(me.id):
        return None
    said = words(raw, me, place.role)
    if raw.get("type", 0) not in _SAID or not said.text:
        return None
    return Correction(
        source=ids.edit_source(me.id, number, edited),
        id=str(number),
        address=ids.address(me.account, place),
        kind=place.kind,
        sender=_sender(raw, author),
        text=said.text,
        at=_time(edited),
        container=None if place.guild is None else str(place.guild),
        of=ids.message_source(me.id, number),
    )


def _interaction(raw: Json, place: Place, me: Identity) -> InboundMessage | None:
    data = raw.get("data")
    if not isinstance(data, dict):
        return None
    text = _command(data) if raw["type"] == _COMMAND else None
    if raw["type"] == _PRESS:
        text = pressed(data)
    if text is None:
        return None
    number = ids.snowflake(raw["id"])
    user = raw["member"]["user"] if "member" in raw else raw["user"]
    return InboundMessage(
        source=ids.command_source(me.id, number),
        id=ids.command_id(number),
        address=ids.address(me.account, place),
        kind=place.kind,
        sender=_sender(raw, user),
        text=text,
        at=ids.made_at(number),
        container=None if place.guild is None else str(place.guild),
        title=place.title,
    )


def _command(data: Json) -> str | None:
    if data.get("type", 1) != _CHAT_INPUT:
        return None
    given = [str(option["value"]) for option in data.get("options") or () if "value" in option]
    return " ".join([f"/{data['name']}", *given])


def _addressed(raw: Json, place: Place, me: Identity, *, mentioned: bool) -> bool:
    if place.kind is ChatKind.DIRECT:
        return True
    return mentioned or place.joined or answers(raw, me)


def _sender(raw: Json, user: Json) -> Sender:
    """Who wrote it, by the name that the server shows."""
    member = raw.get("member")
    nick = member.get("nick") if isinstance(member, dict) else None
    return Sender(
        str(ids.snowflake(user["id"])),
        nick or name(user),
        user.get("username"),
        is_bot=bool(user.get("bot")) or "webhook_id" in raw,
    )


def _object(raw: object) -> Json:
    if not isinstance(raw, dict):
        raise TypeError(f"an event is an object, not {type(raw).__name__}")
    return raw


def _time(text: object) -> datetime:
    if not isinstance(text, str):
        raise TypeError(f"a time is a text, not {text!r:.80}")
    at = datetime.fromisoformat(text)
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _dumped(raw: object) -> bytes:
    try:
        return json.dumps(raw, default=repr).encode()
    except (RecursionError, ValueError, TypeError):
        return b'"(cannot be kept)"'
