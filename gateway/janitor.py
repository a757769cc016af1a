"""Lets quiet sessions rest. It sleeps until the next one is due; nothing is scanned."""

import asyncio
from datetime import timedelta

import structlog

from gateway.clock import Clock
from gateway.lanes import Lanes
from gateway.life import Life
from state.lifecycle import Phase
from state.store import Ledger, SessionRow

_AT_ONCE = 100
_SHORTEST = 1.0
_LONGEST = 3600.0
_log = structlog.get_logger("janitor")


class Janitor:
    """Submits what is due to each session's lane, so that it cannot meet a message half-way."""

    def __init__(
        self,
        ledger: Ledger,
        lanes: Lanes,
        life: Life,
        clock: Clock,
        *,
        idle_after: timedelta,
        keep: timedelta,
    ) -> None:
        self._ledger = ledger
        self._lanes = lanes
        self._life = life
        self._clock = clock
        self._idle_after = idle_after
        self._keep = keep

    async def run(self) -> None:
        """Work until cancelled. A round that fails is logged and tried again later."""
        while True:
            delay = _LONGEST
            try:
                delay = await self.round()
            except Exception:
                _log.exception("round_failed")
            await asyncio.sleep(min(max(delay, _SHORTEST), _LONGEST))

    async def round(self) -> float:
        """Do what is due now; returns the seconds until something can be due again."""
        now = self._clock.now()
        await self._ledger.prune(now - self._keep)
        while due := await self._due():
            await asyncio.gather(*(self._rest(row) for row in due))
        first = await self._ledger.quiet_since(Phase.ACTIVE, now, 1)
        next_due = first[0].updated_at if first else now
        return (next_due + self._idle_after - self._clock.now()).total_seconds()

    async def _due(self) -> tuple[SessionRow, ...]:
        before = self._clock.now() - self._idle_after
        return await self._ledger.quiet_since(Phase.ACTIVE, before, _AT_ONCE)

    async def _rest(self, row: SessionRow) -> None:
        await self._lanes.run_between(
            row.id, lambda: self._life.rest(row.id, idle_after=self._idle_after)
        )
