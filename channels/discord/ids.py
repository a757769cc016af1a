"""Discord's snowflakes and our addresses, one from the other.

https://docs.discord.com/developers/reference#snowflakes
"""

import hashlib
from datetime import UTC, datetime, timedelta

from channels.discord.places import Place
from channels.errors import Rejected
from state.keys import Address

_EPOCH = datetime(2015, 1, 1, tzinfo=UTC)
_COMMAND = "interaction-"
_NONCE_LENGTH = 25
"""https://docs.discord.com/developers/resources/message#create-message"""


class NoDiscordId(Rejected):
    """An address that did not come from Discord."""


def snowflake(value: object) -> int:
    """An id out of Discord's JSON, where ids are texts. Raises TypeError and ValueError."""
    if not isinstance(value, str):
        raise TypeError(f"an id is a text, not {value!r:.80}")
    if not (value.isascii() and value.isdecimal() and len(value) <= 20):
        raise ValueError(f"an id is a number, not {value!r:.80}")
    return int(value)


def optional_snowflake(value: object) -> int | None:
    """An id that may be missing."""
    return None if value is None else snowflake(value)


def made_at(number: int) -> datetime:
    """When an id was made. Raises OverflowError for numbers that are none."""
    return _EPOCH + timedelta(milliseconds=number >> 22)


def earliest(at: datetime) -> int:
    """The lowest id that could have been made then."""
    return max(0, int((at - _EPOCH) / timedelta(milliseconds=1))) << 22


def address(account: str, place: Place) -> Address:
    """Where to answer: a thread goes by its parent and itself."""
    if place.parent is not None:
        return Address(account, str(place.parent), str(place.id))
    return Address(account, str(place.id))


def channel_id(at: Address) -> int:
    """The channel to send to; to Discord a thread is one. Raises `NoDiscordId`."""
    return _number(at.thread if at.thread is not None else at.chat)


def message_id(text: str) -> int:
    """A message's number. Raises `NoDiscordId`."""
    return _number(text)


def command_id(interaction: int) -> str:
    """How a command or a press goes as the message that an answer refers to."""
    return f"{_COMMAND}{interaction}"


def is_command(message: str) -> bool:
    """Whether that is no message but a command, to which nobody can reply later."""
    return message.startswith(_COMMAND)


def message_source(bot: int, message: int) -> str:
    """What identifies a message for ever, also when the account's token becomes another bot's."""
    return f"{bot}:{message}"


def edit_source(bot: int, message: int, edited: str) -> str:
    """What identifies one edit of a message."""
    return f"{bot}:{message}:edit:{edited}"


def deletion_source(bot: int, message: int) -> str:
    """What identifies the deletion of a message."""
    return f"{bot}:{message}:deleted"


def command_source(bot: int, interaction: int) -> str:
    """What identifies one use of a command, or one press of a button."""
    return f"{bot}:interaction:{interaction}"


def event_source(bot: int, content: bytes) -> str:
    """What identifies an event of which nothing more could be understood."""
    return f"{bot}:event:{hashlib.sha256(content).hexdigest()[:32]}"


def nonce(key: str) -> str:
    """An idempotency key in Discord's length, of which keys of any length make different ones."""
    return hashlib.sha256(key.encode()).hexdigest()[:_NONCE_LENGTH]


def _number(text: str | None) -> int:
    if text is None or not (text.isascii() and text.isdecimal() and len(text) <= 20):
        raise NoDiscordId(f"{text!r} is no Discord id: those are numbers")
    return int(text)
