"""What OpenAI-compatible servers do differently from one another."""

from typing import Any

import orjson
import pytest

from agents.errors import BadRequest, Overloaded, Refused
from agents.models.model import ModelRequest, TextDelta
from agents.models.openai_wire import ChatReader, encode
from agents.models.sse import Event
from agents.tools.builtin import TIME
from agents.transcript import AssistantSays, Transcript, UserSays
from state.history import ToolCall, Usage
from tests.emulators.llm import Body, Call, Says, Status
from tests.unit.agents.models.conftest import KEY, Provider

WITH_TOOLS = ModelRequest("be kind", Transcript(), (UserSays("hello"),), (TIME,))


def read(*chunks: dict[str, Any] | bytes) -> ChatReader:
    reader = ChatReader()
    for chunk in chunks:
        reader.feed(Event(b"", chunk if isinstance(chunk, bytes) else orjson.dumps(chunk)))
    return reader


def delta(finish: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"model": "m", "choices": [{"index": 0, "delta": fields, "finish_reason": finish}]}


async def test_a_request_is_made_as_published(openai: Provider) -> None:
    await openai.ask(WITH_TOOLS)
    asked = openai.llm.asked[0]
    assert asked.headers["Authorization"] == f"Bearer {KEY}"
    assert asked.body == {
        "model": "test-model",
        "stream": True,
        "stream_options": {"include_usage": True},
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": TIME.name,
                    "description": TIME.description,
                    "parameters": TIME.parameters,
                },
            }
        ],
        "messages": [
            {"role": "system", "content": "be kind"},
            {"role": "user", "content": "hello"},
        ],
    }


def test_damaged_arguments_go_back_as_none_and_good_ones_as_they_were() -> None:
    calls = (ToolCall("call-0001", "x", '{"a": 1}'), ToolCall("call-0002", "x", '{"a":'))
    message = orjson.loads(encode(AssistantSays("", calls)))
    assert message["content"] is None
    sent = [call["function"]["arguments"] for call in message["tool_calls"]]
    assert sent == ['{"a": 1}', "{}"]


async def test_to_conclude_no_tools_are_offered(openai: Provider) -> None:
    await openai.ask(ModelRequest("", Transcript(), (UserSays("x"),), (TIME,), conclude=True))
    assert "tools" not in openai.llm.asked[0].body


async def test_a_server_that_knows_no_stream_options_is_asked_without_them(
    openai: Provider,
) -> None:
    openai.llm.answers(Status(400, "Unrecognized request argument: stream_options"))
    assert (await openai.answer()).text == "hello"
    assert (await openai.answer()).usage is None
    assert ["stream_options" in asked.body for asked in openai.llm.asked] == [True, False, False]


async def test_a_model_that_knows_no_tools_is_asked_without_them(openai: Provider) -> None:
    openai.llm.answers(Status(400, "registry.ollama.ai/library/gemma:2b does not support tools"))
    assert (await openai.answer(WITH_TOOLS)).text == "hello"
    assert ["tools" in asked.body for asked in openai.llm.asked] == [True, False]


async def test_what_is_refused_for_another_reason_is_asked_once(openai: Provider) -> None:
    openai.llm.always(Status(400, "bad tools"))
    with pytest.raises(BadRequest):
        await openai.ask(WITH_TOOLS)
    assert len(openai.llm.asked) == 1


async def test_a_server_that_does_not_stream_gives_an_answer_all_the_same(
    openai: Provider,
) -> None:
    message = {
        "role": "assistant",
        "content": "whole",
        "tool_calls": [{"id": "call_1234567", "function": {"name": "x", "arguments": "{}"}}],
    }
    body = {
        "model": "m",
        "choices": [{"message": message, "finish_reason": "tool_calls"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 1},
    }
    openai.llm.answers(Body(orjson.dumps(body), "application/json"))
    events = await openai.ask()
    assert events[0] == TextDelta("whole")
    openai.llm.answers(Body(orjson.dumps(body), "application/json"))
    answer = await openai.answer()
    assert (answer.text, answer.usage) == ("whole", Usage(3, 1))
    assert [call.name for call in answer.calls] == ["x"]


async def test_an_error_with_status_200_is_an_error(openai: Provider) -> None:
    body = {"error": {"message": "Provider returned error", "code": 502}}
    openai.llm.answers(Body(orjson.dumps(body), "application/json"))
    with pytest.raises(Overloaded, match="Provider returned error"):
        await openai.ask()


async def test_reasoning_between_tags_is_left_out(openai: Provider) -> None:
    openai.llm.chunk_bytes = 3
    openai.llm.delta = 2
    openai.llm.answers(Says("<think>\nhm, 6 x 7\n</think>\n\nIt is 42 <think>."))
    events = await openai.ask()
    assert "".join(e.text for e in events if isinstance(e, TextDelta)) == "It is 42 <think>."


async def test_a_server_that_counts_nothing_leaves_usage_unknown(openai: Provider) -> None:
    openai.llm.usage = False  # type: ignore[attr-defined]
    assert (await openai.answer()).usage is None


async def test_ids_that_are_no_ids_are_replaced(openai: Provider) -> None:
    openai.llm.answers(Says(calls=(Call("a"), Call("b"))))
    for call in (await openai.answer(WITH_TOOLS)).calls:
        assert 9 <= len(call.id) <= 40


def test_usage_may_come_with_the_last_words() -> None:
    last = {**delta("stop", content="b"), "usage": {"prompt_tokens": 5, "completion_tokens": None}}
    answer = read(delta(content="a"), last).finish()
    assert (answer.text, answer.usage) == ("ab", Usage(5, 0))


def test_the_end_may_be_told_without_a_reason() -> None:
    assert read(delta(content="a"), b"[DONE]").finish().text == "a"


def test_chunks_without_choices_are_passed_over() -> None:
    reader = read({"choices": None}, {"choices": []}, {"id": "x"}, delta("stop", content="a"))
    assert reader.finish().text == "a"


def test_content_may_come_in_parts_of_different_types() -> None:
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
        {"type": "text", "text": "42"},
    ]
    assert read(delta("stop", content=parts)).finish().text == "42"


def test_an_emoji_cut_in_two_by_a_server_that_counts_in_utf_16_comes_together() -> None:
    halves = [b'{"choices":[{"delta":{"content":"%s"}}]}' % half for half in (
        rb"Hi \ud83d", rb"\ude42", rb"!\ud83d", rb"?\ude42 \ud83d\ude80", rb"\ud83d",
    )]  # fmt: skip
    reader = read(*halves, delta("stop"))
    assert reader.finish().text == "Hi \N{SLIGHTLY SMILING FACE}!\ufffd?\ufffd \N{ROCKET}"


def test_a_refusal_in_words_of_its_own_is_refused() -> None:
    with pytest.raises(Refused, match="I cannot"):
        read(delta(refusal="I can"), delta("stop", refusal="not")).finish()


def test_a_provider_that_fails_at_the_end_is_overloaded() -> None:
    with pytest.raises(Overloaded):
        read(delta("error", content="so")).finish()
