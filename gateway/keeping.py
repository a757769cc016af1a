"""Opens sessions and keeps what was said in them. While the disk refuses, it waits."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from agents.prompt import NO_MEDIA
from agents.transcript import Media
from gateway.clock import Clock
from gateway.ending import Ending
from gateway.open_sessions import OpenSession, OpenSessions
from gateway.routing import Route
from gateway.titles import entitled, unentitled
from gateway.trouble import Trouble
from state.choices import Persistence
from state.compaction import Plan, Reason
from state.history import Entry, SummaryEntry
from state.keys import Address
from state.lifecycle import TRANSITIONS, Event, Phase
from state.messages import Accepted, InboundMessage
from state.session import Session
from state.store import Loaded, NotFound, Sessions
from state.view import apply, undone


class Keeping:
    """What every way of working on a message does to its session. Called in its lane."""

    def __init__(
        self,
        sessions: Sessions,
        opened: OpenSessions,
        trouble: Trouble,
        clock: Clock,
        ending: Ending,
    ) -> None:
        self._sessions = sessions
        self._opened = opened
        self._trouble = trouble
        self._clock = clock
        self._ending = ending

    async def open(self, accepted: Accepted) -> OpenSession:
        """The session that a message was routed to.

        One whose words do not outlive it begins anew when it had ended before that.
        """
        message = accepted.message
        route = Route(accepted.key, accepted.session)
        title = message.title if isinstance(message, InboundMessage) else None
        open_it = partial(self._opened.open, route, at=accepted.at, title=title)
        opened = await self._trouble.insist(open_it)
        session = opened.session
        if not await self._trouble.insist(lambda: self._ending.was_over(session, accepted)):
            return opened
        reason = "it was quiet, and something was said again"
        await self._trouble.insist(lambda: self._ending.erase(session, reason=reason))
        return await self._trouble.insist(open_it)

    async def change(self, opened: OpenSession, session: Session) -> None:
        """Keep other facts of a session (its choices, its title), durably, and show them.

        What it runs with is found anew the next time it is opened.
        """
        session = self._ending.to_end(replace(session, revision=session.revision + 1))
        # The command that asks for it may be the first that is heard in its chat.
        keep = self._sessions.save if opened.stored else self._sessions.create
        await self._trouble.insist(partial(keep, session))
        opened.session, opened.stored = session, True
        self._opened.forget(session.id)

    async def append(
        self,
        opened: OpenSession,
        turn: Sequence[Entry],
        *,
        tokens: int,
        media: Mapping[str, Media] = NO_MEDIA,
    ) -> None:
        """Make a turn durable, and the open session the one after it.

        `tokens` is how long the context is then.
        """
        session = opened.session.after(Event.MESSAGE, self._clock.now()).with_entries(turn)
        # Facts go to the disk with the entries: a title made of them costs no flush of its own.
        session = entitled(session, turn, opened.setup.kept.titles)
        session = replace(
            session, context=replace(session.context, tokens=tokens, limit=opened.setup.rules.limit)
        )
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
        """Take the words of a message, by its platform id in its chat, out of the history.

        A title that was made of words goes, too: it may tell of these.
        """
        session = opened.session.id
        before = opened.session.context
        await self._trouble.insist(lambda: self._sessions.erase(session, {message}, chat=chat))
        await self.renew(opened)
        if opened.session.context != before:
            self._measure(opened)
        if opened.session.titled:
            named_anew = replace(unentitled(opened.session), revision=opened.session.revision + 1)
            await self._trouble.insist(lambda: self._sessions.save(named_anew))
            opened.session = named_anew

    async def take_down(self, opened: OpenSession, message: str) -> None:
        """Go back to before the summaries that may tell of a message, by its entry's id.

        What they stood for is seen again as it reads now, and summarised anew when it is due.
        """
        if opened.summary is None:
            return
        entries = await self.entries(opened)
        where = {entry.id: number for number, entry in enumerate(entries)}
        while (summary := opened.summary) is not None:
            first, last = summary.covers
            if not where.get(first, 0) <= where[message] <= where.get(last, len(entries)):
                break
            context = opened.session.context
            context = undone(context) or replace(context, summary=None)
            revision = opened.session.revision + 1
            session = replace(opened.session, context=context, revision=revision)
            await self._trouble.insist(partial(self._sessions.save, session))
            await self.renew(opened)
            self._measure(opened)

    def _measure(self, opened: OpenSession) -> None:
        """Estimate a context that no provider has counted as it is now."""
        context = replace(opened.session.context, tokens=opened.estimated())
        opened.session = replace(opened.session, context=context)

    async def renew(self, opened: OpenSession) -> None:
        """Read the open session's context again."""
        await self._trouble.insist(lambda: self._opened.renew(opened))
        self._opened.used(opened)

    async def compact(
        self,
        opened: OpenSession,
        plan: Plan,
        summary: SummaryEntry | None,
        *,
        tokens: int,
        reason: Reason | None,
    ) -> None:
        """Carry a plan out: the summary first, then what says that it stands.

        `tokens` is how long the context is then. Without a reason nothing is noted in its log.
        """
        session, at = opened.session, None
        if summary is not None:
            entries, session = (summary,), session.with_entries([summary])
            (at,) = await self._trouble.insist(lambda: self._sessions.append(session, entries))
            opened.session = session
        context = apply(plan, session.context, opened.turns, summary=at, tokens=tokens)
        session = replace(session, context=replace(context, limit=opened.setup.rules.limit))
        if reason is not None:
            ends = self._ending.persistence(session) is not Persistence.ALWAYS
            session = _compacted(session, reason, self._clock.now(), ends=ends)
        session = replace(session, revision=session.revision + 1)
        await self._trouble.insist(lambda: self._sessions.save(session))
        await self.renew(opened)

    async def load(self, opened: OpenSession) -> Loaded:
        """The session from its context's beginning on. Raises `NotFound`."""
        loaded = await self._trouble.insist(lambda: self._sessions.load(opened.session.id))
        if loaded is None:
            raise NotFound(f"session {opened.session.id} has no files")
        return loaded

    async def context(self, opened: OpenSession) -> tuple[Entry, ...]:
        """The entries from the context's beginning on."""
        loaded = await self._trouble.insist(lambda: self._sessions.load(opened.session.id))
        return loaded.entries if loaded is not None else ()

    async def entries(self, opened: OpenSession) -> tuple[Entry, ...]:
        """Everything in the history."""
        return await self._trouble.insist(lambda: self._sessions.entries(opened.session.id))


_WHY = {
    Reason.TOKENS: "its tokens reached the threshold",
    Reason.MESSAGES: "its messages reached the threshold",
    Reason.OVERFLOW: "the model found it too long",
    Reason.ASKED: "somebody asked",
    Reason.IDLE: "it went to rest",
}


def _compacted(session: Session, reason: Reason, at: datetime, *, ends: bool) -> Session:
    """The session after a compaction, as far as that is an event in the phase it is in.

    Where something becomes of its words when it `ends`, it stays active: only so it will.
    """
    if reason in (Reason.TOKENS, Reason.MESSAGES, Reason.OVERFLOW):
        # It is a message that needs the room.
        session = session.after(Event.MESSAGE, at)
    elif session.phase is Phase.ARCHIVED:
        session = session.after(Event.RESTORE, at, _WHY[reason])
    if (session.phase, Event.COMPACT) not in TRANSITIONS:
        return session
    if ends and session.phase is Phase.ACTIVE:
        return session
    return session.after(Event.COMPACT, at, _WHY[reason])
