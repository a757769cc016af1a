"""The order in which a session's files are taken."""

from dataclasses import replace
from pathlib import Path

from state.files import open_state
from state.files.backup.taking import Content, Opened, Taking
from state.files.layout import HISTORY, METADATA, Layout
from state.lifecycle import Event
from tests.contracts.examples import later
from tests.unit.state.files.backup.world import Talk, nothing


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


async def test_the_facts_never_speak_of_more_than_the_history(tmp_path: Path) -> None:
    state = await open_state(tmp_path)
    talk = Talk(state, 1)
    await talk.goes_on()
    files = Taking(tmp_path).files(nothing)
    first = next(files)
    await talk.goes_on()
    await state.sessions.save(talk.facts[0])
    second = next(files)
    assert (Path(first.name).name, Path(second.name).name) == (METADATA, HISTORY)
    assert METADATA not in [Path(file.name).name for file in files]
    assert taken(second) == taken(second)
    await state.close()
