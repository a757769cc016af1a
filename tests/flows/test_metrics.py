"""What a gateway does can be read in figures."""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest

from agents.errors import Overloaded
from channels.errors import RateLimited, Rejected, Unreachable
from gateway.events import FloodWaited, ModelAnswersAgain, ModelRests, ToolEnded
from gateway.metrics import catalogue, exposition
from gateway.metrics.counting import COUNTED, UNKNOWN_TOOL
from gateway.metrics.exposition import Exposition
from gateway.metrics.instruments import MOST_NAMES, OTHERS
from gateway.metrics.readings import READ
from state.history import ToolCall, Usage
from state.keys import Address
from state.lately import Backlog
from state.memory import MemoryLedger
from state.messages import Part
from state.store import StorageFailed
from tests.contracts.examples import NOON
from tests.flows.stage import Gate, Stage, stage
from tests.unit.gateway.platform import Platform

LINE = re.compile(r"^([a-z_]+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)


class Figures:
    """The figures of a gateway on a stage."""

    def __init__(self, of: Stage) -> None:
        self._of = of
        self.exposition = Exposition()
        self.exposition.follow(of.gateway)

    async def all(self) -> dict[tuple[str, str], float]:
        """Every value by its name and labels, as it is now."""
        # What is told again for a while must not be old.
        self.exposition._made = None
        text = (await self.exposition.text()).decode()
        return {(name, labels): float(value) for name, labels, value in LINE.findall(text)}

    async def of(self, name: str) -> dict[str, float]:
        """The values of one name, by their labels."""
        return {labels: value for (n, labels), value in (await self.all()).items() if n == name}


@pytest.fixture
async def told() -> AsyncIterator[tuple[Stage, Figures]]:
    async with stage() as made:
        yield made, Figures(made)


async def test_every_metric_is_counted_or_read_and_none_twice() -> None:
    assert sorted(m.name for m in (*COUNTED, *READ)) == sorted(m.name for m in catalogue.OWN)


async def test_a_conversation_shows_in_every_stage(told: tuple[Stage, Figures]) -> None:
    on, figures = told
    on.model.usage = Usage(100, 7, 40)
    await on.says("hi", source="1")
    await on.says("hi", source="1")
    await on.hears(1)
    on.model.will((ToolCall("c1", "current_time", "{}"), ToolCall("c2", "no_such", "{}")))
    await on.says("what time is it?")
    await on.hears(1)
    seen = await figures.all()
    terminal, model = 'channel="terminal"', 'model="scripted"'
    assert seen["argent_messages_arrived_total", f'{terminal},result="accepted"'] == 2
    assert seen["argent_messages_arrived_total", f'{terminal},result="duplicate"'] == 1
    assert seen["argent_messages_ended_total", f'{terminal},outcome="replied"'] == 2
    assert seen["argent_message_seconds_count", terminal] == 2
    assert seen["argent_first_words_seconds_count", terminal] == 2
    assert seen["argent_parts_sent_total", terminal] == 2
    assert seen["argent_send_seconds_count", terminal] == 2
    assert seen["argent_turns_total", f'end="finished",{model}'] == 2
    assert seen["argent_turn_seconds_count", model] == 2
    assert seen["argent_turn_wait_seconds_count", ""] == 2
    assert seen["argent_model_call_seconds_count", model] == 3
    assert seen["argent_model_first_words_seconds_count", model] == 2
    assert seen["argent_tokens_total", f'kind="input",{model}'] == 300
    assert seen["argent_tokens_total", f'kind="cached",{model}'] == 120
    assert seen["argent_tokens_unpriced_total", model] == 321
    assert seen["argent_tool_calls_total", 'result="done",tool="current_time"'] == 1
    assert seen["argent_tool_calls_total", f'result="failed",tool="{UNKNOWN_TOOL}"'] == 1
    assert seen["argent_messages_pending", terminal] == 0
    assert seen["argent_parts_owed", terminal] == 0
    assert seen["argent_sessions", 'phase="active"'] == 1
    assert seen["argent_channel_condition", f'{terminal},condition="healthy",kind="loopback"'] == 1
    assert seen["argent_live", ""] == 1
    assert seen["argent_loop_lag_seconds_count", ""] >= 0


async def test_what_waits_is_read_with_its_age(told: tuple[Stage, Figures]) -> None:
    on, figures = told
    gate = Gate()
    on.model.will(gate)
    await on.says("think about it")
    await asyncio.wait_for(gate.reached.wait(), 10)
    seen = await figures.all()
    assert seen["argent_messages_pending", 'channel="terminal"'] == 1
    assert seen["argent_messages_pending_oldest_seconds", 'channel="terminal"'] >= 0
    assert seen["argent_turns_running", ""] == 1
    assert seen["argent_turns_waiting", ""] == 0
    assert seen["argent_sessions_working", ""] == 1
    gate.open.set()
    await on.gateway.lanes.settled()
    seen = await figures.all()
    assert seen["argent_parts_owed", 'channel="terminal"'] == 1
    assert seen["argent_parts_queued", ""] == 1
    await on.hears(1)


async def test_turns_that_wait_for_their_place_are_counted() -> None:
    gate = Gate()
    async with stage(settings={"gateway": {"max_turns": 1}}) as on:
        figures = Figures(on)
        on.model.will(gate)
        await on.says("one")
        await asyncio.wait_for(gate.reached.wait(), 10)
        await on.says("/new aside")
        await on.says("two")
        async with asyncio.timeout(10):
            while not on.gateway.thinking.waiting:  # noqa: ASYNC110 - bounded above
                await asyncio.sleep(0)
        assert (await figures.of("argent_turns_waiting")) == {"": 1}
        gate.open.set()
        await on.hears(3)


async def test_a_model_that_fails_is_counted_with_its_reason(told: tuple[Stage, Figures]) -> None:
    on, figures = told
    on.model.will(Overloaded("503"))
    await on.says("hi")
    await on.hears(1)
    seen = await figures.all()
    assert seen["argent_model_errors_total", 'code="overloaded",model="scripted"'] == 1
    assert ("argent_model_retries_total", 'model="scripted"') not in seen
    assert seen["argent_turns_total", 'end="failed",model="scripted"'] == 1
    assert seen["argent_messages_ended_total", 'channel="terminal",outcome="failed"'] == 1


async def test_what_platforms_refuse_and_delay_is_counted() -> None:
    platform = Platform(name="telegram")
    async with stage(channels=lambda _: [platform]) as on:
        figures = Figures(on)
        platform.will(
            RateLimited(0.01), Unreachable("cut off", uncertain=True), None, Rejected("no")
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("gateway.delivery._FIRST_RETRY", 0.01)
            await _owe(on, "one")
            await _owe(on, "two")
            await on.settled()
        seen = await figures.all()
    channel = 'channel="telegram"'
    assert seen["argent_flood_waits_total", channel] == 1
    assert seen["argent_flood_wait_seconds_total", channel] == pytest.approx(0.01)
    assert seen["argent_parts_retried_total", channel] == 1
    assert seen["argent_parts_unknown_total", channel] == 1
    assert seen["argent_parts_repeated_total", channel] == 1
    assert seen["argent_parts_sent_total", channel] == 1
    assert seen["argent_parts_failed_total", channel] == 1


async def test_models_and_tools_without_end_are_counted_as_others(
    told: tuple[Stage, Figures],
) -> None:
    on, figures = told
    for number in range(MOST_NAMES + 50):
        on.gateway.feed.publish(ModelRests(f"model-{number}", "503"))
        on.gateway.feed.publish(ToolEnded("s", "1", f"tool-{number}", True, False, 0.1))
    on.gateway.feed.publish(ModelAnswersAgain("model-1"))
    resting = await figures.of("argent_model_resting")
    assert len(resting) == MOST_NAMES + 1
    assert resting[f'model="{OTHERS}"'] == 1
    assert resting['model="model-1"'] == 0
    tools = await figures.of("argent_tool_calls_total")
    assert tools[f'result="done",tool="{OTHERS}"'] == 50


async def test_many_who_ask_at_once_cost_one_look(
    told: tuple[Stage, Figures], monkeypatch: pytest.MonkeyPatch
) -> None:
    on, figures = told
    asked = 0
    ask = on.ledger.backlog

    async def counted() -> Backlog:
        nonlocal asked
        asked += 1
        return await ask()

    monkeypatch.setattr(on.ledger, "backlog", counted)
    first, *others = await asyncio.gather(*(figures.exposition.text() for _ in range(100)))
    assert set(others) == {first}
    assert asked == 1
    on.gateway.feed.publish(FloodWaited("terminal", 1.0))
    assert await figures.exposition.text() == first


class Stuck(MemoryLedger):
    """Answers no question about its backlog."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self._how = how

    async def backlog(self) -> Backlog:
        if self._how == "fails":
            raise StorageFailed("the disk is gone")
        await asyncio.get_running_loop().create_future()
        raise AssertionError


@pytest.mark.parametrize("how", ["fails", "hangs"])
async def test_figures_are_told_also_when_the_ledger_is_stuck(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exposition, "PATIENCE", 0.05)
    async with stage(ledger=Stuck(how)) as on:
        async with asyncio.timeout(10):
            seen = await Figures(on).all()
    assert seen["argent_live", ""] == 1
    assert not any(name == "argent_parts_owed" for name, _ in seen)


async def _owe(on: Stage, text: str) -> None:
    address = Address("telegram", "7")
    owed = await on.ledger.announce(text, address, [Part(text, text)], at=NOON)
    on.gateway.delivery.post(owed)
