"""What the models cost: tokens and money, by day, session, person and model. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from state.history import Usage
from state.keys import SessionId

MICRO = 1_000_000
"""Parts of a US dollar that money is counted in: sums of whole numbers are exact."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens as providers counted them, and what they cost in millionths of a US dollar.

    `cached` of the input tokens were read from a provider's cache. `unpriced` tokens are those of
    models whose price nobody knows: they cost nothing here, and the real cost is higher.
    """

    input: int = 0
    output: int = 0
    cached: int = 0
    cost_micro: int = 0
    unpriced: int = 0

    @classmethod
    def of(cls, usage: Usage, cost_micro: int | None) -> "Spent":
        """A usage and its cost, None where that is unknown."""
        unpriced = usage.input + usage.output if cost_micro is None else 0
        return cls(usage.input, usage.output, usage.cached, cost_micro or 0, unpriced)

    @property
    def tokens(self) -> int:
        """Input and output together."""
        return self.input + self.output

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(
            self.input + other.input,
            self.output + other.output,
            self.cached + other.cached,
            self.cost_micro + other.cost_micro,
            self.unpriced + other.unpriced,
        )


NOTHING = Spent()
"""What nobody has spent yet."""

SUMMARIES = "summaries"
"""The user on whose behalf conversations are summarised: no person asked for that."""

ERASED = "erased"
"""The user, and the session, that stand for those that were erased: what they cost was spent."""

NO_PERSONS = frozenset({SUMMARIES, ERASED})
"""The users that are nobody."""


@dataclass(frozen=True, slots=True)
class Spending:
    """What one answer or summary cost, and on whose behalf.

    `account` and `user` are those of the person who asked; `day` is the gateway's (its budgets
    begin anew with it).
    """

    day: date
    account: str
    user: str
    session: SessionId
    model: str
    spent: Spent

    @property
    def person(self) -> str:
        """``<account>:<user>``; an account's name has no colon."""
        return f"{self.account}:{self.user}"


class Per(StrEnum):
    """What spending is summed by."""

    DAY = "day"
    SESSION = "session"
    PERSON = "person"
    MODEL = "model"


def totals(spendings: Iterable[Spending], per: Per) -> dict[str, Spent]:
    """The sums by what `per` says: an ISO date, a session's id, a person or a model."""
    sums: dict[str, Spent] = {}
    for each in spendings:
        name = _name(each, per)
        sums[name] = sums.get(name, NOTHING) + each.spent
    return sums


def _name(spending: Spending, per: Per) -> str:
    match per:
        case Per.DAY:
            return spending.day.isoformat()
        case Per.SESSION:
            return spending.session
        case Per.PERSON:
            return spending.person
        case Per.MODEL:
            return spending.model
