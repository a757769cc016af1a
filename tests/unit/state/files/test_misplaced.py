"""A folder, a pipe or a broken link where a session's files belong."""

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from state.files import ReadOnlyState, State, open_state
from state.files.layout import HISTORY, METADATA
from tests.contracts.examples import turn
from tests.unit.state.files.conversation import ALL, FACTS, folder, ids, loaded, said


def put_folder(path: Path) -> None:
    path.mkdir()
    (path / "inside").write_text("kept")


def put_broken_link(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


@pytest.mark.parametrize("put", [put_folder, put_broken_link, os.mkfifo])
@pytest.mark.parametrize(("name", "kept"), [(HISTORY, []), (METADATA, ALL)])
async def test_what_is_no_file_is_set_aside_and_the_session_goes_on(
    tmp_path: Path, name: str, kept: list[str], put: Callable[[Path], None]
) -> None:
    await said(tmp_path)
    path = folder(tmp_path) / name
    path.unlink()
    put(path)
    mode = stat.S_IFMT(path.lstat().st_mode)
    assert [entry.id for entry in ReadOnlyState(tmp_path).entries(FACTS.id)] == kept
    assert ReadOnlyState(tmp_path).facts(FACTS.id).key == FACTS.key
    state = await open_state(tmp_path)
    found = await state.sessions.load(FACTS.id)
    assert found is not None
    assert found.repaired is not None
    assert found.repaired.startswith(f"{name}.damaged-")
    assert stat.S_IFMT((folder(tmp_path) / found.repaired).lstat().st_mode) == mode
    assert ids(found) == kept
    await state.sessions.append(found.session, turn(9))
    await state.close()
    assert ids(await loaded(tmp_path)) == [*kept, "u9", "a9"]


@pytest.mark.parametrize("put", [Path.touch, put_broken_link, os.mkfifo])
async def test_what_is_no_folder_is_set_aside_and_the_session_begins_anew(
    tmp_path: Path, put: Callable[[Path], None]
) -> None:
    await said(tmp_path)
    shutil.rmtree(folder(tmp_path))
    put(folder(tmp_path))
    state = await open_state(tmp_path)
    found = await state.sessions.load(FACTS.id)
    assert found is not None
    assert found.repaired is not None
    assert found.repaired.startswith(f"{FACTS.id}.damaged-")
    assert os.path.lexists(folder(tmp_path).with_name(found.repaired))
    assert (ids(found), found.session.key) == ([], FACTS.key)
    await state.sessions.append(FACTS, turn(9))
    await state.close()
    assert ids(await loaded(tmp_path)) == ["u9", "a9"]


async def test_a_file_that_becomes_a_folder_beneath_a_running_gateway_is_set_aside(
    tmp_path: Path, state: State
) -> None:
    await state.sessions.append(FACTS, turn(1))
    for name in (METADATA, HISTORY):
        (folder(tmp_path) / name).unlink(missing_ok=True)
        put_folder(folder(tmp_path) / name)
        await state.sessions.save(FACTS)
    await state.sessions.append(FACTS, turn(2))
    shutil.rmtree(folder(tmp_path))
    folder(tmp_path).touch()
    await state.sessions.append(FACTS, turn(3))
    assert [entry.id for entry in await state.sessions.entries(FACTS.id)] == ["u3", "a3"]


async def test_erasing_removes_what_was_no_file_too(tmp_path: Path) -> None:
    await said(tmp_path)
    (folder(tmp_path) / HISTORY).unlink()
    put_folder(folder(tmp_path) / HISTORY)
    state = await open_state(tmp_path)
    await state.sessions.clear(FACTS, erase=True)
    await state.close()
    assert not list(folder(tmp_path).glob(f"{HISTORY}.damaged-*"))
