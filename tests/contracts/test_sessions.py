"""What every store of sessions does."""

from dataclasses import replace

import pytest

from state.choices import Choices
from state.history import InvalidHistory, stand_in
from state.keys import SessionId
from state.lifecycle import Event
from state.session import Context
from state.store import NotFound, Sessions
from tests.contracts.examples import after, later, session, turn


async def test_a_session_that_was_never_made_is_none(sessions: Sessions) -> None:
    assert await sessions.load(SessionId("telegram_1_main")) is None
    assert await sessions.ids() == ()


async def test_a_made_session_is_empty_and_keeps_its_facts(sessions: Sessions) -> None:
    facts = session(title="Trip to Norway")
    await sessions.create(facts)
    loaded = await sessions.load(facts.id)
    assert loaded is not None
    assert loaded.session == facts
    assert loaded.entries == ()
    assert loaded.repaired is None


async def test_making_a_session_again_leaves_it_as_it_is(sessions: Sessions) -> None:
    facts = after(session(), turn(1))
    await sessions.append(facts, turn(1))
    await sessions.create(session(title="another"))
    loaded = await sessions.load(facts.id)
    assert loaded is not None
    assert loaded.session == facts
    assert list(loaded.entries) == turn(1)


async def test_a_first_append_makes_the_session(sessions: Sessions) -> None:
    facts = after(session(), turn(1))
    await sessions.append(facts, turn(1))
    assert await sessions.ids() == (facts.id,)
    assert list(await sessions.entries(facts.id)) == turn(1)


async def test_what_was_appended_is_loaded_in_order_with_the_newest_facts(
    sessions: Sessions,
) -> None:
    facts = session()
    positions: list[int] = []
    for number in range(5):
        facts = after(facts, turn(number))
        positions += await sessions.append(facts, turn(number))
    loaded = await sessions.load(facts.id)
    assert loaded is not None
    assert loaded.session == facts
    assert [e.id for e in loaded.entries] == [f"{who}{n}" for n in range(5) for who in "ua"]
    assert list(loaded.positions) == positions
    assert positions == sorted(set(positions))


async def test_a_context_begins_where_its_position_says(sessions: Sessions) -> None:
    facts = session()
    await sessions.append(facts, turn(1))
    positions = await sessions.append(facts, turn(2))
    facts = replace(facts, context=Context(tokens=9, limit=100, start=positions[0]))
    await sessions.save(facts)
    await sessions.append(facts, turn(3))
    loaded = await sessions.load(facts.id)
    assert loaded is not None
    assert [e.id for e in loaded.entries] == ["u2", "a2", "u3", "a3"]
    assert loaded.positions[:2] == positions
    assert [e.id for e in await sessions.entries(facts.id)][:2] == ["u1", "a1"]


async def test_a_history_that_breaks_a_rule_is_refused_whole(sessions: Sessions) -> None:
    facts = session()
    await sessions.append(facts, turn(1))
    question_alone = turn(2)[:1]
    with pytest.raises(InvalidHistory):
        await sessions.append(facts, question_alone)
    with pytest.raises(InvalidHistory):
        await sessions.append(facts, [*turn(3), *turn(3)])
    assert list(await sessions.entries(facts.id)) == turn(1)


async def test_any_text_survives(sessions: Sessions) -> None:
    wild = 'NUL \0, emoji 🦜, Zalgo z̸, RTL \u202e, \u2028, quote ", \n]\n,{"id":"fake"}\n]\n'
    entries = turn(1, asks=wild, answers=wild)
    await sessions.append(session(title=wild), entries)
    loaded = await sessions.load(session().id)
    assert loaded is not None
    assert list(loaded.entries) == entries
    assert loaded.session.title == wild


async def test_saving_and_touching_replace_the_facts(sessions: Sessions) -> None:
    facts = after(session(), turn(1))
    await sessions.append(facts, turn(1))
    chosen = Choices(model="anthropic:large", tools=("time",))
    renamed = replace(facts, title="Lunch", choices=chosen)
    await sessions.save(renamed)
    loaded = await sessions.load(facts.id)
    assert loaded is not None
    assert loaded.session == renamed
    idle = renamed.after(Event.QUIET, later(4000))
    await sessions.touch(idle)
    loaded = await sessions.load(facts.id)
    assert loaded is not None
    assert loaded.session == idle


async def test_a_session_that_is_gone_cannot_be_changed(sessions: Sessions) -> None:
    with pytest.raises(NotFound):
        await sessions.save(session())
    with pytest.raises(NotFound):
        await sessions.touch(session())
    with pytest.raises(NotFound):
        await sessions.clear(session())
    with pytest.raises(NotFound):
        await sessions.entries(session().id)
    await sessions.delete(session().id)


async def test_clearing_keeps_the_old_words_in_the_archive(sessions: Sessions) -> None:
    facts = after(session(), turn(1))
    await sessions.append(facts, turn(1))
    fresh = replace(facts.after(Event.CLEAR, later(9)), messages=0)
    archived = await sessions.clear(fresh)
    assert archived
    assert await sessions.entries(facts.id) == ()
    await sessions.append(fresh, turn(2))
    assert await sessions.clear(fresh) != archived
    loaded = await sessions.load(facts.id)
    assert loaded is not None
    assert loaded.session == fresh


async def test_clearing_an_empty_history_archives_nothing(sessions: Sessions) -> None:
    await sessions.create(session())
    assert await sessions.clear(session()) is None


