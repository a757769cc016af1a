"""Telegram's numbers and our addresses, one from the other."""

from channels.errors import Rejected
from state.keys import Address

GENERAL = "1"
"""The topic that every forum has. Its messages carry no thread id, and a message to it must not
name one: https://core.telegram.org/api/forum#forum-topics"""


class NoTelegramId(Rejected):
    """An address that did not come from Telegram."""


def address(account: str, chat: int, thread: int | str | None) -> Address:
    """The place that a chat id, and a topic in it, make."""
    return Address(account, str(chat), None if thread is None else str(thread))


def chat_id(place: Address) -> int:
    """The chat to send to. Raises `NoTelegramId`."""
    return _number(place.chat)


def thread_id(place: Address) -> int | None:
    """The `message_thread_id` to send with: none outside of topics and in General.

    Raises `NoTelegramId`.
    """
    return None if place.thread in {None, GENERAL} else _number(place.thread)


def message_id(text: str) -> int:
    """A message's number. Raises `NoTelegramId`."""
    return _number(text)


def message_source(bot: int, chat: int, message: int) -> str:
    """What identifies a message for ever.

    Small groups and private chats number messages by bot, supergroups by chat; with all three
    the name is unique even when the account's token is changed to another bot's.
    """
    return f"{bot}:{chat}:{message}"


def edit_source(bot: int, chat: int, message: int, update: int) -> str:
    """What identifies one edit of a message."""
    return f"{message_source(bot, chat, message)}:edit:{update}"


def press_source(bot: int, press: str) -> str:
    """What identifies one press of a button."""
    return f"{bot}:press:{press}"


def migration_source(bot: int, old: int, new: int) -> str:
    """What identifies a migration: both chats announce it, and it happens once."""
    return f"{bot}:migration:{old}:{new}"


def update_source(bot: int, update: object) -> str:
    """What identifies an update of which nothing more could be understood."""
    return f"{bot}:update:{update}"


def _number(text: str | None) -> int:
    try:
        return int(text or "")
    except ValueError:
        raise NoTelegramId(f"{text!r} is no Telegram id: those are numbers") from None
