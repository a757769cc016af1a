"""The one place where the time and new names come from."""

import os
from datetime import UTC, datetime

from state.ids import ENTROPY_BYTES, ulid


class Clock:
    """The wall clock, and ids that sort by it."""

    def now(self) -> datetime:
        """The time, in UTC."""
        return datetime.now(UTC)

    def id(self) -> str:
        """A new ULID."""
        return ulid(int(self.now().timestamp() * 1000), os.urandom(ENTROPY_BYTES))