async def test_a_conversation_is_brought_in_whole_and_goes_on(sessions: Sessions) -> None:
    chosen = Choices(model="anthropic:large")
    facts = replace(after(session(), [*turn(1), *turn(2)]), choices=chosen)
    assert await sessions.bring_in(facts, [*turn(1), *turn(2)]) is None
    loaded = await sessions.load(facts.id)
    assert loaded is not None
    assert loaded.session == facts
    assert list(loaded.entries) == [*turn(1), *turn(2)]
    more = after(loaded.session, turn(3))
    await sessions.append(more, turn(3))
    assert len(await sessions.entries(facts.id)) == 6


async def test_what_is_brought_in_takes_the_place_of_words_that_go_to_the_archive(
    sessions: Sessions,
) -> None:
    await sessions.append(after(session(), turn(1)), turn(1))
    facts = after(session(title="Lunch"), turn(2))
    assert await sessions.bring_in(facts, turn(2))
    loaded = await sessions.load(facts.id)
    assert loaded is not None
    assert loaded.session == facts
    assert list(await sessions.entries(facts.id)) == turn(2)


async def test_an_archived_session_can_be_replaced(sessions: Sessions) -> None:
    facts = after(session(), turn(1))
    await sessions.append(facts, turn(1))
    await sessions.archive(facts.after(Event.QUIET, later(5)).after(Event.ARCHIVE, later(6)))
    assert await sessions.bring_in(after(session(), turn(2)), turn(2))
    assert list(await sessions.entries(facts.id)) == turn(2)


async def test_a_summary_that_is_brought_in_stands_in_front(sessions: Sessions) -> None:
    summary = stand_in(turn(1), name="s1", at=later(2), content="They met.", tokens=4)
    entries = [*turn(1), summary, *turn(3)]
    facts = replace(after(session(), entries), context=Context(tokens=9, limit=100, start=7777))
    await sessions.bring_in(facts, entries)
    loaded = await sessions.load(facts.id)
    assert loaded is not None
    assert loaded.summary == summary
    shown = [entry.id for entry in loaded.entries if entry != summary]
    assert shown == ["u3", "a3"]
    assert (loaded.session.context.tokens, loaded.session.context.limit) == (9, 100)


async def test_of_what_makes_no_history_nothing_is_brought_in(sessions: Sessions) -> None:
    with pytest.raises(InvalidHistory):
        await sessions.bring_in(session(), [*turn(1), turn(2)[0]])
    assert await sessions.ids() == ()
    await sessions.bring_in(session(), [])
    assert await sessions.entries(session().id) == ()


async def test_erasing_keeps_nothing(sessions: Sessions) -> None:
    await sessions.append(session(), turn(1))
    assert await sessions.clear(session(), erase=True) is None
    assert await sessions.entries(session().id) == ()


async def test_a_deleted_session_can_begin_again(sessions: Sessions) -> None:
    await sessions.append(session(), turn(1))
    await sessions.append(session("2"), turn(1))
    await sessions.delete(session().id)
    assert await sessions.load(session().id) is None
    assert await sessions.ids() == (session("2").id,)
    await sessions.append(session(), turn(2))
    assert list(await sessions.entries(session().id)) == turn(2)


async def test_an_archived_session_is_restored_with_all_that_was_said(sessions: Sessions) -> None:
    facts = after(session(title="Norway"), [*turn(1), *turn(2)])
    await sessions.append(facts, [*turn(1), *turn(2)])
    packed = facts.after(Event.QUIET, later(9)).after(Event.ARCHIVE, later(10), "the operator")
    await sessions.archive(packed)
    await sessions.archive(packed)
    assert await sessions.ids() == (facts.id,)
    restored = packed.after(Event.RESTORE, later(11))
    await sessions.restore(restored)
    await sessions.restore(restored)
    loaded = await sessions.load(facts.id)
    assert loaded is not None
    assert (loaded.session, loaded.repaired) == (restored, None)
    assert list(loaded.entries) == [*turn(1), *turn(2)]


async def test_a_conversation_goes_on_where_it_was_archived(sessions: Sessions) -> None:
    facts = after(session(), turn(1))
    await sessions.append(facts, turn(1))
    (start, _) = await sessions.append(facts, turn(2))
    facts = replace(facts, context=Context(tokens=9, limit=100, start=start))
    await sessions.archive(facts)
    await sessions.append(facts, turn(3))
    loaded = await sessions.load(facts.id)
    assert loaded is not None
    assert [e.id for e in loaded.entries] == ["u2", "a2", "u3", "a3"]
    assert list(await sessions.entries(facts.id)) == [*turn(1), *turn(2), *turn(3)]


async def test_an_archived_session_is_cleared_erased_and_deleted_like_any(
    sessions: Sessions,
) -> None:
    facts = after(session(), [*turn(1), *turn(2)])
    await sessions.append(facts, [*turn(1), *turn(2)])
    await sessions.archive(facts)
    assert await sessions.erase(facts.id, {"1"}) == 1
    await sessions.archive(facts)
    assert await sessions.clear(replace(facts, messages=0))
    await sessions.archive(facts)
    assert await sessions.entries(facts.id) == ()
    await sessions.archive(facts)
    await sessions.delete(facts.id)
    assert await sessions.load(facts.id) is None
    with pytest.raises(NotFound):
        await sessions.archive(facts)
    with pytest.raises(NotFound):
        await sessions.restore(facts)


async def test_what_was_deleted_is_kept_until_its_time_is_over(sessions: Sessions) -> None:
    for number in range(3):
        await sessions.append(session(), turn(1))
        assert await sessions.delete(session().id, kept_at=later(number))
        assert await sessions.load(session().id) is None
    assert await sessions.delete(session().id, kept_at=later(9)) is None
    assert await sessions.empty_deleted(later(2)) == 2
    assert await sessions.empty_deleted(later(2)) == 0
    assert await sessions.empty_deleted(later(3)) == 1
