"""What a killed process wrote may be in memory only: it is made durable before it is believed."""

import errno
import shutil
import sqlite3
from pathlib import Path

import pytest

from state.files import open_state
from state.files.calls import SystemCalls
from state.files.layout import Layout
from state.store import StorageFailed
from tests.contracts.examples import after, session, turn
from tests.faults.failing import FailingDisk
from tests.faults.test_failing_ledger import take


async def killed(root: Path, calls: SystemCalls | None = None) -> Path:
    """A state folder as a kill leaves it: a message is taken over, and a turn is written."""
    lives, dead = root / "lives", root / "dead"
    state = await open_state(lives, calls=calls)
    await state.sessions.append(session(), turn(1))
    await state.sessions.append(after(session(), turn(1)), turn(2))
    await take(state.ledger, "1")
    shutil.copytree(lives, dead)
    await state.close()
    return dead


async def test_a_history_that_a_kill_left_is_synced_before_it_is_told(tmp_path: Path) -> None:
    disk = FailingDisk(at=-1)
    state = await open_state(await killed(tmp_path), calls=disk.calls())
    before = len(disk.seen)
    loaded = await state.sessions.load(session().id)
    assert loaded is not None
    assert [entry.id for entry in loaded.entries] == ["u1", "a1", "u2", "a2"]
    done = disk.seen[before:]
    # Written once more: a sync that failed before the kill left it clean in the system's eyes.
    assert done.index("pwrite") < max(i for i, name in enumerate(done) if "sync" in name)
    await state.close()


async def test_a_history_that_cannot_be_synced_is_not_told(tmp_path: Path) -> None:
    disk = FailingDisk(at=-1, error=errno.EIO)
    # Where one sync for all is not to be had, it is one for each file.
    broken = SystemCalls(syncfs=disk.calls().syncfs, fdatasync=disk.calls().fdatasync)
    state = await open_state(await killed(tmp_path), calls=broken)
    disk.at = disk.count + 1
    with pytest.raises(StorageFailed):
        await state.sessions.load(session().id)
    disk.heal()
    loaded = await state.sessions.load(session().id)
    assert loaded is not None
    await state.close()


async def test_what_stands_in_the_log_of_a_killed_ledger_is_in_the_database_after_a_start(
    tmp_path: Path,
) -> None:
    dead = await killed(tmp_path)
    database = Layout(dead).database
    assert database.with_name(f"{database.name}-wal").stat().st_size > 0
    state = await open_state(dead)
    without_log = tmp_path / "copy.db"
    shutil.copy(database, without_log)
    connection = sqlite3.connect(without_log)
    assert connection.execute("SELECT source FROM inbox").fetchall() == [("1",)]
    connection.close()
    await state.close()
