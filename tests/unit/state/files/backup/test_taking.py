"""The order in which a session's files are taken."""

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from state.files import open_state
from state.files.backup.taking import Content, Opened, Taking
from state.files.checking import examine
from state.files.layout import HISTORY, METADATA, Layout
from state.files.reading import read_file
from state.keys import SessionId
from state.lifecycle import Event
from state.session import Context
from tests.contracts.examples import later
from tests.unit.state.files.backup.world import Talk, nothing

PATIENCE = 20


def taken(file: Content | Opened) -> bytes:
    """The bytes of a file that was taken."""
    if isinstance(file, Content):
        return file.data
    with open(file.fd, "rb") as opened:
        return opened.read()


async def test_a_clear_between_two_files_of_a_session_loses_no_words(tmp_path: Path) -> None:
    state = await open_state(tmp_path)
    talk = Talk(state, 1)
    await talk.goes_on()
    facts = talk.facts[0]
    folder = Layout(tmp_path).folder(facts.id)
    for number in range(3):
        files = Taking(tmp_path).files(nothing)
        before = [next(files) for _ in range(number)]
        words = folder.joinpath(HISTORY).read_bytes()
        await state.sessions.clear(replace(facts.after(Event.CLEAR, later(9)), messages=0))
        whole = [taken(file) for file in (*before, *files)]
        assert words in whole, f"cleared after {number} files"
        await talk.goes_on()
        facts = talk.facts[0]
    await state.close()


@pytest.mark.parametrize("change", ["answers", "erases", "clears"])
async def test_facts_and_history_fit_each_other_whatever_happens_between_the_two(
    tmp_path: Path, change: str
) -> None:
    state = await open_state(tmp_path)
    talk = Talk(state, 1)
    for _ in range(3):
        await talk.goes_on()
    session_id = talk.facts[0].id
    loop = asyncio.get_running_loop()

    async def happens() -> None:
        if change == "answers":
            await talk.goes_on()
            await state.sessions.save(talk.facts[0])
        elif change == "erases":
            await state.sessions.erase(session_id, {"1"})
        else:
            cleared = replace(talk.facts[0].after(Event.CLEAR, later(9)), messages=0)
            await state.sessions.clear(replace(cleared, context=Context()))

    def read(path: Path) -> bytes | None:
        asyncio.run_coroutine_threadsafe(happens(), loop).result(PATIENCE)
        return read_file(path)

    def look() -> dict[str, bytes]:
        taking = Taking(tmp_path, read=read)
        return {Path(file.name).name: taken(file) for file in taking.files(nothing)}

    files = await asyncio.to_thread(look)
    await state.close()
    assert examine(session_id, files[METADATA], files[HISTORY]).findings == ()


@pytest.mark.parametrize("seen", range(4))
@pytest.mark.parametrize(("old", "new"), [("main", "coder"), ("main", "cook"), ("coder", "main")])
async def test_a_session_that_is_moved_meanwhile_is_taken_whole(
    tmp_path: Path, old: str, new: str, seen: int
) -> None:
    state = await open_state(tmp_path)
    talk = Talk(state, 3)
    await talk.goes_on()
    first, moving, _ = talk.facts
    await state.sessions.move(first, "coder")
    facts = await state.sessions.move(moving, old)
    files = Taking(tmp_path).files(nothing)
    before = [next(files) for _ in range(seen)]
    await state.sessions.move(facts, new)
    whole = {file.name: taken(file) for file in (*before, *files)}
    await state.close()
    agents = [agent for agent in (old, new) if _is_whole(whole, agent, facts.id)]
    assert agents
    for other in (talk.facts[0].id, talk.facts[2].id):
        assert sum(_is_whole(whole, agent, other) for agent in ("main", "coder", "cook")) == 1


def _is_whole(files: dict[str, bytes], agent: str, name: SessionId) -> bool:
    found = [files.get(f"agents/{agent}/sessions/{name}/{file}") for file in (METADATA, HISTORY)]
    return None not in found and examine(name, *found).findings == ()


async def test_a_session_that_two_agents_have_is_taken_from_both(tmp_path: Path) -> None:
    state = await open_state(tmp_path)
    talk = Talk(state, 1)
    await talk.goes_on()
    await state.close()
    here, there = (Layout(tmp_path, agent).folder(talk.facts[0].id) for agent in ("main", "coder"))
    shutil.copytree(here, there)
    whole = {file.name: taken(file) for file in Taking(tmp_path).files(nothing)}
    assert all(_is_whole(whole, agent, talk.facts[0].id) for agent in ("main", "coder"))
