"""Sessions that are moved to another agent on a disk that refuses, and at any crash."""

import asyncio
import errno
import itertools
import os
from collections.abc import AsyncIterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from state.files import ReadOnlyState, State, open_state
from state.files.calls import SystemCalls
from state.files.layout import METADATA, Layout
from state.session import Session
from state.store import StorageFailed, StorageFull, StoreError
from tests.contracts.examples import after, later, session, turn
from tests.faults.failing import FailingDisk

ERRORS = [(errno.ENOSPC, True), (errno.ENOSPC, False), (errno.EIO, True), (errno.EIO, False)]
SAID = [*turn(1), *turn(2)]
PATIENCE = 20
A_MOMENT = 0.2
"""Seconds in which something would happen that must not."""


async def tell(state: State) -> Session:
    facts = after(session(title="Lunch"), SAID)
    await state.sessions.append(facts, SAID)
    await state.sessions.keep_file(facts.id, "a.png", pieces(b"picture"), most=99)
    await state.ledger.index(facts)
    return facts


async def pieces(*content: bytes) -> AsyncIterator[bytes]:
    for piece in content:
        yield piece


def homes(root: Path) -> list[str]:
    """The agents that have the session now."""
    name = session().id
    return [
        at.name for at in sorted((root / "agents").iterdir()) if (at / "sessions" / name).exists()
    ]


async def is_whole(state: State, agent: str) -> Session:
    loaded = await state.sessions.load(session().id)
    assert loaded is not None
    assert loaded.repaired is None
    assert (loaded.session.agent, loaded.session.title) == (agent, "Lunch")
    assert list(loaded.entries) == SAID
    assert await state.sessions.read_file(session().id, "a.png") == b"picture"
    return loaded.session


@pytest.mark.parametrize(("code", "lasts"), ERRORS)
async def test_a_move_that_fails_at_any_call_loses_nothing_and_works_when_the_disk_is_well(
    tmp_path: Path, code: int, lasts: bool
) -> None:
    for at in itertools.count(1):
        root = tmp_path / str(at)
        disk = FailingDisk(at=-1, error=code, lasts=lasts)
        state = await open_state(root, calls=disk.calls())
        facts = await tell(state)
        disk.at = disk.count + at
        try:
            await state.sessions.move(facts, "coder")
        except (StorageFull, StorageFailed):
            disk.heal()
            (agent,) = homes(root)
            await is_whole(state, agent)
            await state.sessions.move(facts, "coder")
        failed, disk.at = disk.failed, -1
        assert homes(root) == ["coder"]
        assert ReadOnlyState(root).facts(facts.id) == await is_whole(state, "coder")
        await state.close()
        if not failed:
            assert at > 8, "it took less calls than it must"
            return


async def test_a_crash_at_any_call_of_a_move_leaves_one_session_that_goes_on(
    tmp_path: Path,
) -> None:
    found = set()
    for at in itertools.count(1):
        root = tmp_path / str(at)
        disk = FailingDisk(at=-1, error=errno.EIO)
        state = await open_state(root, calls=disk.calls())
        facts = await tell(state)
        disk.at = disk.count + at
        try:
            await state.sessions.move(facts, "coder")
        except StorageFailed:
            done = False
        else:
            done = not disk.failed
        await state.close()  # nothing more reaches the disk, as after a kill
        (agent,) = homes(root)
        written = (Layout(root, agent).folder(facts.id) / METADATA).read_text()
        found.add((agent, '"agent": "coder"' in written))
        assert ReadOnlyState(root).facts(facts.id).agent == agent
        again = await open_state(root)
        (row,) = await again.ledger.find(facts.id)
        assert row.agent == agent
        here = await is_whole(again, agent)
        await again.sessions.append(after(here, turn(5)), turn(5))
        await again.close()
        written = (Layout(root, agent).folder(facts.id) / METADATA).read_text()
        assert f'"agent": "{agent}"' in written, "the facts follow the folder"
        if done:
            assert found == {("main", False), ("coder", False), ("coder", True)}
            return


