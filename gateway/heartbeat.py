"""Asks the ledger now and then whether it takes writes."""

import asyncio

import structlog

from gateway.clock import Clock
from gateway.trouble import Trouble
from state.store import Ledger, StorageFailed, StorageFull

EVERY = 10.0
"""Seconds between two beats: two may be missed before the ledger counts as silent."""

_log = structlog.get_logger("storage")


class Heartbeat:
    """Beats for as long as it is started; what the disk refuses is the storage's trouble."""

    def __init__(
        self, ledger: Ledger, trouble: Trouble, clock: Clock, *, every: float = EVERY
    ) -> None:
        self._ledger, self._trouble, self._clock = ledger, trouble, clock
        self._every = every
        self._answered: float | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def silence(self) -> float:
        """Seconds since the ledger last answered a beat, or since the start."""
        if self._answered is None:
            return 0.0
        return asyncio.get_running_loop().time() - self._answered

    def start(self) -> None:
        """Begin to beat."""
        self._answered = asyncio.get_running_loop().time()
        self._task = asyncio.create_task(self._run(), name="heartbeat")

    async def stop(self) -> None:
        """Beat no longer."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        while True:
            if await self._beat():
                self._answered = asyncio.get_running_loop().time()
            await asyncio.sleep(self._every)

    async def _beat(self) -> bool:
        """Whether the ledger is alive: it took a write, or knows that the disk is full."""
        try:
            await self._ledger.beat(self._clock.now())
        except (StorageFull, StorageFailed) as error:
            self._trouble.refused(self, error)
            return isinstance(error, StorageFull)
        except Exception:
            # A defect must show as a ledger that is silent, and must not end the beat.
            _log.exception("heartbeat_failed")
            return False
        self._trouble.taken(self)
        return True
