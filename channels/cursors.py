"""Where a channel remembers how far it has read."""

from typing import Protocol


class Cursors(Protocol):
    """Positions in the platforms' streams, by name.

    A cursor spares a platform from telling again what is known. It is a hint: losing it costs
    repeated deliveries, which are recognised, and nothing else.
    """

    async def get(self, name: str) -> str | None:
        """The position last set."""

    async def set(self, name: str, value: str) -> None:
        """Remember a position, durably."""
