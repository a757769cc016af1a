"""What every store does when all of a session shall be checked and mended."""

from state.store import Repaired, Sessions
from tests.contracts.examples import after, session, turn


async def test_a_whole_session_stays_as_it_is(sessions: Sessions) -> None:
    facts = after(session(), turn(1))
    await sessions.append(facts, turn(1))
    before = await sessions.entries(facts.id)
    assert await sessions.repair(facts.id) == Repaired(facts)
    assert await sessions.entries(facts.id) == before


async def test_a_session_is_appended_to_after_its_repair(sessions: Sessions) -> None:
    facts = after(session(), turn(1))
    await sessions.append(facts, turn(1))
    await sessions.repair(facts.id)
    await sessions.append(after(facts, turn(2)), turn(2))
    assert [entry.id for entry in await sessions.entries(facts.id)] == ["u1", "a1", "u2", "a2"]


async def test_there_is_nothing_to_mend_where_there_is_no_session(sessions: Sessions) -> None:
    assert await sessions.repair(session().id) is None
    assert await sessions.ids() == ()
