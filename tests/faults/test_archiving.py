"""Sessions that are archived, restored and deleted on a disk that refuses, and at any crash."""

import errno
import itertools
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from state.files import ReadOnlyState, State, open_state
from state.files.checking import Kind
from state.files.inspecting import Inspection
from state.files.layout import HISTORY, METADATA, PACKED, Layout
from state.files.packing import Unpacked, pack, unpack
from state.history import Entry
from state.lifecycle import Event, Phase
from state.session import Context, Session
from state.store import StorageFailed, StorageFull, StoreError
from tests.contracts.examples import after, later, session, turn
from tests.faults.failing import FailingDisk

ERRORS = [
    (errno.ENOSPC, True),
    (errno.ENOSPC, False),
    (errno.EIO, True),
    (errno.EIO, False),
]
SAID: list[Entry] = [*turn(1), *turn(2, answers="words " * 400), *turn(3)]

Step = Callable[[State, Session], Awaitable[Session]]


async def tell(state: State) -> Session:
    """Three turns, of which the last is the context, and then quiet."""
    facts = after(session(title="Lunch"), SAID)
    await state.sessions.append(facts, SAID[:4])
    (start, _) = await state.sessions.append(facts, SAID[4:])
    facts = replace(facts, context=Context(tokens=9, limit=100, start=start))
    facts = facts.after(Event.QUIET, later(99))
    await state.sessions.save(facts)
    return facts


async def archive(state: State, facts: Session) -> Session:
    facts = facts.after(Event.ARCHIVE, later(100))
    await state.sessions.archive(facts)
    return facts


async def restore(state: State, facts: Session) -> Session:
    facts = facts.after(Event.RESTORE, later(101))
    await state.sessions.restore(facts)
    return facts


async def go_on(state: State, facts: Session) -> Session:
    facts = after(facts, turn(4))
    await state.sessions.append(facts, turn(4))
    return facts


def folder(root: Path) -> Path:
    return Layout(root).folder(session().id)


def refusal(code: int) -> type[StoreError]:
    return StorageFull if code == errno.ENOSPC else StorageFailed


def seen(root: Path) -> list[Entry]:
    """What somebody sees who only looks, at this instant."""
    return list(ReadOnlyState(root).entries(session().id))


def wrong(root: Path) -> list[tuple[Kind, str]]:
    """What a check finds in the session's folder."""
    report = Inspection(root).check([session().id], step=lambda: None)
    return [(f.kind, f.file) for f in report.findings if f.kind is not Kind.UNINDEXED]


async def is_whole(state: State, facts: Session, said: list[Entry]) -> None:
    """Whether everything is there, is shown as before, and nothing had to be repaired."""
    loaded = await state.sessions.load(facts.id)
    assert loaded is not None
    assert loaded.repaired is None
    assert list(loaded.entries) == said[4:]
    assert loaded.session.title == "Lunch"
    assert loaded.session.context == facts.context
    assert list(await state.sessions.entries(facts.id)) == said


@pytest.mark.parametrize(("code", "lasts"), ERRORS)
@pytest.mark.parametrize("doing", ["archive", "restore", "go on"])
async def test_a_disk_that_fails_at_any_call_loses_nothing_and_it_works_when_it_is_well(
    tmp_path: Path, doing: str, code: int, lasts: bool
) -> None:
    step = {"archive": archive, "restore": restore, "go on": go_on}[doing]
    said = [*SAID, *turn(4)] if doing == "go on" else SAID
    for at in itertools.count(1):
        root = tmp_path / str(at)
        disk = FailingDisk(at=-1, error=code, lasts=lasts)
        state = await open_state(root, calls=disk.calls())
        facts = await tell(state)
        if doing != "archive":
            facts = await archive(state, facts)
        disk.at = disk.count + at
        try:
            done = await step(state, facts)
        except refusal(code):
            assert seen(root) == SAID
            disk.heal()
            done = await step(state, facts)
        failed, disk.at = disk.failed, -1
        assert seen(root) == said
        if doing == "archive":
            assert sorted(path.name for path in folder(root).iterdir()) == [PACKED, METADATA]
            assert ReadOnlyState(root).facts(facts.id) == done
        await is_whole(state, done, said)
        await state.close()
        if not failed:
            assert at > 5, "it took less calls than it must"
            return


