from agents.agent import Agent, TurnFinished
from agents.models.model import ModelAnswer, ModelRequest, TextDelta
from agents.models.offline import LABEL, OfflineModel
from agents.tools.builtin import harmless_tools
from agents.tools.tool import Toolbox
from agents.transcript import AssistantSays, Said, ToolsSay, Transcript, UserSays
from tests.unit.agents.doubles import a_session


async def answer(text: str, *earlier: Said) -> str:
    request = ModelRequest("", Transcript(earlier), (UserSays(text),))
    events = [event async for event in OfflineModel().stream(request)]
    assert events == [event async for event in OfflineModel().stream(request)]
    last = events[-1]
    assert isinstance(last, ModelAnswer)
    deltas = [event.text for event in events if isinstance(event, TextDelta)]
    assert len(deltas) > 2
    assert "".join(deltas) == last.text
    assert last.text.startswith(LABEL)
    return last.text


async def test_a_greeting_is_greeted_and_a_newcomer_is_told_how_to_go_on() -> None:
    text = await answer("Hello!")
    assert "Hello!" in text
    assert "OPENAI_API_KEY" in text


async def test_what_was_said_is_repeated() -> None:
    assert "You said: “the sky is blue”" in await answer("the sky is blue")


async def test_what_was_said_earlier_is_remembered() -> None:
    text = await answer("and now?", UserSays("I like tea"), AssistantSays("Good."))
    assert "You said earlier: “I like tea”" in text
    assert "2 earlier messages" in text


async def test_a_long_message_is_not_repeated_whole() -> None:
    assert len(await answer("x" * 10_000)) < 1_000


async def test_help_tells_how_to_set_a_real_model() -> None:
    assert "ANTHROPIC_API_KEY" in await answer("help", UserSays("x"))


async def test_the_time_comes_from_the_tool() -> None:
    finished = None
    async for event in Agent([OfflineModel()]).run(
        system="",
        transcript=Transcript(),
        question=(UserSays("What time is it?"),),
        tools=Toolbox(harmless_tools(a_session())),
    ):
        finished = event
    assert isinstance(finished, TurnFinished)
    _, results, last = finished.said
    assert isinstance(results, ToolsSay)
    assert isinstance(last, AssistantSays)
    assert results.results[0].content in last.text


async def test_without_the_tool_the_time_is_not_made_up() -> None:
    assert "You said: “what time is it?”" in await answer("what time is it?")
