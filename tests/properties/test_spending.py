"""Whatever is said, wherever the process dies: the table holds what the histories say, once."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.clock import Clock
from state.history import AssistantEntry, SummaryEntry, Usage
from state.keys import SessionId
from state.memory import MemoryLedger
from state.spending import NOTHING, Per, Spending, Spent, totals
from tests.flows.stage import Stage

LONG_AGO = date(2000, 1, 1)
SMALL = {"max_messages": 6, "compact_ratio": 0.5, "preserve_recent": 2}
"""What is summarised now and then; that costs, too."""
counts = st.integers(0, 10**6)
usages = st.builds(lambda i, o, c: Usage(i, o, min(i, c)), counts, counts, counts)


class Wrist(Clock):
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 30, 22, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


class Crashing(MemoryLedger):
    """A ledger whose process may die between the history and the end of a message."""

    def __init__(self) -> None:
        super().__init__()
        self.dies = False
        self.dead = asyncio.Event()

    async def finish(self, *args: Any, **kwargs: Any) -> Any:
        if self.dies:
            self.dead.set()
            await asyncio.Event().wait()
        return await super().finish(*args, **kwargs)


steps = st.lists(
    st.tuples(
        st.sampled_from(["ann", "bob"]),
        usages,
        st.sampled_from(["", "dies", "a day passes", "restarts"]),
    ),
    min_size=1,
    max_size=8,
)


async def lived(script: list[tuple[str, Usage, str]], ledger: Crashing) -> Stage:
    clock = Wrist()
    settings = {"agents": {"defaults": {"session": SMALL}}}
    stage = Stage(settings=settings, ledger=ledger, clock=clock)
    stage.model.name = "openai:gpt-4o"
    await stage.start()
    for number, (chat, usage, fate) in enumerate(script):
        stage.model.usage = usage
        ledger.dies = fate == "dies"
        await stage.says(f"message {number}", chat=chat)
        if fate == "dies":
            await ledger.dead.wait()
            await stage.stop(0)
            ledger.dies = False
            ledger.dead.clear()
            await stage.start()
        await stage.settled()
        if fate == "a day passes":
            clock.time += timedelta(days=1)
        if fate == "restarts":
            await stage.restart()
    return stage


@given(steps)
def test_the_table_is_the_sum_of_the_histories(script: list[tuple[str, Usage, str]]) -> None:
    async def play() -> None:
        ledger = Crashing()
        stage = await lived(script, ledger)
        used = Usage()
        for session in await stage.sessions.ids():
            for entry in await stage.sessions.entries(session):
                if isinstance(entry, AssistantEntry | SummaryEntry) and entry.usage:
                    used += entry.usage
        for per in Per:
            spent = sum((await ledger.spent(per, LONG_AGO)).values(), NOTHING)
            assert (spent.input, spent.output, spent.cached) == (
                used.input,
                used.output,
                used.cached,
            )
        today = sum(
            (await ledger.spent(Per.DAY, stage.gateway.clock.now().date())).values(), NOTHING
        )
        assert stage.gateway.purse.today() == today
        await stage.stop()

    asyncio.run(play())


spendings = st.lists(
    st.builds(
        Spending,
        st.dates(date(2026, 1, 1), date(2026, 1, 5)),
        st.sampled_from(["telegram", "telegram-work"]),
        st.sampled_from(["1", "2"]),
        st.sampled_from([SessionId("a"), SessionId("b")]),
        st.sampled_from(["openai:gpt-4o", "unknown"]),
        st.builds(Spent, counts, counts, counts, counts, counts),
    )
)


@given(spendings)
def test_however_it_is_summed_it_is_the_same_sum(every: list[Spending]) -> None:
    whole = sum((each.spent for each in every), NOTHING)
    for per in Per:
        assert sum(totals(every, per).values(), NOTHING) == whole
