"""Sessions are mended one by one, each in its lane, and the index shows what there is."""

import pytest

from state.keys import SessionId, SessionKey
from state.store import Repaired, StorageFailed
from tests.unit.gateway.test_admin import GUILD, JASON, Desk, Running

JASONS, GUILDS = (SessionKey.parse(key).session_id for key in (JASON, GUILD))


@pytest.fixture
async def desk() -> Desk:
    return await Desk(Running()).open()


async def test_each_session_is_mended_in_its_lane(desk):
    done = await desk.do("sessions.repair", ids=[JASONS, GUILDS])
    assert [each["session"] for each in done["repaired"]] == [JASONS, GUILDS]
    assert {each["error"] for each in done["repaired"]} == {None}
    assert desk.live.lanes == [JASONS, GUILDS]


async def test_a_session_that_the_index_does_not_show_is_shown(desk):
    await desk.ledger.unindex(JASONS)
    await desk.do("sessions.repair", ids=[JASONS])
    assert [str(row.key) for row in await desk.ledger.find(JASON)] == [JASON]


async def test_a_session_without_files_leaves_the_index(desk):
    await desk.sessions.delete(GUILDS)
    done = await desk.do("sessions.repair", ids=[GUILDS])
    assert done["repaired"] == [{"session": GUILDS, "aside": [], "error": None}]
    assert [str(row.key) for row in await desk.ledger.listing()] == [JASON]


async def test_one_that_cannot_be_mended_does_not_stop_the_others(desk):
    mend = desk.sessions.repair

    async def refuse(session_id: SessionId) -> Repaired | None:
        if session_id == JASONS:
            raise StorageFailed("the disk refused")
        return await mend(session_id)

    desk.sessions.repair = refuse
    first, second = (await desk.do("sessions.repair", ids=[JASONS, GUILDS]))["repaired"]
    assert first["error"] == "the disk refused"
    assert second["error"] is None
