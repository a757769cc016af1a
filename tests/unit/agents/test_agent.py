import asyncio
from contextlib import aclosing, suppress

import pytest

from agents.agent import (
    Agent,
    AgentEvent,
    Answered,
    Failed,
    Restarted,
    ToolFinished,
    ToolStarted,
    TurnFinished,
)
from agents.attempts import LONGEST_OBEYED_WAIT
from agents.errors import (
    AuthFailed,
    BadResponse,
    ContextOverflow,
    ModelError,
    NotReachable,
    OutOfCredit,
    Overloaded,
    RateLimited,
    Refused,
    TimedOut,
    TooManySteps,
)
from agents.models.model import TextDelta, Timeouts, Working
from agents.tools.builtin import harmless_tools
from agents.tools.tool import Arguments, Tool, Toolbox, describe
from agents.transcript import AssistantSays, ToolsSay, Transcript, UserSays
from state.history import ToolCall, Usage
from tests.unit.agents.doubles import ScriptedModel, Silence, a_session, answer, forever

HI = (TextDelta("hi"), answer("hi"))
TIME = ToolCall("call-0001", "current_time", "{}")


class Naps:
    """Stands in for sleeping, and remembers for how long."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


def an_agent(
    *models: ScriptedModel,
    naps: Naps | None = None,
    timeouts: Timeouts | None = None,
    attempts: int = 3,
    max_steps: int = 4,
) -> Agent:
    return Agent(
        models,
        timeouts=timeouts or Timeouts(),
        attempts=attempts,
        max_steps=max_steps,
        sleep=naps or Naps(),
        random=lambda: 1.0,
    )


async def watched(
    agent: Agent, seen: list[AgentEvent], *, tools: Toolbox | None = None
) -> list[AgentEvent]:
    turn = agent.run(
        system="be kind",
        transcript=Transcript(),
        question=(UserSays("hello"),),
        tools=tools or Toolbox(harmless_tools(a_session())),
    )
    async with asyncio.timeout(10):
        async for event in turn:
            seen.append(event)  # noqa: PERF401 - what came before an error stays
    return seen


async def run(agent: Agent, *, tools: Toolbox | None = None) -> list[AgentEvent]:
    """What happens in a turn, without how each call went."""
    seen = await watched(agent, [], tools=tools)
    return [each for each in seen if not isinstance(each, Answered | Failed | ToolFinished)]


async def failure(agent: Agent) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await run(agent)
    return caught.value


async def test_words_stream_and_the_turn_ends_with_the_answer() -> None:
    model = ScriptedModel("one", [TextDelta("h"), Working(), TextDelta("i"), answer("hi")])
    events = await run(an_agent(model))
    finished = TurnFinished((AssistantSays("hi"),), "one", Usage())
    assert events == [TextDelta("h"), TextDelta("i"), finished]
    assert model.closed == 1


async def test_tools_run_between_two_calls_of_the_model() -> None:
    model = ScriptedModel("one", [answer("", TIME)], HI)
    events = await run(an_agent(model))
    assert events[:2] == [ToolStarted("current_time"), TextDelta("hi")]
    finished = events[-1]
    assert isinstance(finished, TurnFinished)
    step, results, last = finished.said
    assert step == AssistantSays("", (TIME,))
    assert isinstance(results, ToolsSay)
    assert not results.results[0].failed
    assert last == AssistantSays("hi")
    assert model.requests[1].turn == (UserSays("hello"), step, results)


async def test_calls_of_one_step_run_at_the_same_time() -> None:
    both = asyncio.Barrier(2)

    async def meet(_: Arguments) -> str:
        await both.wait()
        return "met"

    tools = Toolbox([Tool(describe("meet", "Meets.", Arguments), Arguments, meet)])
    calls = (ToolCall("call-0001", "meet", "{}"), ToolCall("call-0002", "meet", "{}"))
    events = await run(an_agent(ScriptedModel("one", [answer("", *calls)], HI)), tools=tools)
    finished = events[-1]
    assert isinstance(finished, TurnFinished)
    results = finished.said[1]
    assert isinstance(results, ToolsSay)
    assert [result.content for result in results.results] == ["met", "met"]


async def test_an_endless_tool_loop_ends_with_an_answer_without_tools() -> None:
    loop = [answer("", TIME)]
    model = ScriptedModel("one", loop, loop, HI)
    events = await run(an_agent(model, max_steps=2))
    assert isinstance(events[-1], TurnFinished)
    assert [request.conclude for request in model.requests] == [False, False, True]


async def test_a_model_that_never_answers_in_words_ends_with_too_many_steps() -> None:
    error = await failure(an_agent(ScriptedModel("one", [answer("", TIME)]), max_steps=2))
    assert isinstance(error, TooManySteps)


async def test_a_failure_is_tried_again_after_a_growing_wait() -> None:
    naps = Naps()
    model = ScriptedModel("one", [Overloaded("a")], [NotReachable("b")], HI)
    events = await run(an_agent(model, naps=naps))
    assert isinstance(events[-1], TurnFinished)
    assert naps.taken == [0.5, 1.0]


async def test_the_provider_says_how_long_to_wait() -> None:
    naps = Naps()
    model = ScriptedModel("one", [RateLimited("slow down", retry_after=7)], HI)
    await run(an_agent(model, naps=naps))
    assert 7 <= naps.taken[0] <= 8


async def test_a_long_wait_is_not_waited_for_when_there_is_another_model() -> None:
    naps = Naps()
    busy = ScriptedModel("one", [RateLimited("come back later", LONGEST_OBEYED_WAIT + 1)])
    events = await run(an_agent(busy, ScriptedModel("two", HI), naps=naps))
    finished = events[-1]
    assert isinstance(finished, TurnFinished)
    assert (finished.model, naps.taken, len(busy.requests)) == ("two", [], 1)


async def test_a_silent_model_is_not_asked_again_when_there_is_another() -> None:
    silent = ScriptedModel("one", [TimedOut("first byte", 60)])
    events = await run(an_agent(silent, ScriptedModel("two", HI)))
    assert isinstance(events[-1], TurnFinished)
    assert len(silent.requests) == 1


async def test_a_wait_beyond_the_time_for_the_turn_is_not_begun() -> None:
    naps = Naps()
    model = ScriptedModel("one", [RateLimited("later", retry_after=20)])
    error = await failure(an_agent(model, naps=naps, timeouts=Timeouts(turn=10)))
    assert isinstance(error, RateLimited)
    assert naps.taken == []


async def test_attempts_are_bounded_and_the_error_is_raised() -> None:
    model = ScriptedModel("one", [Overloaded("full")])
    error = await failure(an_agent(model, attempts=3))
    assert isinstance(error, Overloaded)
    assert len(model.requests) == 3


async def test_a_restart_is_announced_when_words_were_already_streamed() -> None:
    broken = [TextDelta("on the other h"), BadResponse("cut off")]
    events = await run(an_agent(ScriptedModel("one", broken, HI)))
    assert events[:3] == [TextDelta("on the other h"), Restarted(), TextDelta("hi")]


async def test_no_restart_is_announced_when_nothing_was_streamed() -> None:
    events = await run(an_agent(ScriptedModel("one", [Working(), BadResponse("cut")], HI)))
    assert Restarted() not in events


async def test_an_empty_answer_is_asked_for_again() -> None:
    events = await run(an_agent(ScriptedModel("one", [answer("")], HI)))
    assert isinstance(events[-1], TurnFinished)


@pytest.mark.parametrize("error", [AuthFailed("no"), OutOfCredit("broke")])
async def test_what_no_retry_can_mend_goes_to_the_next_model_at_once(error: ModelError) -> None:
    first = ScriptedModel("one", [error])
    events = await run(an_agent(first, ScriptedModel("two", HI)))
    finished = events[-1]
    assert isinstance(finished, TurnFinished)
    assert (finished.model, len(first.requests)) == ("two", 1)


@pytest.mark.parametrize("error", [Refused("no"), ContextOverflow("too long")])
async def test_what_no_other_model_should_mend_ends_the_turn(error: ModelError) -> None:
    second = ScriptedModel("two", HI)
    assert await failure(an_agent(ScriptedModel("one", [error]), second)) is error
    assert second.requests == []


async def test_when_all_models_fail_the_error_of_the_first_is_raised() -> None:
    first, second = OutOfCredit("broke"), NotReachable("not running")
    models = (ScriptedModel("one", [first]), ScriptedModel("two", [second]))
    assert await failure(an_agent(*models)) is first


async def test_a_turn_stays_with_the_fallback_and_the_next_turn_begins_anew() -> None:
    first = ScriptedModel("one", [AuthFailed("no")])
    second = ScriptedModel("two", [answer("", TIME)], HI)
    agent = an_agent(first, second)
    await run(agent)
    assert (len(first.requests), len(second.requests)) == (1, 2)
    await run(agent)
    assert len(first.requests) == 2


@pytest.mark.parametrize(
    ("script", "timeouts", "stage"),
    [
        ([Silence()], Timeouts(first_byte=0.02), "first byte"),
        ([Working(), Silence()], Timeouts(idle=0.02), "idle"),
        ([TextDelta("so"), Silence()], Timeouts(idle=0.02), "idle"),
        ([Silence()], Timeouts(turn=0.02), "turn"),
    ],
)
async def test_silence_ends_in_a_timeout_that_names_its_stage(
    script: list[object], timeouts: Timeouts, stage: str
) -> None:
    model = ScriptedModel("one", script)  # type: ignore[arg-type]
    error = await failure(an_agent(model, timeouts=timeouts, attempts=1))
    assert isinstance(error, TimedOut)
    assert error.stage == stage
    assert model.closed == len(model.requests)


async def test_the_time_for_a_turn_includes_its_tools() -> None:
    async def hang(_: Arguments) -> str:
        await forever()
        return ""

    tools = Toolbox([Tool(describe("hang", "Hangs.", Arguments), Arguments, hang)])
    model = ScriptedModel("one", [answer("", ToolCall("call-0001", "hang", "{}"))])
    with pytest.raises(TimedOut) as caught:
        await run(an_agent(model, timeouts=Timeouts(turn=0.02)), tools=tools)
    assert caught.value.stage == "turn"


async def test_the_time_that_an_approval_takes_is_no_time_of_the_turns() -> None:
    async def done(_: Arguments) -> str:
        return "done"

    async def thinks(_: object) -> dict[str, str]:
        with suppress(TimeoutError):
            async with asyncio.timeout(0.3):
                await forever()
        return {}

    tool = Tool(describe("act", "Acts.", Arguments), Arguments, done, guarded=True)
    model = ScriptedModel("one", [answer("", ToolCall("c", "act", "{}"))], [answer("well")])
    tools = Toolbox([tool], foreign=True, approve=thinks, limit=0.2)
    events = await run(an_agent(model, timeouts=Timeouts(turn=0.25)), tools=tools)
    last = events[-1]
    assert isinstance(last, TurnFinished)
    assert last.said[-1] == AssistantSays("well")


async def test_the_consumers_time_does_not_count_as_the_models_silence() -> None:
    agent = an_agent(
        ScriptedModel("one", [TextDelta("a"), TextDelta("b"), answer("ab")]),
        timeouts=Timeouts(first_byte=0.05, idle=0.05),
    )
    turn = agent.run(system="", transcript=Transcript(), question=(UserSays("x"),), tools=Toolbox())
    events = []
    async with aclosing(turn):
        async for event in turn:
            events.append(event)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await forever()
    assert isinstance(events[-1], TurnFinished)


async def test_closing_a_turn_closes_the_models_stream() -> None:
    model = ScriptedModel("one", [TextDelta("a"), Silence()])
    turn = an_agent(model).run(
        system="", transcript=Transcript(), question=(UserSays("x"),), tools=Toolbox()
    )
    async with aclosing(turn):
        assert await anext(turn) == TextDelta("a")
    assert model.closed == 1


async def test_a_cancelled_turn_closes_the_models_stream_and_is_not_retried() -> None:
    model = ScriptedModel("one", [TextDelta("a"), Silence()])
    started = asyncio.Event()

    async def consume() -> None:
        turn = an_agent(model).run(
            system="", transcript=Transcript(), question=(UserSays("x"),), tools=Toolbox()
        )
        async for _ in turn:
            started.set()

    task = asyncio.create_task(consume())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (model.closed, len(model.requests)) == (1, 1)


def test_an_agent_needs_a_model() -> None:
    with pytest.raises(ValueError, match="needs a model"):
        Agent([])


async def test_every_call_tells_how_it_went_also_the_last_that_fails() -> None:
    usage = Usage(10, 2)
    model = ScriptedModel(
        "one",
        [Overloaded("503")],
        [answer("", TIME, ToolCall("call-0002", "teleport", "{}"), usage=usage)],
        [TextDelta("noon"), answer("noon")],
    )
    first, asks, known, unknown, says = (
        each
        for each in await watched(an_agent(model), [])
        if isinstance(each, Answered | Failed | ToolFinished)
    )
    assert isinstance(first, Failed)
    assert (first.model, first.code, first.again) == ("one", "overloaded", True)
    assert isinstance(asks, Answered)
    assert (asks.first_words, asks.usage) == (None, usage)
    assert isinstance(known, ToolFinished)
    assert (known.name, known.known, known.failed) == ("current_time", True, False)
    assert isinstance(unknown, ToolFinished)
    assert (unknown.name, unknown.known, unknown.failed) == ("teleport", False, True)
    assert isinstance(says, Answered)
    assert says.first_words is not None
    assert 0 <= says.first_words <= says.seconds


async def test_a_turn_that_finds_no_answer_tells_of_its_last_call_before_it_ends() -> None:
    seen: list[AgentEvent] = []
    with pytest.raises(AuthFailed):
        await watched(an_agent(ScriptedModel("one", [AuthFailed("401")])), seen)
    assert [(each.code, each.again) for each in seen if isinstance(each, Failed)] == [
        ("unavailable", False)
    ]
