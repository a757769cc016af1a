"""Kept files in a session's folder: what a crash, a tool or another hand can do to them."""

import asyncio
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from state.files import ReadOnlyState, State, open_state
from state.files.calls import SystemCalls
from state.files.layout import MEDIA
from state.store import NotFound, StorageFailed
from tests.contracts.examples import after, turn
from tests.unit.state.files.conversation import ALL, FACTS, folder, ids, loaded, said


async def pieces(*content: bytes) -> AsyncIterator[bytes]:
    for piece in content:
        yield piece


async def keep(state: State, name: str = "a.png", content: bytes = b"content") -> None:
    await state.sessions.keep_file(FACTS.id, name, pieces(content), most=10**7)


def media(root: Path) -> Path:
    return folder(root) / MEDIA


def names(there: Path) -> list[str]:
    return sorted(path.name for path in there.iterdir())


async def test_kept_files_are_the_owners_alone(tmp_path: Path) -> None:
    root = tmp_path / "state"
    state = await open_state(root)
    await keep(state)
    await state.close()
    assert (media(root) / "a.png").read_bytes() == b"content"
    for path in (folder(root), media(root), media(root) / "a.png"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


async def test_what_a_crash_left_half_written_goes_when_the_next_file_comes(
    tmp_path: Path, state: State
) -> None:
    await keep(state)
    (media(tmp_path) / ".1.new").write_bytes(b"half of someth")
    (media(tmp_path) / ".77.new").write_bytes(b"half of anoth")
    await keep(state, "b.png")
    assert names(media(tmp_path)) == ["a.png", "b.png"]


async def test_a_number_that_a_crash_left_taken_is_taken_again(tmp_path: Path) -> None:
    media(tmp_path).mkdir(parents=True)
    (media(tmp_path) / ".1.new").symlink_to(tmp_path / "elsewhere")
    state = await open_state(tmp_path)
    await keep(state)
    await state.close()
    assert names(media(tmp_path)) == ["a.png"]
    assert not (tmp_path / "elsewhere").exists()


async def test_files_of_one_session_are_kept_at_the_same_time(tmp_path: Path, state: State) -> None:
    halfway = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"x" * 300_000
        await halfway.wait()
        yield b"y"

    first = asyncio.create_task(state.sessions.keep_file(FACTS.id, "slow.bin", slow(), most=10**6))
    await keep(state)
    await keep(state, "b.png")
    halfway.set()
    assert await first == 300_001
    assert names(media(tmp_path)) == ["a.png", "b.png", "slow.bin"]


async def test_a_cancelled_file_leaves_nothing(tmp_path: Path, state: State) -> None:
    written = asyncio.Event()

    async def stuck() -> AsyncIterator[bytes]:
        yield b"x" * 300_000
        written.set()
        await asyncio.Event().wait()

    keeping = asyncio.create_task(
        state.sessions.keep_file(FACTS.id, "stuck.bin", stuck(), most=10**6)
    )
    await written.wait()
    assert len(names(media(tmp_path))) == 1
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping
    assert names(media(tmp_path)) == []


async def test_no_link_is_followed(tmp_path: Path, state: State) -> None:
    await keep(state)
    secret = tmp_path / "gateway.db"
    (media(tmp_path) / "b.png").symlink_to(secret)
    with pytest.raises(NotFound):
        await state.sessions.read_file(FACTS.id, "b.png")
    before = secret.read_bytes()
    await keep(state, "b.png")
    assert await state.sessions.read_file(FACTS.id, "b.png") == b"content"
    assert secret.read_bytes() == before


def test_no_call_in_a_folder_follows_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there")
    here = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with pytest.raises(NotADirectoryError):
            SystemCalls().open_in(here, "link", os.O_RDONLY | os.O_DIRECTORY, 0)
        with pytest.raises(FileExistsError):
            SystemCalls().mkdir_in(here, "link", 0o700)
    finally:
        os.close(here)


async def test_what_is_no_folder_of_files_gets_out_of_the_way(tmp_path: Path, state: State) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.png").write_bytes(b"somebody else's")
    folder(tmp_path).mkdir()
    media(tmp_path).symlink_to(elsewhere)
    with pytest.raises(NotFound):
        await state.sessions.read_file(FACTS.id, "a.png")
    await keep(state, "b.png")
    assert names(media(tmp_path)) == ["b.png"]
    assert names(elsewhere) == ["a.png"]


@pytest.mark.parametrize("what", ["a pipe", "a folder"])
async def test_only_an_ordinary_file_is_read(tmp_path: Path, state: State, what: str) -> None:
    await keep(state)
    path = media(tmp_path) / "b.png"
    os.mkfifo(path) if what == "a pipe" else path.mkdir()
    with pytest.raises(NotFound):
        await state.sessions.read_file(FACTS.id, "b.png")


async def test_a_folder_with_nothing_but_files_is_no_session(tmp_path: Path) -> None:
    state = await open_state(tmp_path)
    await keep(state)
    await state.close()
    state = await open_state(tmp_path)
    assert state.reports == ()
    assert await state.sessions.ids() == ()
    assert await state.ledger.listing() == ()
    assert ReadOnlyState(tmp_path).listing() == ()
    for read in (ReadOnlyState(tmp_path).facts, ReadOnlyState(tmp_path).history):
        with pytest.raises(NotFound):
            read(FACTS.id)
    await state.sessions.append(after(FACTS, turn(1)), turn(1))
    assert await state.sessions.read_file(FACTS.id, "a.png") == b"content"
    await state.close()


async def test_a_session_with_files_needs_no_repair(tmp_path: Path) -> None:
    facts = await said(tmp_path)
    state = await open_state(tmp_path)
    await keep(state)
    await state.close()
    found = await loaded(tmp_path)
    assert (ids(found), found.session, found.repaired) == (ALL, facts, None)


async def test_erasing_everything_removes_a_link_and_not_what_it_leads_to(
    tmp_path: Path, state: State
) -> None:
    await state.sessions.append(FACTS, turn(1))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    media(tmp_path).symlink_to(elsewhere)
    await state.sessions.clear(FACTS, erase=True)
    assert not media(tmp_path).is_symlink()
    assert elsewhere.is_dir()


async def test_a_closed_store_keeps_no_file_and_reads_none(tmp_path: Path) -> None:
    state = await open_state(tmp_path)
    await keep(state)
    await state.close()
    with pytest.raises(StorageFailed, match="closed"):
        await keep(state, "b.png")
    with pytest.raises(StorageFailed, match="closed"):
        await state.sessions.read_file(FACTS.id, "a.png")
    assert names(media(tmp_path)) == ["a.png"]
