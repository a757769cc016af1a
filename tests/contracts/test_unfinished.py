"""What every ledger knows of conversations that are not over, and what it says of itself."""

from state.messages import Outcome, Receipt
from state.store import Ledger
from tests.contracts.examples import HERE, KEY, NOON, later, message, part, session

HERE_TOO = session("5").id


async def test_a_session_is_unfinished_until_its_messages_ended_and_their_answers_are_sent(
    ledger: Ledger,
) -> None:
    assert not await ledger.unfinished(KEY.session_id)
    accepted = await ledger.accept(
        message("1"), key=KEY, session=KEY.session_id, entry="u1", at=NOON
    )
    assert accepted is not None
    assert await ledger.unfinished(KEY.session_id)
    owed = await ledger.finish(
        accepted.seq, outcome=Outcome.REPLIED, parts=[(HERE, part()), (HERE, part())], at=NOON
    )
    await ledger.sent(owed[0].id, Receipt("900"))
    assert await ledger.unfinished(KEY.session_id)
    assert not await ledger.unfinished(HERE_TOO)
    await ledger.failed(owed[1].id, "gone")
    assert not await ledger.unfinished(KEY.session_id)


async def test_an_announcement_is_owed_once_by_its_name(ledger: Ledger) -> None:
    (owed,) = await ledger.announce("news", HERE, [part("news")], at=NOON)
    assert (owed.address, owed.part) == (HERE, part("news"))
    assert await ledger.announce("news", HERE, [part("news")], at=later(1)) == ()
    assert [each.id for each in await ledger.owed()] == [owed.id]
    assert await ledger.pending() == ()
    (other,) = await ledger.announce("other news", HERE, [part()], at=later(2))
    assert other.key != owed.key
    await ledger.sent(owed.id, Receipt("901"))
    assert await ledger.announce("news", HERE, [part("news")], at=later(3)) == ()


async def test_an_announcement_is_forgotten_with_what_else_ended_then(ledger: Ledger) -> None:
    (owed,) = await ledger.announce("news", HERE, [part()], at=NOON)
    assert await ledger.prune(later(9)) == 0
    await ledger.sent(owed.id, Receipt("900"))
    assert await ledger.prune(later(9)) == 2


async def test_a_ledger_that_writes_proves_it_as_often_as_it_is_asked(ledger: Ledger) -> None:
    await ledger.beat(NOON)
    await ledger.beat(later(1))
    assert await ledger.pending() == ()
    assert (await ledger.counts()).pending == 0
