"""Time as it was lived through: what a wall clock that jumps is worth. Pure.

A session is due when it was quiet for so long. The wall clock alone cannot tell: somebody sets it,
or the machine wakes up with a wrong one. A steady clock runs beside it, and what both do not agree
on is a jump.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

TOLERANCE = timedelta(minutes=1)
"""Smaller differences are ordinary corrections of a clock."""

LONGEST_GAP = timedelta(days=7)
"""A longer time that no janitor lived through may be a wrong clock: it is doubted."""

SECOND_LOOK = timedelta(days=1)
"""After so long a clock that was doubted is believed, if it went on as clocks do."""

_REMEMBERED = 64


@dataclass(frozen=True, slots=True)
class Moment:
    """What the wall clock shows, and the seconds of a clock that nobody sets."""

    wall: datetime
    steady: float


@dataclass(frozen=True, slots=True)
class Jump:
    """How far the wall clock jumped (back, when negative), and when on the steady clock."""

    steady: float
    by: timedelta


@dataclass(frozen=True, slots=True)
class Lived:
    """What this process saw of the clocks: the last moment, and the jumps before it."""

    last: Moment
    jumps: tuple[Jump, ...] = ()

    def on(self, moment: Moment) -> "Lived":
        """The same, up to this moment. A new last one of `jumps` is a jump just found."""
        passed = timedelta(seconds=moment.steady - self.last.steady)
        by = moment.wall - self.last.wall - passed
        if abs(by) <= TOLERANCE:
            return replace(self, last=moment)
        return Lived(moment, (*self.jumps, Jump(moment.steady, by))[-_REMEMBERED:])

    def ago(self, span: timedelta) -> datetime:
        """A time of the wall clock: what was stamped before it is at least so long ago.

        Every jump since may stand between a stamp and now, or only the later ones: the worst of
        these is allowed for. So nothing seems older than it is, and something may seem younger
        for as long as `span` after a jump.
        """
        shift = worst = timedelta(0)
        for jump in reversed(self.jumps):
            if self.last.steady - jump.steady >= span.total_seconds():
                break
            shift += jump.by
            worst = max(worst, shift)
        return self.last.wall - span - worst


@dataclass(frozen=True, slots=True)
class Seen:
    """Until when the wall clock was watched, over restarts; and since when it is doubted."""

    at: datetime
    doubted: datetime | None = None

    @classmethod
    def first(cls, now: datetime) -> "Seen":
        """Nobody watched before: whether this time is right is still to be seen."""
        return cls(now, now)

    def on(self, now: datetime) -> "Seen":
        """The same, looked at again."""
        if not -TOLERANCE <= now - self.at <= LONGEST_GAP:
            return Seen.first(now)
        if self.doubted is not None and now - self.doubted >= SECOND_LOOK:
            return Seen(now)
        return replace(self, at=now)
