"""What every ledger knows of what came in lately."""

from datetime import timedelta

from state.lately import Backlog, Waiting
from state.lifecycle import Phase
from state.messages import Outcome, Receipt
from state.store import Ledger
from tests.contracts.examples import HERE, KEY, NOON, later, message, part, session

SINCE = later(-600)


async def test_it_is_what_was_answered_or_will_be(ledger: Ledger) -> None:
    await come(ledger, "old", -601)
    await come(ledger, "waits", -60, outcome=None)
    await come(ledger, "answered", -50)
    await come(ledger, "failed", -40, outcome=Outcome.FAILED, detail="timeout")
    await come(ledger, "a command", -30, detail="help")
    await come(ledger, "a command of a model", -20, detail="compact")
    await come(ledger, "corrected", -15, outcome=Outcome.RECORDED)
    await ledger.decline(message("declined"), reason="limit_sender", at=later(-10))
    found = await ledger.lately(SINCE, commands=["compact"])
    assert sorted(found) == [(KEY, later(seconds)) for seconds in (-60, -50, -40, -20)]


async def test_a_ledger_without_messages_knows_of_none(ledger: Ledger) -> None:
    assert await ledger.lately(NOON - timedelta(days=1), commands=[]) == ()


async def test_a_backlog_is_what_is_not_finished_by_account(ledger: Ledger) -> None:
    await come(ledger, "waits", -60, outcome=None)
    await come(ledger, "waits longer", -90, outcome=None)
    await come(ledger, "owed", -50)
    await come(ledger, "in doubt", -40)
    first, second = await ledger.owed()
    await ledger.begin_sending(second.id)
    await ledger.unknown(second.id)
    found = await ledger.backlog()
    assert found.pending == {"telegram": Waiting(2, later(-90))}
    assert found.owed == {"telegram": Waiting(2, later(-50), unknown=1)}
    for each in (first, second):
        await ledger.sent(each.id, Receipt("m"))
    assert (await ledger.backlog()).owed == {}


async def test_a_backlog_knows_in_which_phase_the_sessions_are(ledger: Ledger) -> None:
    assert await ledger.backlog() == Backlog()
    await ledger.index(session())
    assert (await ledger.backlog()).phases == {Phase.CREATED: 1}


async def come(
    ledger: Ledger,
    source: str,
    seconds: float,
    *,
    outcome: Outcome | None = Outcome.REPLIED,
    detail: str | None = None,
) -> None:
    """A message came, so many seconds after noon, and ended so."""
    accepted = await ledger.accept(
        message(source), key=KEY, session=KEY.session_id, entry=source, at=later(seconds)
    )
    assert accepted is not None
    if outcome is not None:
        parts = [(HERE, part("x"))]
        await ledger.finish(
            accepted.seq, outcome=outcome, parts=parts, at=later(seconds), detail=detail
        )
