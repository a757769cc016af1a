"""Facts follow from events and entries."""

from dataclasses import replace

import pytest

from state.history import AssistantEntry, ToolCall, Usage, stand_in
from state.keys import SessionKey, SessionType
from state.lifecycle import Event, ImpossibleTransition, Phase
from state.session import LOG_LENGTH
from tests.contracts.examples import NOON, later, session, turn


def test_a_new_session_is_named_after_its_key() -> None:
    facts = session("42", title="Norway")
    assert facts.id == "telegram_42_main"
    assert facts.keys == (facts.key,)
    assert (facts.phase, facts.messages, facts.title) == (Phase.CREATED, 0, "Norway")


def test_a_transition_is_logged_and_staying_is_not() -> None:
    facts = session().after(Event.MESSAGE, later(1)).after(Event.MESSAGE, later(2))
    assert [(s.at, s.event, s.phase) for s in facts.log] == [
        (later(1), Event.MESSAGE, Phase.ACTIVE)
    ]
    cleared = session().after(Event.CLEAR, later(3), "asked")
    assert cleared.log[-1].reason == "asked"
    with pytest.raises(ImpossibleTransition):
        facts.after(Event.ARCHIVE, later(4))


def test_the_log_keeps_the_newest_transitions() -> None:
    facts = session()
    for number in range(LOG_LENGTH):
        facts = facts.after(Event.MESSAGE, later(number)).after(Event.QUIET, later(number))
    assert len(facts.log) == LOG_LENGTH
    assert facts.log[-1].at == later(LOG_LENGTH - 1)


def test_entries_count_as_messages_turns_and_tokens() -> None:
    question, answer = turn(5)
    assert isinstance(answer, AssistantEntry)
    step = replace(answer, id="c", re=(), calls=(ToolCall("k", "time", "{}"),))
    facts = session().with_entries([question, step, answer])
    assert facts.messages == 2
    assert facts.totals.turns == 1
    assert (facts.totals.usage.input, facts.totals.usage.output) == (6, 10)
    assert facts.updated_at == answer.at


def test_a_summary_costs_tokens_and_is_no_sign_of_life() -> None:
    before = session().with_entries(turn(1))
    made = stand_in(turn(1), name="s1", at=later(900), content="x", tokens=1, usage=Usage(70, 9))
    after = before.with_entries([made])
    assert after.totals.usage == before.totals.usage + Usage(70, 9)
    assert (after.updated_at, after.messages) == (before.updated_at, before.messages)
    assert after.totals.turns == before.totals.turns


def test_no_entries_change_nothing_and_old_ones_do_not_turn_back_the_clock() -> None:
    facts = session(at=later(1000))
    assert facts.with_entries([]) is facts
    assert facts.with_entries(turn(1)).updated_at == later(1000)


def test_a_migrated_chat_keeps_its_session_and_its_old_key() -> None:
    group = SessionKey("telegram", "-100200", SessionType.GROUP)
    facts = session().with_key(group)
    assert facts.key == group
    assert facts.keys == (session().key, group)
    assert facts.id == session().id
    assert facts.with_key(session().key).keys == (group, session().key)
    assert facts.created_at == NOON
