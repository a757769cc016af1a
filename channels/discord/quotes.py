"""What a message refers to: the one it replies to, and what it forwards.

https://docs.discord.com/developers/resources/message#message-reference
"""

from typing import Any

from channels.discord.attachments import attachments
from channels.discord.identity import Identity
from channels.discord.words import name, words
from state.messages import Quote

Json = dict[str, Any]
_FORWARD = 1
_UNKNOWN = "unknown"


def is_forward(message: Json) -> bool:
    """Whether the message only passes another one on."""
    reference = message.get("message_reference")
    return isinstance(reference, dict) and reference.get("type") == _FORWARD


def answers(message: Json, me: Identity) -> bool:
    """Whether the message is a reply to the bot."""
    replied = message.get("referenced_message")
    return isinstance(replied, dict) and replied["author"]["id"] == str(me.id)


def quotes(message: Json, me: Identity) -> tuple[Quote, ...]:
    """Everything the message refers to."""
    found = [_forwarded(entry["message"], me) for entry in message.get("message_snapshots") or ()]
    replied = message.get("referenced_message")
    if isinstance(replied, dict):
        found.append(_replied(replied, me))
    return tuple(quote for quote in found if quote is not None)


def _replied(message: Json, me: Identity) -> Quote | None:
    text = _shown(message, me)
    author = message["author"]
    from_bot = author["id"] == str(me.id)
    return Quote(text, name(author) or _UNKNOWN, from_bot=from_bot) if text else None


def _forwarded(message: Json, me: Identity) -> Quote | None:
    # Discord does not say whose words a forward passes on.
    text = _shown(message, me)
    return Quote(text, _UNKNOWN, forwarded=True) if text else None


def _shown(message: Json, me: Identity) -> str:
    things = [f"[{a.kind}: {a.name}]" if a.name else f"[{a.kind}]" for a in attachments(message)]
    return " ".join(filter(None, [*things, words(message, me).text]))
