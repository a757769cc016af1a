"""One ordered worker per session, gone when there is nothing to do."""

import asyncio
from collections import defaultdict
from dataclasses import replace

import pytest

from agents.config import QueueMode
from gateway.batch import Batch
from gateway.lanes import MOST_INTERRUPTIONS, Lanes
from gateway.stop import Stop
from state.messages import Accepted, Attachment, AttachmentKind, InboundMessage
from tests.unit.gateway.messages import accepted, correction, deletion


class Desk:
    """Handles messages when a test lets it, and writes down the order.

    A gate lets through the turn whose last message it names.
    """

    def __init__(self) -> None:
        self.log: list[str] = []
        self.gates: dict[int, asyncio.Event] = defaultdict(asyncio.Event)
        self.seen: dict[int, Stop] = {}
        self.texts: list[list[str]] = []
        self.began = asyncio.Condition()

    async def handle(self, batch: Batch, stop: Stop) -> Batch | None:
        name, last = "+".join(str(each.seq) for each in batch), batch.last.seq
        if stop.deleted:
            self.log.append(f"deleted {name}")
            return None
        self.seen[last] = stop
        self.texts.append([getattr(each.message, "text", "") for each in batch])
        async with self.began:
            self.log.append(f"begin {name}")
            self.began.notify_all()
        done = await stop.guard(self.gates[last].wait())  # type: ignore[arg-type]
        if stop.again and not done:
            self.log.append(f"interrupted {name}")
            return batch
        self.log.append(f"{'end' if done else 'stopped'} {name}")
        return None

    async def until_begun(self, name: int | str) -> None:
        async with asyncio.timeout(5), self.began:
            await self.began.wait_for(lambda: f"begin {name}" in self.log)

    def opens(self, *gates: int) -> None:
        for gate in gates:
            self.gates[gate].set()


async def until_empty(lanes: Lanes) -> None:
    async with asyncio.timeout(5):
        await lanes.settled()


async def test_a_session_works_on_one_message_at_a_time_in_order() -> None:
    desk = Desk()
    lanes = Lanes(desk.handle, mode=QueueMode.FOLLOWUP)
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
    lanes.submit(accepted("/stop", seq=3), stops=True)
    await until_empty(lanes)
    assert desk.log == [
        "begin 1", "stopped 1", "begin 2", "stopped 2", "begin 3", "end 3",
    ]  # fmt: skip
    assert desk.seen[3].others == 2


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
    lanes = Lanes(desk.handle, mode=QueueMode.INTERRUPT)
    lanes.submit(accepted(seq=1))
    await desk.until_begun(1)
    lanes.submit(accepted(seq=2))
    desk.opens(2)
    await until_empty(lanes)
    assert desk.log == ["begin 1", "interrupted 1", "begin 1+2", "end 1+2"]


async def test_nobody_interrupts_a_turn_for_somebody_else() -> None:
    desk = Desk()
    lanes = Lanes(desk.handle, mode=QueueMode.INTERRUPT)
    lanes.submit(accepted(seq=1, sender="7"))
    await desk.until_begun(1)
    lanes.submit(accepted(seq=2, sender="8"))
    lanes.submit(accepted(seq=3, sender="7"))
    desk.opens(1, 2, 3)
    await until_empty(lanes)
    assert [line for line in desk.log if "begin" in line] == ["begin 1", "begin 2", "begin 3"]


async def test_who_never_stops_writing_is_answered_all_the_same() -> None:
    desk = Desk()
    lanes = Lanes(desk.handle, mode=QueueMode.INTERRUPT)
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
    lanes = Lanes(desk.handle, mode=QueueMode.INTERRUPT)
    lanes.submit(accepted(seq=1))
    await desk.until_begun(1)
    lanes.submit(accepted(seq=2))
    lanes.submit(accepted("/stop", seq=3), stops=True)
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

    lanes = Lanes(handle, mode=QueueMode.INTERRUPT)
    lanes.submit(accepted(seq=1))
    await asyncio.sleep(0)
    lanes.submit(accepted(seq=2))
    async with asyncio.timeout(5):
        await given_up.wait()
    lanes.submit(accepted("/stop", seq=3), stops=True)
    go_on.set()
    await until_empty(lanes)
    assert ended == [True, True, False]


async def test_the_rest_of_an_unfinished_message_is_waited_for() -> None:
    desk = Desk()
    lanes = Lanes(desk.handle, mode=QueueMode.FOLLOWUP)
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


