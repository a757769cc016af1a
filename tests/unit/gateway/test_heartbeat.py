"""A ledger that is asked whether it takes writes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import pytest
from structlog.testing import capture_logs

from gateway.clock import Clock
from gateway.heartbeat import Heartbeat
from gateway.trouble import Trouble
from state.memory import MemoryLedger
from state.store import StorageFailed, StorageFull


class Answering(MemoryLedger):
    """Does at each beat what `will` says."""

    def __init__(self) -> None:
        super().__init__()
        self.will: Exception | asyncio.Event | None = None
        self.beats = 0
        self._beaten = asyncio.Event()

    async def beat(self, at: datetime) -> None:
        self.beats += 1
        self._beaten.set()
        if isinstance(self.will, asyncio.Event):
            await self.will.wait()
        elif self.will is not None:
            raise self.will
        await super().beat(at)

    async def beaten(self, times: int) -> None:
        """Wait for some more beats; all but the last of them have had their effect."""
        wanted = self.beats + times
        async with asyncio.timeout(5):
            while self.beats < wanted:
                self._beaten.clear()
                await self._beaten.wait()


@asynccontextmanager
async def beating() -> AsyncIterator[tuple[Answering, Heartbeat, Trouble]]:
    async def tell(_text: str) -> None:
        return None

    ledger, trouble = Answering(), Trouble(tell)
    heartbeat = Heartbeat(ledger, trouble, Clock(), every=0.01)
    heartbeat.start()
    try:
        yield ledger, heartbeat, trouble
    finally:
        await heartbeat.stop()


async def silence(ledger: Answering, heartbeat: Heartbeat) -> float:
    """How long it is silent after a number of beats."""
    before = heartbeat.silence
    await ledger.beaten(20)
    return heartbeat.silence - before


async def test_a_ledger_that_writes_is_not_silent() -> None:
    async with beating() as (ledger, heartbeat, trouble):
        await ledger.beaten(20)
        assert heartbeat.silence < 0.15
        assert trouble.problem is None


@pytest.mark.parametrize("error", [StorageFailed("the disk is gone"), RuntimeError("a bug")])
async def test_a_ledger_that_fails_is_silent_until_it_writes(error: Exception) -> None:
    with capture_logs():
        async with beating() as (ledger, heartbeat, trouble):
            ledger.will = error
            assert await silence(ledger, heartbeat) > 0.15
            assert trouble.problem == ("the disk is gone" if "gone" in str(error) else None)
            ledger.will = None
            await ledger.beaten(2)
            assert heartbeat.silence < 0.15
            assert trouble.problem is None


async def test_a_ledger_that_says_that_the_disk_is_full_is_not_silent_but_in_trouble() -> None:
    async with beating() as (ledger, heartbeat, trouble):
        ledger.will = StorageFull("the disk is full")
        await ledger.beaten(20)
        assert heartbeat.silence < 0.15
        assert trouble.problem == "the disk is full"


async def test_a_ledger_that_does_not_come_back_is_silent() -> None:
    async with beating() as (ledger, heartbeat, _):
        ledger.will = asyncio.Event()
        await ledger.beaten(1)
        loop, passed = asyncio.get_running_loop(), asyncio.Event()
        loop.call_later(0.2, passed.set)
        await passed.wait()
        assert heartbeat.silence > 0.15
