"""A dead model costs nobody any waiting, and is asked again as soon as it answers."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import pytest

from agents.agent import Agent, TurnFinished
from agents.errors import AuthFailed, ModelError, NotReachable, Overloaded, Refused, Resting
from agents.models.guarded import Breakers
from agents.models.model import TextDelta, Timeouts
from agents.tools.builtin import harmless_tools
from agents.tools.tool import Toolbox
from agents.transcript import Transcript, UserSays
from tests.unit.agents.doubles import ScriptedModel, Silence, a_session, answer

HI = (TextDelta("hi"), answer("hi"))
DEAD = [NotReachable("no connection")]


async def at_once(_seconds: float) -> None:
    await asyncio.sleep(0)


@dataclass
class Watched:
    """Breakers on a clock of the test's, whose probes wait until they are let go."""

    breakers: Breakers = field(init=False)
    now: float = 0.0
    rests: list[float] = field(default_factory=list)
    news: list[tuple[str, str | None]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    async def rest(self, seconds: float) -> None:
        self.rests.append(seconds)
        await self.go.acquire()

    def heard(self, name: str, why: str | None) -> None:
        self.news.append((name, why))
        self.changed.set()

    async def dies(self, agent: Agent) -> None:
        """Let calls fail, one a second, until the model rests."""
        for _ in range(10):
            self.now += 1.0
            with pytest.raises(ModelError):
                await turn(agent)
            if self.breakers.resting:
                return
        raise AssertionError("it does not rest")


@asynccontextmanager
async def watched(timeouts: Timeouts | None = None) -> AsyncIterator[Watched]:
    made = Watched()
    made.breakers = Breakers(timeouts=timeouts or Timeouts(), now=lambda: made.now, sleep=made.rest)
    made.breakers.on_change = made.heard
    try:
        yield made
    finally:
        await made.breakers.close()


def an_agent(watch: Watched, *models: ScriptedModel, attempts: int = 1) -> Agent:
    guarded = [watch.breakers.guard(model) for model in models]
    return Agent(guarded, attempts=attempts, sleep=at_once, timeouts=watch.breakers.timeouts)


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop go on until a condition holds."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0)


def asked(model: ScriptedModel, times: int) -> bool:
    return len(model.requests) == times


async def turn(agent: Agent) -> str:
    """One turn; returns the model that answered."""
    events = agent.run(
        system="",
        transcript=Transcript(),
        question=(UserSays("hello"),),
        tools=Toolbox(harmless_tools(a_session())),
    )
    async with asyncio.timeout(10):
        finished = [event async for event in events][-1]
    assert isinstance(finished, TurnFinished)
    return finished.model


async def test_a_dead_model_is_not_asked_and_says_why() -> None:
    dead = ScriptedModel("one", DEAD)
    async with watched() as watch:
        agent = an_agent(watch, dead)
        await watch.dies(agent)
        calls = len(dead.requests)
        with pytest.raises(Resting, match="no connection"):
            await turn(agent)
        assert len(dead.requests) == calls
        assert watch.breakers.resting == {"one": "no connection"}
        assert watch.news == [("one", "no connection")]


async def test_its_fallback_is_used_at_once() -> None:
    dead, other = ScriptedModel("one", DEAD), ScriptedModel("two", HI)
    async with watched() as watch:
        await watch.dies(an_agent(watch, dead))
        calls = len(dead.requests)
        assert await turn(an_agent(watch, dead, other, attempts=3)) == "two"
        assert len(dead.requests) == calls


async def test_a_probe_that_has_an_answer_heals_it() -> None:
    model = ScriptedModel("one", *[DEAD] * 8, HI)
    async with watched() as watch:
        agent = an_agent(watch, model)
        await watch.dies(agent)
        watch.changed.clear()
        for _ in range(8):
            watch.go.release()
        async with asyncio.timeout(10):
            await watch.changed.wait()
        assert watch.news[-1] == ("one", None)
        assert await turn(agent) == "one"
        assert watch.rests == sorted(watch.rests)


async def test_a_probe_that_breaks_is_followed_by_another() -> None:
    model = ScriptedModel("one", *[DEAD] * 6, [RuntimeError("a defect")], HI)
    async with watched() as watch:
        agent = an_agent(watch, model)
        await watch.dies(agent)
        watch.go.release()
        watch.go.release()
        await until(lambda: not watch.breakers.resting)
        assert await turn(agent) == "one"


async def test_a_model_that_dies_again_is_asked_by_one_probe_alone() -> None:
    model = ScriptedModel("one", DEAD)
    async with watched() as watch:
        agent = an_agent(watch, model)
        await watch.dies(agent)
        # A call that began before it died, and has its answer only now.
        watch.breakers.answered("one")
        await watch.dies(agent)
        await until(lambda: len(watch.rests) == 2)
        calls = len(model.requests)
        watch.go.release()
        watch.go.release()
        await until(lambda: len(watch.rests) == 3)
        for _ in range(9):
            await asyncio.sleep(0)
        assert len(model.requests) == calls + 1


async def test_a_model_that_nobody_probes_any_more_is_asked_and_counts_as_such() -> None:
    model = ScriptedModel("one", DEAD)
    async with watched() as watch:
        agent = an_agent(watch, model)
        await watch.dies(agent)
        await watch.breakers.close()
        calls = len(model.requests)
        with pytest.raises(NotReachable):
            await turn(agent)
        assert len(model.requests) == calls + 1
        assert watch.news[-1] == ("one", None)
        assert not watch.breakers.resting


async def test_agents_of_the_same_model_learn_from_each_other() -> None:
    async with watched() as watch:
        await watch.dies(an_agent(watch, ScriptedModel("one", DEAD)))
        with pytest.raises(Resting):
            await turn(an_agent(watch, ScriptedModel("one", HI)))
        assert await turn(an_agent(watch, ScriptedModel("two", HI))) == "two"


@pytest.mark.parametrize("error", [AuthFailed("HTTP 401"), Refused("no")])
async def test_a_model_that_declines_is_alive(error: ModelError) -> None:
    async with watched() as watch:
        agent = an_agent(watch, ScriptedModel("one", [error]))
        for _ in range(20):
            watch.now += 1.0
            with pytest.raises(type(error)):
                await turn(agent)
        assert not watch.breakers.resting


async def test_an_answer_in_between_makes_it_whole() -> None:
    scripts = [[Overloaded("HTTP 500")]] * 4 + [HI]
    async with watched() as watch:
        agent = an_agent(watch, ScriptedModel("one", *scripts * 5))
        for number in range(25):
            watch.now += 2.0
            if number % 5 == 4:
                assert await turn(agent) == "one"
            else:
                with pytest.raises(Overloaded):
                    await turn(agent)
        assert not watch.breakers.resting


async def test_silence_counts_as_far_as_its_caller_was_patient() -> None:
    silent = ScriptedModel("one", [Silence()])
    async with watched(Timeouts(first_byte=0.01)) as watch:
        agent = an_agent(watch, silent)

        async def waited() -> None:
            asking = asyncio.create_task(turn(agent))
            await until(lambda: silent.closed < len(silent.requests))
            watch.now += 2.0
            with pytest.raises(ModelError):
                await asking

        for _ in range(5):
            await waited()
        assert "no word within" in watch.breakers.resting["one"]


async def test_a_call_that_somebody_stopped_says_nothing() -> None:
    silent = ScriptedModel("one", [Silence()])
    async with watched() as watch:
        agent = an_agent(watch, silent)
        for number in range(1, 10):
            watch.now += 2.0
            asking = asyncio.create_task(turn(agent))
            await until(partial(asked, silent, number))
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        assert not watch.breakers.resting
