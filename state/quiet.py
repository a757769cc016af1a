"""What becomes of sessions in which nothing is said, and after how long. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from state.lifecycle import TRANSITIONS, Event, Phase


class Due(StrEnum):
    """What can be due for a quiet session."""

    IDLE = "idle"
    ARCHIVE = "archive"
    ERASE = "erase"


@dataclass(frozen=True, slots=True)
class Spans:
    """For how long a session must be quiet until each is due; None: it never is."""

    idle_after: timedelta
    archive_after: timedelta | None = None
    retention: timedelta | None = None

    def of(self, due: Due) -> timedelta | None:
        """The quiet that makes this due."""
        match due:
            case Due.IDLE:
                return self.idle_after
            case Due.ARCHIVE:
                return self.archive_after
            case Due.ERASE:
                return self.retention

    def each(self) -> Sequence[tuple[Due, timedelta]]:
        """What can become due at all, the longest quiet first.

        A session that is due for two things at once is spared the lesser one.
        """
        found = [(due, span) for due in Due if (span := self.of(due)) is not None]
        return sorted(found, key=lambda pair: (pair[1], pair[0] is Due.ERASE), reverse=True)

    def shortest(self) -> timedelta:
        """No session that is active now can be due sooner than this."""
        return min(span for _, span in self.each())


def concerns(due: Due) -> tuple[Phase, ...]:
    """The phases in which a session can be due for it."""
    match due:
        case Due.IDLE:
            return tuple(phase for phase in Phase if (phase, Event.QUIET) in TRANSITIONS)
        case Due.ARCHIVE:
            return tuple(phase for phase in Phase if (phase, Event.ARCHIVE) in TRANSITIONS)
        case Due.ERASE:
            return tuple(Phase)
