"""The one place where the time and new names come from."""

import random
import time
from datetime import UTC, datetime

from state.ids import ENTROPY_BYTES, ulid

# A machine that sleeps must not look like a clock that jumps: Linux has a clock that counts sleep.
_STEADY = getattr(time, "CLOCK_BOOTTIME", None)


class Clock:
    """The wall clock, a steady one, and ids that sort by the time."""

    def now(self) -> datetime:
        """The time, in UTC."""
        return datetime.now(UTC)

    def steady(self) -> float:
        """Seconds on a clock that nobody sets, from some beginning."""
        return time.monotonic() if _STEADY is None else time.clock_gettime(_STEADY)

    def id(self) -> str:
        """A new ULID. It tells entries apart and guards nothing, so the system is not asked."""
        return ulid(int(self.now().timestamp() * 1000), random.randbytes(ENTROPY_BYTES))
