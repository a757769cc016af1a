"""What holds for the clients of all providers."""

import asyncio
from contextlib import aclosing

import pytest

from agents.models.model import ModelRequest, TextDelta
from agents.tools.builtin import SESSION, TIME
from agents.transcript import AssistantSays, ToolResult, ToolsSay, Transcript, UserSays
from state.history import ToolCall
from tests.emulators.llm import Call, Hangs, Says
from tests.unit.agents.models.conftest import Provider

CALL = ToolCall("call-0001", "current_time", '{"zone":"UTC"}')
BROKEN = ToolCall("call-0002", "current_time", '{"zone":')
STEP = (
    AssistantSays("", (CALL, BROKEN)),
    ToolsSay(
        (
            ToolResult("call-0001", "current_time", "noon"),
            ToolResult("call-0002", "current_time", "damaged", failed=True),
        )
    ),
)


@pytest.mark.parametrize("chunk_bytes", [None, 1, 7, 4096])
async def test_words_arrive_whole_however_the_stream_is_cut(
    provider: Provider, chunk_bytes: int | None
) -> None:
    provider.llm.chunk_bytes = chunk_bytes
    text = "Grüße aus Köln, 東京 und 🙂\n\ndata: no event"
    events = await provider.ask(text)
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == text
    answer = await provider.answer(text)
    assert (answer.text, answer.cut, answer.model) == (text, False, "test-model")


async def test_usage_is_the_providers_own_count(provider: Provider) -> None:
    usage = (await provider.answer()).usage
    assert usage is not None
    assert usage.input > 0
    assert usage.output > 0


async def test_parallel_calls_come_with_their_arguments(provider: Provider) -> None:
    provider.llm.answers(
        Says("wait", (Call("current_time", '{"zone":"Asia/Tokyo"}'), Call("session_status")))
    )
    provider.llm.chunk_bytes = 1
    answer = await provider.answer()
    assert answer.text == "wait"
    assert [(call.name, call.arguments) for call in answer.calls] == [
        ("current_time", '{"zone":"Asia/Tokyo"}'),
        ("session_status", "{}"),
    ]
    assert len({call.id for call in answer.calls}) == 2


async def test_damaged_arguments_are_passed_on_as_the_model_wrote_them(provider: Provider) -> None:
    provider.llm.answers(Call("current_time", '{"zone":'))
    assert (await provider.answer()).calls[0].arguments == '{"zone":'


async def test_reasoning_is_no_part_of_the_answer(provider: Provider) -> None:
    provider.llm.answers(Says("42", reasoning="let me think about that"))
    events = await provider.ask()
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "42"
    assert (await provider.answer()).text == "hello"


async def test_the_server_takes_a_conversation_with_tools_and_damaged_calls(
    provider: Provider,
) -> None:
    transcript = Transcript([UserSays("the time?"), *STEP, AssistantSays("It is noon.")])
    request = ModelRequest("be kind", transcript, (UserSays("thanks"),), (TIME, SESSION))
    assert (await provider.answer(request)).text == "thanks"
    turn = (UserSays("thanks"), *STEP)
    request = ModelRequest("", Transcript(), turn, (TIME,), conclude=True)
    assert (await provider.answer(request)).text == "thanks"


async def test_the_server_takes_two_messages_of_one_person_in_a_row(provider: Provider) -> None:
    transcript = Transcript([UserSays("one"), UserSays("two")])
    request = ModelRequest("", transcript, (UserSays("three"), UserSays("four")))
    assert (await provider.answer(request)).text == "four"


async def test_a_call_serves_many_conversations_at_once(provider: Provider) -> None:
    async with asyncio.timeout(20):
        answers = await asyncio.gather(*(provider.answer(f"number {n}") for n in range(50)))
    assert [answer.text for answer in answers] == [f"number {n}" for n in range(50)]


async def test_a_finished_call_leaves_its_connection_to_the_next_one(provider: Provider) -> None:
    for provider.llm.end_delay in (0.0, 0.02, 0.0):
        await provider.answer()
    assert provider.llm.connections == 1


async def test_a_closed_call_ends_the_request_at_once(provider: Provider) -> None:
    provider.llm.answers(Hangs(after=5))
    request = ModelRequest("", Transcript(), (UserSays("hello"),))
    async with aclosing(provider.model.stream(request)) as events:
        await anext(events)
    await provider.llm.until(lambda llm: bool(llm.dropped))


async def test_a_cancelled_call_ends_the_request_at_once(provider: Provider) -> None:
    provider.llm.answers(Hangs())
    task = asyncio.create_task(provider.ask())
    await provider.llm.until(lambda llm: bool(llm.asked))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await provider.llm.until(lambda llm: bool(llm.dropped))


async def test_a_conversation_of_megabytes_is_sent_whole(provider: Provider) -> None:
    transcript = Transcript(UserSays("word " * 200) for _ in range(2_000))
    request = ModelRequest("", transcript, (UserSays("last"),))
    assert (await provider.answer(request)).text == "last"
    assert len(provider.llm.asked[0].messages) == 2_001
