"""What somebody wrote: whether it is for the bot, and what is left without the bot's name.

Entities count UTF-16 units: https://core.telegram.org/bots/api#messageentity
"""

from dataclasses import dataclass

from telegram import Message, MessageEntity

from channels.telegram.identity import Identity

_AFTER_A_NAME = " \t\r\n,:;.!–—-"


@dataclass(frozen=True, slots=True)
class Words:
    """The text of a message, or its caption.

    `mentioned` says that it names the bot or is a command for it, `elsewhere` that it is a
    command for another bot.
    """

    text: str
    mentioned: bool = False
    elsewhere: bool = False


def words(message: Message, me: Identity) -> Words:
    """The message's words, a command written the short way and a leading mention left out."""
    text = message.text or message.caption or ""
    if not isinstance(text, str):
        raise TypeError(f"a text is no {type(text).__name__}")
    entities = message.entities if message.text else message.caption_entities
    units = text.encode("utf-16-le")
    spans = [(entity, _cut(units, entity)) for entity in entities]
    mentioned = any(_names(entity, span, me) for entity, span in spans)
    first = next(((e, s) for e, s in spans if e.offset == 0 and s), None)
    if first is None:
        return Words(text, mentioned)
    entity, span = first
    if entity.type == MessageEntity.BOT_COMMAND:
        return _command(text, span, mentioned, me)
    if _names(entity, span, me):
        # A name alone is kept: it is all there is to answer to.
        rest = text[len(span) :].lstrip(_AFTER_A_NAME)
        return Words(rest or text, mentioned=True)
    return Words(text, mentioned)


def _command(text: str, span: str, mentioned: bool, me: Identity) -> Words:
    name, at, bot = span.removeprefix("/").partition("@")
    if not at:
        return Words(text, mentioned or name.lower() in me.commands)
    if me.is_called(bot):
        return Words(f"/{name}{text[len(span) :]}", mentioned=True)
    return Words(text, mentioned, elsewhere=True)


def _names(entity: MessageEntity, span: str, me: Identity) -> bool:
    if entity.type == MessageEntity.TEXT_MENTION:
        return entity.user is not None and entity.user.id == me.id
    return entity.type == MessageEntity.MENTION and me.is_called(span)


def _cut(units: bytes, entity: MessageEntity) -> str:
    start = 2 * entity.offset
    return units[start : start + 2 * entity.length].decode("utf-16-le", "replace")