@pytest.mark.parametrize("pieces_before", [0, 1, 2])
async def test_a_file_that_is_kept_while_its_session_is_moved_is_kept_with_it(
    tmp_path: Path, pieces_before: int
) -> None:
    state = await open_state(tmp_path)
    facts = await tell(state)
    large = os.urandom(300_000)

    async def content() -> AsyncIterator[bytes]:
        for number in range(3):
            if number == pieces_before:
                await state.sessions.move(facts, "coder")
            yield large

    await state.sessions.keep_file(facts.id, "b.bin", content(), most=10**7)
    assert await state.sessions.read_file(facts.id, "b.bin") == large * 3
    assert homes(tmp_path) == ["coder"]
    await state.close()


async def test_a_session_is_not_moved_between_the_look_for_its_folder_and_what_is_kept_in_it(
    tmp_path: Path,
) -> None:
    loop, real = asyncio.get_running_loop(), SystemCalls()
    moves: list[Future[Session]] = []

    def mkdir(path: Path, mode: int) -> None:
        if path == Layout(tmp_path).folder(session().id) and not moves and facts is not None:
            moves.append(
                asyncio.run_coroutine_threadsafe(state.sessions.move(facts, "coder"), loop)
            )
            with suppress(TimeoutError):
                moves[0].result(A_MOMENT)
        real.mkdir(path, mode)

    facts: Session | None = None
    state = await open_state(tmp_path, calls=replace(real, mkdir=mkdir))
    facts = await tell(state)
    await state.sessions.keep_file(facts.id, "b.png", pieces(b"another"), most=99)
    assert (await asyncio.wait_for(asyncio.wrap_future(moves[0]), PATIENCE)).agent == "coder"
    assert homes(tmp_path) == ["coder"]
    assert await state.sessions.read_file(facts.id, "b.png") == b"another"
    await state.close()


async def test_files_that_are_read_and_kept_while_sessions_move_to_and_fro_are_never_amiss(
    tmp_path: Path,
) -> None:
    state = await open_state(tmp_path)
    facts = await tell(state)
    going = True

    async def moves() -> None:
        here = facts
        for number in range(60):
            here = await state.sessions.move(here, ("coder", "main", "cook")[number % 3])

    async def reads() -> None:
        while going:
            assert await state.sessions.read_file(facts.id, "a.png") == b"picture"
            assert list(await state.sessions.entries(facts.id))[:4] == SAID

    async def keeps() -> int:
        number = 0
        while going:
            number += 1
            await state.sessions.keep_file(facts.id, f"{number}.txt", pieces(b"x"), most=9)
        return number

    others = asyncio.gather(reads(), keeps())
    await asyncio.wait_for(moves(), PATIENCE)
    going = False
    _, kept = await asyncio.wait_for(others, PATIENCE)
    for number in range(1, kept + 1):
        assert await state.sessions.read_file(facts.id, f"{number}.txt") == b"x"
    assert len(homes(tmp_path)) == 1
    await state.close()


async def test_a_session_is_not_moved_over_what_is_there(tmp_path: Path) -> None:
    state = await open_state(tmp_path)
    facts = await tell(state)
    in_the_way = Layout(tmp_path, "coder").folder(facts.id)
    in_the_way.mkdir(parents=True)
    (in_the_way / "notes.txt").write_text("somebody's")
    with pytest.raises(StoreError, match="is there already; move it elsewhere"):
        await state.sessions.move(replace(facts, title="Supper"), "coder")
    assert [path.name for path in in_the_way.iterdir()] == ["notes.txt"]
    await is_whole(state, "main")
    more = after(replace(facts, updated_at=later(3)), turn(3))
    await state.sessions.append(more, turn(3))
    await state.close()
