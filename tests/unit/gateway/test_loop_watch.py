"""A loop that is late says how late; one that is stuck says where."""

import asyncio
import threading
from collections.abc import AsyncIterator, MutableMapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.loop_watch import COUNTED, LoopWatch

Lines = Sequence[MutableMapping[str, Any]]


@asynccontextmanager
async def watching(*, stall_seconds: float = 60.0) -> AsyncIterator[tuple[LoopWatch, list[float]]]:
    """A watch, and what it measured."""
    measured: list[float] = []
    watch = LoopWatch(stall_seconds=stall_seconds, every=0.01, on_lag=measured.append)
    watch.start()
    try:
        yield watch, measured
    finally:
        watch.stop()


def hold_up(seconds: float) -> None:
    """Let nothing else run on the loop."""
    threading.Event().wait(seconds)


def hold_up_until_told(lines: Lines, times: int = 1) -> None:
    """Let nothing else run on the loop until so many stalls are logged."""
    for _ in range(500):
        if [line["event"] for line in lines].count("loop_stalled") == times:
            return
        hold_up(0.01)


async def measurement(measured: list[float]) -> float:
    """The next one."""
    count = len(measured)
    async with asyncio.timeout(5):
        while len(measured) == count:  # noqa: ASYNC110
            await asyncio.sleep(0)
    return measured[-1]


async def test_a_loop_that_was_held_up_was_that_late() -> None:
    async with watching() as (watch, measured):
        await measurement(measured)
        hold_up(0.2)
        late = await measurement(measured)
        assert late == pytest.approx(0.2, abs=0.1)
        assert late == watch.worst == max(measured)
        assert watch.stalls == sum(each >= COUNTED for each in measured) >= 1


async def test_a_loop_that_is_held_up_is_late_already() -> None:
    async with watching() as (watch, measured):
        await measurement(measured)
        hold_up(0.2)
        assert watch.lag >= 0.1
        assert watch.worst < 0.1, "nobody was kept waiting yet"


async def test_a_stuck_loop_is_logged_once_with_the_stacks_of_all_threads() -> None:
    ended = threading.Event()
    other = threading.Thread(target=ended.wait, name="somebody else")
    other.start()
    with capture_logs() as lines:
        async with watching(stall_seconds=0.1) as (_, measured):
            await measurement(measured)
            hold_up_until_told(lines)
            hold_up(0.3)
            await measurement(measured)
    ended.set()
    other.join()
    stalled, goes_on = lines
    assert (stalled["event"], goes_on["event"]) == ("loop_stalled", "loop_goes_on")
    assert goes_on["seconds"] > stalled["seconds"] >= 0.1
    task = asyncio.current_task()
    assert task is not None
    assert stalled["task"] == task.get_name()
    stacks = stalled["stacks"]
    assert next(iter(stacks)) == "MainThread", "where the loop is comes first"
    assert any("hold_up_until_told" in frame for frame in stacks["MainThread"])
    assert "somebody else" in stacks


async def test_every_stall_is_logged() -> None:
    with capture_logs() as lines:
        async with watching(stall_seconds=0.1) as (_, measured):
            for stalls in (1, 2):
                await measurement(measured)
                hold_up_until_told(lines, stalls)
                await measurement(measured)
    assert [line["event"] for line in lines] == ["loop_stalled", "loop_goes_on"] * 2


async def test_a_watch_that_ended_measures_nothing() -> None:
    async with watching() as (watch, measured):
        await measurement(measured)
    hold_up(0.1)
    assert watch.lag == 0.0
    assert "argent-loop-watch" not in {thread.name for thread in threading.enumerate()}
