"""What happens to a session as a whole, whoever asks for it. Called in the session's lane."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.clock import Clock
from gateway.ending import Ending
from gateway.open_sessions import OpenSessions
from gateway.titles import unentitled
from state.choices import Persistence
from state.forgetting import Forgetting
from state.history import Entry
from state.keys import SessionId
from state.lifecycle import Event, Phase
from state.persons import Lost
from state.quiet import Due, concerns
from state.session import Context, Session
from state.store import Ledger, Loaded, NotFound, Repaired, Sessions, StoreError
from state.view import undone

Ask = Callable[[Session, Sequence[Entry]], Awaitable[None]]
"""Asks whether the words of a session shall stay, of which these are the last entries."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """A session that is gone; `kept` is where it can still be found, if anywhere."""

    session: Session
    kept: str | None


class NotOver(Exception):
    """A conversation whose words go with its end, and which has not quite ended."""


class Life:
    """Moves sessions through their lifecycle, on disk and in the index.

    `ending` knows whose words outlive them, and `ask` asks people where that is left to them.
    `gone` is called with a session that is there no more.
    """

    def __init__(
        self,
        sessions: Sessions,
        ledger: Ledger,
        opened: OpenSessions,
        clock: Clock,
        *,
        ending: Ending | None = None,
        ask: Ask | None = None,
        gone: Callable[[SessionId], None] = lambda _: None,
    ) -> None:
        self._sessions = sessions
        self._ledger = ledger
        self._opened = opened
        self._clock = clock
        self._ask = ask
        self._gone = gone
        self.ending = ending or Ending(sessions, ledger, opened, clock)

    async def clear(self, session: Session, *, reason: str, erase: bool = False) -> str | None:
        """Begin the conversation anew; returns the archived history's name, if one is kept."""
        if erase or self._erases(session):
            await self.ending.erase(session, reason=reason)
            return None
        cleared = session.after(Event.CLEAR, self._clock.now(), reason)
        cleared = replace(cleared, messages=0, context=Context(limit=session.context.limit))
        cleared = unentitled(cleared)
        archived = await self._sessions.clear(cleared)
        self._opened.forget(session.id)
        await self._ledger.index(cleared)
        return archived

    async def change(self, session: Session) -> Session:
        """Keep other facts of a session: what was chosen for it, its title, its name."""
        session = self.ending.to_end(replace(session, revision=session.revision + 1))
        await self._sessions.save(session)
        self._opened.forget(session.id)
        await self._ledger.index(session)
        return session

    async def delete(self, session_id: SessionId, *, keep: bool = False) -> str | None:
        """Remove a session; with `keep` it stays among the deleted ones, and where is returned.

        One whose words do not outlive it does not stay.
        """
        keep = keep and not await self._erases_known(session_id)
        kept_at = self._clock.now() if keep else None
        kept = await self._sessions.delete(session_id, kept_at=kept_at)
        await self._forget(session_id)
        if not keep:
            await self._ledger.empty_log()
        return kept

    async def delete_if_quiet(
        self, session_id: SessionId, *, before: datetime, phases: Collection[Phase], keep: bool
    ) -> Deleted | None:
        """Delete a session; None when something was said since `before`, or its phase is another.

        Facts that cannot be read anew raise `StoreError`, and nothing is deleted.
        """
        loaded = await self._sessions.load(session_id)
        if loaded is None:
            await self._forget(session_id)
            return None
        session = loaded.session
        if session.updated_at >= before or session.phase not in phases:
            await self._ledger.index(session)
            return None
        kept = await self.delete(session_id, keep=keep)
        return Deleted(session, kept)

    async def undo(self, session: Session) -> Session | None:
        """Take a session's last compaction back; None when there is none to take back.

        What left the context then is seen again as it was said.
        """
        context = undone(session.context)
        if context is None:
            return None
        if session.phase is Phase.ARCHIVED:
            session = session.after(Event.RESTORE, self._clock.now(), "its summary is taken back")
        back = replace(session, context=context, revision=session.revision + 1)
        await self._sessions.save(back)
        self._opened.forget(session.id)
        # What was seen before was counted before what was said since.
        tokens = await self._opened.measure(session.id)
        back = replace(back, context=replace(context, tokens=tokens))
        await self._sessions.touch(back)
        self._opened.forget(session.id)
        await self._ledger.index(back)
        return back

    async def archive(self, session_id: SessionId, *, reason: str) -> Session:
        """Put a session away, also an active one, which goes to rest first. Raises `NotFound`."""
        session, now = await self._known(session_id), self._clock.now()
        if self._erases(session):
            session = await self.ending.erase(session, reason=reason)
        if session.phase is Phase.ACTIVE:
            session = session.after(Event.QUIET, now, reason)
        if session.phase is not Phase.ARCHIVED:
            session = session.after(Event.ARCHIVE, now, reason)
        await self._archive(session)
        return session

    async def restore(self, session_id: SessionId, *, reason: str) -> Session:
        """Take an archived session out again; its quiet begins anew. Raises `NotFound`."""
        session, now = await self._known(session_id), self._clock.now()
        if session.phase is Phase.ARCHIVED:
            session = replace(session.after(Event.RESTORE, now, reason), updated_at=now)
            await self._sessions.restore(session)
            self._opened.forget(session_id)
            await self._ledger.index(session)
        return session

    async def bring_in(self, session: Session, entries: Sequence[Entry]) -> str | None:
        """Begin a session with these entries; the archived history's name, if there was one.

        Keys that lead nowhere yet lead to it from now on, as they did where it comes from.
        """
        old = await self._sessions.load(session.id)
        if old is not None:
            keys = (*(k for k in old.session.keys if k not in session.keys), *session.keys)
            revision = max(old.session.revision, session.revision) + 1
            session = replace(session, keys=keys, revision=revision)
        archived = await self._sessions.bring_in(session, entries)
        self._opened.forget(session.id)
        await self._ledger.index(session)
        known = await self._ledger.aliases()
        for key in session.keys:
            if key.session_id == session.id or str(key) in known:
                continue
            if await self._sessions.load(key.session_id) is None:
                await self._ledger.set_alias(key, session.id)
        return archived

    async def forget(self, session_id: SessionId, forgetting: Forgetting) -> Lost:
        """Take everything that is one person's out of a session that others share with them."""
        loaded = await self._sessions.load(session_id)
        if loaded is not None and loaded.session.titled:
            # Before: should the rest be cut short, nothing leads here again.
            await self._ledger.index(replace(loaded.session, title=None, titled=False))
        lost = await self._sessions.forget(session_id, forgetting)
        self._opened.forget(session_id)
        loaded = await self._sessions.load(session_id)
        if loaded is not None and loaded.session.phase is Phase.ARCHIVED:
            await self._archive(loaded.session)
        elif loaded is not None:
            await self._ledger.index(loaded.session)
        return lost

    async def repair(self, session_id: SessionId) -> Repaired | None:
        """Mend a session's files, and let the index show what there is; None: no session."""
        repaired = await self._sessions.repair(session_id)
        if repaired is None:
            await self._forget(session_id)
        else:
            self._opened.forget(session_id)
            await self._ledger.index(repaired.session)
        return repaired

    async def settle(
        self,
        session_id: SessionId,
        due: Due,
        *,
        before: datetime,
        reason: str,
        believed: Callable[[datetime], bool] = lambda _: True,
    ) -> bool:
        """Do what is due for a session if it still is: a message may have come in between.

        Whether it was. Raises `NotOver` when it is, and its words would go with it too early:
        something is still to be said, or its last sign of life is not `believed` to be so old.
        """
        loaded = await self._sessions.load(session_id)
        if loaded is None:
            await self._forget(session_id)
            return False
        session = loaded.session
        if session.updated_at >= before or session.phase not in concerns(due):
            await self._ledger.index(session)
            return False
        match due:
            case Due.ERASE:
                await self.delete(session_id)
            case Due.ARCHIVE:
                session = await self._ended(session, reason, believed)
                await self._archive(session.after(Event.ARCHIVE, self._clock.now(), reason))
            case Due.IDLE if self._erases(session):
                await self._ended(session, reason, believed)
            case Due.IDLE:
                await self._rest(loaded, reason)
        return True

    async def _rest(self, loaded: Loaded, reason: str) -> None:
        session = loaded.session
        rests = session.after(Event.QUIET, self._clock.now(), reason)
        if self._ask is not None and self.ending.persistence(session) is Persistence.ASK:
            # First the question, which is asked once, also when this is done again.
            await self._ask(session, loaded.entries)
            await self._sessions.save(rests)
        else:
            await self._sessions.touch(rests)
        self._opened.forget(session.id)
        await self._ledger.index(rests)

    async def _ended(
        self, session: Session, reason: str, believed: Callable[[datetime], bool]
    ) -> Session:
        """The session after its end, whether or not its words outlive that."""
        if not self._erases(session):
            return session
        if not believed(session.updated_at) or await self._ledger.unfinished(session.id):
            raise NotOver(session.id)
        return await self.ending.erase(session, reason=reason)

    def _erases(self, session: Session) -> bool:
        return self.ending.persistence(session) is Persistence.NEVER

    async def _erases_known(self, session_id: SessionId) -> bool:
        """The same by its facts on the disk; what cannot be read is kept, as it may be mended."""
        try:
            loaded = await self._sessions.load(session_id)
        except StoreError:
            return False
        return loaded is not None and self._erases(loaded.session)

    async def _forget(self, session_id: SessionId) -> None:
        self._opened.forget(session_id)
        await self._ledger.unindex(session_id)
        self._gone(session_id)

    async def _archive(self, session: Session) -> None:
        await self._sessions.archive(session)
        self._opened.forget(session.id)
        await self._ledger.index(session)

    async def _known(self, session_id: SessionId) -> Session:
        loaded = await self._sessions.load(session_id)
        if loaded is None:
            raise NotFound(f"session {session_id} has no files")
        return loaded.session
