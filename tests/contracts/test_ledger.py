"""What every ledger does."""

from dataclasses import replace
from datetime import timedelta

import pytest

from state.keys import Address, SessionKey, SessionType
from state.lifecycle import Event
from state.messages import Accepted, Correction, InboundMessage, Outcome, OwedPart, PartState
from state.messages import Receipt as Taken
from state.store import Ledger, NotFound, Role, SessionRow, StoreError
from tests.contracts.examples import (
    HERE,
    KEY,
    NOON,
    correction,
    later,
    message,
    part,
    poison,
    session,
    stranger,
)


async def take(ledger: Ledger, what: InboundMessage | Correction) -> Accepted | None:
    return await ledger.accept(
        what, key=KEY, session=KEY.session_id, entry=f"e{what.source}", at=NOON
    )


async def answered(ledger: Ledger, source: str, *texts: str) -> tuple[OwedPart, ...]:
    accepted = await take(ledger, message(source))
    assert accepted is not None
    return await ledger.finish(
        accepted.seq, outcome=Outcome.REPLIED, parts=[(HERE, part(t)) for t in texts], at=NOON
    )


async def states(ledger: Ledger) -> list[PartState]:
    return [owed.state for owed in await ledger.owed()]


# Inbox --------------------------------------------------------------------------------------------


async def test_a_message_is_taken_once(ledger: Ledger) -> None:
    first = await take(ledger, message("1"))
    assert first is not None
    assert first.message == message("1")
    assert await take(ledger, message("1", "the same again")) is None
    assert await take(ledger, message("1", account="telegram-work")) is not None


async def test_a_finished_message_is_still_known(ledger: Ledger) -> None:
    await answered(ledger, "1", "Hi")
    assert await take(ledger, message("1")) is None
    assert await ledger.pending() == ()


async def test_what_is_not_finished_is_pending_in_order(ledger: Ledger) -> None:
    taken = [await take(ledger, m) for m in (message("9"), correction("3"), message("1"))]
    await answered(ledger, "5", "Hi")
    pending = await ledger.pending()
    assert [replace(p, recovered=False) for p in pending] == taken
    assert all(p.recovered for p in pending)
    assert pending[0].key == KEY


async def test_a_declined_message_owes_its_reason_where_it_came_from(ledger: Ledger) -> None:
    owed = await ledger.decline(message("1"), reason="stranger", parts=[part("No.")], at=NOON)
    assert owed is not None
    assert [(o.address, o.part, o.index) for o in owed] == [(HERE, part("No."), 0)]
    assert await ledger.decline(message("1"), reason="stranger", at=NOON) is None
    assert await ledger.pending() == ()
    assert (await ledger.counts()).outcomes == {"declined": 1}


async def test_finishing_owes_the_parts_and_shows_the_session(ledger: Ledger) -> None:
    accepted = await take(ledger, message("1"))
    assert accepted is not None
    facts = session().after(Event.MESSAGE, NOON)
    owed = await ledger.finish(
        accepted.seq,
        outcome=Outcome.REPLIED,
        parts=[(HERE, part("one")), (Address("telegram", "5", "7"), part("two"))],
        at=NOON,
        session=facts,
    )
    assert [(o.index, o.part.plain, o.state, o.attempts) for o in owed] == [
        (0, "one", PartState.OWED, 0),
        (1, "two", PartState.OWED, 0),
    ]
    assert owed[1].address == Address("telegram", "5", "7")
    assert await ledger.owed() == owed
    assert await ledger.listing() == (SessionRow.of(facts),)


async def test_a_part_says_whose_message_it_answers(ledger: Ledger) -> None:
    (told,) = await answered(ledger, "1", "one")
    declined = await ledger.decline(message("2"), reason="stranger", parts=[part("No.")], at=NOON)
    assert declined is not None
    assert [o.session for o in (told, *declined)] == [KEY.session_id, None]
    assert [o.session for o in await ledger.owed()] == [KEY.session_id, None]


async def test_finishing_again_returns_what_is_still_owed(ledger: Ledger) -> None:
    owed = await answered(ledger, "1", "one", "two")
    await ledger.begin_sending(owed[0].id)
    await ledger.sent(owed[0].id, Taken("900"))
    again = await ledger.finish(
        owed[0].seq, outcome=Outcome.FAILED, parts=[(HERE, part("other"))], at=later(5)
    )
    assert again == owed[1:]
    assert (await ledger.counts()).outcomes == {"replied": 1}


async def test_finishing_what_was_never_taken_is_an_error(ledger: Ledger) -> None:
    with pytest.raises(NotFound):
        await ledger.finish(77, outcome=Outcome.REPLIED, parts=[], at=NOON)


