"""What every store does with the sessions of several agents."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from state.keys import SessionId
from state.lifecycle import Event
from state.session import Session
from state.store import NotFound, Sessions
from tests.contracts.examples import after, later, session, turn

PATHS = ("../elsewhere", "..", "", "/", "a/b", "Coder", "a\0b", ".hidden")


async def said(sessions: Sessions, chat: str = "1", *, agent: str = "main") -> Session:
    facts = after(replace(session(chat), agent=agent), turn(1))
    await sessions.append(facts, turn(1))
    return facts


async def facts_of(sessions: Sessions, name: SessionId) -> Session:
    loaded = await sessions.load(name)
    assert loaded is not None
    assert loaded.repaired is None
    return loaded.session


async def picture() -> AsyncIterator[bytes]:
    yield b"picture"


async def test_sessions_of_all_agents_are_there(sessions: Sessions) -> None:
    one, two = await said(sessions, "1"), await said(sessions, "2", agent="coder")
    await sessions.create(replace(session("3"), agent="cook"))
    assert await sessions.ids() == (one.id, two.id, session("3").id)
    assert await facts_of(sessions, one.id) == one
    assert await facts_of(sessions, two.id) == two
    assert (await facts_of(sessions, session("3").id)).agent == "cook"


async def test_a_session_that_was_moved_goes_on_where_it_was(sessions: Sessions) -> None:
    facts = await said(sessions)
    titled = replace(facts, title="Code")
    moved = await sessions.move(titled, "coder")
    assert moved == replace(titled, agent="coder")
    assert await facts_of(sessions, facts.id) == moved
    assert await sessions.ids() == (facts.id,)
    more = after(moved, turn(2))
    await sessions.append(more, turn(2))
    assert await facts_of(sessions, facts.id) == more
    assert list(await sessions.entries(facts.id)) == [*turn(1), *turn(2)]
    back = await sessions.move(more, "main")
    assert back == replace(more, agent="main")
    assert list(await sessions.entries(facts.id)) == [*turn(1), *turn(2)]


async def test_all_that_is_kept_with_a_session_is_moved_with_it(sessions: Sessions) -> None:
    facts = await said(sessions)
    await sessions.keep_file(facts.id, "a.png", picture(), most=99)
    moved = await sessions.move(facts, "coder")
    assert await sessions.read_file(facts.id, "a.png") == b"picture"
    await sessions.keep_file(facts.id, "b.png", picture(), most=99)
    assert await sessions.read_file(facts.id, "b.png") == b"picture"
    archived = await sessions.clear(replace(moved, messages=0))
    assert archived is not None
    assert await facts_of(sessions, facts.id) == replace(moved, messages=0)


async def test_an_archived_session_can_be_moved(sessions: Sessions) -> None:
    facts = (await said(sessions)).after(Event.QUIET, later(8)).after(Event.ARCHIVE, later(9))
    await sessions.archive(facts)
    moved = await sessions.move(facts, "coder")
    assert await facts_of(sessions, facts.id) == moved
    assert list(await sessions.entries(facts.id)) == turn(1)


async def test_moving_a_session_to_its_own_agent_keeps_its_facts(sessions: Sessions) -> None:
    facts = replace(await said(sessions), title="Lunch")
    assert await sessions.move(facts, "main") == facts
    assert await facts_of(sessions, facts.id) == facts


async def test_nothing_but_a_move_changes_whose_a_session_is(sessions: Sessions) -> None:
    facts = await said(sessions)
    other = replace(after(facts, turn(2)), agent="coder")
    await sessions.append(other, turn(2))
    assert await facts_of(sessions, facts.id) == replace(other, agent="main")
    for keep in (sessions.save, sessions.touch, sessions.archive, sessions.restore):
        await keep(replace(other, title=keep.__name__))
        kept = await facts_of(sessions, facts.id)
        assert (kept.agent, kept.title) == ("main", keep.__name__)
    await sessions.clear(other)
    await sessions.bring_in(other, turn(1))
    assert (await facts_of(sessions, facts.id)).agent == "main"
    assert await sessions.ids() == (facts.id,)


async def test_files_that_were_kept_first_are_the_sessions_whoever_makes_it(
    sessions: Sessions,
) -> None:
    facts = replace(session(), agent="coder")
    await sessions.keep_file(facts.id, "a.png", picture(), most=99)
    await sessions.append(facts, turn(1))
    assert await sessions.read_file(facts.id, "a.png") == b"picture"
    assert (await facts_of(sessions, facts.id)).agent == "coder"


async def test_a_session_that_is_brought_in_is_its_agents(sessions: Sessions) -> None:
    facts = replace(session(), agent="coder")
    await sessions.bring_in(facts, turn(1))
    assert (await facts_of(sessions, facts.id)).agent == "coder"
    assert list(await sessions.entries(facts.id)) == turn(1)


async def test_a_session_that_is_not_there_is_not_moved(sessions: Sessions) -> None:
    with pytest.raises(NotFound):
        await sessions.move(session(), "coder")
    assert await sessions.ids() == ()


@pytest.mark.parametrize("name", PATHS)
async def test_what_is_no_agents_name_is_refused_and_nothing_changes(
    sessions: Sessions, name: str
) -> None:
    facts = await said(sessions)
    with pytest.raises(NotFound, match="cannot be an agent's name"):
        await sessions.move(facts, name)
    stray = replace(session("2"), agent=name)
    with pytest.raises(NotFound, match="cannot be an agent's name"):
        await sessions.create(stray)
    with pytest.raises(NotFound, match="cannot be an agent's name"):
        await sessions.append(stray, turn(1))
    with pytest.raises(NotFound, match="cannot be an agent's name"):
        await sessions.bring_in(stray, turn(1))
    assert await sessions.ids() == (facts.id,)
    assert await facts_of(sessions, facts.id) == facts


async def test_a_deleted_session_of_another_agent_is_gone(sessions: Sessions) -> None:
    facts = await said(sessions, agent="coder")
    kept = await sessions.delete(facts.id, kept_at=later(9))
    assert kept is not None
    assert await sessions.load(facts.id) is None
    assert await sessions.empty_deleted(later(99)) == 1
    again = await said(sessions, agent="cook")
    await sessions.delete(again.id)
    assert await sessions.ids() == ()
