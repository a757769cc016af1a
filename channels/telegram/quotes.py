"""What a message refers to: a reply's question, a quoted passage, a forwarded text."""

from telegram import (
    Message,
    MessageOrigin,
    MessageOriginChannel,
    MessageOriginChat,
    MessageOriginHiddenUser,
    MessageOriginUser,
)

from channels.telegram.attachments import attachments
from channels.telegram.identity import Identity
from state.messages import Quote

_UNKNOWN = "unknown"


def quotes(message: Message, me: Identity) -> tuple[Quote, ...]:
    """Everything the message refers to, its own forwarded text first."""
    found = (_forwarded(message, me), _replied(message, me), _from_elsewhere(message, me))
    return tuple(quote for quote in found if quote is not None)


def is_handed_on(message: Message) -> bool:
    """Whether the words are another's: forwarded, or chosen from what an inline bot offered, which
    writes them, and may change them later: https://core.telegram.org/bots/inline."""
    return message.forward_origin is not None or message.via_bot is not None


def answered(message: Message) -> Message | None:
    """The message that this one replies to.

    In a topic every message that replies to nothing "replies" to the service message that opened
    the topic: https://core.telegram.org/api/threads#threads
    """
    replied = message.reply_to_message
    if replied is None or replied.forum_topic_created is not None:
        return None
    return replied


def _forwarded(message: Message, me: Identity) -> Quote | None:
    text = message.text or message.caption
    if not text:
        return None
    if message.forward_origin is None:
        bot = message.via_bot
        return None if bot is None else Quote(text, bot.full_name, bot.id == me.id, forwarded=True)
    author, id_ = _author(message.forward_origin)
    return Quote(text, author, from_bot=id_ == me.id, forwarded=True)


def _replied(message: Message, me: Identity) -> Quote | None:
    replied = answered(message)
    if replied is None:
        return None
    text = message.quote.text if message.quote is not None else _shown(replied)
    if not text:
        return None
    if replied.sender_chat is not None:
        return Quote(text, replied.sender_chat.title or _UNKNOWN)
    author = replied.from_user
    if author is None:
        return Quote(text, _UNKNOWN)
    return Quote(text, author.full_name, from_bot=author.id == me.id)


def _from_elsewhere(message: Message, me: Identity) -> Quote | None:
    """A reply to a message of another chat: of that, Telegram shows what was quoted."""
    if message.external_reply is None or message.quote is None:
        return None
    author, id_ = _author(message.external_reply.origin)
    return Quote(message.quote.text, author, from_bot=id_ == me.id, forwarded=True)


def _shown(message: Message) -> str:
    things = [f"[{a.kind}: {a.name}]" if a.name else f"[{a.kind}]" for a in attachments(message)]
    return " ".join(filter(None, [*things, message.text or message.caption]))


def _author(origin: MessageOrigin) -> tuple[str, int | None]:
    match origin:
        case MessageOriginUser():
            return origin.sender_user.full_name, origin.sender_user.id
        case MessageOriginHiddenUser():
            return origin.sender_user_name, None
        case MessageOriginChat():
            return origin.sender_chat.title or _UNKNOWN, None
        case MessageOriginChannel():
            return origin.chat.title or _UNKNOWN, None
        case _:
            return _UNKNOWN, None