async def test_the_first_part_may_begin_with_the_commit(ledger: Ledger) -> None:
    accepted = await take(ledger, message("1"))
    assert accepted is not None
    owed = await ledger.finish(
        accepted.seq,
        outcome=Outcome.REPLIED,
        parts=[(HERE, part("one")), (HERE, part("two"))],
        at=NOON,
        begin=True,
    )
    assert [(o.state, o.attempts) for o in owed] == [(PartState.SENDING, 1), (PartState.OWED, 0)]


async def test_keys_of_parts_differ_and_stay(ledger: Ledger) -> None:
    owed = [*await answered(ledger, "1", "one", "two"), *await answered(ledger, "2", "three")]
    keys = [o.key for o in owed]
    assert len(set(keys)) == 3
    assert all(0 < len(key) <= 25 for key in keys)
    assert [o.key for o in await ledger.owed()] == keys


async def test_an_update_set_aside_twice_is_kept_once(ledger: Ledger) -> None:
    await ledger.set_aside(poison("1"))
    await ledger.set_aside(poison("1"))
    assert (await ledger.counts()).set_aside == 1


async def test_any_text_survives_in_the_inbox(ledger: Ledger) -> None:
    wild = "NUL \0 emoji 🦜 \u202e \"' ; DROP TABLE inbox"
    await take(ledger, message(wild, wild))
    (pending,) = await ledger.pending()
    assert pending.message == message(wild, wild)


# Outbox -------------------------------------------------------------------------------------------


async def test_a_sent_part_is_owed_no_more(ledger: Ledger) -> None:
    one, two = await answered(ledger, "1", "one", "two")
    await ledger.begin_sending(one.id)
    await ledger.sent(one.id, Taken("900"), then=two.id)
    (left,) = await ledger.owed()
    assert (left.id, left.attempts) == (two.id, 1)
    assert left.state is PartState.UNKNOWN, "it was being sent when the ledger was asked"
    counts = await ledger.counts()
    assert (counts.sent, counts.owed, counts.repeated) == (1, 1, 0)


async def test_a_part_in_flight_at_a_crash_is_unknown_and_its_repetition_counted(
    ledger: Ledger,
) -> None:
    (one,) = await answered(ledger, "1", "one")
    await ledger.begin_sending(one.id)
    (found,) = await ledger.owed()
    assert found.state is PartState.UNKNOWN
    assert found.uncertain
    await ledger.begin_sending(one.id)
    await ledger.sent(one.id, Taken("900"))
    assert (await ledger.counts()).repeated == 1


async def test_a_refused_part_is_owed_again_and_not_a_repetition(ledger: Ledger) -> None:
    (one,) = await answered(ledger, "1", "one")
    await ledger.begin_sending(one.id)
    await ledger.unsent(one.id)
    assert await states(ledger) == [PartState.OWED]
    await ledger.begin_sending(one.id)
    await ledger.sent(one.id, Taken("900"))
    assert (await ledger.counts()).repeated == 0


async def test_a_refusal_does_not_undo_an_earlier_doubt(ledger: Ledger) -> None:
    (one,) = await answered(ledger, "1", "one")
    await ledger.begin_sending(one.id)
    await ledger.unknown(one.id)
    await ledger.begin_sending(one.id)
    await ledger.unsent(one.id)
    (found,) = await ledger.owed()
    assert (found.state, found.uncertain, found.attempts) == (PartState.OWED, True, 2)


async def test_a_part_that_cannot_be_sent_is_owed_no_more(ledger: Ledger) -> None:
    one, two = await answered(ledger, "1", "one", "two")
    await ledger.failed(one.id, "the bot was blocked")
    assert [o.id for o in await ledger.owed()] == [two.id]
    assert (await ledger.counts()).failed_parts == 1


async def test_a_late_word_does_not_bring_a_sent_part_back(ledger: Ledger) -> None:
    (one,) = await answered(ledger, "1", "one")
    await ledger.begin_sending(one.id)
    await ledger.sent(one.id, Taken("900"))
    await ledger.unknown(one.id)
    await ledger.unsent(one.id)
    await ledger.failed(one.id, "too late")
    await ledger.begin_sending(one.id)
    assert await ledger.owed() == ()
    assert (await ledger.counts()).sent == 1


async def test_a_part_nobody_owes_is_an_error(ledger: Ledger) -> None:
    with pytest.raises(NotFound):
        await ledger.begin_sending(77)
    with pytest.raises(NotFound):
        await ledger.sent(77, Taken("900"))
    with pytest.raises(NotFound):
        await ledger.failed(77, "no")
    (one,) = await answered(ledger, "1", "one")
    with pytest.raises(NotFound):
        await ledger.sent(one.id, Taken("900"), then=77)
    assert await states(ledger) == [PartState.OWED], "half of a change is no change"


