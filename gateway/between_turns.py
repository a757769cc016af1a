"""What is done to a session between two of its turns, in its lane."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import structlog

from agents.tools.bash import BASH
from gateway.clock import Clock
from gateway.compacting import Compacted, news
from gateway.holding import Holding
from gateway.lanes import Lanes
from gateway.occasion import Occasion
from gateway.routing import Route
from gateway.sandboxing import Sandboxing
from gateway.settable import Change
from gateway.tool_offers import Offer
from gateway.working import Working
from state.session import Session
from state.store import Ledger, SessionRow

T = TypeVar("T")
_log = structlog.get_logger("gateway")


class BetweenTurns:
    """Does what an operator asks for, so that it cannot meet a message half-way."""

    def __init__(
        self,
        lanes: Lanes,
        holding: Holding,
        working: Working,
        ledger: Ledger,
        clock: Clock,
        sandboxing: Sandboxing | None,
    ) -> None:
        self._lanes = lanes
        self._opened = holding.opened
        self._working = working
        self._ledger = ledger
        self._clock = clock
        self._sandboxing = sandboxing

    async def run(self, session_id: str, action: Callable[[], Awaitable[T]]) -> T:
        """Run an action between two messages of a session; the session is read anew after it."""

        async def act() -> T:
            try:
                return await action()
            finally:
                self._opened.forget(session_id)

        return await self._lanes.run_between(session_id, act)

    async def compact(self, route: Route, wish: str | None) -> Compacted | None:
        """Summarise a session in its lane; None when there is nothing to summarise."""

        async def act() -> Compacted | None:
            opened = await self._opened.open(route, at=self._clock.now())
            done = await self._working.compacting.asked(opened, wish=wish)
            if done is not None:
                opened.news = news(done)
                await self._ledger.index(opened.session)
            return done

        # The session stays open as it is: it has something to tell.
        return await self._lanes.run_between(route.session, act)

    async def choose(self, route: Route, changes: Sequence[Change]) -> Session:
        """Set a session anew in its lane, all of it or nothing."""

        async def act() -> Session:
            opened = await self._opened.open(route, at=self._clock.now())
            await self._working.choosing.choose(opened, changes)
            await self._ledger.index(opened.session)
            return opened.session

        return await self.run(route.session, act)

    async def offers(self, route: Route) -> Sequence[Offer]:
        """Which tools a session is offered, and why not the others."""

        async def act() -> Sequence[Offer]:
            opened = await self._opened.open(route, at=self._clock.now())
            return self._working.thinking.offers(opened, self._why_missing)

        return await self._lanes.run_between(route.session, act)

    async def rested(self, row: SessionRow) -> None:
        """A session went to rest: summarise it. Raises nothing: the next message does without."""

        async def act() -> None:
            opened = await self._opened.open(Route(row.key, row.id), at=self._clock.now())
            if await self._working.compacting.rested(opened):
                await self._ledger.index(opened.session)

        try:
            await self._lanes.run_between(row.id, act)
        except Exception:
            _log.exception("resting_session_not_summarised", session=row.id)

    def _why_missing(self, tool: str, occasion: Occasion) -> str | None:
        if tool != BASH.name or self._sandboxing is None:
            return None
        return self._sandboxing.why_none(occasion.opened.session.key.type, occasion.trust)
