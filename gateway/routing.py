"""Which session a message belongs to: one pure function, so that nobody's words reach another."""

from collections.abc import Mapping
from dataclasses import dataclass

from state.keys import Scope, SessionId, SessionKey, SessionType
from state.messages import ChatKind, InboundMessage


@dataclass(frozen=True, slots=True)
class Route:
    """A key, and the session that it leads to.

    `base` is the session that a private chat leads to by itself; the chat may go on in another
    one, which belongs to it.
    """

    key: SessionKey
    session: SessionId
    base: SessionId | None = None


def route(
    message: InboundMessage,
    *,
    owner: bool,
    scope: Scope,
    aliases: Mapping[str, SessionId],
    chosen: Mapping[str, SessionId],
) -> Route:
    """The session of a message.

    `owner` says that the sender is one: their private chat is ``main``, anybody else's ``dm``.
    A private chat is keyed by its person. `aliases` are keys that lead to another session than
    the one they would make; `chosen` are those whose private chats go on in a side session.
    """
    key = _key(message, owner=owner, scope=scope)
    base = aliases.get(str(key), key.session_id)
    if message.kind is not ChatKind.DIRECT:
        return Route(key, base)
    return Route(key, chosen.get(str(key), base), base)


def _key(message: InboundMessage, *, owner: bool, scope: Scope) -> SessionKey:
    at = message.address
    if message.kind is ChatKind.DIRECT:
        kind = SessionType.MAIN if owner else SessionType.DM
        return SessionKey(at.channel, message.sender.id, kind)
    if scope is Scope.COLLAPSED and message.container is not None:
        return SessionKey(at.channel, message.container, SessionType.GROUP)
    if message.kind is ChatKind.THREAD:
        return SessionKey(at.channel, at.chat, SessionType.TOPIC, at.thread)
    return SessionKey(at.channel, at.chat, SessionType.GROUP)
