"""A budget that is used up in the middle of a day, and the next day."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from agents.errors import Overloaded
from gateway.clock import Clock
from state.files import open_state
from state.history import AssistantEntry, SummaryEntry, Usage
from state.messages import Outcome
from state.spending import Per, Spent
from tests.flows.stage import Gate, Stage, stage

NOON = datetime(2026, 1, 30, 12, 30, tzinfo=UTC)
EVERYBODY = "I have used up what I may use today. I go on at 00:00 UTC, in 11 h 30 min."
HERE = (
    "This conversation has used up its budget for today. It goes on at 00:00 UTC, in 11 h 30 min."
)
YOU = "You have used up your budget for today. I go on at 00:00 UTC, in 11 h 30 min."
OWNERS = (
    "Today's budget is used up: I decline messages until 00:00 UTC, in 11 h 30 min. "
    "`argent usage` shows what it went into; `budget` in the settings says how much it is."
)


class Wrist(Clock):
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.time = NOON

    def now(self) -> datetime:
        return self.time


@dataclass
class Day:
    """The stage, and its clock. Each answer costs 100 tokens in and 20 out."""

    stage: Stage
    clock: Wrist

    async def asks(self, text: str, **facts: Any) -> str:
        """Says something; what is answered."""
        await self.stage.says(text, **facts)
        (answer,) = await self.stage.hears(chat=facts.get("chat", "local"))
        return answer

    async def spent(self, per: Per = Per.DAY) -> dict[str, Spent]:
        return dict(await self.stage.ledger.spent(per, date(2026, 1, 1)))


@pytest.fixture(params=["memory", "files"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    """Where the state is; None for the reference stores."""
    return tmp_path if request.param == "files" else None


@asynccontextmanager
async def day(folder: Path | None = None, **settings: Any) -> AsyncIterator[Day]:
    clock = Wrist()
    parts: dict[str, Any] = {"settings": settings, "clock": clock}
    state = None if folder is None else await open_state(folder)
    if state is not None:
        parts |= {"sessions": state.sessions, "ledger": state.ledger}
    try:
        async with stage(**parts) as set_up:
            set_up.model.usage = Usage(100, 20, 50)
            set_up.model.name = "openai:gpt-4o"
            yield Day(set_up, clock)
    finally:
        if state is not None:
            await state.close()


async def test_a_message_beyond_the_budget_is_declined_until_the_next_day(
    folder: Path | None,
) -> None:
    async with day(folder, budget={"session_tokens_per_day": 240}) as today:
        assert await today.asks("one") == "echo: one"
        assert await today.asks("two") == "echo: two"
        assert await today.asks("three") == HERE
        today.clock.time += timedelta(hours=11, minutes=29)
        assert (await today.asks("four")).endswith("It goes on at 00:00 UTC, in 1 min.")
        today.clock.time += timedelta(minutes=1)
        assert await today.asks("five") == "echo: five"
        assert (await today.stage.ledger.counts()).outcomes == {
            Outcome.REPLIED: 3,
            Outcome.DECLINED: 2,
        }
        assert await today.spent() == {
            "2026-01-30": Spent(200, 40, 100, 2 * 388),
            "2026-01-31": Spent(100, 20, 50, 388),
        }


async def test_what_was_declined_is_in_the_history_and_the_model_is_shown_the_question() -> None:
    async with day(budget={"session_tokens_per_day": 1}) as today:
        await today.asks("one")
        await today.asks("two")
        *_, question, declined = await today.stage.history()
        assert question.content == "two"
        assert isinstance(declined, AssistantEntry)
        assert (declined.notice, declined.content) == ("budget_session", HERE)
        assert len(today.stage.model.requests) == 1


async def test_what_was_spent_before_a_restart_counts(folder: Path | None) -> None:
    async with day(folder, budget={"person_tokens_per_day": 100}) as today:
        await today.asks("one")
        await today.stage.restart()
        assert await today.asks("two") == YOU


async def test_the_gateways_budget_is_everybodys_and_its_owners_hear_of_it_once() -> None:
    async with day(budget={"cost_per_day": 0.0007}) as today:
        assert await today.asks("one") == "echo: one"
        await today.stage.says("two")
        assert sorted(await today.stage.hears(2)) == sorted(["echo: two", OWNERS])
        assert await today.asks("three", chat="elsewhere") == EVERYBODY
        assert await today.asks("four") == EVERYBODY


async def test_commands_work_without_a_budget() -> None:
    async with day(budget={"session_tokens_per_day": 1}) as today:
        await today.asks("one")
        assert "Today (UTC): 120 tokens, $0.00" in await today.asks("/status")
        assert await today.asks("two") == HERE


async def test_a_clock_that_is_set_forward_and_back_does_not_forget_what_was_spent() -> None:
    async with day(budget={"session_tokens_per_day": 1}) as today:
        await today.asks("one")
        today.clock.time += timedelta(days=365)
        assert await today.asks("two") == "echo: two"
        today.clock.time -= timedelta(days=365)
        assert await today.asks("three") == HERE


async def test_without_budgets_everything_is_counted_and_nothing_is_declined() -> None:
    async with day() as today:
        for text in ("one", "two", "three"):
            assert await today.asks(text) == f"echo: {text}"
        assert await today.spent(Per.PERSON) == {"terminal:local": Spent(300, 60, 150, 3 * 388)}


async def test_an_answer_of_a_model_without_a_price_costs_nothing_and_says_so() -> None:
    async with day() as today:
        today.stage.model.name = "openai:brand-new"
        await today.asks("one")
        assert await today.spent(Per.MODEL) == {"openai:brand-new": Spent(100, 20, 50, 0, 120)}
        assert "Today (UTC): 120 tokens, cost unknown" in await today.asks("/status")


async def test_a_price_of_the_owners_goes_before_the_table() -> None:
    prices = {"openai:gpt-4o": {"input": 1, "output": 10, "cached": 0}}
    async with day(models={"prices": prices}) as today:
        await today.asks("one")
        assert await today.spent() == {"2026-01-30": Spent(100, 20, 50, 250)}


async def test_a_turn_that_fails_spends_nothing() -> None:
    async with day() as today:
        today.stage.model.will(Overloaded("busy"))
        await today.asks("one")
        assert await today.spent() == {}


@asynccontextmanager
async def crash_at_the_end(today: Day, *, after: int = 0) -> AsyncIterator[None]:
    """The process dies when what is asked meanwhile is in the history, and not in the ledger.

    So many turns end well before that.
    """
    turns = count()
    ledger, finish, reached = today.stage.ledger, today.stage.ledger.finish, asyncio.Event()

    async def never(*args: Any, **facts: Any) -> Any:
        if next(turns) < after:
            return await finish(*args, **facts)
        reached.set()
        return await asyncio.Event().wait()

    ledger.finish = never  # type: ignore[method-assign]
    yield
    await reached.wait()
    await today.stage.stop(0)
    ledger.finish = finish  # type: ignore[method-assign]
    await today.stage.start()


async def test_an_answer_that_a_crash_left_in_the_history_is_paid_once(folder: Path | None) -> None:
    async with day(folder) as today:
        async with crash_at_the_end(today):
            await today.stage.says("one")
        assert await today.stage.hears() == ["echo: one"]
        assert await today.spent() == {"2026-01-30": Spent(100, 20, 50, 388)}


async def test_an_answer_to_several_messages_is_paid_once_after_a_crash(
    folder: Path | None,
) -> None:
    async with day(folder) as today:
        gate = Gate()
        today.stage.model.will(gate)
        async with crash_at_the_end(today, after=1):
            await today.stage.says("one")
            await gate.reached.wait()
            await today.stage.says("two")
            await today.stage.says("three")
            gate.open.set()
        await today.stage.settled()
        assert await today.spent() == {"2026-01-30": Spent(200, 40, 100, 776)}


async def test_what_was_declined_before_a_crash_is_declined_after_it() -> None:
    async with day(budget={"session_tokens_per_day": 1}) as today:
        await today.asks("one")
        async with crash_at_the_end(today):
            await today.stage.says("two")
        assert await today.stage.hears() == [HERE]
        outcomes = (await today.stage.ledger.counts()).outcomes
        assert outcomes == {Outcome.REPLIED: 1, Outcome.DECLINED: 1}


async def test_a_summary_is_its_sessions_and_no_persons() -> None:
    small = {"max_messages": 6, "compact_ratio": 0.5, "preserve_recent": 2}
    async with day(agents={"defaults": {"session": small}}) as today:
        for number in range(6):
            await today.asks(f"question {number}" + " and so on" * 40)
        summaries = [e for e in await today.stage.history() if isinstance(e, SummaryEntry)]
        spent = await today.spent(Per.PERSON)
        assert spent["terminal:local"].tokens == 6 * 120
        assert summaries
        assert spent["terminal:summaries"].tokens == sum(
            e.usage.input + e.usage.output for e in summaries if e.usage
        )
        assert today.stage.gateway.purse.today().tokens == sum(s.tokens for s in spent.values())
