"""What every ledger does with what was spent."""

from dataclasses import replace
from datetime import date, timedelta

from state.keys import SessionId
from state.messages import Outcome
from state.spending import Per, Spending, Spent
from state.store import Ledger
from tests.contracts.examples import KEY, NOON, message

TODAY = date(2026, 1, 30)
ANN = Spending(TODAY, "telegram", "1", KEY.session_id, "openai:gpt-4o", Spent(100, 10, 40, 350))
BOB = replace(ANN, user="2", model="openai:new", spent=Spent(7, 3, 0, 0, 10))
ELSEWHERE = replace(ANN, session=SessionId("telegram_5_main"), spent=Spent(1, 1, 0, 2))
YESTERDAY = replace(ANN, day=TODAY - timedelta(days=1))


async def finish(ledger: Ledger, seq: int, spent: Spending | None) -> None:
    await ledger.finish(seq, outcome=Outcome.REPLIED, parts=[], at=NOON, spent=spent)


async def taken(ledger: Ledger, source: str) -> int:
    accepted = await ledger.accept(
        message(source), key=KEY, session=KEY.session_id, entry=f"e{source}", at=NOON
    )
    assert accepted is not None
    return accepted.seq


async def test_what_an_answer_cost_is_noted_once(ledger: Ledger) -> None:
    seq = await taken(ledger, "1")
    await finish(ledger, seq, ANN)
    await finish(ledger, seq, ANN)
    assert await ledger.spent(Per.DAY, TODAY) == {"2026-01-30": ANN.spent}


async def test_an_answer_that_cost_nothing_leaves_no_row(ledger: Ledger) -> None:
    await finish(ledger, await taken(ledger, "1"), None)
    assert await ledger.spent(Per.SESSION, TODAY) == {}


async def test_what_is_spent_again_is_added(ledger: Ledger) -> None:
    await finish(ledger, await taken(ledger, "1"), ANN)
    await ledger.spend(ANN)
    await finish(ledger, await taken(ledger, "2"), ANN)
    assert await ledger.spent(Per.MODEL, TODAY) == {"openai:gpt-4o": Spent(300, 30, 120, 1050)}


async def test_spending_is_summed_by_day_session_person_and_model(ledger: Ledger) -> None:
    for each in (ANN, BOB, ELSEWHERE, YESTERDAY):
        await ledger.spend(each)
    yesterday = TODAY - timedelta(days=1)
    assert await ledger.spent(Per.DAY, yesterday) == {
        "2026-01-29": YESTERDAY.spent,
        "2026-01-30": ANN.spent + BOB.spent + ELSEWHERE.spent,
    }
    assert await ledger.spent(Per.SESSION, TODAY) == {
        KEY.session_id: ANN.spent + BOB.spent,
        "telegram_5_main": ELSEWHERE.spent,
    }
    assert await ledger.spent(Per.PERSON, TODAY) == {
        "telegram:1": ANN.spent + ELSEWHERE.spent,
        "telegram:2": BOB.spent,
    }
    assert await ledger.spent(Per.MODEL, TODAY) == {
        "openai:gpt-4o": ANN.spent + ELSEWHERE.spent,
        "openai:new": BOB.spent,
    }


async def test_what_was_spent_outlives_the_messages(ledger: Ledger) -> None:
    await finish(ledger, await taken(ledger, "1"), ANN)
    assert await ledger.prune(NOON + timedelta(days=99)) == 1
    assert await ledger.spent(Per.PERSON, TODAY) == {"telegram:1": ANN.spent}


async def test_spending_ends_with_the_day_that_is_asked_for(ledger: Ledger) -> None:
    await ledger.spend(YESTERDAY)
    await ledger.spend(ANN)
    assert await ledger.spent(Per.DAY, YESTERDAY.day, YESTERDAY.day) == {
        "2026-01-29": YESTERDAY.spent
    }
