"""What happens to a session as a whole, whoever asks for it. Called in the session's lane."""

from dataclasses import replace
from datetime import datetime, timedelta

from gateway.clock import Clock
from gateway.open_sessions import OpenSessions
from state.keys import SessionId
from state.lifecycle import Event, Phase, becomes_idle_at
from state.session import Context, Session
from state.store import Ledger, Repaired, Sessions


class Life:
    """Moves sessions through their lifecycle, on disk and in the index."""

    def __init__(
        self, sessions: Sessions, ledger: Ledger, opened: OpenSessions, clock: Clock
    ) -> None:
        self._sessions = sessions
        self._ledger = ledger
        self._opened = opened
        self._clock = clock

    async def clear(self, session: Session, *, reason: str, erase: bool = False) -> str | None:
        """Begin the conversation anew; returns the archived history's name, if one is kept."""
        cleared = session.after(Event.CLEAR, self._clock.now(), reason)
        cleared = replace(cleared, messages=0, context=Context(limit=session.context.limit))
        archived = await self._sessions.clear(cleared, erase=erase)
        self._opened.forget(session.id)
        await self._ledger.index(cleared)
        return archived

    async def delete(self, session_id: SessionId) -> None:
        """Remove a session with everything that was said in it."""
        await self._sessions.delete(session_id)
        self._opened.forget(session_id)
        await self._ledger.unindex(session_id)

    async def repair(self, session_id: SessionId) -> Repaired | None:
        """Mend a session's files, and let the index show what there is; None: no session."""
        repaired = await self._sessions.repair(session_id)
        self._opened.forget(session_id)
        if repaired is None:
            await self._ledger.unindex(session_id)
        else:
            await self._ledger.index(repaired.session)
        return repaired

    async def rest(self, session_id: SessionId, *, idle_after: timedelta) -> None:
        """Let a session become idle if it is still due: a message may have come in between."""
        loaded = await self._sessions.load(session_id)
        if loaded is None:
            await self._ledger.unindex(session_id)
            return
        session, now = loaded.session, self._clock.now()
        if _is_due(session, idle_after, now):
            session = session.after(Event.QUIET, now, f"quiet for {idle_after}")
            await self._sessions.touch(session)
            self._opened.forget(session_id)
        await self._ledger.index(session)


def _is_due(session: Session, idle_after: timedelta, now: datetime) -> bool:
    due = becomes_idle_at(session.phase, session.updated_at, idle_after)
    return session.phase is Phase.ACTIVE and due is not None and due <= now
