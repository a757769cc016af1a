"""Several agents in one state folder: each session is found, whoever's it is."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from state.files import ReadOnlyState, State, open_state
from state.files.checking import Kind
from state.files.inspecting import Inspection, resolve
from state.files.layout import HISTORY, METADATA, TRASH, Layout
from state.files.search.catching_up import catch_up
from state.keys import SessionId, person_session_id, side_session_id
from state.lifecycle import Event, Phase
from state.session import Session
from state.store import NotFound
from tests.contracts.examples import after, later, session, side_of, turn
from tests.unit.state.files.search.finding import found

SIDE = side_of(session("1"), "work")


def at(root: Path, agent: str, name: SessionId) -> Path:
    return Layout(root, agent).folder(name)


async def said(
    state: State, facts: Session, *, agent: str = "main", asks: str = "Hello"
) -> Session:
    facts = after(replace(facts, agent=agent), turn(1, asks=asks))
    await state.sessions.append(facts, turn(1, asks=asks))
    await state.ledger.index(facts)
    return facts


async def made(root: Path, facts: Session, *, agent: str = "main") -> Session:
    """A state folder with this session, closed again."""
    state = await open_state(root)
    facts = await said(state, facts, agent=agent)
    await state.close()
    return facts


def findings(root: Path, *only: SessionId) -> list[tuple[Kind, SessionId]]:
    report = Inspection(root).check(only, step=lambda: None)
    return [(finding.kind, finding.session) for finding in report.findings]


async def test_each_session_is_in_the_folder_of_its_agent(tmp_path: Path, state: State) -> None:
    one, two = await said(state, session("1")), await said(state, session("2"), agent="coder")
    moved = await state.sessions.move(one, "cook")
    assert [at(tmp_path, "cook", one.id).is_dir(), at(tmp_path, "main", one.id).exists()] == [
        True,
        False,
    ]
    assert at(tmp_path, "coder", two.id).is_dir()
    reader = ReadOnlyState(tmp_path)
    assert [reader.facts(name) for name in (one.id, two.id)] == [moved, two]
    assert {
        path.stat().st_mode & 0o777 for path in (tmp_path / "agents").rglob("*") if path.is_dir()
    } == {0o700}


async def test_the_index_is_made_anew_from_the_folders_of_all_agents(tmp_path: Path) -> None:
    base = await made(tmp_path, session("1"))
    side = await made(tmp_path, replace(SIDE, title="Taxes"), agent="coder")
    Layout(tmp_path).database.unlink()
    assert {row.agent for row in ReadOnlyState(tmp_path).page().rows} == {"main", "coder"}
    state = await open_state(tmp_path)
    family = await state.ledger.family(base.id)
    await state.close()
    told = [(row.id, row.agent, row.base, row.name, row.title) for row in family]
    assert told == [
        (base.id, "main", None, None, None),
        (side.id, "coder", base.id, "work", "Taxes"),
    ]


@pytest.mark.parametrize("base", [session("1").id, person_session_id("jason")])
async def test_a_side_session_whose_facts_are_lost_is_one_still(
    tmp_path: Path, base: SessionId
) -> None:
    side = replace(SIDE, id=side_session_id(base, "work"), base=base)
    await made(tmp_path, side)
    (at(tmp_path, "main", side.id) / METADATA).unlink()
    facts = ReadOnlyState(tmp_path).facts(side.id)
    assert (facts.base, facts.name, facts.key.type) == (base, "work", "main")


async def test_the_folder_says_whose_a_session_is_also_when_it_was_moved_by_hand(
    tmp_path: Path,
) -> None:
    facts = await made(tmp_path, session("1"))
    there = at(tmp_path, "coder", facts.id)
    there.parent.mkdir(parents=True)
    at(tmp_path, "main", facts.id).rename(there)
    state = await open_state(tmp_path)
    assert state.reports == ("the index of sessions was brought up to date (1 changes)",)
    assert [row.agent for row in await state.ledger.find(facts.id)] == ["coder"]
    assert dict(await state.ledger.oldest(agent="coder")).keys() == {Phase.ACTIVE}
    loaded = await state.sessions.load(facts.id)
    assert loaded is not None
    assert loaded.session == replace(facts, agent="coder")
    await state.close()
    assert '"agent": "coder"' in (there / METADATA).read_text()
    state = await open_state(tmp_path)
    assert state.reports == ()
    await state.close()


async def test_of_a_copied_session_the_one_that_the_index_names_is_used_and_the_other_stays(
    tmp_path: Path,
) -> None:
    facts = await made(tmp_path, session("1"), agent="coder")
    here, copy = at(tmp_path, "coder", facts.id), at(tmp_path, "main", facts.id)
    shutil.copytree(here, copy)
    state = await open_state(tmp_path)
    (told,) = state.reports
    assert told == (
        f"the session {facts.id} is there more than once, with the agents main, coder: "
        "coder's is used; move the other elsewhere"
    )
    more = after(facts, turn(2))
    await state.sessions.append(more, turn(2))
    assert await state.sessions.ids() == (facts.id,)
    assert findings(tmp_path) == [(Kind.COPIED, facts.id)]
    await state.sessions.repair(facts.id)
    await state.close()
    assert ReadOnlyState(tmp_path).facts(facts.id) == more
    assert b"u2" not in (copy / HISTORY).read_bytes()
    assert findings(tmp_path, facts.id) == [(Kind.COPIED, facts.id)]


async def test_of_a_copied_session_that_no_index_names_mains_is_used(tmp_path: Path) -> None:
    facts = await made(tmp_path, session("1"))
    shutil.copytree(at(tmp_path, "main", facts.id), at(tmp_path, "coder", facts.id))
    for database in tmp_path.glob("gateway.db*"):
        database.unlink()
    assert ReadOnlyState(tmp_path).facts(facts.id).agent == "main"
    state = await open_state(tmp_path)
    assert [row.agent for row in await state.ledger.find(facts.id)] == ["main"]
    await state.close()


async def test_a_folder_that_no_agent_can_have_is_nobodys(tmp_path: Path) -> None:
    facts = await made(tmp_path, session("1"))
    for name in (".git", "Backup", "a b"):
        shutil.copytree(
            at(tmp_path, "main", facts.id), tmp_path / "agents" / name / "sessions" / facts.id
        )
    (tmp_path / "agents" / "README").touch()
    state = await open_state(tmp_path)
    assert (state.reports, await state.sessions.ids()) == ((), (facts.id,))
    assert findings(tmp_path) == []
    await state.close()


async def test_what_is_in_the_way_is_found_with_every_agent(tmp_path: Path) -> None:
    await made(tmp_path, session("1"), agent="coder")
    at(tmp_path, "coder", session("2").id).touch()
    at(tmp_path, "coder", SIDE.id).touch()
    at(tmp_path, "coder", SessionId("README")).touch()
    assert findings(tmp_path) == [
        (Kind.STRAY, SessionId("README")),
        (Kind.MISPLACED, SIDE.id),
        (Kind.MISPLACED, session("2").id),
    ]


async def test_what_was_being_removed_is_removed_with_every_agent(tmp_path: Path) -> None:
    facts = await made(tmp_path, session("1"), agent="coder")
    here = at(tmp_path, "coder", facts.id)
    here.rename(here.with_name(f"{TRASH}{facts.id}"))
    state = await open_state(tmp_path)
    await state.close()
    assert list(here.parent.iterdir()) == []


async def test_a_deleted_session_still_says_whose_it_was(tmp_path: Path, state: State) -> None:
    facts = await said(state, session("1"), agent="coder")
    moved = await state.sessions.move(facts, "cook")
    kept = await state.sessions.delete(moved.id, kept_at=later(9))
    assert kept is not None
    assert '"agent": "cook"' in (Path(kept) / METADATA).read_text()
    assert list(at(tmp_path, "cook", moved.id).parent.iterdir()) == []


async def test_what_was_said_is_found_with_every_agent_and_after_a_move(tmp_path: Path) -> None:
    state = await open_state(tmp_path)
    one = await said(state, session("1"), asks="the harbour")
    two = await said(state, session("2"), agent="coder", asks="a harbour")
    await state.search.caught_up()
    state.search.start()
    await state.search.caught_up()
    hits = [(one.id, "u1"), (two.id, "u1")]
    assert found(tmp_path, "harbour") == hits
    await state.sessions.move(one, "coder")
    await state.search.caught_up()
    assert found(tmp_path, "harbour") == hits
    await state.close()
    at(tmp_path, "coder", two.id).rename(tmp_path / "elsewhere")
    catch_up(Layout(tmp_path))
    assert found(tmp_path, "harbour") == hits[:1]
    (tmp_path / "elsewhere").rename(at(tmp_path, "main", two.id))
    catch_up(Layout(tmp_path))
    assert found(tmp_path, "harbour") == hits


async def test_who_follows_a_session_follows_it_to_another_agent(
    tmp_path: Path, state: State
) -> None:
    facts = await said(state, session("1"))
    following = ReadOnlyState(tmp_path).follow(facts.id, turn(1))
    assert following.look().entries == ()
    facts = await state.sessions.move(facts, "coder")
    await state.sessions.append(after(facts, turn(2)), turn(2))
    news = following.look()
    assert (list(news.entries), news.anew) == (turn(2), False)


async def test_an_archived_session_is_read_where_it_is(tmp_path: Path, state: State) -> None:
    facts = (await said(state, session("1"), agent="coder")).after(Event.QUIET, later(8))
    facts = facts.after(Event.ARCHIVE, later(9))
    await state.sessions.archive(facts)
    reader = ReadOnlyState(tmp_path)
    assert list(reader.entries(facts.id)) == turn(1)
    assert reader.facts(facts.id) == facts
    assert findings(tmp_path) == []
    assert list(await state.sessions.entries(facts.id)) == turn(1)


@pytest.mark.parametrize("name", ["../x", "", ".x", "~x", "a/b", "a\0b"])
async def test_nothing_is_looked_for_under_what_is_no_sessions_id(
    tmp_path: Path, state: State, name: str
) -> None:
    with pytest.raises(NotFound):
        await state.sessions.load(SessionId(name))
    with pytest.raises(NotFound):
        ReadOnlyState(tmp_path).facts(SessionId(name))


def test_a_check_of_a_session_does_not_mean_its_side_sessions() -> None:
    base = session("1").id
    names = (base, SIDE.id, session("12").id)
    assert resolve("telegram:1:main", names) == (base,)
    assert resolve(base, names) == (base,)
    assert resolve("telegram_1_main", names) == (base,)
    assert resolve("telegram:1", names) == (base, session("12").id)
    assert resolve(SIDE.id, names) == (SIDE.id,)
    assert resolve(f"{base}.w", names) == (SIDE.id,)
