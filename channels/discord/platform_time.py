"""What Discord's clock shows, to which the ids of its messages belong.

A machine's own clock may be days wrong. Whatever compares a message's id with the time would then
take new messages for old ones, and leave them out.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_TOLERANCE = timedelta(minutes=1)
"""An HTTP date has whole seconds, and an answer takes some: a smaller difference says nothing."""


class PlatformTime:
    """The machine's clock, corrected by the dates of Discord's answers."""

    def __init__(self, machine: Callable[[], datetime]) -> None:
        self._machine = machine
        self._off = timedelta(0)

    def heard(self, headers: Mapping[str, str]) -> None:
        """An answer came with these headers."""
        try:
            shown = parsedate_to_datetime(headers["Date"])
        except (KeyError, ValueError):
            return
        if shown.tzinfo is None:
            # "-0000": a time in UTC, of a place that is not told (RFC 5322, 3.3).
            shown = shown.replace(tzinfo=UTC)
        off = shown - self._machine()
        self._off = off if abs(off) > _TOLERANCE else timedelta(0)

    def now(self) -> datetime:
        """The time, in UTC. Before the first answer it is the machine's."""
        return self._machine() + self._off
