from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from agents.errors import TooManySteps
from agents.models.model import ModelAnswer
from agents.transcript import AssistantSays, ToolResult, ToolsSay, UserSays
from agents.turn import CallModel, CallTools, Finish, Turn
from state.history import ToolCall

ids = st.sampled_from(["a", "b", "c", "a-2"])
calls = st.lists(st.builds(ToolCall, ids, st.sampled_from(["x", "y"]), st.just("{}")), max_size=40)
answers = st.builds(
    ModelAnswer, text=st.sampled_from(["", "words"]), calls=calls.map(tuple)
).filter(lambda answer: bool(answer.text or answer.calls))


@given(st.integers(1, 5), st.iterables(answers, min_size=12), st.randoms())
def test_every_call_is_answered_once_and_steps_stay_within_the_limit(
    max_steps: int, script: Iterator[ModelAnswer], random: object
) -> None:
    turn = Turn((UserSays("go"),), max_steps)
    asked = 0
    try:
        while not isinstance(command := turn.next, Finish):
            if isinstance(command, CallModel):
                asked += 1
                assert command.conclude == (asked > max_steps)
                turn = turn.answered(next(script))
            else:
                assert isinstance(command, CallTools)
                kept = [call for call in command.calls if random.random() < 0.8]  # type: ignore[attr-defined]
                random.shuffle(kept)  # type: ignore[attr-defined]
                turn = turn.called([ToolResult(call.id, call.name, "ok") for call in kept])
    except TooManySteps:
        assert asked == max_steps + 1
    else:
        last = turn.said[-1]
        assert isinstance(last, AssistantSays)
        assert last.text
    assert asked <= max_steps + 1
    _assert_paired(turn)


def _assert_paired(turn: Turn) -> None:
    for position, said in enumerate(turn.said):
        if isinstance(said, AssistantSays) and said.calls:
            results = turn.said[position + 1]
            assert isinstance(results, ToolsSay)
            assert [r.call for r in results.results] == [call.id for call in said.calls]
            assert len({call.id for call in said.calls}) == len(said.calls)
        elif isinstance(said, ToolsSay):
            before = turn.said[position - 1]
            assert isinstance(before, AssistantSays)
            assert before.calls
