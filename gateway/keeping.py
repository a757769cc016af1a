"""Opens sessions and keeps what was said in them. While the disk refuses, it waits."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from agents.prompt import NO_MEDIA
from agents.transcript import Media
from gateway.clock import Clock
from gateway.open_sessions import OpenSession, OpenSessions
from gateway.routing import Route
from gateway.thinking import Limits
from gateway.trouble import Trouble
from state.history import Entry
from state.keys import Address
from state.lifecycle import Event
from state.messages import Accepted, InboundMessage
from state.session import Context
from state.store import Sessions


class Keeping:
    """What every way of working on a message does to its session. Called in its lane."""

    def __init__(
        self,
        sessions: Sessions,
        opened: OpenSessions,
        trouble: Trouble,
        clock: Clock,
        limits: Limits,
    ) -> None:
        self._sessions = sessions
        self._opened = opened
        self._trouble = trouble
        self._clock = clock
        self._limits = limits

    async def open(self, accepted: Accepted) -> OpenSession:
        """The session that a message was routed to."""
        message = accepted.message
        route = Route(accepted.key, accepted.session)
        title = message.title if isinstance(message, InboundMessage) else None
        return await self._trouble.insist(
            lambda: self._opened.open(route, at=accepted.at, title=title)
        )

    async def append(
        self,
        opened: OpenSession,
        turn: Sequence[Entry],
        *,
        tokens: int | None = None,
        media: Mapping[str, Media] = NO_MEDIA,
    ) -> None:
        """Make a turn durable, and the open session the one after it.

        `tokens` is how long the context is now, where that is known.
        """
        session = opened.session.after(Event.MESSAGE, self._clock.now()).with_entries(turn)
        if tokens is None:
            tokens = session.context.tokens
        context = Context(tokens, self._limits.tokens, session.context.start)
        session = replace(session, context=context)
        positions = await self._trouble.insist(lambda: self._sessions.append(session, turn))
        opened.session, opened.stored = session, True
        opened.extend(turn, positions[0], media)
        self._opened.used(opened)

    async def revise(self, opened: OpenSession, change: Entry) -> None:
        """Make durable what became of an earlier message; the context is made anew with it.

        It is no message: a session that rests goes on resting.
        """
        session = opened.session.with_entries([change])
        await self._trouble.insist(lambda: self._sessions.append(session, [change]))
        opened.session = session
        await self.renew(opened)

    async def erase(self, opened: OpenSession, message: str, chat: Address) -> None:
        """Take the words of a message, by its platform id in its chat, out of the history."""
        session = opened.session.id
        await self._trouble.insist(lambda: self._sessions.erase(session, {message}, chat=chat))
        await self.renew(opened)

    async def renew(self, opened: OpenSession) -> None:
        """Read the open session's context again."""
        await self._trouble.insist(lambda: self._opened.renew(opened))
        self._opened.used(opened)

    async def slide(self, opened: OpenSession, limit: int) -> bool:
        """Let the oldest turns leave the context, if there are any."""
        return await self._trouble.insist(lambda: self._opened.slide(opened, limit=limit))

    async def context(self, opened: OpenSession) -> tuple[Entry, ...]:
        """The entries from the context's beginning on."""
        loaded = await self._trouble.insist(lambda: self._sessions.load(opened.session.id))
        return loaded.entries if loaded is not None else ()

    async def entries(self, opened: OpenSession) -> tuple[Entry, ...]:
        """Everything in the history."""
        return await self._trouble.insist(lambda: self._sessions.entries(opened.session.id))
