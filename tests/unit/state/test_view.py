"""Which entries a model sees, which summary stands before them, and how to go back."""

from dataclasses import replace

import pytest

from state.compaction import Plan, Reason, TurnSize
from state.history import Entry, InvalidHistory, SummaryEntry, stand_in
from state.session import Context
from state.view import MOST_UNDO, apply, recovered, relocated, undone, view
from tests.contracts.examples import later, turn

TURNS = [TurnSize(10, 400), TurnSize(20, 400), TurnSize(30, 400)]
BEFORE = Context(tokens=1_200, limit=2_000, start=10)


def planned(leave: int) -> Plan:
    return Plan(Reason.TOKENS, leave, leave, carries=True, room=100)


def summary(name: str, entries: list[Entry], earlier: SummaryEntry | None = None) -> SummaryEntry:
    return stand_in(
        entries, name=name, at=later(60), content="They met.", tokens=3, earlier=earlier
    )


def conversation() -> tuple[list[Entry], list[int]]:
    """Four turns; the first was summarised, then the first three."""
    first = summary("s1", turn(1))
    second = summary("s2", [*turn(2), *turn(3)], first)
    entries = [*turn(1), *turn(2), first, *turn(3), *turn(4), second, *turn(5)]
    return entries, list(range(0, 10 * len(entries), 10))


def test_a_summary_stands_for_the_messages_of_the_one_it_takes_in_as_well() -> None:
    first = summary("s1", [entry for n in range(10) for entry in turn(n)])
    second = summary("s2", [entry for n in range(10, 20) for entry in turn(n)], first)
    assert (first.messages, first.covers) == (20, ("u0", "a9"))
    assert (second.messages, second.covers) == (40, ("u0", "a19"))


def test_a_summary_knows_how_many_messages_were_dropped_before_it() -> None:
    first = stand_in(turn(1), name="s1", at=later(0), content="x", tokens=1, after=6)
    assert (first.after, summary("s2", turn(2), first).after) == (6, 6)


def test_a_summary_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidHistory, match="stands for nothing"):
        summary("s2", [summary("s1", turn(1))])


def test_a_model_sees_the_summary_that_stands_and_then_the_turns() -> None:
    entries, _ = conversation()
    second = entries[9]
    assert isinstance(second, SummaryEntry)
    assert view(entries[7:], second) == [second, *turn(4), *turn(5)]
    assert view(entries[:7], None) == [*turn(1), *turn(2), *turn(3)]


def test_a_context_begins_with_the_first_turn_that_stayed() -> None:
    after = apply(planned(2), BEFORE, TURNS, summary=40, tokens=450)
    assert after == Context(450, 2_000, start=30, summary=40, undo=((10, None),))


def test_when_all_turns_left_the_context_begins_behind_them() -> None:
    assert apply(planned(3), BEFORE, TURNS, summary=40, tokens=50).start == 40


def test_the_newest_turn_does_not_leave_without_a_summary() -> None:
    assert apply(planned(3), BEFORE, TURNS, summary=None, tokens=400).start == 30


def test_undoing_leads_back_step_by_step() -> None:
    once = apply(planned(1), BEFORE, TURNS, summary=40, tokens=900)
    twice = apply(planned(1), once, TURNS[1:], summary=50, tokens=600)
    back = undone(twice)
    assert back is not None
    assert (back.start, back.summary, back.undo) == (once.start, once.summary, once.undo)
    first = undone(back)
    assert first is not None
    assert (first.start, first.summary, first.undo) == (10, None, ())
    assert undone(first) is None


def test_only_the_last_compactions_can_be_undone() -> None:
    context = BEFORE
    for number in range(40):
        context = apply(planned(1), context, TURNS, summary=number, tokens=1)
    assert len(context.undo) == MOST_UNDO
    assert context.undo[-1] == (20, 38)


def test_a_history_alone_tells_its_context_by_its_last_summary() -> None:
    entries, positions = conversation()
    assert recovered(entries, positions) == Context(start=70, summary=90)
    assert recovered(entries[:9], positions[:9]) == Context(start=20, summary=40)
    assert recovered(entries[:4], positions[:4]) == Context()


def test_a_summary_without_words_stands_for_nothing() -> None:
    entries, positions = conversation()
    second = entries[9]
    assert isinstance(second, SummaryEntry)
    entries[9] = replace(second, content="")
    assert recovered(entries, positions) == Context(start=20, summary=40)


def test_a_summary_of_what_is_not_there_stands_for_nothing() -> None:
    entries, positions = conversation()
    assert recovered(entries[7:], positions[7:]) == Context()


def test_a_context_moves_with_its_history() -> None:
    entries, positions = conversation()
    context = Context(5, 9, start=70, summary=90, undo=((0, None), (20, 40)))
    moved = [at + 3 for at in positions]
    now = relocated(context, dict(zip(positions, moved, strict=True)), entries, moved)
    assert now == Context(5, 9, start=73, summary=93, undo=((0, None), (23, 43)))


def test_a_step_that_leads_nowhere_is_not_offered() -> None:
    entries, positions = conversation()
    context = Context(5, 9, start=70, summary=90, undo=((7, None), (20, 95), (20, 40)))
    same = {at: at for at in positions}
    assert relocated(context, same, entries, positions).undo == ((20, 40),)


def test_a_context_whose_summary_lost_its_words_is_what_it_was_before() -> None:
    entries, positions = conversation()
    second = entries[9]
    assert isinstance(second, SummaryEntry)
    entries[9] = replace(second, content="")
    same = {at: at for at in positions}
    context = Context(5, 9, start=70, summary=90, undo=((0, None), (20, 40), (70, 90)))
    now = relocated(context, same, entries, positions)
    assert now == Context(5, 9, start=20, summary=40, undo=((0, None),))
    forgetful = relocated(Context(5, 9, start=70, summary=90), same, entries, positions)
    assert forgetful == Context(5, 9, start=0)


def test_a_context_that_begins_nowhere_is_taken_from_the_history() -> None:
    entries, positions = conversation()
    context = Context(5, 9, start=71, summary=90)
    same = {at: at for at in positions}
    assert relocated(context, same, entries, positions) == Context(5, 9, start=70, summary=90)
