"""Lets quiet sessions rest, puts them away, and keeps what is kept from growing for ever.

It sleeps until the next session is due, which the index tells in one question; nothing is scanned.
What time is believed is decided in `lived`: a clock that jumps makes nothing due.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from gateway.clock import Clock
from gateway.housekeeping import Housekeeping, Terms
from gateway.lanes import Lanes
from gateway.life import Life, NotOver
from gateway.patience import Patience
from gateway.watching import Watch
from state.keys import SessionId
from state.lifecycle import Phase
from state.quiet import Due, Spans, concerns
from state.store import Ledger, SessionRow, Sessions

_AT_ONCE = 100
_SHORTEST = 1.0
_LONGEST = 3600.0
AFTER_FAILURE = 300.0
"""Seconds until another round is tried when one failed as a whole."""

_TICK = timedelta(milliseconds=1)
"""The index knows times to the millisecond, rounded down."""

_RESTING = tuple(phase for phase in Phase if phase is not Phase.ACTIVE)
_log = structlog.get_logger("janitor")

Act = Callable[[SessionRow], Awaitable[object]]


class _Busy(Exception):
    """Something is still to be done with a session that would be removed."""


class _NothingWorks(Exception):
    """Whatever was tried in this round failed."""


class Janitor:
    """Submits what is due to each session's lane, so that it cannot meet a message half-way.

    `rests` is told of each session that went to rest; it must not wait for anything.
    """

    def __init__(
        self,
        sessions: Sessions,
        ledger: Ledger,
        lanes: Lanes,
        life: Life,
        clock: Clock,
        rules: Callable[[], Housekeeping],
        rests: Callable[[SessionRow], None] = lambda _: None,
        *,
        watch: Watch | None = None,
    ) -> None:
        self._sessions = sessions
        self._ledger = ledger
        self._lanes = lanes
        self._life = life
        self._clock = clock
        self._rules = rules
        self._rests = rests
        self._watch = watch or Watch(ledger, clock)
        self._patience = Patience()
        self._woken = asyncio.Event()

    async def run(self) -> None:
        """Work until cancelled. A round that fails is logged and tried again later."""
        while True:
            self._woken.clear()
            delay = AFTER_FAILURE
            try:
                delay = await self.round()
            except _NothingWorks as error:
                _log.error("round_failed", error=str(error))
            except Exception:
                _log.exception("round_failed")
            with suppress(TimeoutError):
                async with asyncio.timeout(min(max(delay, _SHORTEST), _LONGEST)):
                    await self._woken.wait()

    def wake(self) -> None:
        """Sessions may be due sooner than they were."""
        self._woken.set()

    async def round(self) -> float:
        """Do what is due now; returns the seconds until something can be due again."""
        await self._watch.look()
        if self._watch.trusted:
            before = self._watch.ago(self._rules().keep)
            await self._ledger.prune(before)
            await self._sessions.empty_deleted(before)
        left = {agent: await self._tend(agent) for agent in await self._ledger.agents()}
        # Also of conversations that were erased before: what was still owed then is out by now,
        # and a crash may have come behind the last of them.
        emptied = await self._ledger.empty_log()
        delay = await self._until_next(left)
        return delay if emptied else min(delay, AFTER_FAILURE)

    async def _tend(self, agent: str) -> Mapping[Phase, datetime]:
        """Do what is due for an agent's sessions; how long quiet those are that are left."""
        terms = self._rules().of(agent)
        oldest = await self._ledger.oldest(agent=agent)
        busy = [
            await self._settle(agent, due, span, oldest) for due, span in self._due(terms.spans)
        ]
        if terms.max_sessions:
            busy.append(await self._make_room(agent, terms))
        return await self._ledger.oldest(agent=agent) if any(busy) else oldest

    def _due(self, spans: Spans) -> Sequence[tuple[Due, timedelta]]:
        """What can be due. A clock in doubt decides nothing but who is idle."""
        return [each for each in spans.each() if self._watch.trusted or each[0] is Due.IDLE]

    async def _settle(
        self, agent: str, due: Due, span: timedelta, oldest: Mapping[Phase, datetime]
    ) -> bool:
        """Do what is due; whether anything was."""
        before = self._watch.ago(span)
        phases = [phase for phase in concerns(due) if phase in oldest and oldest[phase] < before]

        def believed(stamp: datetime) -> bool:
            return self._watch.believes(stamp, span)

        async def settle(row: SessionRow) -> None:
            reason = f"quiet for {span}"
            settled = await self._life.settle(
                row.id, due, before=before, reason=reason, believed=believed
            )
            if settled:
                _log.info("session_settled", session=row.id, due=due, reason=reason)
                if due is Due.IDLE:
                    self._rests(row)

        for phase in phases:
            more = True
            while more and (rows := await self._first(agent, (phase,), before, _AT_ONCE)):
                more = await self._each(rows, settle, removes=due is Due.ERASE)
        return bool(phases)

    async def _make_room(self, agent: str, terms: Terms) -> bool:
        """Delete an agent's longest quiet sessions beyond the most there may be; none that is
        active. Whether there were any."""

        async def delete(row: SessionRow) -> None:
            before = row.updated_at + _TICK
            deleted = await self._life.delete_if_quiet(
                row.id, before=before, phases=_RESTING, keep=True
            )
            if deleted is not None:
                _log.info("session_deleted", session=row.id, kept=deleted.kept, reason="too many")

        found, more = False, True
        while more and (surplus := await self._ledger.held(agent) - terms.max_sessions) > 0:
            rows = await self._first(agent, _RESTING, self._watch.now, min(surplus, _AT_ONCE))
            found = found or bool(rows)
            more = bool(rows) and await self._each(rows, delete, removes=True)
        return found

    async def _each(self, rows: Sequence[SessionRow], act: Act, *, removes: bool) -> bool:
        """Do something with each of these, all at once; whether any of it went well.

        What `removes` a session spares those of which a message has no outcome yet.
        """
        spared: frozenset[SessionId] = frozenset()
        if removes:
            spared = frozenset(accepted.session for accepted in await self._ledger.pending())
        done = await asyncio.gather(*(self._attempt(row, act, spared, removes) for row in rows))
        if len(rows) == _AT_ONCE and not any(done):
            # That is no longer about one session: the disk, most likely.
            raise _NothingWorks(f"none of {_AT_ONCE} sessions could be settled")
        return any(done)

    async def _attempt(
        self, row: SessionRow, act: Act, spared: frozenset[SessionId], removes: bool
    ) -> bool:
        """Do something in a session's lane. One that fails waits, and holds up no other."""

        async def action() -> None:
            # What came in since the question was asked waits in this lane.
            if removes and (row.id in spared or self._lanes.waiting(row.id)):
                raise _Busy
            await act(row)

        try:
            await self._lanes.run_between(row.id, action)
        except Exception as error:
            first = self._patience.failed(row.id, self._clock.steady())
            if first and not isinstance(error, _Busy | NotOver):
                _log.error("session_not_settled", session=row.id, error=str(error))
            return False
        self._patience.succeeded(row.id)
        return True

    async def _first(
        self, agent: str, phases: Sequence[Phase], before: datetime, most: int
    ) -> Sequence[SessionRow]:
        """The longest quiet sessions of these phases, but for those that wait to be tried again."""
        now, found = self._clock.steady(), []
        for phase in phases:
            many = most + len(self._patience)
            rows = await self._ledger.quiet_since(phase, before, many, agent=agent)
            found += [row for row in rows if not self._patience.waits(row.id, now)]
        return sorted(found, key=lambda row: (row.updated_at, row.id))[:most]

    async def _until_next(self, left: Mapping[str, Mapping[Phase, datetime]]) -> float:
        # What becomes active from now on cannot be due before this.
        delays = [self._rules().shortest().total_seconds()]
        again = self._patience.next(self._clock.steady())
        if again is not None:
            delays.append(again)
        for agent, phases in left.items():
            oldest = phases
            if again is not None:
                oldest = await self._oldest_that_can_be_tried(agent, phases)
            for due, span in self._due(self._rules().of(agent).spans):
                before = self._watch.ago(span)
                quiet = [oldest[phase] for phase in concerns(due) if phase in oldest]
                delays += [(at - before).total_seconds() for at in quiet]
        return min(delays)

    async def _oldest_that_can_be_tried(
        self, agent: str, phases: Collection[Phase]
    ) -> Mapping[Phase, datetime]:
        firsts = [await self._first(agent, (phase,), self._watch.now, 1) for phase in phases]
        return {rows[0].phase: rows[0].updated_at for rows in firsts if rows}