async def test_a_message_that_waits_is_asked_as_it_reads_now_and_then_corrected() -> None:
    desk = Desk()
    lanes = Lanes(desk.handle)
    lanes.submit(accepted(seq=1))
    await desk.until_begun(1)
    lanes.submit(meant := accepted("tea", seq=2))
    lanes.submit(accepted("please", seq=3))
    lanes.submit(correction(meant, "coffee", seq=4))
    assert lanes.waiting(meant.session) == 4
    desk.opens(1, 3, 4)
    await until_empty(lanes)
    assert desk.log[2:] == ["begin 2+3", "end 2+3", "begin 4", "end 4"]
    assert desk.texts[1] == ["coffee", "please"]


async def test_a_turn_whose_question_is_corrected_begins_anew() -> None:
    desk = Desk()
    lanes = Lanes(desk.handle)
    lanes.submit(meant := accepted("tea", seq=1))
    await desk.until_begun(1)
    lanes.submit(correction(meant, "coffee", seq=2))
    desk.opens(1, 2)
    await until_empty(lanes)
    assert desk.log == ["begin 1", "interrupted 1", "begin 1", "end 1", "begin 2", "end 2"]
    assert desk.texts[1] == ["coffee"]


async def test_nobody_corrects_what_somebody_else_said() -> None:
    desk = Desk()
    lanes = Lanes(desk.handle)
    lanes.submit(meant := accepted("tea", seq=1))
    await desk.until_begun(1)
    lanes.submit(correction(meant, "coffee", seq=2, sender="8"))
    desk.opens(1, 2)
    await until_empty(lanes)
    assert desk.log == ["begin 1", "end 1", "begin 2", "end 2"]


async def test_what_is_deleted_while_it_waits_parts_nobody_and_is_not_answered() -> None:
    desk = Desk()
    lanes = Lanes(desk.handle)
    lanes.submit(accepted(seq=1))
    await desk.until_begun(1)
    lanes.submit(accepted(seq=2))
    lanes.submit(meant := accepted(seq=3))
    lanes.submit(accepted(seq=4))
    lanes.submit(deletion(meant, seq=5))
    desk.opens(1, 4, 5)
    await until_empty(lanes)
    assert desk.log[2:] == ["deleted 3", "begin 5", "end 5", "begin 2+4", "end 2+4"]


async def test_what_is_deleted_while_it_is_answered_leaves_the_turn() -> None:
    desk = Desk()
    lanes = Lanes(desk.handle)
    lanes.submit(accepted(seq=1, unfinished=True))
    lanes.submit(meant := accepted(seq=2))
    await desk.until_begun("1+2")
    lanes.submit(deletion(meant, seq=3))
    desk.opens(1, 3)
    await until_empty(lanes)
    assert desk.log == [
        "begin 1+2", "interrupted 1+2", "deleted 2", "begin 3", "end 3", "begin 1", "end 1",
    ]  # fmt: skip


async def test_what_a_given_up_turn_found_out_about_files_is_not_asked_again() -> None:
    kept = Attachment(AttachmentKind.IMAGE, file="att-1.png")
    seen: list[Accepted] = []
    began = asyncio.Event()

    async def handle(batch: Batch, stop: Stop) -> Batch | None:
        seen.append(batch.last)
        began.set()
        if not isinstance(batch.last.message, InboundMessage) or len(seen) > 1:
            return None
        await stop.guard(asyncio.Event().wait())  # type: ignore[arg-type]
        message = replace(batch.last.message, attachments=(kept,))
        return Batch((replace(batch.last, message=message),))

    lanes = Lanes(handle)
    lanes.submit(meant := accepted("tea", seq=1))
    await began.wait()
    lanes.submit(correction(meant, "coffee", seq=2))
    await until_empty(lanes)
    again = seen[1].message
    assert isinstance(again, InboundMessage)
    assert (again.text, again.attachments) == ("coffee", (kept,))


async def test_a_stop_leaves_other_sessions_alone() -> None:
    desk = Desk()
    lanes = Lanes(desk.handle)
    lanes.submit(accepted(seq=1, chat="other"))
    await desk.until_begun(1)
    desk.gates[2].set()
    lanes.submit(accepted("/stop", seq=2), stops=True)
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


async def test_a_message_that_breaks_its_handler_does_not_break_the_lane() -> None:
    handled = []

    async def handle(batch: Batch, _stop: Stop) -> None:
        if batch.last.seq == 1:
            raise RuntimeError("bug")
        handled.append(batch.last.seq)

    lanes = Lanes(handle, mode=QueueMode.FOLLOWUP)
    lanes.submit(accepted(seq=1))
    lanes.submit(accepted(seq=2))
    await until_empty(lanes)
    assert handled == [2]
