"""The end of a conversation whose words do not outlive it. Called in the session's lane."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from agents.config import SessionSettings
from gateway.clock import Clock
from gateway.open_sessions import OpenSessions
from gateway.watching import Watch
from state.choices import Persistence
from state.lifecycle import Event, Phase
from state.messages import Accepted
from state.session import Context, Session
from state.store import Ledger, Sessions

Kept = Callable[[Session], SessionSettings]
"""How a session is kept, as its facts are now."""


def by_default(_: Session) -> SessionSettings:
    """How sessions are kept where nothing is configured."""
    return SessionSettings()


class Ending:
    """Erases conversations, and knows which of them are over.

    A session stays, with its facts, totals and log, and what it cost stays in the ledger; every
    word of it goes. The facts say so last: after a crash in between, what is left still shows as a
    conversation that was quiet for too long, and is ended again.
    """

    def __init__(
        self,
        sessions: Sessions,
        ledger: Ledger,
        opened: OpenSessions,
        clock: Clock,
        kept: Kept = by_default,
        watch: Watch | None = None,
    ) -> None:
        self._sessions = sessions
        self._ledger = ledger
        self._opened = opened
        self._clock = clock
        self._kept = kept
        self._watch = watch or Watch(ledger, clock)

    def persistence(self, session: Session) -> Persistence:
        """Whether a session's words stay when it ends."""
        return self._kept(session).persistence

    async def erase(self, session: Session, *, reason: str) -> Session:
        """Begin a conversation anew, without a word of all that was ever said in it."""
        cleared = session.after(Event.CLEAR, self._clock.now(), f"{reason}; its words are erased")
        cleared = replace(cleared, messages=0, context=Context(limit=session.context.limit))
        if cleared.titled:
            cleared = replace(cleared, title=None, titled=False)
        await self._sessions.clear(cleared, erase=True)
        self._opened.forget(session.id)
        await self._ledger.index(cleared)
        await self._ledger.empty_log()
        return cleared

    def to_end(self, session: Session) -> Session:
        """The session with its end before it, when it rests and its words are kept no more."""
        at_rest = session.phase is not Phase.ACTIVE and session.messages > 0
        if not at_rest or self.persistence(session) is not Persistence.NEVER:
            return session
        reason = "its words are kept no more"
        return session.after(Event.MESSAGE, self._clock.now(), reason)

    async def was_over(self, session: Session, accepted: Accepted) -> bool:
        """Whether a conversation had ended when this was said, though nobody has erased it yet."""
        kept = self._kept(session)
        if kept.persistence is not Persistence.NEVER or session.messages == 0:
            return False
        span = timedelta(seconds=kept.idle_after)
        quiet = accepted.at - session.updated_at >= span and self._watch.believes(
            session.updated_at, span
        )
        return quiet and not await self._ledger.unfinished(session.id, before=accepted.seq)
