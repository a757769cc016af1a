"""A conversation from elsewhere becomes a session: over nobody's words, under the right keys."""

from dataclasses import replace

import pytest

from gateway.admin_errors import AdminError
from gateway.api.operations import carry_out
from state.codec import dumps, entry_to_json, session_to_json
from state.keys import SessionKey
from tests.contracts.examples import after, session, turn
from tests.unit.gateway.test_admin import GUILD, Desk, Running

SAID = [*turn(1), *turn(2)]
NEW = SessionKey.parse("telegram:999:group")
NEWS = replace(after(session(), SAID), id=NEW.session_id, key=NEW, keys=(NEW,), title="Norway")


@pytest.fixture(params=[True, False], ids=["running", "alone"])
async def desk(request) -> Desk:
    return await Desk(Running() if request.param else None).open()


def given(facts=NEWS, entries=SAID, **more):
    lines = "\n".join(dumps(entry_to_json(entry)).decode() for entry in entries)
    return {"session": session_to_json(facts), "lines": lines, **more}


async def bring(desk, *args, **more):
    return await carry_out(desk.admin, "sessions.import", given(*args, **more))


async def refused(desk, **operation) -> AdminError:
    with pytest.raises(AdminError) as refused:
        await carry_out(desk.admin, "sessions.import", operation)
    return refused.value


async def test_a_conversation_is_taken_over_with_its_facts_and_listed(desk):
    done = await bring(desk)
    assert done == {"id": NEW.session_id, "key": str(NEW), "archived": None}
    loaded = await desk.sessions.load(NEW.session_id)
    assert (loaded.session, list(loaded.entries)) == (NEWS, SAID)
    (row,) = await desk.ledger.find(str(NEW))
    assert (row.messages, row.title) == (4, "Norway")
    if desk.live is not None:
        assert desk.live.lanes == [NEW.session_id]
        assert desk.live.aliases == 1


async def test_a_session_that_is_there_is_left_alone(desk):
    await bring(desk)
    before = await desk.sessions.load(NEW.session_id)
    error = await refused(desk, **given(replace(NEWS, title="Sweden")))
    assert error.code == "exists"
    assert "4 messages" in error.message
    assert "--replace" in error.hint
    assert await desk.sessions.load(NEW.session_id) == before


async def test_one_that_is_replaced_keeps_its_words_and_its_keys(desk):
    await bring(desk)
    moved = SessionKey.parse("telegram:1000:group")
    other = replace(NEWS, key=moved, keys=(moved,), title="Sweden")
    done = await bring(desk, other, turn(7), replace=True)
    assert done["archived"]
    loaded = await desk.sessions.load(NEW.session_id)
    assert [e.id for e in loaded.entries] == ["u7", "a7"]
    assert loaded.session.keys == (NEW, moved)
    assert loaded.session.title == "Sweden"


async def test_keys_of_a_chat_that_moved_lead_to_it_unless_they_lead_elsewhere(desk):
    moved = SessionKey.parse("telegram:1000:group")
    taken = SessionKey.parse(GUILD)
    await bring(desk, replace(NEWS, keys=(NEW, moved, taken)))
    assert await desk.ledger.aliases() == {str(moved): NEW.session_id}


async def test_what_is_no_conversation_is_refused_and_nothing_is_made(desk):
    half = given(entries=SAID[:3])
    assert (await refused(desk, **half)).code == "unreadable"
    assert (await refused(desk, **given() | {"lines": "{"})).code == "unreadable"
    assert (await refused(desk, session={}, lines="")).code == "unreadable"
    assert (await refused(desk, lines="")).code == "unreadable"
    newer = session_to_json(NEWS) | {"version": 99}
    assert (await refused(desk, session=newer, lines="")).code == "newer_format"
    assert await desk.sessions.load(NEW.session_id) is None


async def test_an_empty_conversation_may_come_in(desk):
    empty = replace(session(), id=NEW.session_id, key=NEW, keys=(NEW,))
    await bring(desk, empty, [])
    assert (await desk.sessions.load(NEW.session_id)).session == empty
