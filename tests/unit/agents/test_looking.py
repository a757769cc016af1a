"""A picture that a provider refuses costs that picture, and not the conversation."""

import pytest

from agents.agent import Agent, TurnFinished
from agents.errors import BadRequest, Overloaded, RequestTooLarge
from agents.models.model import TextDelta
from agents.tools.tool import Toolbox
from agents.transcript import AssistantSays, Media, Said, Transcript, UserSays
from tests.unit.agents.doubles import ScriptedModel, Step, answer

EYES = frozenset({"image"})
PICTURE = Media("image/png", b"\x89PNG\r\n\x1a\n")
HI: list[Step] = [TextDelta("hi"), answer("hi")]
NO: list[Step] = [BadRequest("HTTP 400: Could not process image")]
SEEN_BEFORE = (UserSays("a cat", (PICTURE,)), AssistantSays("nice"))


async def turn(*models: ScriptedModel, question: Said, earlier: tuple[Said, ...] = ()) -> object:
    async def no_nap(_: float) -> None:
        return None

    agent = Agent(models, sleep=no_nap)
    last: object = None
    async for event in agent.run(
        system="", transcript=Transcript(earlier), question=(question,), tools=Toolbox()
    ):
        last = event
    return last


async def test_a_picture_that_is_refused_is_told_of_in_words() -> None:
    model = ScriptedModel("m", NO, HI, takes=EYES)
    finished = await turn(model, question=UserSays("see", (PICTURE,)), earlier=SEEN_BEFORE)
    assert isinstance(finished, TurnFinished)
    assert finished.unseen
    first, second = model.requests
    assert first.turn == (UserSays("see", (PICTURE,)),)
    (told,) = second.turn
    assert isinstance(told, UserSays)
    assert told.media == ()
    assert "cannot be shown" in told.text
    assert not second.blind


async def test_pictures_of_earlier_turns_are_left_out_last() -> None:
    model = ScriptedModel("m", NO, NO, HI, takes=EYES)
    await turn(model, question=UserSays("see", (PICTURE,)), earlier=SEEN_BEFORE)
    assert [request.blind for request in model.requests] == [False, False, True]


async def test_an_earlier_picture_cannot_fail_every_later_turn() -> None:
    model = ScriptedModel("m", NO, HI, takes=EYES)
    finished = await turn(model, question=UserSays("and now?"), earlier=SEEN_BEFORE)
    assert isinstance(finished, TurnFinished)
    assert not finished.unseen
    assert [request.blind for request in model.requests] == [False, True]


async def test_a_request_that_is_too_large_goes_without_pictures() -> None:
    model = ScriptedModel("m", [RequestTooLarge("HTTP 413")], HI, takes=EYES)
    finished = await turn(model, question=UserSays("see", (PICTURE,)))
    assert isinstance(finished, TurnFinished)


async def test_a_refusal_that_is_about_something_else_stays_an_error() -> None:
    model = ScriptedModel("m", [BadRequest("no such model")], takes=EYES)
    with pytest.raises(BadRequest, match="no such model"):
        await turn(model, question=UserSays("see", (PICTURE,)), earlier=SEEN_BEFORE)
    assert len(model.requests) == 3


async def test_words_are_not_tried_twice() -> None:
    for takes, question in ((EYES, UserSays("hi")), (frozenset[str](), UserSays("", (PICTURE,)))):
        model = ScriptedModel("m", NO, takes=takes)
        with pytest.raises(BadRequest):
            await turn(model, question=question)
        assert len(model.requests) == 1


async def test_what_one_model_refuses_the_next_one_is_shown() -> None:
    first = ScriptedModel("blind", [BadRequest("no such model")], takes=EYES)
    second = ScriptedModel("seeing", HI, takes=EYES)
    finished = await turn(first, second, question=UserSays("see", (PICTURE,)))
    assert isinstance(finished, TurnFinished)
    assert not finished.unseen
    assert second.requests[0].turn == (UserSays("see", (PICTURE,)),)


async def test_a_provider_that_is_busy_is_shown_the_picture_again() -> None:
    model = ScriptedModel("m", [Overloaded("busy")], HI, takes=EYES)
    await turn(model, question=UserSays("see", (PICTURE,)))
    assert model.requests[1].turn == (UserSays("see", (PICTURE,)),)
