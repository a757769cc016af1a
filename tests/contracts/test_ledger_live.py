"""What every ledger does for answers to several messages, live messages, edits and deletions."""

from dataclasses import replace

import pytest

from state.messages import (
    Accepted,
    Correction,
    Deletion,
    InboundMessage,
    Outcome,
    Part,
    PartState,
    Receipt,
)
from state.store import Ledger, NotFound, Taken
from tests.contracts.examples import (
    HERE,
    KEY,
    NOON,
    correction,
    deletion,
    full_part,
    later,
    message,
    part,
)


async def take(ledger: Ledger, what: InboundMessage | Correction | Deletion) -> Accepted:
    accepted = await ledger.accept(
        what, key=KEY, session=KEY.session_id, entry=f"e{what.source}", at=NOON
    )
    assert accepted is not None
    return accepted


# Answered together --------------------------------------------------------------------------------


async def test_messages_answered_together_end_alike_and_owe_one_answer(ledger: Ledger) -> None:
    one, two, three = [await take(ledger, message(source)) for source in "123"]
    owed = await ledger.finish(
        three.seq,
        outcome=Outcome.REPLIED,
        parts=[(HERE, part())],
        at=NOON,
        also=[one.seq, two.seq],
    )
    assert [(o.seq, o.index) for o in owed] == [(three.seq, 0)]
    assert await ledger.owed() == owed
    assert await ledger.pending() == ()
    assert (await ledger.counts()).outcomes == {"replied": 3}


async def test_finishing_together_again_returns_what_is_still_owed(ledger: Ledger) -> None:
    one, two = [await take(ledger, message(source)) for source in "12"]
    owed = await ledger.finish(
        two.seq, outcome=Outcome.REPLIED, parts=[(HERE, part())], at=NOON, also=[one.seq]
    )
    again = await ledger.finish(
        two.seq, outcome=Outcome.FAILED, parts=[(HERE, part("no"))], at=NOON, also=[one.seq]
    )
    assert again == owed
    assert (await ledger.counts()).outcomes == {"replied": 2}


async def test_what_ended_before_or_is_unknown_may_be_named_with_the_others(
    ledger: Ledger,
) -> None:
    one, two = [await take(ledger, message(source)) for source in "12"]
    stopped = await ledger.finish(
        one.seq, outcome=Outcome.DECLINED, parts=[(HERE, part("Stopped."))], at=NOON
    )
    owed = await ledger.finish(
        two.seq,
        outcome=Outcome.REPLIED,
        parts=[(HERE, part())],
        at=NOON,
        also=[one.seq, two.seq, 77],
    )
    assert await ledger.owed() == (*stopped, *owed)
    assert (await ledger.counts()).outcomes == {"declined": 1, "replied": 1}


async def test_nothing_ends_with_a_message_that_was_never_taken(ledger: Ledger) -> None:
    one = await take(ledger, message("1"))
    with pytest.raises(NotFound):
        await ledger.finish(77, outcome=Outcome.REPLIED, parts=[], at=NOON, also=[one.seq])
    assert [p.seq for p in await ledger.pending()] == [one.seq]


# What became of a message -------------------------------------------------------------------------


async def test_a_message_is_found_by_its_source_while_it_is_open_and_after(
    ledger: Ledger,
) -> None:
    one = await take(ledger, message("1"))
    found = await ledger.taken("telegram", "1")
    assert found == Taken(one.seq, "e1", KEY, KEY.session_id, open=True)
    await ledger.finish(one.seq, outcome=Outcome.REPLIED, parts=[], at=NOON)
    assert await ledger.taken("telegram", "1") == replace(found, open=False)
    assert await ledger.taken("telegram-work", "1") is None


async def test_what_ended_with_another_message_is_not_open(ledger: Ledger) -> None:
    one, two = [await take(ledger, message(source)) for source in "12"]
    await ledger.finish(two.seq, outcome=Outcome.REPLIED, parts=[], at=NOON, also=[one.seq])
    found = await ledger.taken("telegram", "1")
    assert found is not None
    assert not found.open


async def test_a_declined_or_forgotten_message_was_not_taken(ledger: Ledger) -> None:
    await ledger.decline(message("1"), reason="stranger", at=NOON)
    assert await ledger.taken("telegram", "1") is None
    two = await take(ledger, message("2"))
    await ledger.finish(two.seq, outcome=Outcome.REPLIED, parts=[], at=NOON)
    await ledger.prune(later(1))
    assert await ledger.taken("telegram", "2") is None


async def test_a_deletion_is_taken_once_and_waits_in_order(ledger: Ledger) -> None:
    taken = [await take(ledger, what) for what in (message("1"), correction("2"), deletion("3"))]
    again = await ledger.accept(
        deletion("3"), key=KEY, session=KEY.session_id, entry="other", at=NOON
    )
    assert again is None
    pending = await ledger.pending()
    assert [replace(p, recovered=False) for p in pending] == taken
    assert pending[2].message == deletion("3")


# Live messages ------------------------------------------------------------------------------------


async def test_live_messages_of_an_open_row_are_remembered(ledger: Ledger) -> None:
    one, two = [await take(ledger, message(source)) for source in "12"]
    await ledger.show(one.seq, ["900"])
    await ledger.show(one.seq, ["900", "901"])
    assert [p.shown for p in await ledger.pending()] == [("900", "901"), ()]
    await ledger.finish(one.seq, outcome=Outcome.REPLIED, parts=[], at=NOON)
    await ledger.show(one.seq, ["902"])
    assert [p.seq for p in await ledger.pending()] == [two.seq]


async def test_showing_an_answer_to_what_was_never_taken_is_an_error(ledger: Ledger) -> None:
    with pytest.raises(NotFound):
        await ledger.show(77, ["900"])


async def test_a_part_keeps_what_it_edits_its_file_and_its_buttons(ledger: Ledger) -> None:
    one = await take(ledger, message("1"))
    parts = [full_part(), Part("", "", edits="901"), part()]
    owed = await ledger.finish(
        one.seq, outcome=Outcome.REPLIED, parts=[(HERE, p) for p in parts], at=NOON
    )
    assert [o.part for o in owed] == parts
    assert await ledger.owed() == owed
    again = await ledger.finish(one.seq, outcome=Outcome.REPLIED, parts=[], at=NOON)
    assert again == owed
    await ledger.begin_sending(owed[0].id)
    await ledger.sent(owed[0].id, Receipt("900"))
    assert [o.state for o in await ledger.owed()] == [PartState.OWED, PartState.OWED]
