"""Where a message was said, and by whom. Pure."""

from datetime import UTC, datetime

from telegram import Chat, Message

from channels.telegram import ids
from channels.telegram.identity import Identity
from state.keys import Address
from state.messages import ChatKind, Sender

_STAND_INS = frozenset({777000, 1087968824, 136817688})
"""The users behind which chats speak: Telegram, GroupAnonymousBot and Channel_Bot.

https://core.telegram.org/bots/api#message (`from`)
"""


def address(message: Message, me: Identity) -> Address:
    """Where a message was said, which is where it is answered."""
    thread: int | str | None = None
    # Replies make threads in any supergroup; only in a topic the thread is a place of its own.
    if message.is_topic_message and message.message_thread_id is not None:
        thread = as_id(message.message_thread_id)
    elif message.chat.is_forum:
        thread = ids.GENERAL
    return ids.address(me.account, as_id(message.chat.id), thread)


def kind(message: Message) -> ChatKind:
    """What kind of chat that is. Raises ValueError for one that is not known."""
    if message.chat.type == Chat.PRIVATE:
        return ChatKind.DIRECT
    if message.chat.type not in {Chat.GROUP, Chat.SUPERGROUP}:
        raise ValueError(f"no such type of chat: {message.chat.type!r}")
    return ChatKind.THREAD if message.chat.is_forum else ChatKind.GROUP


def container(message: Message) -> str | None:
    """The supergroup whose topics may share a session."""
    return str(message.chat.id) if message.chat.type == Chat.SUPERGROUP else None


def sender(message: Message) -> Sender:
    """Who wrote it: an anonymous admin or a channel writes as a chat, behind a stand-in user.

    https://core.telegram.org/bots/api#message (`sender_chat`)
    """
    user, chat = message.from_user, message.sender_chat
    if chat is not None:
        bot = user is not None and bool(user.is_bot) and user.id not in _STAND_INS
        name = chat.title or chat.effective_name or ""
        return Sender(str(as_id(chat.id)), name, chat.username, is_bot=bot, as_chat=True)
    if user is None:
        raise ValueError("a message without a sender")
    return Sender(str(as_id(user.id)), user.full_name, user.username, is_bot=bool(user.is_bot))


def as_id(value: object) -> int:
    """An id from the wire. Raises TypeError when it is none."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"an id is a number, not {value!r}")
    return value


def as_utc(value: object) -> datetime:
    """A date from the wire, in UTC. Raises TypeError when it is none."""
    if not isinstance(value, datetime):
        raise TypeError(f"a date is a number, not {value!r}")
    return value.astimezone(UTC)
