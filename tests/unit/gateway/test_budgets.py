"""When a day's budget is used up, and when the next one begins."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from gateway.budgets import (
    BUDGET_NOTICES,
    Budgets,
    BudgetSettings,
    Limit,
    Tally,
    day_of,
    renewed,
    until_renewed,
)
from gateway.notices import NOTICES
from state.keys import SessionId
from state.spending import Spending, Spent

TODAY = date(2026, 1, 30)
NOON = datetime(2026, 1, 30, 12, tzinfo=UTC)


def spent(tokens: int = 0, cost_micro: int = 0, user: str = "1", session: str = "a") -> Spending:
    sums = Spent(input=tokens, cost_micro=cost_micro)
    return Spending(TODAY, "telegram", user, SessionId(session), "m", sums)


def exhausted(settings: dict[str, float], *spendings: Spending) -> str | None:
    """The notice for person 1 in session a."""
    tally = Tally()
    for each in spendings:
        tally.add(each)
    budgets = Budgets.of(BudgetSettings.model_validate(settings))
    return budgets.exhausted(tally, session="a", person="telegram:1")


def test_without_a_budget_nothing_is_ever_used_up():
    assert exhausted({}, spent(10**12, 10**12)) is None


@pytest.mark.parametrize(
    ("settings", "notice"),
    [
        ({"tokens_per_day": 100}, "budget_gateway"),
        ({"cost_per_day": 0.5}, "budget_gateway"),
        ({"session_tokens_per_day": 100}, "budget_session"),
        ({"session_cost_per_day": 0.5}, "budget_session"),
        ({"person_tokens_per_day": 100}, "budget_person"),
        ({"person_cost_per_day": 0.5}, "budget_person"),
    ],
)
def test_a_budget_lasts_until_the_last_of_it(settings, notice):
    assert exhausted(settings, spent(99, 499_999)) is None
    assert exhausted(settings, spent(99, 499_999), spent(1, 1)) == notice


def test_a_person_pays_in_every_session_and_a_session_for_every_person():
    person, session = {"person_tokens_per_day": 100}, {"session_tokens_per_day": 100}
    elsewhere, somebody = spent(100, session="b"), spent(100, user="2")
    assert exhausted(person, elsewhere) == "budget_person"
    assert exhausted(person, somebody) is None
    assert exhausted(session, somebody) == "budget_session"
    assert exhausted(session, elsewhere) is None


def test_a_budget_below_the_smallest_part_of_money_is_no_freedom():
    assert Limit.of(0, 0.000_000_1).reached(Spent(cost_micro=1))


@pytest.mark.parametrize("wrong", [{"tokens_per_day": -1}, {"cost_per_day": float("inf")}])
def test_a_budget_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValidationError):
        BudgetSettings.model_validate(wrong)


def test_a_day_is_one_in_utc_wherever_the_clock_is():
    early = datetime(2026, 1, 31, 1, tzinfo=timezone(timedelta(hours=2)))
    assert day_of(early) == TODAY
    assert renewed(early) == datetime(2026, 1, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (NOON, "00:00 UTC, in 12 h"),
        (NOON + timedelta(seconds=1), "00:00 UTC, in 12 h"),
        (NOON + timedelta(minutes=55), "00:00 UTC, in 11 h 5 min"),
        (datetime(2026, 1, 30, 23, 59, 59, tzinfo=UTC), "00:00 UTC, in 1 min"),
        (datetime(2026, 1, 30, tzinfo=UTC), "00:00 UTC, in 24 h"),
    ],
)
def test_people_are_told_when_it_goes_on(now, words):
    assert until_renewed(now) == words


def test_every_budget_has_words():
    assert set(NOTICES) >= BUDGET_NOTICES
