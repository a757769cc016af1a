"""The one place where the time and new names come from."""

import random
from datetime import UTC, datetime

from state.ids import ENTROPY_BYTES, ulid


class Clock:
    """The wall clock, and ids that sort by it."""

    def now(self) -> datetime:
        """The time, in UTC."""
        return datetime.now(UTC)

    def id(self) -> str:
        """A new ULID. It tells entries apart and guards nothing, so the system is not asked."""
        return ulid(int(self.now().timestamp() * 1000), random.randbytes(ENTROPY_BYTES))
