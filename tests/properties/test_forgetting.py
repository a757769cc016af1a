"""Whatever people said together: one of them is forgotten, and the others lose nothing."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from state.forgetting import Forgetting, lost, names_in
from state.history import (
    AssistantEntry,
    CorrectionEntry,
    Entry,
    SummaryEntry,
    ToolCall,
    ToolEntry,
    UserEntry,
    check_batch,
)
from state.keys import Address
from state.messages import Quote, Sender
from state.persons import Identity, Person
from tests.contracts.examples import NOON

ANN, BOB = Sender("1", "Annika"), Sender("2", "Bob")
HERE = Address("telegram", "-5")
THEM = Person.of(Identity("telegram", "1"))
FORGETTING = Forgetting(THEM, frozenset({"Annika"}))


@st.composite
def talks(draw: st.DrawFn) -> list[Entry]:
    """Turns of two people with tools, quotes, corrections and summaries, in any order.

    Words of Ann's, or said to her, hold ``annika``; those of Bob's ``bob``.
    """
    said: list[Entry] = []
    kinds = st.lists(st.sampled_from(["turn", "tool", "correction", "summary", "quote"]))
    for number, kind in enumerate(draw(kinds)):
        who = draw(st.sampled_from([ANN, BOB]))
        words, at = f"{who.name.lower()} says {number}", NOON + timedelta(seconds=number)
        turn, asked = f"t{number}", f"u{number}"
        if kind == "summary" and said:
            first, last = said[0].id, said[-1].id
            said.append(SummaryEntry(f"z{number}", at, "sum of annika", (first, last), 1, 9))
        elif kind == "correction":
            said.append(CorrectionEntry(f"x{number}", at, words, HERE, who, "0"))
        elif kind != "summary":
            quotes = (Quote("what was annika's once", "Annika"),) if kind == "quote" else ()
            said.append(UserEntry(asked, at, words, HERE, who, str(number), turn, quotes))
            if kind == "tool":
                calls = (ToolCall("c", "read", f'"{words}"'),)
                said.append(AssistantEntry(f"s{number}", at, words, turn, calls=calls))
                said.append(ToolEntry(f"r{number}", at, words, turn, "c", "read"))
            said.append(AssistantEntry(f"a{number}", at, words, turn, re=(asked,)))
    return said


@given(talks())
def test_nothing_of_theirs_is_left(said: list[Entry]) -> None:
    left = FORGETTING.without_words(said)
    assert "annika" not in str([e for e in left if not isinstance(e, SummaryEntry)]).lower()
    assert not any(map(THEM.said, left))
    assert names_in(left) <= {"Bob"}


@given(talks())
def test_others_keep_every_word_and_the_order_stays(said: list[Entry]) -> None:
    left = FORGETTING.without_words(said)
    assert [entry.id for entry in left] == [entry.id for entry in said]
    for entry, rest in zip(said, left, strict=True):
        if isinstance(entry, UserEntry | CorrectionEntry) and entry.sender == BOB:
            assert getattr(rest, "content", "") == entry.content
        elif isinstance(entry, AssistantEntry | ToolEntry) and "bob" in entry.content:
            assert rest is entry


@given(talks())
def test_what_is_left_is_a_history(said: list[Entry]) -> None:
    check_batch(FORGETTING.without_words(said))


@given(talks())
def test_who_is_forgotten_twice_is_forgotten_once(said: list[Entry]) -> None:
    left = FORGETTING.without_words(said)
    again = FORGETTING.without_words(left)
    assert all(a is b for a, b in zip(left, again, strict=True))
    assert not lost(left, again, THEM, files=0)


@given(talks())
def test_a_summary_keeps_its_words_only_where_it_stands_for_nothing_of_theirs(
    said: list[Entry],
) -> None:
    left = FORGETTING.without_words(said)
    for number, entry in enumerate(left):
        if isinstance(entry, SummaryEntry) and entry.content:
            assert all(a is b for a, b in zip(left[:number], said[:number], strict=True))


def test_a_short_quote_under_another_name_is_anybodys() -> None:
    said: list[Entry] = [
        UserEntry("u1", NOON, "ok, and a long enough sentence", HERE, ANN, "1"),
        UserEntry("u2", NOON, "yes", HERE, BOB, "2", quotes=(Quote("ok", "Carol"),)),
        UserEntry("u3", NOON, "no", HERE, BOB, "3", quotes=(Quote("a long  enough…", "?"),)),
    ]
    left = Forgetting(THEM).without_words(said)
    assert left[1] is said[1]
    assert left[2] == replace(said[2], quotes=())  # type: ignore[arg-type]


def test_an_answer_to_several_people_stays() -> None:
    asked = [
        UserEntry("u1", NOON, "one", HERE, ANN, "1", "t"),
        UserEntry("u2", NOON, "two", HERE, BOB, "2", "t"),
    ]
    answer = AssistantEntry("a", NOON, "both", "t", re=("u1", "u2"))
    assert FORGETTING.without_words([*asked, answer])[2] is answer
