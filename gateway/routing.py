"""Which session a message belongs to: one pure function, so that nobody's words reach another."""

from collections.abc import Mapping
from dataclasses import dataclass

from state.keys import Scope, SessionId, SessionKey, SessionType
from state.messages import ChatKind, InboundMessage


@dataclass(frozen=True, slots=True)
class Route:
    """A key, and the session that it leads to."""

    key: SessionKey
    session: SessionId


def route(
    message: InboundMessage,
    *,
    owner: bool,
    scope: Scope,
    aliases: Mapping[str, SessionId],
) -> Route:
    """The session of a message.

    `owner` says that the sender is one: their private chat is ``main``, anybody else's ``dm``.
    A private chat is keyed by its person. `aliases` are keys that lead to another session than
    the one they would make.
    """
    key = _key(message, owner=owner, scope=scope)
    return Route(key, aliases.get(str(key), key.session_id))


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
