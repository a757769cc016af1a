"""Messages that are corrected or deleted while they are in their lane."""

import asyncio
from dataclasses import replace

from gateway.batch import Batch
from gateway.lanes import Lanes
from gateway.stop import Stop
from state.messages import Accepted, Attachment, AttachmentKind, InboundMessage
from tests.unit.gateway.desk import Desk, until_empty
from tests.unit.gateway.messages import accepted, correction, deletion


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