@pytest.mark.parametrize("step", [archive, restore])
async def test_a_crash_at_any_call_leaves_one_whole_copy_that_loads(
    tmp_path: Path, step: Step
) -> None:
    found = set()
    for at in itertools.count(1):
        root = tmp_path / str(at)
        disk = FailingDisk(at=-1, error=errno.EIO)
        state = await open_state(root, calls=disk.calls())
        facts = await tell(state)
        if step is not archive:
            facts = await archive(state, facts)
        disk.at = disk.count + at
        try:
            await step(state, facts)
        except StorageFailed:
            done = False
        else:
            done = not disk.failed
        await state.close()  # nothing more reaches the disk, as after a kill
        copies = frozenset({HISTORY, PACKED} & {p.name for p in folder(root).iterdir()})
        found.add(copies)
        said = seen(root)
        assert said == SAID
        again = await open_state(root)
        loaded = await again.sessions.load(facts.id)
        assert loaded is not None
        assert loaded.repaired is None
        assert list(await again.sessions.entries(facts.id)) == said
        assert (folder(root) / HISTORY).exists()
        assert not (folder(root) / PACKED).exists()
        await again.sessions.append(after(loaded.session, turn(5)), turn(5))
        await again.close()
        assert [e["id"] for e in json.loads((folder(root) / HISTORY).read_bytes())][-1] == "a5"
        if done:
            assert found == {
                frozenset({HISTORY}),
                frozenset({PACKED}),
                frozenset({HISTORY, PACKED}),
            }
            return


async def test_deleted_sessions_are_kept_whole_or_not_deleted(tmp_path: Path) -> None:
    for at in itertools.count(1):
        root = tmp_path / str(at)
        disk = FailingDisk(at=-1, error=errno.EIO)
        state = await open_state(root, calls=disk.calls())
        facts = await tell(state)
        disk.at = disk.count + at
        try:
            await state.sessions.delete(facts.id, kept_at=later(7))
        except StorageFailed:
            done = False
        else:
            done = not disk.failed
        await state.close()
        kept = [json.loads(path.read_bytes()) for path in root.glob(f"deleted/*/{HISTORY}")]
        there = (folder(root) / HISTORY).exists()
        assert [len(entries) for entries in kept] == ([] if there else [6])
        again = await open_state(root)
        await again.sessions.delete(facts.id, kept_at=later(8))
        assert len(list(root.glob("deleted/*"))) == 1
        assert await again.sessions.empty_deleted(later(9)) == 1
        assert list(root.glob("deleted/*")) == []
        await again.close()
        if done:
            return


def test_a_packed_history_comes_out_as_it_went_in() -> None:
    assert unpack(pack(b"")) == Unpacked(b"", whole=True)
    said = b"words " * 10_000
    assert unpack(pack(said)).data == said
    assert pack(said) == pack(said)


async def test_what_can_be_read_of_a_damaged_packed_history_is_kept_and_the_file_set_aside(
    tmp_path: Path,
) -> None:
    state = await open_state(tmp_path)
    facts = await archive(state, await tell(state))
    await state.close()
    path = folder(tmp_path) / PACKED
    whole = path.read_bytes()
    assert wrong(tmp_path) == []
    path.write_bytes(whole[:-8] + b"checksum")
    assert seen(tmp_path) == SAID
    assert ReadOnlyState(tmp_path).history(facts.id).damaged == str(path)
    assert wrong(tmp_path) == [(Kind.DAMAGED, PACKED)]
    path.write_bytes(whole[:-30])
    assert seen(tmp_path)[:2] == SAID[:2]
    assert ReadOnlyState(tmp_path).history(facts.id).damaged == str(path)
    assert wrong(tmp_path) == [(Kind.DAMAGED, PACKED)]
    state = await open_state(tmp_path)
    loaded = await state.sessions.load(facts.id)
    assert loaded is not None
    assert f"{PACKED}.damaged-" in str(loaded.repaired)
    entries = list(await state.sessions.entries(facts.id))
    assert entries[:2] == SAID[:2]
    assert loaded.session.phase is Phase.ARCHIVED
    await state.sessions.clear(loaded.session, erase=True)
    assert sorted(p.name for p in folder(tmp_path).iterdir()) == [HISTORY, METADATA]
    await state.close()
