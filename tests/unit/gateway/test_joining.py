"""What a lane takes together, what it waits for, and what interrupts it."""

import asyncio

import pytest

from agents.config import QueueMode
from gateway.batch import Batch
from gateway.lanes import MOST_INTERRUPTIONS, Lanes
from gateway.stop import Stop
from tests.unit.gateway.desk import Desk, until_empty
from tests.unit.gateway.messages import accepted, all_of_them


async def test_what_arrives_during_a_turn_is_answered_together_after_it() -> None:
    desk = Desk()
    lanes = Lanes(desk.handle)
    lanes.submit(accepted(seq=1))
    await desk.until_begun(1)
    for seq in (2, 3, 4):
        lanes.submit(accepted(seq=seq))
    assert lanes.waiting(accepted(seq=1).session) == 4
    desk.opens(1, 4)
    await until_empty(lanes)
    assert desk.log == ["begin 1", "end 1", "begin 2+3+4", "end 2+3+4"]


async def test_a_new_message_interrupts_the_turn_and_is_answered_with_what_it_answered() -> None:
    desk = Desk()
    lanes = Lanes(desk.handle, mode=lambda _: QueueMode.INTERRUPT)
    lanes.submit(accepted(seq=1))
    await desk.until_begun(1)
    lanes.submit(accepted(seq=2))
    desk.opens(2)
    await until_empty(lanes)
    assert desk.log == ["begin 1", "interrupted 1", "begin 1+2", "end 1+2"]


async def test_nobody_interrupts_a_turn_for_somebody_else() -> None:
    desk = Desk()
    lanes = Lanes(desk.handle, mode=lambda _: QueueMode.INTERRUPT)
    lanes.submit(accepted(seq=1, sender="7"))
    await desk.until_begun(1)
    lanes.submit(accepted(seq=2, sender="8"))
    lanes.submit(accepted(seq=3, sender="7"))
    desk.opens(1, 2, 3)
    await until_empty(lanes)
    assert [line for line in desk.log if "begin" in line] == ["begin 1", "begin 2", "begin 3"]


async def test_who_never_stops_writing_is_answered_all_the_same() -> None:
    desk = Desk()
    lanes = Lanes(desk.handle, mode=lambda _: QueueMode.INTERRUPT)
    lanes.submit(accepted(seq=1))
    name = "1"
    for seq in range(2, 2 + MOST_INTERRUPTIONS):
        await desk.until_begun(name)
        lanes.submit(accepted(seq=seq))
        name += f"+{seq}"
    await desk.until_begun(name)
    last = 1 + MOST_INTERRUPTIONS
    lanes.submit(accepted(seq=last + 1))
    desk.opens(last, last + 1)
    await until_empty(lanes)
    assert desk.log[-4:] == [f"begin {name}", f"end {name}", f"begin {last + 1}", f"end {last + 1}"]


async def test_a_stop_also_ends_a_turn_that_was_to_begin_anew() -> None:
    desk = Desk()
    lanes = Lanes(desk.handle, mode=lambda _: QueueMode.INTERRUPT)
    lanes.submit(accepted(seq=1))
    await desk.until_begun(1)
    lanes.submit(accepted(seq=2))
    lanes.submit(accepted("/stop", seq=3), stops=all_of_them)
    desk.opens(3)
    await until_empty(lanes)
    assert desk.log == [
        "begin 1", "stopped 1", "begin 2", "stopped 2", "begin 3", "end 3",
    ]  # fmt: skip


async def test_a_stop_that_comes_while_a_turn_is_given_up_ends_its_messages() -> None:
    given_up, go_on = asyncio.Event(), asyncio.Event()
    ended: list[bool] = []

    async def handle(batch: Batch, stop: Stop) -> Batch | None:
        if not ended and not given_up.is_set():
            await stop.guard(asyncio.Event().wait())  # type: ignore[arg-type]
            given_up.set()
            await go_on.wait()
            return batch
        ended.append(stop.requested)
        return None

    lanes = Lanes(handle, mode=lambda _: QueueMode.INTERRUPT)
    lanes.submit(accepted(seq=1))
    await asyncio.sleep(0)
    lanes.submit(accepted(seq=2))
    async with asyncio.timeout(5):
        await given_up.wait()
    lanes.submit(accepted("/stop", seq=3), stops=all_of_them)
    go_on.set()
    await until_empty(lanes)
    assert ended == [True, True, False]


async def test_the_rest_of_an_unfinished_message_is_waited_for() -> None:
    desk = Desk()
    lanes = Lanes(desk.handle, mode=lambda _: QueueMode.FOLLOWUP)
    lanes.submit(accepted(seq=1, unfinished=True))
    await asyncio.sleep(0)
    lanes.submit(accepted(seq=2, unfinished=True))
    await asyncio.sleep(0)
    assert desk.log == []
    lanes.submit(accepted(seq=3))
    lanes.submit(accepted(seq=4))
    desk.opens(3, 4)
    await until_empty(lanes)
    assert desk.log == ["begin 1+2+3", "end 1+2+3", "begin 4", "end 4"]


async def test_an_unfinished_message_without_a_rest_is_answered_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gateway.gathering.PATIENCE", 0.01)
    desk = Desk()
    lanes = Lanes(desk.handle)
    lanes.submit(accepted(seq=1, unfinished=True))
    desk.opens(1)
    await until_empty(lanes)
    assert desk.log == ["begin 1", "end 1"]


async def test_a_command_is_not_kept_waiting_for_the_rest_of_a_message() -> None:
    desk = Desk()
    lanes = Lanes(desk.handle)
    lanes.submit(accepted(seq=1, unfinished=True))
    await asyncio.sleep(0)
    lanes.submit(accepted("/status", seq=2))
    desk.opens(1, 2)
    await until_empty(lanes)
    assert desk.log == ["begin 1", "end 1", "begin 2", "end 2"]


async def test_only_what_has_no_outcome_is_taken_up_anew() -> None:
    began = asyncio.Event()
    seen: list[list[int]] = []

    async def handle(batch: Batch, stop: Stop) -> Batch | None:
        seen.append([each.seq for each in batch])
        began.set()
        if len(seen) > 1:
            return None
        await stop.guard(asyncio.Event().wait())  # type: ignore[arg-type]
        return Batch((batch.last,))

    lanes = Lanes(handle, mode=lambda _: QueueMode.INTERRUPT)
    lanes.submit(accepted(seq=1))
    lanes.submit(accepted(seq=2))
    async with asyncio.timeout(5):
        await began.wait()
    lanes.submit(accepted(seq=3))
    await until_empty(lanes)
    assert seen == [[1, 2], [2, 3]]
