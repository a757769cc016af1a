"""Buttons that were pressed. Pure.

https://core.telegram.org/bots/api#callbackquery
"""

from datetime import datetime

from telegram import Chat, Message, User

from channels.telegram import ids, places
from channels.telegram.identity import Identity
from channels.telegram.places import as_id
from state.messages import InboundMessage, Sender

_KIND = "callback_query"
_WHERE = ("message_id", "date", "chat", "message_thread_id", "is_topic_message")


def is_press(raw: object) -> bool:
    """Whether an update says that a button was pressed."""
    return isinstance(raw, dict) and _KIND in raw


def press_id(raw: object) -> str | None:
    """What to answer, so that the button stops to spin; None where nothing was pressed."""
    press = raw.get(_KIND) if isinstance(raw, dict) else None
    number = press.get("id") if isinstance(press, dict) else None
    return number if isinstance(number, str) and number else None


def pressed(raw: object, me: Identity, at: datetime) -> InboundMessage | None:
    """What whoever pressed a button said with it, heard at `at`: a press has no time of its own.

    None when it says nothing, or nobody knows where: a button of an inline message, and one in a
    forum under a message of which Telegram does not tell the topic any more. Of the message only
    its place is read, so that whatever else is in it cannot keep a press from being heard.
    Raises whatever reading it raises.
    """
    press, number = raw[_KIND], press_id(raw)  # type: ignore[index]
    if number is None:
        raise ValueError("a press needs an id")
    message, said = press.get("message"), press.get("data")
    if message is None or said is None:
        return None
    under = Message.de_json({name: message[name] for name in _WHERE if name in message}, None)
    presser = User.de_json(press["from"], None)
    is_old = message["date"] == 0
    if under.chat.type == Chat.CHANNEL or (is_old and under.chat.is_forum):
        return None
    return InboundMessage(
        source=ids.press_source(me.id, number),
        id=str(as_id(under.message_id)),
        address=places.address(under, me),
        kind=places.kind(under),
        sender=Sender(
            str(as_id(presser.id)),
            presser.full_name,
            presser.username,
            is_bot=bool(presser.is_bot),
        ),
        text=said,
        at=at,
        container=places.container(under),
        title=under.chat.title,
    )
