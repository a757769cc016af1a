"""A Telegram update as what it means to Argent. Pure, and it never raises.

https://core.telegram.org/bots/api#update
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime

from telegram import Chat, Message, Update

from channels.sound import sound
from channels.telegram import ids, places
from channels.telegram.attachments import attachments
from channels.telegram.format import TEXT_LIMIT, utf16_units
from channels.telegram.identity import Identity
from channels.telegram.parts import ESSENTIAL, left_out, unknown_content
from channels.telegram.places import as_id, as_utc
from channels.telegram.presses import is_press, pressed
from channels.telegram.quotes import answered, is_handed_on, quotes
from channels.telegram.words import Words, words
from state.messages import (
    Attachment,
    Correction,
    Inbound,
    InboundMessage,
    Malformed,
    Migration,
)

WANTED = ("message", "edited_message", "callback_query", "my_chat_member")
"""The kinds of updates to ask for."""

LARGEST = 512 * 1024
"""Bytes of an update: a message of 4,096 characters, as is the one that it answers, with a hundred
entities each, has not a tenth of it. To read fifty thousand entities takes a second."""

_LONGEST_REASON = 200


def parse(raw: object, me: Identity, at: datetime) -> Inbound | None:
    """What an update says; None when it says nothing to Argent (somebody joined, a channel post).

    `raw` is decoded JSON of whatever shape. What cannot be understood becomes `Malformed`, so
    that one update cannot hold up those behind it; so does what is larger than `LARGEST`.
    """
    if len(content := _dumped(raw)) > LARGEST:
        return malformed(raw, me, f"{len(content)} bytes are more than Telegram sends", at)
    try:
        return sound(pressed(raw, me, at) if is_press(raw) else _read(raw, me))
    except Exception as error:
        try:
            return sound(_read_in_part(raw, me))
        except Exception:
            return malformed(raw, me, f"{type(error).__name__}: {error}", at)


def malformed(raw: object, me: Identity, reason: str, at: datetime) -> Malformed:
    """An update to set aside, as it came."""
    content = raw if isinstance(raw, bytes) else _dumped(raw)
    name: object = update_id(raw)
    if name is None:
        name = hashlib.sha256(content).hexdigest()[:32]
    return Malformed(
        source=ids.update_source(me.id, name),
        channel=me.account,
        raw=content,
        reason=reason[:_LONGEST_REASON],
        at=at,
    )


def update_id(raw: object) -> int | None:
    """The update's number, if it has one."""
    number = raw.get("update_id") if isinstance(raw, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def _read(raw: object, me: Identity, unreadable: Sequence[str] = ()) -> Inbound | None:
    number = update_id(raw)
    if number is None or not isinstance(raw, dict):
        raise ValueError("an update needs an update_id")
    update = Update.de_json(raw, None)
    if update.edited_message is not None:
        return _correction(update.edited_message, number, me)
    if update.message is not None:
        content = (*attachments(update.message), *left_out(unreadable))
        if not content and update.message.chat.type == Chat.PRIVATE:
            content = unknown_content(raw["message"])
        return _migration(update.message, me) or _message(update.message, content, me)
    return None


def _read_in_part(raw: object, me: Identity) -> Inbound | None:
    """What an update says without the parts that cannot be read.

    The library refuses a message as a whole for one part that is not as the newest Bot API writes
    it; an older server of one's own does not. Raises whatever the essential parts raise.
    """
    if not isinstance(raw, dict):
        raise TypeError("an update is an object")
    kind = next(kind for kind in ("message", "edited_message") if kind in raw)
    body = raw[kind]
    bare = {name: value for name, value in body.items() if name in ESSENTIAL}

    def read(parts: dict[str, object], unreadable: Sequence[str] = ()) -> Inbound | None:
        update = {"update_id": raw.get("update_id"), kind: bare | parts}
        return sound(_read(update, me, unreadable))

    read({})
    good: dict[str, object] = {}
    bad: list[str] = []
    for name in body.keys() - ESSENTIAL:
        try:
            read({name: body[name]})
            good[name] = body[name]
        except Exception:
            bad.append(name)
    return read(good, sorted(bad))


def _message(
    message: Message, content: tuple[Attachment, ...], me: Identity
) -> InboundMessage | None:
    said = words(message, me)
    if message.chat.type == Chat.CHANNEL or not (said.text or content):
        return None
    sender = places.sender(message)
    return InboundMessage(
        source=ids.message_source(me.id, as_id(message.chat.id), as_id(message.message_id)),
        id=str(message.message_id),
        address=places.address(message, me),
        kind=places.kind(message),
        sender=sender,
        # Words that are handed on are not the sender's: they are a quote, and never a command.
        text="" if is_handed_on(message) else said.text,
        at=as_utc(message.date),
        addressed=_addressed(message, said, me),
        container=places.container(message),
        quotes=quotes(message, me),
        attachments=content,
        title=message.chat.title,
        unfinished=_may_go_on(message),
    )


def _correction(message: Message, update: int, me: Identity) -> Correction | None:
    said = words(message, me)
    # A message can change without its sender, whose words it may not hold.
    if message.chat.type == Chat.CHANNEL or is_handed_on(message) or not said.text:
        return None
    chat, number = as_id(message.chat.id), as_id(message.message_id)
    return Correction(
        source=ids.edit_source(me.id, chat, number, update),
        id=str(number),
        address=places.address(message, me),
        kind=places.kind(message),
        sender=places.sender(message),
        text=said.text,
        at=as_utc(message.edit_date or message.date),
        container=places.container(message),
        of=ids.message_source(me.id, chat, number),
    )


def _may_go_on(message: Message) -> bool:
    """Whether more of the same may follow at once.

    Each picture of an album is a message of its own, and none says that it is the last. A text
    beyond Telegram's limit is cut by the client, and nothing marks the pieces: Telegram Desktop
    looks for the best place (the end of a paragraph, a line, a sentence) anywhere in the second
    half of the limit, so a first piece is longer than half of it (`CutPart` in its `lib_ui`).
    """
    if message.media_group_id is not None:
        return True
    text = message.text or ""
    return not is_handed_on(message) and utf16_units(text) > TEXT_LIMIT // 2


def _migration(message: Message, me: Identity) -> Migration | None:
    if message.migrate_to_chat_id is not None:
        old, new = message.chat.id, message.migrate_to_chat_id
    elif message.migrate_from_chat_id is not None:
        old, new = message.migrate_from_chat_id, message.chat.id
    else:
        return None
    old, new = as_id(old), as_id(new)
    return Migration(
        source=ids.migration_source(me.id, old, new),
        channel=me.account,
        old_chat=str(old),
        new_chat=str(new),
        at=as_utc(message.date),
    )


def _addressed(message: Message, said: Words, me: Identity) -> bool:
    if message.chat.type == Chat.PRIVATE:
        return True
    if said.elsewhere or is_handed_on(message):
        return False
    replied = answered(message)
    author = replied.from_user if replied is not None else None
    return said.mentioned or (author is not None and author.id == me.id)


def _dumped(raw: object) -> bytes:
    try:
        return json.dumps(raw, default=repr).encode()
    except RecursionError:
        return b'"(nested too deeply to be kept)"'
