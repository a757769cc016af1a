"""A disk that refuses: nothing is acknowledged that is not durable, and it resumes by itself."""

import errno
import itertools
import json
from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path

import pytest

from state.files import State, open_state
from state.files.layout import HISTORY, Layout
from state.history import Entry
from state.lifecycle import Event
from state.session import Session
from state.store import StorageFailed, StorageFull, StoreError
from tests.contracts.examples import after, later, session, turn
from tests.faults.failing import FailingDisk


class Diary:
    """What the store was asked for in one run, and what it acknowledged."""

    def __init__(self, state: State, disk: FailingDisk, root: Path) -> None:
        self.state, self.disk, self.root = state, disk, root
        self.facts: dict[str, Session] = {}
        self.kept: dict[str, list[str]] = {}
        self.errors: list[StoreError] = []

    async def says(self, chat: str, number: int) -> None:
        """A turn is appended; where that fails, the disk heals and it is appended again."""
        entries = turn(number, answers="words " * 40)
        facts = after(self.facts.get(chat, session(chat)), entries)
        if not await self._works(self.state.sessions.append(facts, entries)):
            if not self.disk.lasts:  # else not even the taking back could be written
                assert self._on_disk(chat) == self.kept.get(chat, []), "a refused turn was kept"
            await self.state.sessions.append(facts, entries)
        self.facts[chat] = facts
        self.kept.setdefault(chat, []).extend(entry.id for entry in entries)
        assert self._on_disk(chat) == self.kept[chat]

    async def renames(self, chat: str, title: str) -> None:
        facts = replace(self.facts[chat], title=title)
        if not await self._works(self.state.sessions.save(facts)):
            await self.state.sessions.save(facts)
        self.facts[chat] = facts

    async def clears(self, chat: str) -> None:
        facts = replace(self.facts[chat].after(Event.CLEAR, later(99)), messages=0)
        if not await self._works(self.state.sessions.clear(facts)):
            assert self._on_disk(chat) in (self.kept[chat], []), "half of the words vanished"
            await self.state.sessions.clear(facts)
        self.facts[chat], self.kept[chat] = facts, []
        assert self._on_disk(chat) == []

    async def _works(self, doing: Awaitable[object]) -> bool:
        try:
            await doing
        except StoreError as error:
            self.errors.append(error)
            self.disk.heal()
            return False
        return True

    def _on_disk(self, chat: str) -> list[str]:
        """The history as any tool reads it, at this instant."""
        path = Layout(self.root).folder(session(chat).id) / HISTORY
        if not path.exists():
            return []
        return [entry["id"] for entry in json.loads(path.read_bytes())]


async def a_day(diary: Diary) -> None:
    await diary.says("1", 1)
    await diary.says("1", 2)
    await diary.says("2", 3)
    await diary.renames("1", "Lunch")
    await diary.says("1", 4)
    await diary.clears("1")
    await diary.says("1", 5)
    await diary.says("2", 6)


@pytest.mark.parametrize(
    ("code", "lasts"),
    [
        (errno.ENOSPC, True),
        (errno.ENOSPC, False),
        (errno.EIO, True),
        (errno.EIO, False),
        pytest.param(errno.EMFILE, False, marks=pytest.mark.slow),
        pytest.param(errno.EROFS, True, marks=pytest.mark.slow),
    ],
)
async def test_a_disk_that_fails_at_any_call_loses_nothing_and_keeps_nothing_it_refused(
    tmp_path: Path, code: int, lasts: bool
) -> None:
    for at in itertools.count(1):
        root = tmp_path / str(at)
        # Opening is not the question here: the stores begin on a healthy disk.
        disk = FailingDisk(at=-1, error=code, lasts=lasts)
        state = await open_state(root, calls=disk.calls())
        disk.at = disk.count + at
        diary = Diary(state, disk, root)
        await a_day(diary)
        failed = disk.failed
        disk.at = -1
        await state.close()
        full = code == errno.ENOSPC
        assert all(isinstance(e, StorageFull if full else StorageFailed) for e in diary.errors)
        again = await open_state(root)
        for chat, facts in diary.facts.items():
            loaded = await again.sessions.load(facts.id)
            assert loaded is not None
            assert [e.id for e in loaded.entries] == diary.kept[chat]
            assert loaded.session.messages == facts.messages
            assert loaded.session.title == facts.title
            assert loaded.repaired is None
        await again.close()
        if not failed:
            assert at > 20, "the day took less calls than it must"
            return


async def test_a_failed_sync_of_one_chat_is_that_chats_alone(tmp_path: Path) -> None:
    """Beyond one dirty file the file systems with syncfs cannot tell; others can."""
    disk = FailingDisk(at=-1)
    state = await open_state(tmp_path, calls=disk.calls())
    one, two = session("1"), session("2")
    await state.sessions.append(one, turn(1))
    await state.sessions.append(two, turn(1))
    disk.at = disk.count + 1
    with pytest.raises(StorageFull):
        await state.sessions.append(one, turn(2))
    disk.heal()
    await state.sessions.append(two, turn(2))
    await state.sessions.append(one, turn(3))
    assert await ids(state, one) == ["u1", "a1", "u3", "a3"]
    assert await ids(state, two) == ["u1", "a1", "u2", "a2"]
    await state.close()


async def test_pages_that_failed_to_sync_are_never_synced_again(tmp_path: Path) -> None:
    disk = FailingDisk(at=-1, error=errno.EIO, lasts=False)
    state = await open_state(tmp_path, calls=disk.calls())
    facts = session()
    await state.sessions.append(facts, turn(1))
    path = Layout(tmp_path).folder(facts.id) / HISTORY
    suspect = path.stat().st_ino
    disk.at = disk.count + 2  # the write, then its sync
    with pytest.raises(StorageFailed):
        await state.sessions.append(facts, turn(2))
    assert disk.seen[disk.at - 1] == "fdatasync"
    await state.sessions.append(facts, turn(3))
    assert path.stat().st_ino != suspect, "a new file took the suspect one's place"
    assert await ids(state, facts) == ["u1", "a1", "u3", "a3"]
    await state.close()


async def ids(state: State, facts: Session) -> list[str]:
    entries: tuple[Entry, ...] = await state.sessions.entries(facts.id)
    return [entry.id for entry in entries]
