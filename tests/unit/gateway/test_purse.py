"""What is spent today, and whom it is told."""

from dataclasses import replace
from datetime import datetime, timedelta

from gateway.clock import Clock
from gateway.config import Settings
from gateway.current import Current
from gateway.purse import Purse
from gateway.trouble import Trouble
from state.keys import SessionId
from state.memory import MemoryLedger
from state.spending import Spending, Spent
from tests.unit.gateway.messages import AT

ANSWER = Spending(AT.date(), "telegram", "1", SessionId("a"), "m", Spent(input=60))


class StoppedClock(Clock):
    def now(self) -> datetime:
        return AT


async def _nobody(_: str) -> None: ...


class Owners:
    """Who hears of it."""

    def __init__(self, **budget: float) -> None:
        self.heard: list[str] = []
        settings = Current(Settings.model_validate({"budget": budget}))
        self.ledger, trouble = MemoryLedger(), Trouble(_nobody)
        self.purse = Purse(self.ledger, trouble, settings, StoppedClock(), self.heard.append)


def test_the_owners_hear_once_that_a_budget_is_used_up():
    owners = Owners(tokens_per_day=100)
    owners.purse.spent(ANSWER)
    assert owners.heard == []
    # Turns that ran at that moment go over it.
    owners.purse.spent(ANSWER)
    owners.purse.spent(ANSWER)
    assert len(owners.heard) == 1


def test_the_owners_do_not_hear_of_yesterday_or_of_one_persons_budget():
    owners = Owners(tokens_per_day=100, person_tokens_per_day=50)
    owners.purse.spent(replace(ANSWER, day=AT.date() - timedelta(days=1), spent=Spent(input=999)))
    owners.purse.spent(ANSWER)
    assert owners.heard == []


def test_a_session_knows_its_own_share_of_today():
    purse = Owners().purse
    purse.spent(ANSWER)
    purse.spent(replace(ANSWER, session=SessionId("b")))
    assert purse.today(SessionId("a")) == Spent(input=60)
    assert purse.today(SessionId("c")) == Spent()
    assert purse.today() == Spent(input=120)


async def test_what_a_clock_noted_in_days_to_come_is_not_todays():
    owners = Owners(tokens_per_day=1)
    await owners.ledger.spend(replace(ANSWER, day=AT.date() + timedelta(days=400)))
    await owners.purse.open()
    assert owners.purse.today() == Spent()


def test_what_is_left_of_earlier_days_does_not_push_today_out():
    purse = Owners().purse
    purse.spent(ANSWER)
    for days in range(1, 5):
        purse.spent(replace(ANSWER, day=AT.date() - timedelta(days=days)))
    assert purse.today() == ANSWER.spent
