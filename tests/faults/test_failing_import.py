"""Conversations that are brought in while the disk refuses, and at any crash."""

import errno
import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from state.files import State, open_state
from state.files.layout import ARCHIVE, Layout
from state.history import Entry
from state.session import Context, Session
from state.store import StorageFailed, StorageFull
from tests.contracts.examples import after, session, turn
from tests.faults.failing import FailingDisk

OLD = [*turn(1), *turn(2)]
NEW = [*turn(7), *turn(8)]
CODES = [(errno.ENOSPC, True), (errno.ENOSPC, False), (errno.EIO, True), (errno.EIO, False)]


def facts(entries: list[Entry]) -> Session:
    return after(session(title="Lunch"), entries)


async def said(state: State) -> list[Entry]:
    loaded = await state.sessions.load(session().id)
    assert loaded is None or loaded.repaired is None
    return [] if loaded is None else list(loaded.entries)


async def attempt(root: Path, *, at: int, code: int, lasts: bool, old: list[Entry]) -> bool:
    """Whether it was brought in; a process that starts afterwards finds all of it or none."""
    disk = FailingDisk(at=-1, error=code, lasts=lasts)
    state = await open_state(root, calls=disk.calls())
    if old:
        positions = await state.sessions.append(facts(old), old)
        # Where the new history has an entry as well, but not the first of its context.
        context = Context(tokens=9, limit=100, start=positions[2])
        await state.sessions.save(replace(facts(old), context=context))
    disk.at, disk.count = at, 0
    try:
        await state.sessions.bring_in(facts(NEW), NEW)
    except (StorageFull, StorageFailed):
        done = False
    else:
        done = True
    disk.heal()
    now = await said(state)
    assert now in (old, old[2:], NEW)
    await state.close()
    again = await open_state(root)
    assert await said(again) == now
    await again.sessions.bring_in(facts(NEW), NEW)
    assert await said(again) == NEW
    await again.close()
    assert not disk.failed or not done or now == NEW
    return not disk.failed


@pytest.mark.parametrize(("code", "lasts"), CODES)
@pytest.mark.parametrize("old", [[], OLD], ids=["new", "replaced"])
async def test_a_disk_that_fails_at_any_call_leaves_the_old_words_or_the_new(
    tmp_path: Path, code: int, lasts: bool, old: list[Entry]
) -> None:
    for at in itertools.count(1):
        root = tmp_path / str(at)
        if await attempt(root, at=at, code=code, lasts=lasts, old=old):
            assert at > 5
            break


async def test_words_that_are_replaced_are_always_kept(tmp_path: Path) -> None:
    state = await open_state(tmp_path)
    await state.sessions.append(facts(OLD), OLD)
    name = await state.sessions.bring_in(facts(NEW), NEW)
    assert name is not None
    kept = Layout(tmp_path).folder(session().id) / ARCHIVE / name
    assert b'"u1"' in kept.read_bytes()
    await state.close()
