"""What is spent today, in memory, and what may still be spent.

The ledger is where it is kept; this is the sum of it, so that a budget costs a turn no question.
One gateway owns the ledger, so the sum is exact.
"""

from collections.abc import Callable
from datetime import date, datetime

import structlog

from agents.prices import price_of
from gateway.budgets import Budgets, Tally, day_of, until_renewed
from gateway.clock import Clock
from gateway.current import Current
from gateway.notices import notice
from gateway.trouble import Trouble
from state.history import AssistantEntry, Entry, SummaryEntry, Usage
from state.keys import SessionId
from state.messages import Accepted, InboundMessage
from state.session import Session
from state.spending import NOTHING, SUMMARIES, Per, Spending, Spent
from state.store import Ledger

_DAYS = 2
"""A clock that is set back for a moment must not forget what was spent."""

_log = structlog.get_logger("spending")


class Purse:
    """Prices what models say, and knows who can be answered no more today.

    `announce` tells the owners something, and `noted` hears of everything that is spent.
    """

    def __init__(
        self,
        ledger: Ledger,
        trouble: Trouble,
        settings: Current,
        clock: Clock,
        announce: Callable[[str], None],
        noted: Callable[[Spending], None] = lambda _: None,
    ) -> None:
        self._ledger = ledger
        self._trouble = trouble
        self._settings = settings
        self._budgets = settings.derived(lambda now: Budgets.of(now.budget))
        self._clock = clock
        self._announce = announce
        self._noted = noted
        self._days: dict[date, Tally] = {}

    async def open(self) -> None:
        """Read what was spent today already. Raises `StorageFailed`."""
        today = day_of(self._clock.now())
        sessions = await self._ledger.spent(Per.SESSION, today, today)
        people = await self._ledger.spent(Per.PERSON, today, today)
        everybody = sum(sessions.values(), NOTHING)
        self._days = {today: Tally(dict(sessions), dict(people), everybody)}

    def spending(self, said: Entry, accepted: Accepted) -> Spending | None:
        """What an answer cost, on behalf of whoever sent the message; None where nobody counted."""
        message = accepted.message
        if not isinstance(message, InboundMessage):
            return None
        if not isinstance(said, AssistantEntry | SummaryEntry) or not (usage := said.usage):
            return None
        if not usage.input and not usage.output:
            return None  # its provider does not count
        model, account = said.model or "unknown", message.address.channel
        spent, person = self._price(usage, model), message.sender.id
        return Spending(day_of(said.at), account, person, accepted.session, model, spent)

    async def summarised(self, session: Session, summary: SummaryEntry, *, model: str) -> None:
        """Note what a summary cost. It is the session's, and no person's.

        `model` was asked for it, even where its words were not taken.
        """
        if summary.usage is not None:
            await self.beside(session, summary.usage, model=model, at=summary.at)

    async def beside(self, session: Session, usage: Usage, *, model: str, at: datetime) -> None:
        """Note what was used for a session that nobody asked for: a summary, or a title."""
        if not usage.input and not usage.output:
            return  # its provider does not count
        spent = self._price(usage, model)
        account = session.key.channel
        spending = Spending(day_of(at), account, SUMMARIES, session.id, model, spent)
        await self._trouble.insist(lambda: self._ledger.spend(spending))
        self.spent(spending)

    def spent(self, spending: Spending) -> None:
        """Count what the ledger has taken. The owners are told when that was the last of it."""
        self._noted(spending)
        now = self._clock.now()
        today, limit = self._tally(day_of(now)), self._budgets().everybody
        # What a crash left of an earlier day is decided; it must not push this day out.
        tally = self._days.get(spending.day)
        if tally is None:
            return
        before = limit.reached(tally.everybody)
        tally.add(spending)
        if tally is today and not before and limit.reached(tally.everybody):
            _log.warning("budget_used_up", tokens=tally.everybody.tokens)
            self._announce(notice("budget_used_up", reset=until_renewed(now)))

    def declined(self, accepted: Accepted) -> tuple[str, str] | None:
        """Why a message cannot be answered today: a notice's name and its text; None if it can."""
        message = accepted.message
        if not isinstance(message, InboundMessage):
            return None
        now = self._clock.now()
        name = self._budgets().exhausted(
            self._tally(day_of(now)),
            session=accepted.session,
            person=f"{message.address.channel}:{message.sender.id}",
        )
        return None if name is None else (name, notice(name, reset=until_renewed(now)))

    def today(self, session: SessionId | None = None) -> Spent:
        """What was spent today on a session, or on everybody."""
        tally = self._tally(day_of(self._clock.now()))
        return tally.everybody if session is None else tally.sessions.get(session, NOTHING)

    def _price(self, usage: Usage, model: str) -> Spent:
        price = price_of(model, self._settings.now.models.prices)
        return Spent.of(usage, None if price is None else price.cost_micro(usage))

    def _tally(self, day: date) -> Tally:
        if day not in self._days:
            self._days[day] = Tally()
            while len(self._days) > _DAYS:
                del self._days[next(iter(self._days))]
        return self._days[day]
