"""A Telegram update as what it means to Argent. Pure, and it never raises.

https://core.telegram.org/bots/api#update
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime

from telegram import Chat, Message, Update

from channels.sound import sound
from channels.telegram import ids
from channels.telegram.attachments import attachments
from channels.telegram.identity import Identity
from channels.telegram.parts import ESSENTIAL, left_out, unknown_content
from channels.telegram.quotes import answered, quotes
from channels.telegram.words import Words, words
from state.keys import Address
from state.messages import (
    Attachment,
    ChatKind,
    Correction,
    Inbound,
    InboundMessage,
    Malformed,
    Migration,
    Sender,
)

WANTED = ("message", "edited_message", "my_chat_member")
"""The kinds of updates to ask for."""

_LONGEST_REASON = 200


def parse(raw: object, me: Identity, at: datetime) -> Inbound | None:
    """What an update says; None when it says nothing to Argent (somebody joined, a channel post).

    `raw` is decoded JSON of whatever shape. What cannot be understood becomes `Malformed`, so
    that one update cannot hold up those behind it.
    """
    try:
        return sound(_read(raw, me))
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
    sender = _sender(message)
    return InboundMessage(
        source=ids.message_source(me.id, _number(message.chat.id), _number(message.message_id)),
        id=str(message.message_id),
        address=_address(message, me),
        kind=_kind(message),
        sender=sender,
        # Forwarded words are not the sender's own: they are a quote, and never a command.
        text=said.text if message.forward_origin is None else "",
        at=_utc(message.date),
        addressed=_addressed(message, said, me),
        container=_container(message),
        quotes=quotes(message, me),
        attachments=content,
        title=message.chat.title,
    )


def _correction(message: Message, update: int, me: Identity) -> Correction | None:
    said = words(message, me)
    if message.chat.type == Chat.CHANNEL or not said.text:
        return None
    chat, number = _number(message.chat.id), _number(message.message_id)
    return Correction(
        source=ids.edit_source(me.id, chat, number, update),
        id=str(number),
        address=_address(message, me),
        kind=_kind(message),
        sender=_sender(message),
        text=said.text,
        at=_utc(message.edit_date or message.date),
        container=_container(message),
    )


def _migration(message: Message, me: Identity) -> Migration | None:
    if message.migrate_to_chat_id is not None:
        old, new = message.chat.id, message.migrate_to_chat_id
    elif message.migrate_from_chat_id is not None:
        old, new = message.migrate_from_chat_id, message.chat.id
    else:
        return None
    old, new = _number(old), _number(new)
    return Migration(
        source=ids.migration_source(me.id, old, new),
        channel=me.account,
        old_chat=str(old),
        new_chat=str(new),
        at=_utc(message.date),
    )


def _addressed(message: Message, said: Words, me: Identity) -> bool:
    if message.chat.type == Chat.PRIVATE:
        return True
    if said.elsewhere or message.forward_origin is not None:
        return False
    replied = answered(message)
    author = replied.from_user if replied is not None else None
    return said.mentioned or (author is not None and author.id == me.id)


def _address(message: Message, me: Identity) -> Address:
    thread: int | str | None = None
    # Replies make threads in any supergroup; only in a topic the thread is a place of its own.
    if message.is_topic_message and message.message_thread_id is not None:
        thread = _number(message.message_thread_id)
    elif message.chat.is_forum:
        thread = ids.GENERAL
    return ids.address(me.account, _number(message.chat.id), thread)


def _kind(message: Message) -> ChatKind:
    if message.chat.type == Chat.PRIVATE:
        return ChatKind.DIRECT
    if message.chat.type not in {Chat.GROUP, Chat.SUPERGROUP}:
        raise ValueError(f"no such type of chat: {message.chat.type!r}")
    return ChatKind.THREAD if message.chat.is_forum else ChatKind.GROUP


def _container(message: Message) -> str | None:
    return str(message.chat.id) if message.chat.type == Chat.SUPERGROUP else None


def _sender(message: Message) -> Sender:
    """Who wrote it: an anonymous admin or a channel writes as a chat, behind a stand-in user.

    https://core.telegram.org/bots/api#message (`sender_chat`)
    """
    if message.sender_chat is not None:
        chat = message.sender_chat
        return Sender(str(_number(chat.id)), chat.title or chat.effective_name or "", chat.username)
    user = message.from_user
    if user is None:
        raise ValueError("a message without a sender")
    return Sender(str(_number(user.id)), user.full_name, user.username, is_bot=bool(user.is_bot))


def _dumped(raw: object) -> bytes:
    try:
        return json.dumps(raw, default=repr).encode()
    except RecursionError:
        return b'"(nested too deeply to be kept)"'


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"an id is a number, not {value!r}")
    return value


def _utc(value: object) -> datetime:
    if not isinstance(value, datetime):
        raise TypeError(f"a date is a number, not {value!r}")
    return value.astimezone(UTC)
