"""The trace of a message, from its events."""

from gateway.events import (
    Arrival,
    Arrived,
    ModelAnswered,
    ModelFailed,
    PartFailed,
    PartSent,
    SendFailed,
    Thought,
    ToolEnded,
    TurnEnd,
    TurnEnded,
    TurnStarted,
)
from gateway.tracing.spans import Span, Spans
from state.history import Usage
from state.messages import Outcome


class Traced:
    """Whatever is told, in the order of its events; the clock is set by hand."""

    def __init__(self, most: int = 100) -> None:
        self.told: list[Span] = []
        self.spans = Spans(self.told.append, most=most)

    def at(self, now: float, *events: object) -> None:
        for event in events:
            self.spans.see(event, now)  # type: ignore[arg-type]


def arrived(source: str = "1", row: int = 1, how: Arrival = Arrival.ACCEPTED) -> Arrived:
    return Arrived("telegram", source, how, "s", row)


def ended(
    source: str = "1",
    row: int = 1,
    *,
    parts: int = 1,
    outcome: Outcome = Outcome.REPLIED,
    answered: str | None = None,
) -> TurnEnded:
    return TurnEnded("s", source, outcome, answered or source, "telegram", row, 1.0, parts)


def test_a_trace_holds_what_was_done_for_a_message_in_its_order() -> None:
    traced = Traced()
    traced.at(10, arrived())
    traced.at(11, TurnStarted("s", "1"))
    traced.at(13, ModelFailed("s", "1", "m", "overloaded", 1.5, again=True))
    traced.at(15, ModelAnswered("s", "1", "m", 2.0, 0.5, Usage(100, 7)))
    traced.at(16, ToolEnded("s", "1", "rm -rf", known=False, failed=True, seconds=0.5))
    traced.at(17, Thought("s", "1", "m", TurnEnd.FINISHED, waited=1.0, seconds=5.0))
    traced.at(18, ended(parts=2), PartSent("telegram", 1, repeated=False, row=1, seconds=0.25))
    assert traced.told == []
    traced.at(19, SendFailed("telegram", 2, 1, uncertain=True))
    traced.at(20, PartFailed("telegram", 2, row=1))
    (root,) = traced.told
    assert (root.name, root.start, root.end, root.failed) == ("message", 10, 20, False)
    assert root.attributes == {
        "argent.session": "s",
        "argent.channel": "telegram",
        "argent.message": 1,
        "argent.outcome": "replied",
        "argent.joined": False,
        "argent.parts": 2,
        "argent.retries": 1,
    }
    turn, sent, refused = root.children
    assert (turn.name, turn.start, turn.end) == ("turn", 11, 17)
    failed, answered, tool = turn.children
    assert (failed.start, failed.end, failed.failed) == (11.5, 13, True)
    assert (answered.start, answered.end) == (13, 15)
    assert answered.attributes["gen_ai.usage.output_tokens"] == 7
    assert (tool.name, tool.attributes["gen_ai.tool.name"]) == ("tool", "unknown")
    assert (sent.name, sent.start, sent.end, sent.failed) == ("send", 17.75, 18, False)
    assert refused.failed
    assert len(traced.spans) == 0


def test_a_message_that_nobody_is_answered_for_ends_with_its_outcome() -> None:
    traced = Traced()
    traced.at(1, arrived("1", 1), arrived("2", 2))
    traced.at(2, ended("1", 1, parts=0, answered="2"))
    traced.at(3, ended("2", 2, parts=0, outcome=Outcome.FAILED))
    joined, failed = traced.told
    assert joined.attributes["argent.joined"]
    assert not joined.failed
    assert failed.failed


def test_a_turn_that_began_anew_is_there_twice() -> None:
    traced = Traced()
    traced.at(1, arrived())
    traced.at(2, Thought("s", "1", "m", TurnEnd.STOPPED, 0.0, 1.0))
    traced.at(4, Thought("s", "1", "m", TurnEnd.FINISHED, 0.0, 1.0))
    traced.at(5, ended(parts=0))
    assert [child.end for child in traced.told[0].children] == [2, 4]


def test_a_message_from_before_a_restart_is_traced_from_its_turn_on() -> None:
    traced = Traced()
    traced.at(5, TurnStarted("s", "1"))
    traced.at(6, ended())
    traced.at(7, PartSent("telegram", 1, repeated=False, row=1))
    assert [(root.start, root.end) for root in traced.told] == [(5, 7)]


def test_what_was_not_taken_has_no_trace() -> None:
    traced = Traced()
    traced.at(1, arrived(how=Arrival.DUPLICATE), PartSent("telegram", 1, repeated=False, row=9))
    traced.at(2, ended(), ToolEnded("s", "1", "t", True, False, 1.0))
    assert len(traced.spans) == 0
    assert traced.told == []


def test_a_trace_that_is_never_complete_makes_room_for_others() -> None:
    traced = Traced(most=2)
    traced.at(1, arrived("1", 1))
    traced.at(2, ended("1", 1, parts=1), arrived("2", 2), arrived("3", 3))
    assert [root.attributes["argent.message"] for root in traced.told] == [1]
    traced.at(3, arrived("4", 4))
    assert len(traced.told) == 1
    assert len(traced.spans) == 2
    traced.at(4, PartSent("telegram", 1, repeated=False, row=1))
    assert len(traced.spans) == 2
