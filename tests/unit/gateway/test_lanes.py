"""One ordered worker per session, gone when there is nothing to do."""

import asyncio

import pytest

from agents.config import QueueMode
from gateway.batch import Batch
from gateway.lanes import Lanes
from gateway.stop import Stop
from tests.unit.gateway.desk import Desk, until_empty
from tests.unit.gateway.messages import accepted, all_of_them


async def test_a_session_works_on_one_message_at_a_time_in_order() -> None:
    desk = Desk()
    lanes = Lanes(desk.handle, mode=lambda _: QueueMode.FOLLOWUP)
    for seq in (1, 2, 3):
        desk.gates[seq].set()
        lanes.submit(accepted(seq=seq))
    await until_empty(lanes)
    assert desk.log == ["begin 1", "end 1", "begin 2", "end 2", "begin 3", "end 3"]


async def test_one_chat_never_delays_another() -> None:
    desk = Desk()
    lanes = Lanes(desk.handle)
    lanes.submit(accepted(seq=1, chat="slow"))
    await desk.until_begun(1)
    desk.gates[2].set()
    lanes.submit(accepted(seq=2, chat="quick"))
    await desk.until_begun(2)
    desk.gates[1].set()
    await until_empty(lanes)
    assert desk.log.index("end 2") < desk.log.index("end 1")


async def test_a_stop_ends_only_what_it_is_for() -> None:
    desk = Desk()
    lanes = Lanes(desk.handle)
    lanes.submit(accepted(seq=1, sender="alice"))
    await desk.until_begun(1)
    lanes.submit(accepted(seq=2, sender="bob"))
    lanes.submit(accepted("/stop", seq=3, sender="bob"), stops=lambda each: each.seq == 2)
    desk.opens(1, 2, 3)
    await until_empty(lanes)
    assert "end 1" in desk.log


async def test_a_session_without_work_has_no_worker() -> None:
    desk = Desk()
    lanes = Lanes(desk.handle)
    for seq in range(100):
        desk.gates[seq].set()
        lanes.submit(accepted(seq=seq, chat=str(seq)))
    assert len(lanes) == 100
    await until_empty(lanes)
    assert not [t for t in asyncio.all_tasks() if t.get_name().startswith("lane ")]


async def test_a_stop_ends_what_runs_and_what_waits_before_it() -> None:
    desk = Desk()
    lanes = Lanes(desk.handle)
    lanes.submit(accepted(seq=1))
    await desk.until_begun(1)
    lanes.submit(accepted(seq=2))
    desk.gates[3].set()
    lanes.submit(accepted("/stop", seq=3), stops=all_of_them)
    await until_empty(lanes)
    assert desk.log == [
        "begin 1", "stopped 1", "begin 2", "stopped 2", "begin 3", "end 3",
    ]  # fmt: skip
    assert desk.seen[3].others == 2


async def test_a_stop_leaves_other_sessions_alone() -> None:
    desk = Desk()
    lanes = Lanes(desk.handle)
    lanes.submit(accepted(seq=1, chat="other"))
    await desk.until_begun(1)
    desk.gates[2].set()
    lanes.submit(accepted("/stop", seq=2), stops=all_of_them)
    await desk.until_begun(2)
    desk.gates[1].set()
    await until_empty(lanes)
    assert "end 1" in desk.log


async def test_an_action_runs_between_two_messages() -> None:
    desk = Desk()
    lanes = Lanes(desk.handle)
    lanes.submit(accepted(seq=1))
    await desk.until_begun(1)

    async def act() -> str:
        desk.log.append("act")
        return "done"

    action = asyncio.ensure_future(lanes.run_between(accepted(seq=1).session, act))
    await asyncio.sleep(0)
    lanes.submit(accepted(seq=2))
    desk.gates[1].set()
    desk.gates[2].set()
    assert await action == "done"
    await until_empty(lanes)
    assert desk.log == ["begin 1", "end 1", "act", "begin 2", "end 2"]


async def test_an_action_that_fails_tells_its_caller_and_nobody_else() -> None:
    desk = Desk()
    lanes = Lanes(desk.handle)

    async def act() -> None:
        raise LookupError("no")

    with pytest.raises(LookupError):
        await lanes.run_between("s", act)
    desk.gates[1].set()
    lanes.submit(accepted(seq=1))
    await until_empty(lanes)
    assert desk.log == ["begin 1", "end 1"]


async def test_draining_lets_a_turn_finish_and_leaves_the_rest_for_the_next_start() -> None:
    desk = Desk()
    lanes = Lanes(desk.handle)
    lanes.submit(accepted(seq=1))
    await desk.until_begun(1)
    lanes.submit(accepted(seq=2))
    draining = asyncio.ensure_future(lanes.drain(5))
    await asyncio.sleep(0)
    lanes.submit(accepted(seq=3))
    desk.gates[1].set()
    await draining
    assert desk.log == ["begin 1", "end 1"]


async def test_draining_parks_a_turn_that_takes_too_long() -> None:
    desk = Desk()
    lanes = Lanes(desk.handle)
    lanes.submit(accepted(seq=1))
    await desk.until_begun(1)
    await lanes.drain(0)
    assert desk.log == ["begin 1"]
    assert len(lanes) == 0


async def test_nobody_waits_for_ever_for_an_action_that_is_not_done_when_draining_ends() -> None:
    desk = Desk()
    lanes = Lanes(desk.handle)
    begun = asyncio.Event()

    async def act() -> None:
        begun.set()
        await asyncio.Event().wait()

    async def never() -> None:
        desk.log.append("never")

    running = asyncio.ensure_future(lanes.run_between("s", act))
    await begun.wait()
    behind = asyncio.ensure_future(lanes.run_between("s", never))
    await asyncio.sleep(0)
    await lanes.drain(0)
    late = asyncio.ensure_future(lanes.run_between("t", never))
    ended = await asyncio.wait_for(asyncio.gather(running, behind, late, return_exceptions=True), 5)
    assert [type(each) for each in ended] == [asyncio.CancelledError] * 3
    assert desk.log == []
    assert len(lanes) == 0


async def test_a_message_that_breaks_its_handler_does_not_break_the_lane() -> None:
    handled = []

    async def handle(batch: Batch, _stop: Stop) -> None:
        if batch.last.seq == 1:
            raise RuntimeError("bug")
        handled.append(batch.last.seq)

    lanes = Lanes(handle, mode=lambda _: QueueMode.FOLLOWUP)
    lanes.submit(accepted(seq=1))
    lanes.submit(accepted(seq=2))
    await until_empty(lanes)
    assert handled == [2]
