import orjson

from agents.models.model import ModelRequest, TextDelta
from agents.tools.builtin import TIME
from agents.transcript import AssistantSays, ToolResult, ToolsSay, Transcript, UserSays
from state.history import ToolCall, Usage
from tests.emulators.llm import Asked, Body, Call, Says
from tests.unit.agents.models.conftest import KEY, Provider

CACHED = {"type": "ephemeral"}
CALL = ToolCall("call-0001", "current_time", '{"zone":"UTC"}')


async def test_a_request_is_made_as_published(anthropic: Provider) -> None:
    request = ModelRequest(
        "be kind",
        Transcript([UserSays("the time?"), AssistantSays("Noon.")]),
        (
            UserSays("sure?"),
            AssistantSays("", (CALL,)),
            ToolsSay((ToolResult("call-0001", "current_time", "late", failed=True),)),
        ),
        (TIME,),
    )
    await anthropic.ask(request)
    asked = anthropic.llm.asked[0]
    assert asked.headers["x-api-key"] == KEY
    assert asked.headers["anthropic-version"] == "2023-06-01"
    use = {
        "type": "tool_use",
        "id": "call-0001",
        "name": "current_time",
        "input": {"zone": "UTC"},
    }
    result = {
        "type": "tool_result",
        "tool_use_id": "call-0001",
        "content": "late",
        "is_error": True,
        "cache_control": CACHED,
    }
    assert asked.body == {
        "model": "test-model",
        "stream": True,
        "max_tokens": 8192,
        "system": [{"type": "text", "text": "be kind", "cache_control": CACHED}],
        "tools": [
            {
                "name": TIME.name,
                "description": TIME.description,
                "input_schema": TIME.parameters,
            }
        ],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "the time?"}]},
            {"role": "assistant", "content": [{"type": "text", "text": "Noon."}]},
            {"role": "user", "content": [{"type": "text", "text": "sure?"}]},
            {"role": "assistant", "content": [use]},
            {"role": "user", "content": [result]},
        ],
    }


async def test_to_conclude_tools_stay_but_may_not_be_chosen(anthropic: Provider) -> None:
    await anthropic.ask(ModelRequest("", Transcript(), (UserSays("x"),), (TIME,), conclude=True))
    body = anthropic.llm.asked[0].body
    assert body["tool_choice"] == {"type": "none"}
    assert "system" not in body


async def test_a_conversation_that_begins_with_the_assistant_is_given_an_opening(
    anthropic: Provider,
) -> None:
    transcript = Transcript([AssistantSays("as I said")])
    request = ModelRequest("", transcript, (UserSays("go on"),))
    assert (await anthropic.answer(request)).text == "go on"


async def test_words_that_cannot_be_seen_do_not_break_the_request(anthropic: Provider) -> None:
    transcript = Transcript([UserSays(" \n"), AssistantSays("")])
    request = ModelRequest("", transcript, (UserSays("go on"),))
    assert (await anthropic.answer(request)).text == "go on"


async def test_what_came_from_the_cache_counts_as_input(anthropic: Provider) -> None:
    # The emulator reports 7 tokens read from the cache.
    first = (await anthropic.answer("x")).usage
    assert first == Usage(input=first.input, output=1, cached=7)  # type: ignore[union-attr]
    anthropic.llm.answers("a longer answer")
    second = (await anthropic.answer("x")).usage
    assert second is not None
    assert second.input >= 7
    assert second.output == len("a longer answer") // 4 + 1


async def test_thinking_is_left_out_and_calls_after_it_are_kept(anthropic: Provider) -> None:
    anthropic.llm.answers(Says("Let me look.", (Call("a", '{"x":1}'),), reasoning="hm"))
    answer = await anthropic.answer()
    assert answer.text == "Let me look."
    assert [(call.name, call.arguments) for call in answer.calls] == [("a", '{"x":1}')]


async def test_a_server_that_does_not_stream_gives_an_answer_all_the_same(
    anthropic: Provider,
) -> None:
    asked = Asked("", {}, {"model": "test-model", "messages": []})
    whole = anthropic.llm.whole(Says("whole", (Call("a"),)), asked)
    anthropic.llm.answers(Body(orjson.dumps(whole), "application/json"))
    events = await anthropic.ask()
    assert events[0] == TextDelta("whole")
    assert [call.name for call in events[-1].calls] == ["a"]  # type: ignore[union-attr]
