"""Watches the wall clock for as long as somebody asks, over restarts too (`lived` decides)."""

import json
from datetime import datetime, timedelta

import structlog

from gateway.clock import Clock
from gateway.lived import SECOND_LOOK, Lived, Moment, Seen
from state.store import Ledger

_CURSOR = "janitor"
_log = structlog.get_logger("janitor")


class Watch:
    """Somebody who looks at two clocks now and then. `look` before anything else."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._lived = Lived(self._moment())
        self._seen: Seen | None = None
        self._stored: Seen | None = None

    @property
    def now(self) -> datetime:
        """What the wall clock showed at the last look."""
        return self._lived.last.wall

    @property
    def trusted(self) -> bool:
        """Whether the clock can be believed for what is done after days and months."""
        return self._seen is not None and self._seen.doubted is None

    def ago(self, span: timedelta) -> datetime:
        """What was stamped before this time is at least so old, whatever the clock did since."""
        return self._lived.ago(span)

    def believes(self, stamp: datetime, span: timedelta) -> bool:
        """Whether what was stamped so is so old. Of a clock in doubt only that is believed which
        it showed since then: it went on as clocks do."""
        doubted = None if self._seen is None else self._seen.doubted
        return stamp < self.ago(span) and (self.trusted or (doubted or self.now) <= stamp)

    async def look(self) -> None:
        """Look at both clocks, and keep what was seen. Raises `StoreError`."""
        before, self._lived = self._lived, self._lived.on(self._moment())
        if self._lived.jumps != before.jumps:
            by = self._lived.jumps[-1].by
            _log.warning("clock_jumped", by=str(by), now=str(self.now))
        if self._seen is None:
            self._stored = _from_json(await self._ledger.cursor(_CURSOR))
        last = self._seen or self._stored
        self._seen = Seen.first(self.now) if last is None else last.on(self.now)
        if last is not None and self._seen.doubted not in (None, last.doubted):
            _log.warning("clock_doubted", now=str(self.now), until=str(self.now + SECOND_LOOK))
        await self._keep(self._seen)

    async def _keep(self, seen: Seen) -> None:
        # A day's precision is enough after a restart: one write a day.
        if self._stored is not None and _by_the_day(self._stored) == _by_the_day(seen):
            return
        await self._ledger.set_cursor(_CURSOR, _to_json(seen))
        self._stored = seen

    def _moment(self) -> Moment:
        return Moment(self._clock.now(), self._clock.steady())


def _by_the_day(seen: Seen) -> tuple[object, ...]:
    return seen.at.date(), seen.doubted


def _to_json(seen: Seen) -> str:
    doubted = None if seen.doubted is None else seen.doubted.isoformat()
    return json.dumps({"at": seen.at.isoformat(), "doubted": doubted})


def _from_json(written: str | None) -> Seen | None:
    """What another process saw; None when that does not read: then it is looked at anew."""
    try:
        found = json.loads(written or "null")
        at, doubted = found["at"], found["doubted"]
        since = None if doubted is None else datetime.fromisoformat(doubted)
        return Seen(datetime.fromisoformat(at), since)
    except (ValueError, KeyError, TypeError):
        return None
