"""The ledger's cursors, as channels see them."""

from state.store import Ledger


class LedgerCursors:
    """See `channels.cursors.Cursors`."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def get(self, name: str) -> str | None:
        """The position that was kept last."""
        return await self._ledger.cursor(name)

    async def set(self, name: str, value: str) -> None:
        """Keep a position; what it confirms is stored before."""
        await self._ledger.set_cursor(name, value)
