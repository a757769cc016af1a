"""How much may be spent in a day, and whether it is. Pure.

A budget is looked at before a turn begins: the turn that reaches it is still answered, and others
that run at that moment, too.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from state.spending import MICRO, NOTHING, Spending, Spent

_Tokens = Annotated[int, Field(ge=0)]
_Dollars = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class BudgetSettings(BaseModel):
    """How much models may be used in a day (in UTC); 0: as much as you like. Tokens are those of
    input and output together, costs are in US dollars."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tokens_per_day: _Tokens = 0
    """Tokens for the whole gateway. Messages beyond it are declined, with the time when it goes
    on; the owners are told once."""

    cost_per_day: _Dollars = 0.0
    """US dollars for the whole gateway. Models without a known price cost nothing here."""

    session_tokens_per_day: _Tokens = 0
    """Tokens for each session."""

    session_cost_per_day: _Dollars = 0.0
    """US dollars for each session."""

    person_tokens_per_day: _Tokens = 0
    """Tokens for each person, who is a user id on an account, in all their chats."""

    person_cost_per_day: _Dollars = 0.0
    """US dollars for each person."""


@dataclass(frozen=True, slots=True)
class Limit:
    """Tokens (in and out) and money for a day; 0 is no limit."""

    tokens: int = 0
    cost_micro: int = 0

    @classmethod
    def of(cls, tokens: int, dollars: float) -> Self:
        """As it is set. Less than the smallest part of money is that part, and not no limit."""
        return cls(tokens, max(round(dollars * MICRO), 1) if dollars else 0)

    def reached(self, spent: Spent) -> bool:
        """Whether nothing is left of it."""
        return 0 < self.tokens <= spent.tokens or 0 < self.cost_micro <= spent.cost_micro


@dataclass(slots=True)
class Tally:
    """What was spent on one day: on everybody, by session and by person."""

    sessions: dict[str, Spent] = field(default_factory=dict)
    people: dict[str, Spent] = field(default_factory=dict)
    everybody: Spent = NOTHING

    def add(self, spending: Spending) -> None:
        """Count something that was spent on this day."""
        session, person, spent = spending.session, spending.person, spending.spent
        self.sessions[session] = self.sessions.get(session, NOTHING) + spent
        self.people[person] = self.people.get(person, NOTHING) + spent
        self.everybody += spent


@dataclass(frozen=True, slots=True)
class Budgets:
    """All limits."""

    everybody: Limit
    session: Limit
    person: Limit

    @classmethod
    def of(cls, settings: BudgetSettings) -> Self:
        """As they are set."""
        return cls(
            Limit.of(settings.tokens_per_day, settings.cost_per_day),
            Limit.of(settings.session_tokens_per_day, settings.session_cost_per_day),
            Limit.of(settings.person_tokens_per_day, settings.person_cost_per_day),
        )

    def exhausted(self, tally: Tally, *, session: str, person: str) -> str | None:
        """The name of the notice for whoever can be answered no more today, None when they can."""
        if self.everybody.reached(tally.everybody):
            return "budget_gateway"
        if self.session.reached(tally.sessions.get(session, NOTHING)):
            return "budget_session"
        if self.person.reached(tally.people.get(person, NOTHING)):
            return "budget_person"
        return None


def day_of(at: datetime) -> date:
    """The day that something is spent on: UTC's, so that it is the same on every machine."""
    return at.astimezone(UTC).date()


def renewed(at: datetime) -> datetime:
    """When the budgets of that moment's day are renewed."""
    return datetime.combine(day_of(at) + timedelta(days=1), time(), UTC)


BUDGET_NOTICES = frozenset({"budget_gateway", "budget_session", "budget_person"})
"""The notices of messages that were declined for a budget."""


def until_renewed(now: datetime) -> str:
    """When the budgets of this day are renewed, in words: ``00:00 UTC, in 3 h 5 min``."""
    minutes = -((now - renewed(now)) // timedelta(minutes=1))
    hours, rest = divmod(minutes, 60)
    left = " ".join(f"{count} {unit}" for count, unit in ((hours, "h"), (rest, "min")) if count)
    return f"{renewed(now):%H:%M} UTC, in {left}"
