"""What may be one turn, and what its rest is waited for."""

from dataclasses import replace
from datetime import timedelta

import pytest

from agents.config import QueueMode
from gateway import gathering
from state.keys import Address
from state.messages import Accepted
from tests.unit.gateway.messages import accepted, correction, deletion

COLLECT, FOLLOWUP = QueueMode.COLLECT, QueueMode.FOLLOWUP
FIRST = accepted("one", seq=1)


def test_messages_of_one_sender_at_one_place_are_one_turn() -> None:
    assert gathering.together([FIRST, accepted(seq=2), accepted(seq=3)], COLLECT) == 3


@pytest.mark.parametrize(
    "between",
    [
        accepted("/new", seq=2),
        accepted(seq=2, sender="8"),
        accepted(seq=2, address=Address("telegram", "7", "3")),
        correction(FIRST, "two", seq=2),
        deletion(FIRST, seq=2),
    ],
)
def test_whatever_else_comes_between_parts_them(between: Accepted) -> None:
    assert gathering.together([FIRST, between, accepted(seq=3)], COLLECT) == 1


def test_a_command_is_never_part_of_a_turn() -> None:
    assert gathering.together([accepted("/new", seq=1), accepted(seq=2)], COLLECT) == 1


def test_a_flood_is_answered_in_portions() -> None:
    flood = [accepted(seq=seq) for seq in range(100)]
    assert gathering.together(flood, COLLECT) == gathering.MOST


def test_followup_joins_only_what_continues_a_message() -> None:
    cut = accepted("a long", seq=1, unfinished=True)
    assert gathering.together([cut, accepted("text", seq=2), accepted(seq=3)], FOLLOWUP) == 2


def test_what_comes_much_later_continues_nothing() -> None:
    cut = accepted("a long", seq=1, unfinished=True)
    later = accepted("text", seq=2)
    later = replace(later, at=later.at + timedelta(minutes=1))
    assert gathering.together([cut, later], FOLLOWUP) == 1


def test_only_the_rest_of_an_unfinished_message_is_waited_for() -> None:
    assert gathering.patience(accepted(seq=1), waited=0.0) == 0.0
    cut = accepted(seq=1, unfinished=True)
    assert gathering.patience(cut, waited=0.25) == gathering.PATIENCE - 0.25
    assert gathering.patience(cut, waited=60.0) == 0.0


def test_nobody_waits_for_the_rest_of_a_message_from_before_a_crash() -> None:
    cut = replace(accepted(seq=1, unfinished=True), recovered=True)
    assert gathering.patience(cut, waited=0.0) == 0.0


def test_a_change_concerns_its_own_message_and_no_other() -> None:
    other = accepted(seq=2)
    for change in (correction(FIRST, "two", seq=3), deletion(FIRST, seq=3)):
        assert gathering.concerns(change.message, FIRST)  # type: ignore[arg-type]
        assert not gathering.concerns(change.message, other)  # type: ignore[arg-type]


def test_people_correct_only_what_they_said_themselves() -> None:
    theirs = correction(FIRST, "two", seq=3, sender="8")
    assert not gathering.concerns(theirs.message, FIRST)  # type: ignore[arg-type]
