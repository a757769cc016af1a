"""What every ledger knows of sessions: listings, side sessions, and where chats go on."""

from dataclasses import replace

from state.keys import SessionId
from state.lifecycle import Event, Phase
from state.store import Ledger, SessionRow
from tests.contracts.examples import KEY, NOON, later, message, session, side_of


async def test_a_listing_shows_the_most_lately_active_first(ledger: Ledger) -> None:
    await ledger.index(session("1", at=later(1)), session("2", at=later(3)))
    await ledger.index(session("3", at=later(2)).after(Event.MESSAGE, later(2)))
    assert [row.key.chat for row in await ledger.listing()] == ["2", "3", "1"]
    assert [row.key.chat for row in await ledger.listing(limit=1)] == ["2"]
    assert [row.key.chat for row in await ledger.listing(phase=Phase.ACTIVE)] == ["3"]
    await ledger.unindex(session("3").id)
    assert (await ledger.counts()).sessions == 2


async def test_a_session_is_found_by_key_id_or_beginning(ledger: Ledger) -> None:
    await ledger.index(session("12"), session("123"), session("9%_"))
    (row,) = await ledger.find("telegram:12:main")
    assert row == SessionRow.of(session("12"))
    assert [r.key.chat for r in await ledger.find("telegram_123_main")] == ["123"]
    assert {r.key.chat for r in await ledger.find("telegram:12")} == {"12", "123"}
    assert [r.key.chat for r in await ledger.find("telegram:9%25_")] == ["9%_"]
    assert await ledger.find("telegram:_") == ()


async def test_a_key_means_the_session_and_not_its_side_sessions(ledger: Ledger) -> None:
    base = session("12")
    work, home = side_of(base, "work"), side_of(base, "home")
    await ledger.index(base, work, home, session("123"))
    for name in (str(base.key), base.id):
        assert [row.id for row in await ledger.find(name)] == [base.id]
    (row,) = await ledger.find(work.id)
    assert (row, row.base, row.name) == (SessionRow.of(work), base.id, "work")
    assert {row.id for row in await ledger.find("telegram:12")} == {base.id, session("123").id}
    assert [row.id for row in await ledger.find(f"{base.id}.w")] == [work.id]
    await ledger.unindex(base.id)
    assert {row.id for row in await ledger.find(str(base.key))} == {work.id, home.id}


async def test_a_session_is_told_of_with_its_side_sessions(ledger: Ledger) -> None:
    base = session(at=later(2))
    work, home = (side_of(base, name, at=later(at)) for name, at in (("work", 1), ("home", 3)))
    await ledger.index(work, home, base, side_of(session("5"), "work"))
    assert [row.id for row in await ledger.family(base.id)] == [base.id, home.id, work.id]
    await ledger.unindex(base.id)
    assert [row.id for row in await ledger.family(base.id)] == [home.id, work.id]
    assert await ledger.family(SessionId("nobody")) == ()


async def test_the_quiet_sessions_of_one_agent_are_told_apart(ledger: Ledger) -> None:
    for chat, at, agent in (("1", 30, "main"), ("2", 10, "coder"), ("3", 20, "coder")):
        facts = replace(session(chat, at=later(at)), agent=agent)
        await ledger.index(facts.after(Event.MESSAGE, later(at)))
    quiet = await ledger.quiet_since(Phase.ACTIVE, later(99), limit=9, agent="coder")
    assert [row.key.chat for row in quiet] == ["2", "3"]
    assert dict(await ledger.oldest(agent="coder")) == {Phase.ACTIVE: later(10)}
    assert dict(await ledger.oldest(agent="main")) == {Phase.ACTIVE: later(30)}
    assert await ledger.quiet_since(Phase.ACTIVE, later(99), limit=9, agent="nobody") == ()
    assert dict(await ledger.oldest(agent="nobody")) == {}
    assert len(await ledger.quiet_since(Phase.ACTIVE, later(99), limit=9)) == 3


async def test_quiet_sessions_are_found_longest_quiet_first(ledger: Ledger) -> None:
    for chat, at in (("1", 30), ("2", 10), ("3", 20)):
        await ledger.index(session(chat, at=later(at)).after(Event.MESSAGE, later(at)))
    quiet = await ledger.quiet_since(Phase.ACTIVE, later(30), limit=9)
    assert [row.key.chat for row in quiet] == ["2", "3"]
    assert len(await ledger.quiet_since(Phase.ACTIVE, later(99), limit=1)) == 1
    assert await ledger.quiet_since(Phase.IDLE, later(99), limit=9) == ()


async def test_the_longest_quiet_of_each_phase_is_known(ledger: Ledger) -> None:
    assert dict(await ledger.oldest()) == {}
    for chat, at in (("1", 30), ("2", 10), ("3", 20)):
        await ledger.index(session(chat, at=later(at)).after(Event.MESSAGE, later(at)))
    await ledger.index(session("4", at=later(5)))
    assert dict(await ledger.oldest()) == {Phase.ACTIVE: later(10), Phase.CREATED: later(5)}
    await ledger.unindex(session("2").id)
    assert (await ledger.oldest())[Phase.ACTIVE] == later(20)


async def test_a_chat_goes_on_where_somebody_chose_until_it_is_taken_back(ledger: Ledger) -> None:
    work, home = side_of(session(), "work"), side_of(session(), "home")
    await ledger.choose(KEY, work.id)
    await ledger.choose(KEY, home.id)
    assert await ledger.chosen() == {str(KEY): home.id}
    await ledger.choose(KEY, None)
    await ledger.choose(KEY, None)
    assert await ledger.chosen() == {}


async def test_a_chat_does_not_go_on_in_a_session_that_was_deleted(ledger: Ledger) -> None:
    work, home = side_of(session(), "work"), side_of(session("5"), "home")
    await ledger.index(session(), work, home)
    await ledger.choose(KEY, work.id)
    await ledger.choose(home.key, home.id)
    await ledger.unindex(work.id)
    assert await ledger.chosen() == {str(home.key): home.id}


async def test_a_switch_is_taken_over_together_with_the_message_that_asks_for_it(
    ledger: Ledger,
) -> None:
    base = session()
    work, home = side_of(base, "work"), side_of(base, "home")

    async def switch(source: str, to: SessionId) -> bool:
        taken = await ledger.accept(
            message(source), key=KEY, session=to, entry=f"e{source}", at=NOON, base=base.id
        )
        return taken is not None and taken.session == to

    assert await switch("1", work.id)
    assert await switch("2", home.id)
    # What comes again does not switch back.
    assert not await switch("1", work.id)
    assert await ledger.chosen() == {str(KEY): home.id}
    assert await switch("3", base.id)
    assert await ledger.chosen() == {}
    await ledger.accept(message("4"), key=KEY, session=work.id, entry="e4", at=NOON)
    assert await ledger.chosen() == {}


async def test_the_agents_that_have_sessions_are_known_with_how_many_those_are(
    ledger: Ledger,
) -> None:
    assert await ledger.agents() == ()
    for chat, agent in (("1", "main"), ("2", "coder"), ("3", "main")):
        await ledger.index(replace(session(chat), agent=agent))
    assert await ledger.agents() == ("coder", "main")
    assert [await ledger.held(agent) for agent in ("coder", "main", "gone")] == [1, 2, 0]
    await ledger.unindex(session("2").id)
    assert await ledger.agents() == ("main",)
