"""How long ago a channel gave a sign of life, on a clock that nobody sets.

A channel tells the time of its signs by the wall clock. One that jumps must neither make every
channel deaf at once, nor keep a deaf one alive: here it only matters that a time is another one.
"""

import time
from collections.abc import Callable
from datetime import datetime

from channels.channel import Health


class Listening:
    """What was last seen of a channel's health. It is as exact as `look` is called often.

    `steady` tells seconds. The system's stands still while the machine sleeps, as channels do.
    """

    def __init__(self, steady: Callable[[], float] = time.monotonic) -> None:
        self._now = steady
        self._seen: tuple[datetime | None, datetime | None] = (None, None)
        self._proved: float | None = None
        self._tried = self._now()
        self._waits_until: tuple[datetime, float] | None = None

    @property
    def proved(self) -> float | None:
        """Seconds since its platform answered; None when it never did."""
        return None if self._proved is None else self._now() - self._proved

    @property
    def tried(self) -> float:
        """Seconds since it gave any sign, or since it was begun to listen to."""
        return self._now() - self._tried

    @property
    def waits(self) -> float | None:
        """Seconds that the platform asked to be left alone for; None when it did not."""
        return None if self._waits_until is None else self._waits_until[1] - self._now()

    def sign(self) -> None:
        """It gave a sign just now that its health does not tell of: it began, or it ended."""
        self._tried = self._now()

    def look(self, health: Health) -> None:
        """Notice what is new since the last look."""
        proved_at, tried_at = self._seen
        if health.proved_at not in (None, proved_at):
            self._proved = self._tried = self._now()
        if health.tried_at not in (None, tried_at):
            self._tried = self._now()
        self._seen = health.proved_at, health.tried_at
        self._look_at_wait(health)

    def _look_at_wait(self, health: Health) -> None:
        until = health.waits_until
        if until is None or health.tried_at is None:
            self._waits_until = None
        elif self._waits_until is None or self._waits_until[0] != until:
            # Both times are of one moment's wall clock: their difference is right on any.
            self._waits_until = until, self._now() + (until - health.tried_at).total_seconds()