# Cursors and aliases ------------------------------------------------------------------------------


async def test_cursors_and_aliases_are_remembered(ledger: Ledger) -> None:
    assert await ledger.cursor("telegram/42") is None
    await ledger.set_cursor("telegram/42", "100")
    await ledger.set_cursor("telegram/42", "101")
    assert await ledger.cursor("telegram/42") == "101"
    group = SessionKey("telegram", "-100200", SessionType.GROUP)
    await ledger.set_alias(group, KEY.session_id)
    assert await ledger.aliases() == {"telegram:-100200:group": KEY.session_id}


# People -------------------------------------------------------------------------------------------


async def test_a_stranger_keeps_one_code_while_it_lives(ledger: Ledger) -> None:
    first = await ledger.request_pairing(stranger("AAAA"), most=3)
    assert first == stranger("AAAA")
    assert await ledger.request_pairing(stranger("BBBB"), most=3) == first
    after_expiry = replace(
        stranger("CCCC"), created_at=later(3600), expires_at=later(3600) + timedelta(hours=1)
    )
    assert await ledger.request_pairing(after_expiry, most=3) == after_expiry
    assert await ledger.pairings(later(3600)) == (after_expiry,)


async def test_an_account_has_so_many_requests_at_most(ledger: Ledger) -> None:
    assert await ledger.request_pairing(stranger("AAAA", "1"), most=2)
    assert await ledger.request_pairing(stranger("BBBB", "2"), most=2)
    assert await ledger.request_pairing(stranger("CCCC", "3"), most=2) is None
    elsewhere = replace(stranger("DDDD", "3"), account="telegram-work")
    assert await ledger.request_pairing(elsewhere, most=2) == elsewhere
    with pytest.raises(StoreError):
        await ledger.request_pairing(stranger("AAAA", "4"), most=9)


async def test_a_notified_stranger_is_remembered_as_told(ledger: Ledger) -> None:
    await ledger.request_pairing(stranger("AAAA"), most=3)
    await ledger.notified("AAAA", later(1))
    (live,) = await ledger.pairings(later(2))
    assert live.notified_at == later(1)
    with pytest.raises(NotFound):
        await ledger.notified("ZZZZ", later(1))


async def test_a_code_lets_one_person_in_once(ledger: Ledger) -> None:
    await ledger.request_pairing(stranger("AAAA"), most=3)
    request, admission = await ledger.approve("AAAA", role=Role.GUEST, at=later(1))
    assert request == stranger("AAAA")
    assert (admission.user, admission.role, admission.since) == ("7", Role.GUEST, later(1))
    assert await ledger.admissions() == (admission,)
    with pytest.raises(NotFound):
        await ledger.approve("AAAA", role=Role.OWNER, at=later(2))
    assert await ledger.revoke("telegram", "7") == admission
    assert await ledger.admissions() == ()
    with pytest.raises(NotFound):
        await ledger.revoke("telegram", "7")


async def test_an_expired_code_lets_nobody_in(ledger: Ledger) -> None:
    await ledger.request_pairing(stranger("AAAA", minutes=1), most=3)
    with pytest.raises(NotFound):
        await ledger.approve("AAAA", role=Role.GUEST, at=later(61))
    assert await ledger.admissions() == ()
    assert await ledger.pairings(later(61)) == ()
    assert len(await ledger.pairings(NOON)) == 1, "a refused change changes nothing"


async def test_a_denied_request_is_gone(ledger: Ledger) -> None:
    await ledger.request_pairing(stranger("AAAA"), most=3)
    assert await ledger.deny("AAAA") == stranger("AAAA")
    with pytest.raises(NotFound):
        await ledger.deny("AAAA")


# Pruning ------------------------------------------------------------------------------------------


async def test_pruning_drops_what_ended_and_nothing_that_is_owed(ledger: Ledger) -> None:
    (one,) = await answered(ledger, "1", "one")
    await ledger.begin_sending(one.id)
    await ledger.sent(one.id, Taken("900"))
    await answered(ledger, "2", "two")
    await take(ledger, message("3"))
    await ledger.set_aside(poison("4"))
    assert await ledger.prune(later(1)) == 3
    counts = await ledger.counts()
    assert (counts.pending, counts.owed, counts.sent, counts.set_aside) == (1, 1, 0, 0)
    assert await take(ledger, message("2")) is None
