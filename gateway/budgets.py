"""How much may be spent in a day, and whether it is. Pure.

A budget is looked at before a turn begins: the turn that reaches it is still answered, and others
that run at that moment, too.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator

from state.spending import MICRO, NOTHING, Spending, Spent


def zone(name: str) -> tzinfo:
    """The time zone of that name. Raises ValueError where this machine knows none."""
    if name == "UTC":
        # Needs no database of time zones, which a small container may lack.
        return UTC
    try:
        return ZoneInfo(name)
    except (LookupError, OSError, ValueError) as error:
        raise ValueError(
            f"{name!r} is no time zone here: write UTC, or a name like Europe/Berlin"
        ) from error


_Tokens = Annotated[int, Field(ge=0)]
_Dollars = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class BudgetSettings(BaseModel):
    """How much models may be used in a day; 0: as much as you like. Tokens are those of input and
    output together, costs are in US dollars."""

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

    timezone: str = "UTC"
    """Where the day begins and ends: `UTC`, or a name like `Europe/Berlin`."""

    @field_validator("timezone")
    @classmethod
    def _a_zone(cls, name: str) -> str:
        zone(name)
        return name


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
    """All limits, and the time zone in which their day begins and ends."""

    everybody: Limit
    session: Limit
    person: Limit
    zone: tzinfo

    @classmethod
    def of(cls, settings: BudgetSettings) -> Self:
        """As they are set."""
        return cls(
            Limit.of(settings.tokens_per_day, settings.cost_per_day),
            Limit.of(settings.session_tokens_per_day, settings.session_cost_per_day),
            Limit.of(settings.person_tokens_per_day, settings.person_cost_per_day),
            zone(settings.timezone),
        )

    def day(self, at: datetime) -> date:
        """The day of a moment."""
        return at.astimezone(self.zone).date()

    def renewed(self, at: datetime) -> datetime:
        """When the budgets of that moment's day are renewed: the next midnight, in their zone."""
        tomorrow = self.day(at) + timedelta(days=1)
        return datetime.combine(tomorrow, time(), self.zone)

    def exhausted(self, tally: Tally, *, session: str, person: str) -> str | None:
        """The name of the notice for whoever can be answered no more today, None when they can."""
        if self.everybody.reached(tally.everybody):
            return "budget_gateway"
        if self.session.reached(tally.sessions.get(session, NOTHING)):
            return "budget_session"
        if self.person.reached(tally.people.get(person, NOTHING)):
            return "budget_person"
        return None


BUDGET_NOTICES = frozenset({"budget_gateway", "budget_session", "budget_person"})
"""The notices of messages that were declined for a budget."""


def until(renewed: datetime, now: datetime) -> str:
    """When a budget is renewed, in words: ``00:00 UTC, in 3 h 5 min``."""
    minutes = max(-(-(renewed - now) // timedelta(minutes=1)), 1)
    hours, rest = divmod(minutes, 60)
    left = " ".join(f"{count} {unit}" for count, unit in ((hours, "h"), (rest, "min")) if count)
    return f"{renewed:%H:%M} {renewed:%Z}, in {left}"
