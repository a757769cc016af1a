import pytest

from agents.errors import BadResponse, TooManySteps
from agents.models.model import ModelAnswer
from agents.transcript import AssistantSays, ToolResult, ToolsSay, UserSays
from agents.turn import MOST_CALLS, CallModel, CallTools, Finish, ImpossibleStep, Turn
from state.history import ToolCall, Usage

HELLO = (UserSays("hello"),)
TIME = ToolCall("call-0001", "current_time", "{}")
FACTS = ToolCall("call-0002", "session_status", "{}")


def done(call: ToolCall, content: str = "done") -> ToolResult:
    return ToolResult(call.id, call.name, content)


def test_a_turn_without_tools_asks_the_model_and_finishes() -> None:
    turn = Turn(HELLO, max_steps=4)
    assert turn.next == CallModel(HELLO)
    turn = turn.answered(ModelAnswer("hi", usage=Usage(10, 2)))
    assert turn.next == Finish((AssistantSays("hi"),), Usage(10, 2), context=12, cut=False)


def test_results_go_back_to_the_model_in_the_order_of_the_calls() -> None:
    turn = Turn(HELLO, max_steps=4).answered(ModelAnswer("", (TIME, FACTS)))
    assert turn.next == CallTools((TIME, FACTS))
    turn = turn.called([done(FACTS), done(TIME)])
    said = (AssistantSays("", (TIME, FACTS)), ToolsSay((done(TIME), done(FACTS))))
    assert turn.next == CallModel((*HELLO, *said))


def test_usage_adds_up_and_context_is_that_of_the_last_call() -> None:
    turn = Turn(HELLO, 4).answered(ModelAnswer("", (TIME,), Usage(10, 2))).called([done(TIME)])
    finish = turn.answered(ModelAnswer("it is noon", usage=Usage(20, 3))).next
    assert isinstance(finish, Finish)
    assert (finish.usage, finish.context) == (Usage(30, 5), 23)


def test_context_is_unknown_when_the_provider_does_not_count() -> None:
    finish = Turn(HELLO, 4).answered(ModelAnswer("hi")).next
    assert isinstance(finish, Finish)
    assert finish.context is None


def test_after_the_last_step_the_model_is_asked_to_conclude_without_tools() -> None:
    turn = Turn(HELLO, max_steps=1).answered(ModelAnswer("", (TIME,))).called([done(TIME)])
    command = turn.next
    assert isinstance(command, CallModel)
    assert command.conclude
    assert isinstance(turn.answered(ModelAnswer("noon")).next, Finish)


def test_words_beside_calls_are_the_answer_when_the_model_must_conclude() -> None:
    turn = Turn(HELLO, max_steps=1).answered(ModelAnswer("", (TIME,))).called([done(TIME)])
    finish = turn.answered(ModelAnswer("about noon", (FACTS,))).next
    assert isinstance(finish, Finish)
    assert finish.said[-1] == AssistantSays("about noon")


def test_a_model_that_cannot_stop_calling_tools_ends_the_turn() -> None:
    turn = Turn(HELLO, max_steps=1).answered(ModelAnswer("", (TIME,))).called([done(TIME)])
    with pytest.raises(TooManySteps, match="1 rounds"):
        turn.answered(ModelAnswer(" ", (FACTS,)))


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_an_empty_answer_is_a_bad_response(text: str) -> None:
    with pytest.raises(BadResponse, match="empty"):
        Turn(HELLO, 4).answered(ModelAnswer(text))


def test_an_answer_cut_before_its_first_word_says_so() -> None:
    with pytest.raises(BadResponse, match="limit of length"):
        Turn(HELLO, 4).answered(ModelAnswer("", cut=True))


def test_a_call_without_a_result_failed() -> None:
    turn = Turn(HELLO, 4).answered(ModelAnswer("", (TIME, FACTS))).called([done(TIME)])
    last = turn.said[-1]
    assert isinstance(last, ToolsSay)
    assert [result.failed for result in last.results] == [False, True]


def test_calls_beyond_the_limit_are_answered_without_being_carried_out() -> None:
    calls = tuple(ToolCall(f"call-{n:04}", "current_time", "{}") for n in range(MOST_CALLS + 2))
    turn = Turn(HELLO, 4).answered(ModelAnswer("", calls))
    assert turn.next == CallTools(calls[:MOST_CALLS])
    last = turn.called([done(call) for call in calls[:MOST_CALLS]]).said[-1]
    assert isinstance(last, ToolsSay)
    assert len(last.results) == len(calls)
    assert "at most 32" in last.results[-1].content


def test_calls_with_the_same_id_get_ids_that_differ() -> None:
    turn = Turn(HELLO, 4).answered(ModelAnswer("", (TIME, TIME, TIME)))
    command = turn.next
    assert isinstance(command, CallTools)
    assert [call.id for call in command.calls] == ["call-0001", "call-0001-2", "call-0001-3"]


def test_handing_over_what_was_not_asked_for_is_an_error_of_the_program() -> None:
    turn = Turn(HELLO, 4)
    with pytest.raises(ImpossibleStep):
        turn.called([])
    calling = turn.answered(ModelAnswer("", (TIME,)))
    with pytest.raises(ImpossibleStep):
        calling.answered(ModelAnswer("hi"))
    with pytest.raises(ImpossibleStep, match="not asked for"):
        calling.called([done(FACTS)])
    with pytest.raises(ImpossibleStep, match="twice"):
        calling.called([done(TIME), done(TIME)])
