"""Discord's ids: milliseconds since 2015 and a counter.

https://docs.discord.com/developers/reference#snowflakes
"""

import time
from datetime import UTC, datetime

EPOCH_MS = 1_420_070_400_000


class Snowflakes:
    """Ids that always grow."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        now = (time.time_ns() // 1_000_000 - EPOCH_MS) << 22
        self._last = max(now, self._last + 1)
        return self._last


def moment(snowflake: int) -> str:
    """When an id was made, as Discord writes times."""
    at = ((snowflake >> 22) + EPOCH_MS) / 1000
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
