"""The rules of a history, for any sequence of turns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state.history import (
    AssistantEntry,
    Entry,
    InvalidHistory,
    ToolCall,
    ToolEntry,
    UserEntry,
    check_batch,
    complete_prefix,
    count_messages,
    finished,
)
from tests.contracts.examples import HERE, JASON, NOON


def a_turn(name: str, questions: int, steps: list[int]) -> list[Entry]:
    """A turn with so many questions, and so many calls in each of its steps."""
    asked = [f"{name}-u{n}" for n in range(questions)]
    entries: list[Entry] = [UserEntry(i, NOON, "why?", HERE, JASON, i, turn=name) for i in asked]
    for step, calls in enumerate(steps):
        wanted = tuple(ToolCall(f"{name}-k{step}-{n}", "time", "{}") for n in range(calls))
        entries.append(AssistantEntry(f"{name}-c{step}", NOON, "", name, calls=wanted))
        entries += [
            ToolEntry(f"{name}-r{step}-{n}", NOON, "noon", name, call.id, "time")
            for n, call in enumerate(wanted)
        ]
    entries.append(AssistantEntry(f"{name}-a", NOON, "because", name, re=tuple(asked)))
    return entries


@st.composite
def turns(draw: st.DrawFn) -> list[list[Entry]]:
    count = draw(st.integers(0, 4))
    return [
        a_turn(
            f"t{number}",
            draw(st.integers(1, 3)),
            draw(st.lists(st.integers(1, 3), max_size=2)),
        )
        for number in range(count)
    ]


@given(turns())
def test_whole_turns_may_be_appended(said: list[list[Entry]]) -> None:
    entries = [entry for turn in said for entry in turn]
    check_batch(entries)
    assert complete_prefix(entries) == len(entries)
    assert finished(entries) == {e.id for e in entries if isinstance(e, UserEntry)}


@given(turns(), st.data())
def test_a_cut_turn_is_refused_and_cut_back_to_the_last_whole_one(
    said: list[list[Entry]], data: st.DataObject
) -> None:
    entries = [entry for turn in said for entry in turn]
    cut = data.draw(st.integers(0, len(entries)))
    ends = [0]
    for turn in said:
        ends.append(ends[-1] + len(turn))
    assert complete_prefix(entries[:cut]) == max(end for end in ends if end <= cut)
    if cut not in ends:
        with pytest.raises(InvalidHistory):
            check_batch(entries[:cut])


@given(turns())
def test_nothing_is_appended_twice(said: list[list[Entry]]) -> None:
    entries = [entry for turn in said for entry in turn]
    if entries:
        with pytest.raises(InvalidHistory):
            check_batch([*entries, *entries])


@given(turns())
def test_tool_calls_do_not_count_as_messages(said: list[list[Entry]]) -> None:
    entries = [entry for turn in said for entry in turn]
    questions = sum(isinstance(entry, UserEntry) for entry in entries)
    assert count_messages(entries) == questions + len(said)
