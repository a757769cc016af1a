"""What an answer says when it comes long after its question."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway import lateness
from state.messages import Accepted
from tests.unit.gateway.messages import AT, accepted


def after(seconds: float) -> Accepted:
    """A message that was taken over so long after it was sent."""
    return replace(accepted(seq=1), at=AT + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("seconds", "note"),
    [
        ([0], ""),
        ([120], ""),
        ([121], "*This arrived while I was away.*\n\n"),
        ([0, 121], "*One of these arrived while I was away.*\n\n"),
        ([500, 300, 121, 1], "*3 messages arrived while I was away.*\n\n"),
    ],
)
def test_an_answer_begins_with_why_it_comes_late(seconds: list[float], note: str) -> None:
    assert lateness.note(map(after, seconds)) == note


def test_a_clock_that_runs_ahead_makes_nothing_late() -> None:
    assert lateness.note([after(-1000)]) == ""
